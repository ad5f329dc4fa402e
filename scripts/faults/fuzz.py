"""Hostile input: thousands of damaged files of every format, read by the package.

    python scripts/faults/fuzz.py                             20,000 inputs and the named bombs
    python scripts/faults/fuzz.py --count 2000 --format coco  some of one format
    python scripts/faults/fuzz.py --keep FOLDER               leave the inputs of all findings there

A finding is an exception that is no `BenchmarkNError` (a user would see an internal error), an
input that takes more than 10 s of processor time or more than 2 GB, a process that dies, or a file
written where none should be. The counts go to scripts/results/fuzz.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmark_n import __version__
from tests.fuzzing.formats import Case, plan, prepare, start, write_case
from tests.fuzzing.table import all_formats
from tests.fuzzing.watchdog import LONGEST, MEMORY, Outcome, run_all

RESULTS = ROOT / "scripts" / "results" / "fuzz.json"
_LIBRARIES = ("numpy", "opencv-python", "pyarrow", "msgspec", "pyyaml", "pillow", "simpleitk")


def main() -> None:
    """Run the fuzzer and write its counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_200, help="inputs, bombs included")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", action="append", choices=sorted(all_formats()), default=[])
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6, help="stop then, with what is done")
    parser.add_argument("--keep", type=Path, help="folder for the inputs of the findings")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    formats = {n: f for n, f in all_formats().items() if n in (options.format or all_formats())}
    with tempfile.TemporaryDirectory() as name:
        valid = Path(name) / "valid"
        prepare(all_formats(), valid)
        cases = plan(formats, options.count)
        begin = partial(start, all_formats, valid, options.seed)
        outcomes: list[Outcome] = []
        end = time.monotonic() + 60 * options.minutes
        for outcome in run_all(begin, cases, options.processes):
            outcomes.append(outcome)
            tell(outcome, len(outcomes), len(cases))
            if time.monotonic() > end:
                break
        if options.keep:
            keep(outcomes, options.keep, valid, options.seed)
    result = summary(outcomes, options.seed)
    merged = merge(options.out, result) if options.format else result
    options.out.write_text(json.dumps(merged, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    never = [name for name, each in result["formats"].items() if not each["accepted"]]
    if never:
        print(f"nothing was accepted of {', '.join(never)}: no valid input", file=sys.stderr)
    sys.exit(bool(result["findings"] or never))


def merge(path: Path, result: dict[str, Any]) -> dict[str, Any]:
    """The results in the file with those of the formats that were run again in their place."""
    if not path.is_file():
        return result
    known = json.loads(path.read_text(encoding="utf-8"))
    formats = dict(sorted({**known["formats"], **result["formats"]}.items()))
    again = set(result["formats"])
    kept = [one for one in known["findings"] if one["format"] not in again]
    return {
        **result,
        "inputs": sum(one["inputs"] for one in formats.values()),
        "formats": formats,
        "findings": kept + result["findings"],
    }


def tell(outcome: Outcome, done: int, total: int) -> None:
    """Findings at once, the progress now and then."""
    if outcome.kind == "finding":
        case = outcome.item
        print(f"{case.format} {case.bomb or case.number}: {outcome.text}", file=sys.stderr)
    if done % 100 == 0:
        print(f"{done} of {total}", file=sys.stderr)


def keep(outcomes: list[Outcome], folder: Path, valid: Path, seed: int) -> None:
    """Write the inputs of all findings again, a folder each."""
    formats = all_formats()
    for outcome in (o for o in outcomes if o.kind == "finding"):
        case: Case = outcome.item
        place = folder / f"{case.format}-{case.bomb or case.number}"
        place.mkdir(parents=True, exist_ok=True)
        write_case(formats[case.format], place, valid / case.format, seed, case)


def summary(outcomes: list[Outcome], seed: int) -> dict[str, Any]:
    """Counts and the slowest input of each format, findings, and versions."""
    return {
        "seed": seed,
        "inputs": len(outcomes),
        "limits": {"cpu_seconds": LONGEST, "bytes_above_start": MEMORY},
        "formats": {
            name: counts([o for o in outcomes if o.item.format == name])
            for name in sorted({o.item.format for o in outcomes})
        },
        "findings": findings(outcomes),
        "versions": {
            "benchmark-n": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
    }


def counts(outcomes: list[Outcome]) -> dict[str, Any]:
    """How many inputs there were, what became of them, and the longest that one took."""
    kinds = Counter(outcome.kind for outcome in outcomes)
    return {
        "inputs": len(outcomes),
        "named_bombs": sum(bool(outcome.item.bomb) for outcome in outcomes),
        **{kind: kinds[kind] for kind in ("accepted", "refused", "finding")},
        "most_cpu_seconds": round(max(outcome.seconds for outcome in outcomes), 2),
    }


def findings(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """Each finding once, with the first of its inputs."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for outcome in outcomes:
        if outcome.kind == "finding":
            case = outcome.item
            told = {"format": case.format, "input": case.bomb or case.number, "text": outcome.text}
            first.setdefault((case.format, outcome.text), {**told, "count": 0})["count"] += 1
    return list(first.values())


if __name__ == "__main__":
    main()
