"""Faults on purpose: kill -9, Ctrl-C, no memory, full and read-only disks, a wrong clock.

    python scripts/faults/chaos.py                  all commands, at least fifty kills
    python scripts/faults/chaos.py --only make      one of them

After each fault there must be no result that only looks like one; the command run again must end
well and write the bytes of an undisturbed run; and nothing may be left beside its output. The
counts go to scripts/results/chaos.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}

import torch  # noqa: F401 - imported before all forks

import benchmark_n.detection.detect
import benchmark_n.generation.make
import benchmark_n.training.train  # noqa: F401
from benchmark_n import __version__
from tests.chaos import commands
from tests.chaos.faults import (
    Reference,
    Trial,
    interrupted,
    killed,
    short_of_disk,
    starved,
    undisturbed,
)
from tests.chaos.processes import small_disk
from tests.chaos.surroundings import clock, on_disk, tmpfs

RESULTS = ROOT / "scripts" / "results" / "chaos.json"
_LIBRARIES = ("numpy", "pyarrow", "joblib", "torch")


def main() -> None:
    """Do all faults to all commands and write the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10, help="of the parent, for each command")
    parser.add_argument("--worker-kills", type=int, default=4, help="where there are workers")
    parser.add_argument("--annotations", type=int, default=4000, help="that `make` works on")
    parser.add_argument(
        "--only", choices=list(COMMANDS), help="one command, whose counts replace its earlier ones"
    )
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["BENCHMARK_N_CACHE"] = str(root / "cache")
        for name in [options.only] if options.only else COMMANDS:
            command = COMMANDS[name](root, options.annotations)
            reference = undisturbed(command, root / "reference")
            for trial in faults(reference, root, options):
                trials.append(trial)
                tell(trial)
                keep(trials, options)
    result = summary(trials, options.seed)
    print(json.dumps(result, indent=2))
    sys.exit(bool(result["findings"]))


def keep(trials: list[Trial], options: argparse.Namespace) -> None:
    """Write the counts so far: a fault of the script itself loses none of them."""
    result = summary(trials, options.seed)
    merged = merge(options.out, result) if options.only else result
    options.out.write_text(json.dumps(merged, indent=2) + "\n", encoding="utf-8")


def merge(path: Path, result: dict[str, Any]) -> dict[str, Any]:
    """The results in the file with those of one command in the place of its earlier ones."""
    if not path.is_file():
        return result
    known = json.loads(path.read_text(encoding="utf-8"))
    commands = {**known["commands"], **result["commands"]}
    kept = [one for one in known["findings"] if one["command"] not in result["commands"]]
    return {
        **result,
        "kills": sum(count for one in commands.values() for count in kills_in(one)),
        "trials": sum(sum(one.values()) for one in commands.values()),
        "commands": commands,
        "output_after_the_fault": {
            **known["output_after_the_fault"],
            **result["output_after_the_fault"],
        },
        "findings": kept + result["findings"],
    }


def kills_in(counts: dict[str, int]) -> list[int]:
    """The counts of kills that came in time."""
    return [n for name, n in counts.items() if name.startswith("kill") and "late" not in name]


# What is disturbed, each of some seconds.
COMMANDS: dict[str, Callable[[Path, int], commands.Command]] = {
    "make": lambda root, count: commands.make_command(root, count, 1),
    "make, two workers": lambda root, count: commands.make_command(root, count, 2),
    "make, weak": lambda root, _: commands.weak_command(root, 40),
    "eval": lambda root, _: commands.eval_command(root, 40),
    "train": lambda root, _: commands.train_command(root, 8),
    "train, MMDetection": lambda root, _: commands.train_mmdet_command(root),
    "review import": lambda root, _: commands.review_command(root),
}


def faults(reference: Reference, root: Path, options: argparse.Namespace) -> Iterator[Trial]:
    """All that is done to one command."""
    command, place = reference.command, root / "work" / "place"
    rng = Random(f"{options.seed}/{command.name}")
    for _ in range(options.kills):
        yield killed(reference, place, rng, "parent")
    for _ in range(options.worker_kills if command.workers else 0):
        yield killed(reference, place, rng, "worker")
    for _ in range(options.worker_kills if command.workers else 0):
        yield starved(reference, place, rng)
    for _ in range(2):
        yield interrupted(reference, place, rng)
    yield short_of_disk(reference, place, small_disk(2000), "quota of 2 kB a file")
    with tmpfs(place.parent / "disk", "size=400k") as disk:
        if disk is not None:
            yield on_disk(reference, disk, "disk full")
    with tmpfs(place.parent / "disk", "size=20m") as disk:
        if disk is not None:
            yield on_disk(reference, disk, "disk read-only", "ro")
    yield clock(reference, place)


def tell(trial: Trial) -> None:
    """A line for each trial."""
    verdict = "; ".join(trial.faults) or "ok"
    hit = "" if trial.hit else " (too late)"
    line = f"{trial.command}: {trial.fault}{hit}: exit {trial.code}, {trial.state}: {verdict}"
    print(line, file=sys.stderr, flush=True)


def summary(trials: list[Trial], seed: int) -> dict[str, Any]:
    """Counts by command and fault, and all findings."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    states: dict[str, Counter[str]] = defaultdict(Counter)
    for trial in trials:
        counts[trial.command][trial.fault if trial.hit else f"{trial.fault}, too late"] += 1
        states[trial.command][trial.state] += 1
    return {
        "seed": seed,
        "kills": sum(count for one in counts.values() for count in kills_in(one)),
        "trials": len(trials),
        "commands": {name: dict(count) for name, count in counts.items()},
        "output_after_the_fault": {name: dict(count) for name, count in states.items()},
        "findings": [asdict(trial) for trial in trials if trial.faults],
        "versions": {
            "benchmark-n": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }


if __name__ == "__main__":
    main()
