"""Pieces of the baseline grid that have been measured: what they lack, and what is added later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_quality.holm import holm

Row = dict[str, Any]


def lacking(piece: Row, drawings: Sequence[int], detectors: Sequence[str]) -> list[str]:
    """What a piece was not measured with, in words; all that is asked for in another version.

    Examples
    --------
    >>> piece = {"drawings": [1], "detectors": ["a"], "not_run": {}, "rows": []}
    >>> piece = {**piece, "version": __version__}
    >>> lacking(piece, [1], ["a"]), lacking(piece, [1, 2, 3], ["a", "b"])
    ([], ['drawings 2, 3', 'b'])
    """
    if piece["version"] != __version__:
        return [f"measured in version {piece['version']}"]
    if any("p" in row and "p_alone" not in row for row in piece["rows"]):
        return ["measured before detectors could be added"]
    known = {*piece["detectors"], *piece["not_run"]}
    missing = [str(drawing) for drawing in drawings if drawing not in piece["drawings"]]
    words = [f"drawings {', '.join(missing)}"] if missing else []
    return [*words, *(name for name in detectors if name not in known)]


def corrected(rows: Sequence[Row]) -> list[Row]:
    """The rows with ``p`` of each that has ``p_alone``, after Holm over those of its kind.

    Examples
    --------
    >>> rows = [{"kind": "class", "p_alone": p} for p in (0.02, 0.03)] + [{"kind": "class"}]
    >>> [row.get("p") for row in corrected(rows)]
    [0.04, 0.04, None]
    """
    alone: dict[str, list[float]] = {}
    for row in rows:
        if "p_alone" in row:
            alone.setdefault(row["kind"], []).append(row["p_alone"])
    found = {kind: iter(holm(each).tolist()) for kind, each in alone.items()}
    return [
        {**row, "p": round(next(found[row["kind"]]), 6)} if "p_alone" in row else row
        for row in rows
    ]


def joined(before: Row, more: Row) -> Row:
    """A piece with the detectors that were measured before, and with those that were added.

    Parameters
    ----------
    before, more
        Of `measure_piece`, with different detectors on the same benchmarks; `more` on the first
        of them where detectors are too slow for all. Then its rows have ``drawings`` of their own,
        and their leads are over the floors under these; the floors are those of `before`.

    Raises
    ------
    InputError
        They are of other benchmarks, drawings or versions.
    """
    count = len(more["drawings"])
    expected = {name: before[name][:count] for name in ("drawings", "annotations")}
    for name, known in {"version": before["version"], **expected}.items():
        if known != more[name]:
            raise InputError(
                f"a piece has {name} {more[name]}, expected {known} as before: it has to be "
                "measured as a whole"
            )
    added = [row for row in more["rows"] if not row["floor"]]
    if count < len(before["drawings"]):
        added = [{**row, "drawings": more["drawings"]} for row in added]
    return {
        **before,
        "cpu_seconds": round(before["cpu_seconds"] + more["cpu_seconds"], 1),
        "detectors": [*before["detectors"], *more["detectors"]],
        "rows": corrected(_in_order([*before["rows"], *added])),
        "not_run": {**before["not_run"], **more["not_run"]},
    }


def without(piece: Row, detectors: Sequence[str]) -> Row:
    """The piece less some detectors, such as those that have changed since.

    ``p`` of the others stays as it is until `joined` corrects it anew.

    Examples
    --------
    >>> piece = {"detectors": ["a", "b"], "not_run": {"c": "no"}, "rows": [{"name": "a"}]}
    >>> without(piece, ["a", "c"])
    {'detectors': ['b'], 'not_run': {}, 'rows': []}
    """
    return {
        **piece,
        "detectors": [name for name in piece["detectors"] if name not in detectors],
        "not_run": {n: why for n, why in piece["not_run"].items() if n not in detectors},
        "rows": [row for row in piece["rows"] if row["name"] not in detectors],
    }


def _in_order(rows: Sequence[Row]) -> list[Row]:
    """By kind, as the kinds come; of each the detectors, then the floors."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows))
    return sorted(rows, key=lambda row: (kinds.index(row["kind"]), row["floor"]))
