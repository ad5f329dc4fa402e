"""The files that an evaluation leaves: its results, and figures of ejection fractions.

Apart from those that a detection leaves, whose page takes long to import.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmark_n.errors import InputError
from benchmark_n.evaluation.result import Evaluation
from benchmark_n.files.atomic import write_whole

RESULTS = "results.json"


def refuse_benchmark(out: Path) -> None:
    """Refuse a benchmark's directory as the place of results.

    Raises
    ------
    InputError
        `out` is one.
    """
    if (out / "SHA256SUMS").exists():
        raise InputError(f"{out}: is a benchmark: results go elsewhere (`out`)")


def write_results(out: Path, evaluation: Evaluation) -> list[Path]:
    """Write ``results.json``, and figures of ejection fractions; never into a benchmark.

    Returns
    -------
    list[Path]
        The figures.
    """
    refuse_benchmark(out)
    figures: dict[str, bytes] = {}
    if evaluation.mode == "ef":
        from benchmark_n.report.ejection_fraction import ef_figures

        figures = ef_figures(evaluation.to_dict()["results"])
    for name, picture in figures.items():
        write_whole(out / name, picture)
    write_whole(out / RESULTS, json.dumps(evaluation.to_dict(), indent=2).encode() + b"\n")
    return [out / name for name in figures]
