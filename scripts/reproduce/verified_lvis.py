"""Which instances of LVIS both of two annotators drew alike: a first set of verified annotations.

    python scripts/reproduce/verified_lvis.py --out DIR

Into DIR, outside the project, go ``verified.txt`` (ids in ``A.json`` whose partner in
``B.json`` has the same category and a mask IoU of .8 or more) and ``A-contested.json``: rater A's
annotations, each with the field ``contested``: whether B's differs or is not there. Both
hold the images that have a picture (all of them with ``--all-images``). Counts go to
``scripts/results/verified-lvis.json``.

    benchmark-n make --annotations DIR/A-contested.json --images IMAGES --recipe hard-v1 \\
        --verified DIR/verified.txt --out DIR/benchmark
    benchmark-n eval DIR/benchmark --detector cleanlab --by contested
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from detector_parts import SHARED

from benchmark_n import import_pair
from benchmark_n.coco.annotation_masks import SIZES

LEAST_IOU = 0.8
ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "scripts" / "results"
Row = Mapping[str, Any]


def paired(folder: Path) -> list[Row]:
    """Manifest rows of rater A's instances, joined with rater B's by masks."""
    with tempfile.TemporaryDirectory() as temporary:
        pair = import_pair(
            folder / "A.json", folder / "B.json", out=Path(temporary) / "pair", match="iou"
        )
        rows: list[Row] = pair.manifest().to_pylist()
    return [row for row in rows if row["origin"] == "source" and not row["crowd"]]


def agreed(row: Row) -> bool:
    """Whether both raters gave the category and drew about the same mask."""
    return (
        not row["deleted"]
        and row["category_id"] == row["noisy_category_id"]
        and row["iou"] >= LEAST_IOU
    )


def counts(rows: Iterable[Row]) -> dict[str, Any]:
    """How many there are, how many are verified, and why the others are not."""
    rows = list(rows)
    alone = [row for row in rows if row["deleted"]]
    other = [
        row for row in rows if not row["deleted"] and row["category_id"] != row["noisy_category_id"]
    ]
    verified = sum(map(agreed, rows))
    return {
        "instances": len(rows),
        "verified": verified,
        "share": round(verified / len(rows), 4) if rows else None,
        "drawn_by_one": len(alone),
        "other_category": len(other),
        "iou_below": len(rows) - verified - len(alone) - len(other),
    }


def summary(rows: list[Row], pictured: set[int]) -> dict[str, Any]:
    """Counts of all instances, of those with a picture, and by size."""
    return {
        "clean": "A.json",
        "least_iou": LEAST_IOU,
        "all": counts(rows),
        "with_picture": counts(row for row in rows if row["image_id"] in pictured),
        "by_size": {size: counts(row for row in rows if row["size"] == size) for size in SIZES},
    }


def write(rows: list[Row], data: dict[str, Any], kept: set[int], out: Path) -> None:
    """The list, and rater A's annotations of these images with the field ``contested``."""
    verified = {row["source_id"] for row in rows if agreed(row)}
    data = {
        **data,
        "images": [image for image in data["images"] if image["id"] in kept],
        "annotations": [
            {**record, "contested": record["id"] not in verified}
            for record in data["annotations"]
            if record["image_id"] in kept
        ],
    }
    ids = sorted(r["id"] for r in data["annotations"] if not r["contested"])
    out.mkdir(parents=True, exist_ok=True)
    (out / "verified.txt").write_text("".join(f"{identity}\n" for identity in ids))
    (out / "A-contested.json").write_text(json.dumps(data))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--all-images", action="store_true", help="those without a picture too")
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if ROOT.resolve() in [arguments.out.resolve(), *arguments.out.resolve().parents]:
        parser.error(
            f"--out {arguments.out}: lies in the project, the sample's licence keeps it out"
        )
    folder = SHARED / "lvis_double"
    data = json.loads((folder / "A.json").read_text())
    names = {path.name for path in (folder / "images").iterdir()}
    every = {image["id"] for image in data["images"]}
    pictured = {image["id"] for image in data["images"] if image["file_name"] in names}
    rows = paired(folder)
    write(rows, data, every if arguments.all_images else pictured, arguments.out)
    text = json.dumps(summary(rows, pictured), indent=2) + "\n"
    (arguments.results / "verified-lvis.json").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
