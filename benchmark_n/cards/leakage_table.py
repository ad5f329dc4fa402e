"""The card's table of what the labels alone tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark_n.cards.page import cell
from benchmark_n.errors import InputError
from benchmark_n.evaluators.leakage.audit import FAMILIES, MARKED

_SUBJECTS = {
    "category": "category",
    "image": "category, and the image's numbers of annotations",
    "box": "box",
    "mask": "shape of the mask",
}
NATURE = "the noise's own nature"


def leakage_rows(told: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of the table: the strongest test of each family, then what gradient boosting finds.

    Raises
    ------
    InputError
        Not what the leak audit wrote.
    """
    try:
        known = {family for mark in told["marked"] for family in MARKED.get(mark, ())}
        families = told["audit"]["families"]
        rows = [_family_row(name, families[name], name in known) for name in FAMILIES]
        return rows + [_label_row(row) for row in told["labels"] or ()]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError("leakage.json: not the result of a leak audit") from None


def _family_row(family: str, test: Mapping[str, Any] | None, known: bool) -> dict[str, str]:
    if test is None:
        return _row(family, "-", "-", "-", "-", "nothing to compare")
    name = f"{family}: {test['name']}" + (f" ({test['note']})" if test["note"] else "")
    count = test["positives"] + test["negatives"]
    verdict = "chance"
    if test["fails"]:
        verdict = "tells, and is marked for it" if known else "**leak**"
    share = f"{test['positives'] / count:.2f}"
    return _row(cell(name), test["target"], f"{test['auroc']:.2f}", "-", share, verdict)


def _label_row(row: Mapping[str, Any]) -> dict[str, str]:
    figures = ["-" if row[k] is None else f"{row[k]:.2f}" for k in ("auroc", "auprc")]
    subject = _SUBJECTS[row["features"]]
    verdict = NATURE if row["auroc"] is not None else "nothing to compare"
    return _row(subject, str(row["target"]), *figures, f"{row['share']:.2f}", verdict)


def _row(*values: str) -> dict[str, str]:
    names = ("test", "target", "auroc", "auprc", "share", "verdict")
    return dict(zip(names, values, strict=True))
