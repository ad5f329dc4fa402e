"""What a rule is, and how rules are found by name.

A rule is a frozen dataclass whose fields are its thresholds. It reads `Measurements` and returns
what it finds. Other packages add rules through the entry point group ``benchmark_n.checks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from benchmark_n.detection.structure.measurements import Measurements
from benchmark_n.runtime.registry import Registry

RULES = Registry(
    "rule",
    "benchmark_n.checks",
    {
        "duplicate": "benchmark_n.detection.structure.rules.duplicates:Duplicate",
        "two_categories": "benchmark_n.detection.structure.rules.duplicates:TwoCategories",
        "box_mask": "benchmark_n.detection.structure.rules.box_masks:BoxMask",
        "box_category": "benchmark_n.detection.structure.rules.box_masks:BoxCategory",
        "merged": "benchmark_n.detection.structure.rules.merges:Merged",
        "holds_several": "benchmark_n.detection.structure.rules.merges:HoldsSeveral",
        "stray_part": "benchmark_n.detection.structure.rules.merges:StrayPart",
        "few_vertices": "benchmark_n.detection.structure.rules.shapes:FewVertices",
        "self_crossing": "benchmark_n.detection.structure.rules.shapes:SelfCrossing",
        "outside": "benchmark_n.detection.structure.rules.borders:Outside",
        "border_strip": "benchmark_n.detection.structure.rules.borders:BorderStrip",
        "box_mismatch": "benchmark_n.detection.structure.rules.records:BoxMismatch",
        "area_mismatch": "benchmark_n.detection.structure.rules.records:AreaMismatch",
        "parts_apart": "benchmark_n.detection.structure.rules.merges:PartsApart",
        "sliver": "benchmark_n.detection.structure.rules.shapes:Sliver",
        "crumbs": "benchmark_n.detection.structure.rules.shapes:Crumbs",
        "unlike_size": "benchmark_n.detection.structure.rules.whole_file:UnlikeSize",
        "category_once": "benchmark_n.detection.structure.rules.whole_file:CategoryOnce",
        "no_annotations": "benchmark_n.detection.structure.rules.whole_file:NoAnnotations",
    },
)
Level = Literal["error", "hint"]


@dataclass(frozen=True)
class Finding:
    """Something that a rule finds.

    Parameters
    ----------
    what
        What was measured, in words.
    severity
        0 at the rule's threshold, 1 at its most extreme.
    places
        Places of the annotations concerned in the file, the suspected one first; none where an
        image or a category is meant.
    image_id, category_id
        The image, or the category, where no annotation is meant.
    """

    what: str
    severity: float = 0.0
    places: tuple[int, ...] = ()
    image_id: int | None = None
    category_id: int | None = None


@dataclass(frozen=True)
class Rule:
    """Base of all rules.

    Attributes
    ----------
    name
        The name by which it is asked for.
    level
        ``"error"`` where most of what it finds is wrong, ``"hint"`` where it may well be right.
    kind
        Kind of the label error, as in the scores table; None for faults of records alone.
    finds, advice
        What it finds, and what to do about it, each a line.
    probability
        Chance that a finding is an error, at severity 0 and at severity 1.
    """

    name: ClassVar[str]
    level: ClassVar[Level] = "error"
    kind: ClassVar[str | None] = "spatial"
    finds: ClassVar[str]
    advice: ClassVar[str]
    probability: ClassVar[tuple[float, float]] = (0.5, 0.9)

    def find(self, measured: Measurements) -> Sequence[Finding]:
        """What it finds, in the file's order."""
        raise NotImplementedError


def build_rule(name: str, options: Mapping[str, Any] | None = None) -> Rule:
    """The rule called `name`, its thresholds changed by `options`.

    Raises
    ------
    InputError
        An unknown rule or threshold, or a value that it cannot have.

    Examples
    --------
    >>> build_rule("duplicate", {"iou": 0.95}).iou
    0.95
    """
    rule: Rule = RULES.build(name, options)
    return rule


def between(value: float, low: float, high: float) -> float:
    """Where a value lies from `low`, 0, to `high`, 1, cut at both.

    >>> between(0.75, 0.5, 1.0), between(3, 4, 8)
    (0.5, 0.0)
    """
    return float(min(max((value - low) / (high - low), 0.0), 1.0)) if high != low else 1.0
