"""K folds: stratified by category, with the annotations of one unit in one fold."""

from __future__ import annotations

import numpy as np

from benchmark_n.coco.units import Units
from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import Ints
from benchmark_n.runtime.optional_imports import import_extra


def plan_folds(
    labels: Ints, units: Units, names: tuple[str, ...], folds: int, seed: int
) -> tuple[Ints, list[str]]:
    """Fold of each annotation, int64 (N,), and notes on what could not be as asked.

    Categories with fewer annotations than folds count as one for the stratification.

    Raises
    ------
    InputError
        Fewer units than folds, or fewer than two folds.
    """
    if folds < 2 or len(units) < folds:
        raise InputError(
            f"{folds} folds for {units}: expected from 2 folds to as many as there are units "
            "(`folds`; `group_by` names other units)"
        )
    sizes = np.bincount(labels, minlength=len(names))
    small = np.flatnonzero((sizes > 0) & (sizes < folds))
    strata = np.where(np.isin(labels, small), len(names), labels)
    notes = list(units.warnings)
    if small.size:
        listed = ", ".join(names[i] for i in small[:5].tolist()) + (", …" if small.size > 5 else "")
        notes.append(
            f"{small.size} categories with fewer than {folds} annotations share one stratum of the "
            f"fold plan ({listed}): their probabilities say little"
        )
    sklearn = import_extra("sklearn.model_selection", "detect", "splitting into folds")
    splitter = sklearn.StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    plan = np.zeros(len(labels), np.int64)
    for fold, (_, held_out) in enumerate(_quietly(splitter, strata, units.codes)):
        plan[held_out] = fold
    return plan, notes


def refuse_one_category(names: tuple[str, ...], who: str) -> None:
    """Raise InputError where the names of the categories are fewer than two: none to tell apart.

    >>> refuse_one_category(("cell", "debris"), "classifiers")
    """
    if len(names) < 2:
        raise InputError(f"{who} need two categories, found {len(names)}: {', '.join(names)}")


def _quietly(splitter: object, strata: Ints, groups: Ints) -> list[tuple[Ints, Ints]]:
    """The splits, without the warning that the merged stratum may be small."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return list(splitter.split(strata, strata, groups))  # type: ignore[attr-defined]
