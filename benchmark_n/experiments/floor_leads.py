"""Which detectors are no better than what needs no detector, over several seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

FLOOR = "floor: "
_MEASURE = "lifted_auprc"
_TABLE = ("noise", "backbone", "kind")


def lead(own: Sequence[float], floor: Sequence[float]) -> tuple[float, float | None]:
    """Mean lead of a detector over a floor on the same seeds, and the lower end of its interval.

    Returns
    -------
    tuple
        The interval is Student's, of 95 %, over the paired differences; None of one seed.

    Examples
    --------
    >>> mean, low = lead([0.5, 0.6, 0.7], [0.1, 0.1, 0.1])
    >>> round(mean, 2), round(low, 2)
    (0.5, 0.25)
    """
    from scipy.stats import t

    differences = np.subtract(own, floor)
    mean, count = float(differences.mean()), len(differences)
    if count < 2:
        return mean, None
    error = differences.std(ddof=1) / np.sqrt(count)
    return mean, float(mean - t.ppf(0.975, count - 1) * error)


def at_floor(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each detector whose lead over the best floor may be 0 or less.

    Parameters
    ----------
    rows
        One a detector or floor, kind of error and seed, as
        `benchmark_n.experiments.detector_seeds` yields them, with ``noise``, ``backbone`` and
        ``seed``. The best floor is that of the highest mean lifted AUPRC; a detector without a
        seed in common with it is told too.
    """
    tables: dict[tuple[str, ...], dict[str, dict[int, float]]] = {}
    for row in rows:
        if row.get(_MEASURE) is not None:
            table = tables.setdefault(tuple(str(row[name]) for name in _TABLE), {})
            table.setdefault(row["detector"], {})[row["seed"]] = row[_MEASURE]
    lines = []
    for key, values in tables.items():
        floors = {name: own for name, own in values.items() if name.startswith(FLOOR)}
        if not floors:
            continue
        best = max(floors, key=lambda name: float(np.mean(list(floors[name].values()))))
        for name, own in values.items():
            if not name.startswith(FLOOR):
                said = _compared(own, floors[best])
                if said:
                    where = ", ".join(part for part in key if part)
                    lines.append(f"{where}: {name}: {said} {best.removeprefix(FLOOR)}")
    return lines


def _compared(own: Mapping[int, float], floor: Mapping[int, float]) -> str:
    """How it stands to the floor where it is not above; empty where it is."""
    seeds = sorted({*own} & {*floor})
    if not seeds:
        return "no seed in common with floor"
    mean, low = lead([own[s] for s in seeds], [floor[s] for s in seeds])
    if low is None:
        return "" if mean > 0 else f"lead {mean:+.3f} on one seed over"
    return "" if low > 0 else f"lead {mean:+.3f} (95 % from {low:+.3f}) over"
