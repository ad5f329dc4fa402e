"""A decision of a reviewer, in the words that all formats use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.errors import InputError

KEEP, ACCEPT, RELABEL, REDRAW, CHANGE, REMOVE = (
    "keep",
    "accept",
    "relabel",
    "redraw",
    "change",
    "remove",
)
ACTIONS = {
    KEEP: "the annotation is right as it is; of a proposal: nothing is missing",
    ACCEPT: "take what is suggested",
    RELABEL: "take the reviewer's category",
    REDRAW: "take the reviewer's mask",
    CHANGE: "take the reviewer's category and mask",
    REMOVE: "there is no such instance",
}
UNDECIDED = "undecided"
# What the tools let a reviewer fill in, beside the mask and its label.
FIELDS = ("decision", "who", "when", "why")


@dataclass(frozen=True)
class Decision:
    """What one reviewer decided on one annotation.

    Parameters
    ----------
    action
        A key of `ACTIONS`, or `UNDECIDED`.
    category
        The name that the tools show, where the action takes one; of an undecided annotation the
        one that it has now, None where the file does not say.
    segmentation
        COCO polygons (px) or RLE, where the action takes one.
    who, when, why
        As far as the file says.
    ms
        Time that it took, milliseconds; None where the file does not say.
    """

    annotation_id: int
    action: str
    category: str | None = None
    segmentation: Any = None
    who: str = ""
    when: str = ""
    why: str = ""
    ms: int | None = None


def make_decision(
    path: Path, fields: Mapping[str, Any], category: str | None, segmentation: Any
) -> Decision | None:
    """A decision out of the fields of a record; None where these are empty.

    Raises
    ------
    InputError
        An annotation id that is no number, or another word than those of `ACTIONS`.
    """
    action = str(fields.get("decision") or "").strip().lower()
    undecided = action in ("", UNDECIDED)
    if undecided and fields.get("annotation_id") in (None, ""):
        return None
    identity = whole_number(path, fields.get("annotation_id"))
    if undecided:
        return Decision(identity, UNDECIDED, category)
    if action not in ACTIONS:
        raise InputError(
            f"{path.name}: annotation {identity}: decision is '{action}', expected one of "
            f"{', '.join(ACTIONS)}"
        )
    who, when, why = (str(fields.get(name) or "").strip() for name in FIELDS[1:])
    return Decision(
        identity,
        action,
        category if action in (RELABEL, CHANGE) else None,
        segmentation if action in (REDRAW, CHANGE) else None,
        who,
        when,
        why,
    )


def whole_number(path: Path, value: Any) -> int:
    """An annotation id, which some tools give back as text or as a float."""
    try:
        number = float(str(value))
        if number == int(number):
            # Text of a whole number is read as such: a float has not all the digits.
            return int(str(value)) if str(value).strip().lstrip("-").isdigit() else int(number)
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{path.name}: annotation_id is {value!r:.40}, expected a whole number")
