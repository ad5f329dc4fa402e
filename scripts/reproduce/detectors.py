"""How well the detectors find what `make` did: the tables of the README.

Each part repeats experiments over noise seeds. What is measured goes to
``scripts/results/detectors-PART.jsonl`` after each experiment and seed, so that a run that was
stopped goes on where it was (``--fresh`` starts again); mean and standard deviation go to
``detectors-PART.md``, after the detectors that are not above the best floor.

    python scripts/reproduce/detectors.py [--part scenes-hog] [--seeds 5] [--first-seed 1] [--fresh]

Without ``--part`` all parts are made, those of Quality Sentinel by ``quality.py`` last: these are
left out where their results are of this version. A part that fails is told, and the others go on;
the exit status is then 1. What is done is logged on stderr and in ``--log``. ``coco128``, ``brain``
and ``quality-brain`` read the shared samples ($BENCHMARK_N_SHARED_DATA); the parts with losses and
``lite0`` need the extra ``deep``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
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
from measured_rows import Log, Row, Tell, key_of, read_rows, write_rows

from benchmark_n._version import __version__
from benchmark_n.detectors.base import Plot
from benchmark_n.experiments.detector_seeds import MEASURES, ON_DEMAND
from benchmark_n.experiments.floor_leads import at_floor
from benchmark_n.experiments.seed_tables import cell, markdown, spread

RESULTS = Path(__file__).parents[1] / "results"
PICTURE = Path(__file__).parents[2] / "docs" / "loss_separation.png"
FIG10 = {"fig10-class-40": "class", "fig10-spatial-40": "spatial"}
_MID = scenes("mid", ("class_confusion",))
SCOPES = {"20 % in supercategories": "supercategory", "20 % symmetric": "all"}
LEAST = 20
EVERYTHING = "floor: flag everything"
# Of pictures that are all alike: no floor but flag everything, which follows from the prevalence.
WITHOUT_FLOORS = ("digits", "digits-losses")
# Parts of `quality.py` that are tables of label-error detection.
QUALITY = ("detector", "brain")
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


def measure(part: str, seeds: Iterable[int], path: Path, tell: Tell) -> list[Row]:
    """Rows of a part, those in `path` and those measured now, which are added to it."""
    rows = read_rows(path, with_floors=part not in WITHOUT_FLOORS, tell=tell)
    done = {key_of(row) for row in rows}
    for (noise, backbone), experiment in PARTS[part].items():
        for seed in seeds:
            if (noise, backbone, seed) in done:
                continue
            started = time.process_time()
            key = {"noise": noise, "backbone": backbone, "seed": seed}
            rows += [{**key, **row} for row in experiment(seed)]
            write_rows(path, rows)
            spent = time.process_time() - started
            tell(f"{part}: {noise} {backbone}, seed {seed}: {spent:.0f} CPU s")
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


def make_part(part: str, seeds: Iterable[int], out: Path, *, fresh: bool, tell: Tell) -> None:
    """Measure what is not there of a part, and write its table."""
    path = out / f"detectors-{part}.jsonl"
    if fresh:
        path.unlink(missing_ok=True)
    text = page(measure(part, seeds, path, tell))
    path.with_suffix(".md").write_text(text)
    print(f"{part}\n\n{text}")
    if part == "losses":
        draw_separation(PICTURE)


def page(rows: list[Row]) -> str:
    """What is not above the best floor, then the table."""
    table = as_markdown(summarise(rows))
    lines = at_floor(with_floor(rows))
    head = "Not above the best floor" if lines else "All are above the best floor"
    head += " (lead in lifted AUPRC, paired by seed)"
    said = "".join(f"* {line}\n" for line in lines)
    return f"{head}:\n\n{said}\n{table}" if lines else f"{head}.\n\n{table}"


def make_quality(part: str, out: Path, *, fresh: bool, tell: Tell) -> None:
    """A table of `quality.py`, unless it is there in this version."""
    path = out / f"quality-{part}.json"
    if not fresh and path.is_file() and json.loads(path.read_text())["benchmark-n"] == __version__:
        tell(f"quality-{part}: there already, of version {__version__}")
        return
    script = Path(__file__).with_name("quality.py")
    subprocess.run([sys.executable, script, "--part", part, "--out", out], check=True)
    tell(f"quality-{part}: done")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [*PARTS, *(f"quality-{part}" for part in QUALITY)]
    parser.add_argument("--part", choices=names, action="append", help="by default all")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget what was measured before")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--log", type=Path, help="[default: detectors.log in the temporary folder]")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    tell = Log(arguments.log or Path(tempfile.gettempdir()) / "detectors.log")
    seeds = range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    failed = []
    for part in arguments.part or names:
        tell(f"{part}: seeds {seeds.start} to {seeds.stop - 1}")
        try:
            if part in PARTS:
                make_part(part, seeds, arguments.out, fresh=arguments.fresh, tell=tell)
            else:
                quality = part.removeprefix("quality-")
                make_quality(quality, arguments.out, fresh=arguments.fresh, tell=tell)
        except Exception as error:  # the other parts do not depend on it
            failed.append(part)
            tell(f"{part}: failed: {type(error).__name__}: {error}")
    if failed:
        tell(f"failed: {', '.join(failed)}")
        sys.exit(1)


if __name__ == "__main__":
    main()
