"""How well the detectors find what `make` did: the tables of the README.

Each part repeats experiments over noise seeds. What is measured is appended to
``scripts/results/detectors-PART.jsonl`` after each experiment and seed, so that a run that was
stopped goes on where it was (``--fresh`` starts again); mean and standard deviation go to
``detectors-PART.md``.

    python scripts/reproduce/detectors.py --part scenes-hog [--seeds 5] [--fresh]

``coco128`` and ``brain`` read the shared samples ($BENCHMARK_N_SHARED_DATA); the parts with losses
and ``lite0`` need the extra ``deep``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from detector_parts import (
    Experiment,
    brain,
    class_noise,
    coco128,
    scenes,
    separated,
    separation,
)
from digit_parts import by_losses, by_probabilities

from benchmark_n.detectors.base import Plot
from benchmark_n.experiments.detector_seeds import MEASURES, ON_DEMAND, Row
from benchmark_n.experiments.seed_tables import cell, markdown, spread

RESULTS = Path(__file__).parents[1] / "results"
PICTURE = Path(__file__).parents[2] / "docs" / "loss_separation.png"
FIG10 = {"fig10-class-40": "class", "fig10-spatial-40": "spatial"}
_MID = scenes("mid", ("class_confusion",))
SCOPES = {"20 % in supercategories": "supercategory", "20 % symmetric": "all"}
LEAST = 20
EVERYTHING = "floor: flag everything"
# Part to (noise, backbone) to the experiment.
PARTS: dict[str, dict[tuple[str, str], Experiment]] = {
    "scenes-hog": {("sym-20", "hog"): class_noise(scenes("sym-20"), "hog", ON_DEMAND)},
    "scenes-lite0": {("sym-20", "lite0"): class_noise(scenes("sym-20"), "lite0")},
    "mid": {("mid class confusion", "hog"): class_noise(_MID, "hog")},
    "digits": {
        ("symmetric 5%", ""): by_probabilities(0.05),
        ("symmetric 20%", ""): by_probabilities(0.2),
    },
    "digits-losses": {("symmetric 20%", "scratch"): by_losses(0.2)},
    "coco128": {
        (noise, backbone): class_noise(coco128(scope), backbone)
        for backbone in ("lite0", "hog")
        for noise, scope in SCOPES.items()
    },
    # How much the number of annotations explains.
    "size": {
        **{
            (f"sym-20, {count} images", "lite0"): class_noise(
                scenes("sym-20", num_images=count), "lite0"
            )
            for count in (150, 75, 38)
        },
        **{
            (f"coco128, {noise}, categories of {LEAST} or more", "lite0"): class_noise(
                coco128(scope, LEAST), "lite0"
            )
            for noise, scope in SCOPES.items()
        },
    },
    "brain": {("hard", ""): brain},
    "losses": {(recipe, "scratch"): separation(recipe, kind) for recipe, kind in FIG10.items()},
}


def measure(part: str, seeds: Iterable[int], path: Path) -> list[Row]:
    """Rows of a part, those in `path` and those measured now, which are appended to it."""
    rows: list[Row] = []
    if path.is_file():
        rows = [json.loads(line) for line in path.read_text().splitlines()]
    done = {(row["noise"], row["backbone"], row["seed"]) for row in rows}
    for (noise, backbone), experiment in PARTS[part].items():
        for seed in seeds:
            if (noise, backbone, seed) in done:
                continue
            started = time.process_time()
            key = {"noise": noise, "backbone": backbone, "seed": seed}
            fresh = [{**key, **row} for row in experiment(seed)]
            with path.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in fresh)
            rows += fresh
            print(f"{part}: {noise}, seed {seed}: {time.process_time() - started:.0f} CPU s")
    return rows


def with_floor(rows: list[Row]) -> list[Row]:
    """The rows with what follows from prevalence and AUPRC, and flag everything where it lacks."""
    complete = []
    floors: dict[tuple[str, ...], Row] = {}
    for row in rows:
        share, area = row.get("prevalence"), row.get("auprc")
        known = share is not None and share < 1 and area is not None
        made = {"lifted_auprc": (area - share) / (1 - share) if known else None, **row}
        complete.append(made)
        key = tuple(str(row.get(name)) for name in ("noise", "backbone", "kind", "seed"))
        if share is not None:
            everything = dict.fromkeys(MEASURES) | {
                "f1": 2 * share / (1 + share),
                "f1_at_budget": share,
                "chance_f1": 2 * share / (1 + share),
                "best_f1": 2 * share / (1 + share),
                "auroc": 0.5,
                "auprc": share,
                "lifted_auprc": 0.0,
                "prevalence": share,
            }
            floors.setdefault(key, {**row, "detector": EVERYTHING, **everything})
    measured = {
        tuple(str(row.get(name)) for name in ("noise", "backbone", "kind", "seed"))
        for row in rows
        if row["detector"] == EVERYTHING
    }
    return complete + [row for key, row in floors.items() if key not in measured]


def summarise(rows: list[Row]) -> list[Row]:
    """Mean and standard deviation (n - 1) over the seeds, the highest lifted AUPRC first."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in with_floor(rows):
        key = tuple(str(row.get(name, "")) for name in ("noise", "backbone", "detector", "kind"))
        groups.setdefault(key, []).append(row)
    summary = [
        {
            "noise": key[0],
            "backbone": key[1],
            "detector": key[2],
            "kind": key[3],
            "seeds": len(group),
            "errors": float(np.mean([row["errors"] for row in group])),
            **{name: spread(row.get(name) for row in group) for name in MEASURES},
        }
        for key, group in groups.items()
    ]
    tables = list(dict.fromkeys((row["noise"], row["backbone"], row["kind"]) for row in summary))
    return sorted(
        summary,
        key=lambda row: (
            tables.index((row["noise"], row["backbone"], row["kind"])),
            *(-(row[name] or [-np.inf])[0] for name in MEASURES[:2]),
        ),
    )


def as_markdown(rows: list[Row]) -> str:
    """A table of means ± standard deviations."""
    headers = [
        "noise",
        "backbone",
        "detector",
        "kind",
        "seeds",
        "errors",
        "lifted AUPRC",
        "F1 at budget",
        "F1",
        "chance F1",
        "best F1",
        "AUPRC",
        "AUROC",
        "π",
    ]
    plain = ("noise", "backbone", "detector", "kind", "seeds")
    cells = [
        [
            *(row[name] for name in plain),
            f"{row['errors']:.0f}",
            *(cell(row[name]) for name in MEASURES),
        ]
        for row in rows
    ]
    return markdown(headers, cells)


def draw_separation(path: Path) -> None:
    """The losses under class and under spatial noise with their fitted densities, side by side."""
    plots = []
    for recipe, kind in FIG10.items():
        with tempfile.TemporaryDirectory() as folder:
            found = separated(recipe, 1, "gmm", Path(folder))[2]
        plots += [plot for plot in found if plot.title == f"{kind} loss"]
    draw_plots(plots, path)


def draw_plots(plots: list[Plot], path: Path) -> None:
    """The fitted densities side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="tight")
    FigureCanvasAgg(figure)
    for axes, plot in zip(figure.subplots(1, len(plots)), plots, strict=True):
        axes.stairs(plot.counts, plot.edges, fill=True, color="#cccccc")
        for name, x, density in plot.curves:
            axes.plot(x, density, label=f"{name} losses")
        axes.set_title(f"{plot.title}, noise on 40 %")
        axes.set_xlabel("loss, scaled to 0 to 1")
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=list(PARTS), required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    path = arguments.out / f"detectors-{arguments.part}.jsonl"
    if arguments.fresh:
        path.unlink(missing_ok=True)
    table = as_markdown(summarise(measure(arguments.part, range(1, arguments.seeds + 1), path)))
    path.with_suffix(".md").write_text(table)
    print(table)
    if arguments.part == "losses":
        draw_separation(PICTURE)


if __name__ == "__main__":
    main()
