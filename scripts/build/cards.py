"""Write ``data_cards/``: one card a benchmark, all made from benchmarks that are made here.

    python scripts/build/cards.py [--out data_cards] [--samples ../shared/data]

``scenes-N`` and ``phantom-N`` are whole; the others are recipe cards, with statistics of a sample
where one is at hand.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import benchmark_n
from benchmark_n.cards.card import CROISSANT, README, write_card
from benchmark_n.cards.croissant import render_recipe_croissant
from benchmark_n.cards.facts import artefact
from benchmark_n.cards.leakage import LEAKAGE
from benchmark_n.cards.licences import licence_rows
from benchmark_n.cards.page import cell
from benchmark_n.cards.recipe_card import Sample, measure_sample, render_recipe_card
from benchmark_n.datasets import DATASETS, Dataset
from benchmark_n.files.json_yaml import dump_yaml
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.weak.recipe import load_weak_recipe

TIERS = ("easy", "mid", "hard")
WEAK_TIERS = ("wan-easy", "wan-mid", "wan-hard")
WHOLE = ("scenes", "phantom")
# Dataset to its sample: options of `make` relative to the folder of samples.
SAMPLES: dict[str, dict[str, str] | None] = {
    "coco": {"annotations": "coco_val2014_100/instances_val2014_100.json"},
    "lvis": {"annotations": "lvis_val_100/lvis_val_100.json"},
    "cityscapes": None,
    "viper": None,
    "camus": None,
}


def build_whole(name: str, work: Path, out: Path) -> list[str]:
    """The cards of all tiers of an embedded dataset; returns their folders' names."""
    built = []
    for tier in TIERS:
        folder = f"{name}-n-{tier}"
        benchmark = benchmark_n.make(name, tier, seed=1, out=work / folder, overwrite=True)
        write_card(benchmark)
        keep(benchmark.path, out / folder)
        built.append(folder)
    return built


def keep(benchmark: Path, folder: Path) -> None:
    """The texts, audit and pictures of a card; its tables are made with the benchmark."""
    (folder / "card").mkdir(parents=True, exist_ok=True)
    for path in (
        README,
        CROISSANT,
        LEAKAGE,
        *(f"card/{p.name}" for p in benchmark.glob("card/*.png")),
    ):
        shutil.copyfile(benchmark / path, folder / path)


def build_recipe(name: str, work: Path, out: Path, samples: Path) -> str:
    """The recipe card of a dataset; returns its folder's name."""
    dataset: Dataset = DATASETS.load(name)
    recipes = {tier: load_recipe(dataset.tier_recipe(tier) or tier).to_dict() for tier in TIERS}
    sample = take_sample(name, work, samples)
    card = render_recipe_card(dataset.title, dataset, recipes, sample)
    return write_recipes(dataset.title, dataset, recipes, card, out)


def build_weak(out: Path) -> str:
    """The recipe card of COCO-WAN; returns its folder's name."""
    dataset: Dataset = DATASETS.load("coco")
    recipes = {name: load_weak_recipe(name).to_dict() for name in WEAK_TIERS}
    options = {"segmenter": "transformers:facebook/sam-vit-huge", "device": "cuda"}
    card = render_recipe_card("COCO-WAN", dataset, recipes, options=options)
    return write_recipes("COCO-WAN", dataset, recipes, card, out)


def write_recipes(
    title: str, dataset: Dataset, recipes: dict[str, dict[str, Any]], card: str, out: Path
) -> str:
    """Recipes, card and Croissant file in a folder of `out`; returns its name."""
    folder = out / title.lower()
    folder.mkdir(parents=True, exist_ok=True)
    for tier, recipe in recipes.items():
        (folder / f"{tier}.yaml").write_text(dump_yaml(recipe), encoding="utf-8")
    (folder / README).write_text(card, encoding="utf-8")
    files = [artefact(folder, f"{tier}.yaml", f"recipe of tier {tier}") for tier in recipes]
    croissant = render_recipe_croissant(title, dataset, files)
    (folder / CROISSANT).write_text(croissant, encoding="utf-8")
    return folder.name


def take_sample(name: str, work: Path, samples: Path) -> Sample | None:
    """What the tiers do to the dataset's sample; None where there is none."""
    chosen = SAMPLES[name]
    if chosen is None:
        return None
    source = benchmark_n.SourceOptions(**{k: samples / path for k, path in chosen.items()})
    return measure_sample(
        {
            tier: benchmark_n.make(
                name, tier, seed=1, out=work / f"{name}-{tier}", overwrite=True, source=source
            )
            for tier in TIERS
        }
    )


def build_index(cards: list[tuple[str, str]], out: Path) -> None:
    """``data_cards/README.md``."""
    lines = [
        "# Data cards",
        "",
        "One folder a benchmark: `README.md` for people (a card of the Hugging Face Hub),",
        "`croissant.json` for machines. All written by `python scripts/build/cards.py`; none is",
        "edited by hand.",
        "",
        "| card | what it describes |",
        "|---|---|",
        *(f"| [{folder}]({folder}/README.md) | {what} |" for folder, what in cards),
        "",
        "## Licences",
        "",
        "Of what a benchmark is made from, and what may be passed on; each card has its parts.",
        "",
        "| benchmark | licence | noisy annotations | images | commercial use of annotations |",
        "|---|---|---|---|---|",
        *(licence_line(name) for name in (*WHOLE, *SAMPLES)),
    ]
    (out / README).write_text("\n".join(lines) + "\n", encoding="utf-8")


def licence_line(name: str) -> str:
    """A dataset's row of the table of licences."""
    dataset: Dataset = DATASETS.load(name)
    annotations, _, _, images, _ = licence_rows(dataset.terms, dataset)
    values = (
        dataset.title,
        annotations["licence"],
        annotations["passed_on"],
        images["passed_on"],
        annotations["commercial"],
    )
    return f"| {' | '.join(map(cell, values))} |"


def build(out: Path, work: Path, samples: Path) -> None:
    """All cards into `out`; benchmarks are made in `work`."""
    cards = []
    for name in WHOLE:
        for folder in build_whole(name, work, out):
            cards.append((folder, "a benchmark drawn by this package, whole"))
            print(folder, file=sys.stderr)
    for name, sample in SAMPLES.items():
        folder = build_recipe(name, work, out, samples)
        what = "its recipes; statistics of a sample" if sample else "its recipes"
        cards.append((folder, what))
        print(folder, file=sys.stderr)
    cards.append((build_weak(out), "its recipes"))
    build_index(cards, out)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--out", type=Path, default=root / "data_cards")
    parser.add_argument("--samples", type=Path, default=root.parent / "shared" / "data")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        build(arguments.out, Path(work), arguments.samples)


if __name__ == "__main__":
    main()
