"""Write ``docs/datasets.md`` from the catalogue of datasets and their terms.

python scripts/build/dataset_reference.py [--out docs/datasets.md]
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from benchmark_n.datasets import Dataset
from benchmark_n.datasets.base import DATASETS

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
# Datasets and terms

Written by `python scripts/build/dataset_reference.py` from the code; a test keeps it up to date.

`benchmark-n datasets` lists these with what is on your machine. Each is looked for in `--root
DIR`, else in `$BENCHMARK_N_DATA/NAME`, else in `data/NAME`; `scenes` and `phantom` are drawn when
they are asked for, and kept in the cache. `benchmark-n fetch NAME` downloads the annotation
archives of COCO and LVIS (checked against the published checksum; where none is published, the
SHA-256 is told), and prints the steps for those that want a login.

**A summary, not legal advice: the publishers' own terms hold.** What anybody may share in any
case is the recipe, the seed and the checksums: whoever has the source makes the same bytes from
them. *Published* is what [`publish`](publish.md) sends.

"""
COLUMNS = (
    "| dataset | benchmark | splits | licence of the source | may be passed on | published |\n"
    "|---|---|---|---|---|---|\n"
)
LAYOUTS = {
    "coco": """\
`annotations/instances_<split>.json` (or without the folder), pictures in `<split>/` beside it.
Models are judged on the clean `val` file of the same year, where it is there.
""",
    "lvis": """\
`lvis_v1_<split>.json` or `lvis_v0.5_<split>.json`, or the same in `annotations/`; pictures in
COCO's folders. Supercategories there are none, so a confused category is any other one, but none
that the image's `neg_category_ids` exclude.
""",
    "cityscapes": """\
`gtFine/<split>/` and `leftImg8bit/<split>/`, as the archives unpack. The eight scored classes are
categories; a region of such a class without instances is a crowd; caravan and trailer stay out,
as in the dataset's own evaluation; boundary ratio .005. Without `*_instanceIds.png` the polygons
are painted in the order of the file, as the dataset's own scripts do.
""",
    "viper": """\
`<split>/inst/` and `<split>/img/`. The ten classes with `instance_eval` 1 are categories;
instance id 0 of such a class is a crowd. Supercategories are ours: vehicle, human, street object.
`--stride 10` takes every tenth frame, `--skip-bad` leaves out frames that cannot be read.
""",
    "camus": """\
`database_nifti/` (or folders `patient0001`, … in the older form, `.mhd` and `.raw`), and
`database_split/` with the published lists of patients; split `all` needs no list. Each structure
is its own supercategory. Image records carry `patient`, `view`, `instant`, `frame`, `spacing`
(mm, columns then rows), `sex`, `age`, `image_quality`, `ef` (percent), `edv` and `esv` (ml). A
patient is taken whole or not at all. `export --labelmaps` writes noisy labels back in this
layout.
""",
    "phantom": """\
Drawn in CAMUS's layout. The left ventricle is a truncated ellipsoid whose sections are both
views, so its volumes and EF have closed forms; EF 20 to 75 %, a third of the patients within 5
points of 40 or 50.
""",
    "scenes": """\
Twelve categories in four supercategories, told apart by shape and texture, 256 x 256 px.
`--data-seed` draws other pictures.
""",
    "imagefolder": """\
A folder of pictures for each class, also below `train`, `val`, `test`; or an `.npz` file with
`images` and `labels`. Each picture is one annotation whose mask is the whole picture, copied
under a name that does not tell its class. `--group-regex` names patients by a part of the file's
name.
""",
    "custom": """\
What `--annotations` names, of any layout: see [noise my own file](noise-my-file.md).
""",
}
TAIL = """\
## Conversions

Cityscapes, VIPER, CAMUS and the phantom ship label maps. `make` converts them into the cache
(`$BENCHMARK_N_CACHE`), keyed by sizes and times of all source files, and never writes into the
dataset's folder; pictures stay where they are, frames of CAMUS are written as PNG beside the
file. `convert` writes the clean COCO file alone:

```
benchmark-n convert --dataset cityscapes --root DIR --split val --out cityscapes_val.json
```

The instances of a frame add up to its label map, pixel by pixel (`tests/datasets/`, at 2048 x
1024 and 1920 x 1080 px). Ids are functions of the source's own names and stay below 2^53, so that
strides, skipped frames and parts change nobody's noise: Cityscapes `hash(frame, 37 bits) * 2^16 +
pixel value`, VIPER `frame * 2^24 + RGB`, CAMUS `((patient * 10 + view) * 10 + instant) * 10 +
label`. Two frames of one id are an error. Published ids are [others](secrecy.md).

## Attribution

Goes with whatever is passed on; data cards cite the paper too.

"""


# What a reader types, in steps and terms: a command up to what is said of it, or an option.
_TYPED = re.compile(r"benchmark-n .+?(?= downloads|$)|pip install '[^']+'|--[a-z-]+")


def code(text: str) -> str:
    """The text with what is to be typed in backquotes, which keeps its hyphens as they are."""
    return _TYPED.sub(lambda match: f"`{match[0]}`", text)


def published(dataset: Dataset) -> str:
    """What of a benchmark goes to others, by the terms that the code acts on."""
    if dataset.terms.shareable:
        return "annotations, manifest, recipe, card"
    if dataset.terms.guarded:
        return "recipe and card"
    return "recipe and card; all with `--licence`"


def row(dataset: Dataset) -> str:
    """The dataset in the table."""
    cells = (
        f"[`{dataset.name}`](#{dataset.name})",
        dataset.title,
        ", ".join(dataset.splits),
        code(dataset.licence),
        code(dataset.redistribution),
        published(dataset),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def section(dataset: Dataset) -> str:
    """What the dataset is, how it is laid out, and how to get it."""
    steps = "".join(
        f"{number}. {code(step)}\n" for number, step in enumerate(dataset.steps, start=1)
    )
    tiers = {tier: recipe for tier, recipe in dataset.tiers.items() if tier in recipe}
    meant = ", ".join(f"`{tier}` is `{recipe}`" for tier, recipe in tiers.items())
    of_tiers = f"Tiers: {meant}.\n\n" if meant else ""
    layout = LAYOUTS[dataset.name]
    return f"## {dataset.name}\n\n{code(dataset.size)}.\n\n{layout}\n{of_tiers}{steps}\n"


def attribution(datasets: list[Dataset]) -> str:
    """Which line goes with which benchmark, and where the terms are."""
    lines = [
        f"| {dataset.title} | {dataset.terms.attribution} | {dataset.terms.url} |\n"
        for dataset in datasets
        if dataset.terms.attribution
    ]
    return "| benchmark | line | terms |\n|---|---|---|\n" + "".join(lines)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "datasets.md")
    out = parser.parse_args().out
    datasets = [DATASETS.load(name) for name in DATASETS.builtin]
    text = HEAD + COLUMNS + "".join(map(row, datasets)) + "\n"
    text += "".join(map(section, datasets)) + TAIL + attribution(datasets)
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
