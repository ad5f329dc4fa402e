"""The baseline grid: every detector and every floor on every set and tier, five noise seeds each.

A piece is one set and tier; it goes to ``scripts/results/baseline-grid/SET-TIER.json`` by parts
(``grid_parts.py``): slow detectors run under the first seed alone. Pieces that are there, of this
version and with all detectors and seeds that are asked for, are not done again; lacking detectors
are added to them, and what lacks seeds is measured as a whole. A run that was stopped finds the
evidence of its piece in ``--evidence``. Detectors that have changed are measured ``--again``: their
rows are dropped and made anew. In the end ``docs/baselines.md`` is written from all files.

    python scripts/reproduce/baseline_grid.py [--only scenes-hard …] [--most 2] [--seeds 1 2 …]
        [--again dynacor …]

The data of ``lvis_double`` and the like are the shared samples ($BENCHMARK_N_SHARED_DATA). Time is
that of the processor, in one process; set OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector_parts import SHARED
from grid_parts import parts
from grid_sets import SEEDS, SETS
from measured_rows import Log

from benchmark_n._version import __version__
from benchmark_n.detectors import DETECTORS
from benchmark_n.errors import BenchmarkNError, InputError
from benchmark_n.experiments.baseline_grid import GridRun, measure_piece
from benchmark_n.experiments.baseline_page import baseline_page
from benchmark_n.experiments.grid_pieces import Row, joined, lacking, without
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.cache import cache_folder

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "scripts" / "results" / "baseline-grid"
PAGE = ROOT / "docs" / "baselines.md"
PIECES = {f"{name}-{tier}": (name, tier) for name, each in SETS.items() for tier in each.tiers}


@dataclass(frozen=True)
class Kept:
    """Where pieces, evidence and the log go."""

    out: Path
    evidence: Path
    log: Log

    def keep(self, name: str, piece: Row) -> None:
        """Write a piece."""
        text = json.dumps(piece, indent=1) + "\n"
        write_whole(self.out / f"{name}.json", text.encode())
        self.log(f"{name}: {piece['cpu_seconds']:.0f} CPU s, {len(piece['not_run'])} did not run")


def measure(name: str, drawings: Sequence[int], run: GridRun, log: Log) -> Row:
    """A part of one piece."""
    chosen, tier = PIECES[name]
    piece = measure_piece(
        lambda drawing, out: SETS[chosen].make(tier, drawing, out),
        drawings,
        run,
        lambda line: log(f"{name}: {line}"),
    )
    reasons = {detector: _public(why) for detector, why in piece["not_run"].items()}
    return {**_what(name), **piece, "not_run": reasons}


def without_benchmark(
    name: str, drawings: Sequence[int], detectors: Iterable[str], why: str
) -> Row:
    """The piece of a benchmark that cannot be made: no detector ran, and that is the reason."""
    return {
        **_what(name),
        "drawings": list(drawings),
        "version": __version__,
        "annotations": [],
        "cpu_seconds": 0.0,
        "detectors": [],
        "rows": [],
        "not_run": dict.fromkeys(detectors, f"no benchmark: {_public(why)}"),
    }


def _what(name: str) -> Row:
    """Set and tier, and the real pair that has the same pictures where there is one."""
    chosen, tier = PIECES[name]
    pair = SETS[chosen].pair
    return {"set": chosen, "tier": tier, **({"pair": pair} if pair else {})}


def _public(reason: str) -> str:
    """Where the data lie is nobody's business."""
    return reason.replace(f"{SHARED}/", "")


def write_page(results: Path, page: Path) -> None:
    """The page of all pieces that are there, in the order of the grid."""
    pieces, missing = [], []
    for name, (chosen, _) in PIECES.items():
        path = results / f"{name}.json"
        if not path.is_file():
            missing.append(name)
            continue
        pieces.append(json.loads(path.read_text()))
        lacks = lacking(pieces[-1], SETS[chosen].drawings, DETECTORS.names())
        if lacks:
            missing.append(f"{name} ({', '.join(lacks)})")
    write_whole(page, baseline_page(pieces, missing).encode())


def complete(
    name: str, there: Row | None, detectors: Sequence[str], drawings: Sequence[int], run: Kept
) -> None:
    """Make the piece of all that is asked for; each part is written when it is done."""
    known = [*there["detectors"], *there["not_run"]] if there else []
    piece = there if there and not lacking(there, drawings, known) else None
    wanted = {*detectors} - {*known} if piece else {*detectors, *known}
    for part in parts(_in_order(wanted), drawings, run.evidence, begun=piece is not None):
        try:
            more = measure(name, part.drawings, part.run, run.log)
        except BenchmarkNError as fault:
            if there is not None:  # what was measured stays
                run.log(f"{name}: no benchmark: {fault}")
                return
            piece = without_benchmark(name, drawings, _in_order(wanted), str(fault))
            run.keep(name, piece)
            return
        try:
            piece = joined(piece, more) if piece else more
        except InputError as fault:  # of other bytes
            if there is None:
                raise
            run.log(f"{name}: {fault}")
            complete(name, None, _in_order({*detectors, *known}), drawings, run)
            return
        run.keep(name, piece)


def _in_order(names: Iterable[str]) -> list[str]:
    return [one for one in DETECTORS.names() if one in names]


def main() -> None:
    every = DETECTORS.names()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(PIECES), default=list(PIECES))
    parser.add_argument("--most", type=float, default=2.0, help="core-hours: no piece after them")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--detectors", nargs="+", choices=every, default=every)
    parser.add_argument("--again", nargs="+", choices=every, default=[], help="have changed since")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--evidence", type=Path, default=cache_folder() / "evidence")
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir()) / "grid.log")
    parser.add_argument("--page-only", action="store_true", help="write the page, measure nothing")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    run = Kept(arguments.out, arguments.evidence, Log(arguments.log))
    detectors = _in_order({*arguments.detectors, *arguments.again})
    for name in () if arguments.page_only else arguments.only:
        path = arguments.out / f"{name}.json"
        there = without(json.loads(path.read_text()), arguments.again) if path.is_file() else None
        asked = {*arguments.seeds, *(there["drawings"] if there else ())}
        drawings = [n for n in SETS[PIECES[name][0]].drawings if n in asked]
        whole = there is not None and not lacking(there, drawings, detectors)
        if not drawings or whole:
            run.log(f"{name}: there already" if drawings else f"{name}: has none of these seeds")
        elif time.process_time() > arguments.most * 3600:
            run.log(f"{name}: not begun: {arguments.most:g} core-hours are spent")
        else:
            complete(name, there, detectors, drawings, run)
    write_page(arguments.out, arguments.page)


if __name__ == "__main__":
    main()
