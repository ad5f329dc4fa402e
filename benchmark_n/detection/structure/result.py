"""What a check found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.detection.structure.rules.base import Rule
from benchmark_n.errors import InputError
from benchmark_n.tables.scores import add_any, scores_table

_EXAMPLES = 5
# From this share of the annotations on, and this many, a rule tells of the file.
_WIDESPREAD, _MANY = 0.2, 20


@dataclass(frozen=True)
class Suspect:
    """One finding of one rule.

    Parameters
    ----------
    rule, level, kind
        The rule's name, level (``error`` or ``hint``) and kind of error (``class``, ``spatial``,
        None for faults of records alone).
    probability
        Chance that it is an error, 0 to 1.
    image_id, category_id
        Of the suspected annotation, or what is suspected itself; None where neither is meant.
    annotation_ids
        The suspected annotation first, then those that it is suspected for.
    what
        What was measured, in words.
    """

    rule: str
    level: str
    kind: str | None
    probability: float
    image_id: int | None
    annotation_ids: tuple[int, ...]
    category_id: int | None
    what: str


@dataclass(frozen=True)
class CheckResult:
    """What the rules found in a file.

    Parameters
    ----------
    rules
        Those that were run.
    suspects
        The most probable first.
    masked
        bool (N,): which annotations have a mask of at least one pixel.
    images
        Folder of the images, where the file or the benchmark brings it.
    """

    coco: CocoFile
    rules: tuple[Rule, ...]
    suspects: tuple[Suspect, ...]
    masked: NDArray[np.bool_]
    images: Path | None = None

    def __repr__(self) -> str:
        """One line: the tables that it holds would fill a screen."""
        found = ", ".join(f"{count} {name}" for name, count in self.counts.items() if count)
        return f"<CheckResult on {self.coco.path.name}: {found or 'nothing found'}>"

    @property
    def boxes(self) -> int:
        """Number of annotations without a mask, crowds left out."""
        return int((~self.coco.crowd & ~self.masked).sum())

    @cached_property
    def counts(self) -> dict[str, int]:
        """Findings of each rule that was run."""
        found = Counter(suspect.rule for suspect in self.suspects)
        return {rule.name: found[rule.name] for rule in self.rules}

    def of_rule(self, name: str) -> list[Suspect]:
        """What one rule found, the most probable first."""
        return [suspect for suspect in self.suspects if suspect.rule == name]

    def examples(self, name: str) -> list[int]:
        """First ids of what a rule found: of annotations, else of images or categories."""
        return [_identity(suspect) for suspect in self.of_rule(name)[:_EXAMPLES]]

    @property
    def scores(self) -> Any:
        """A scores table of the suspected annotations: the highest probability of each kind.

        Flagged is what a rule of level ``error`` found.
        """
        best: dict[tuple[int, str], Suspect] = {}
        flagged: set[tuple[int, str]] = set()
        for suspect in self.suspects:
            if suspect.kind is not None and suspect.annotation_ids:
                key = suspect.annotation_ids[0], suspect.kind
                best.setdefault(key, suspect)
                flagged |= {key} if suspect.level == "error" else set()
        columns = {
            "image_id": [suspect.image_id for suspect in best.values()],
            "annotation_id": [identity for identity, _ in best],
            "kind": [kind for _, kind in best],
            "score": [suspect.probability for suspect in best.values()],
            "flagged": [key in flagged for key in best],
        }
        return add_any(scores_table(columns, {"detector": "check"}))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines to be shown beside the findings."""
        lines = []
        if self.boxes:
            lines.append(
                f"{self.coco.path.name}: {self.boxes} annotations have no mask but a box: rules "
                "that go by masks leave them out"
            )
        named = Counter(suspect.rule for suspect in self.suspects if suspect.annotation_ids)
        for name, count in named.items():
            if count >= max(_MANY, _WIDESPREAD * len(self.coco)):
                share = 100 * count / len(self.coco)
                lines.append(
                    f"{name} names {count} of {len(self.coco)} annotations ({share:.0f} %): "
                    "rather a habit of the file than single errors"
                )
        return tuple(lines)

    def refuse(self, names: Iterable[str]) -> None:
        """Raise where one of these rules, of those that were run, found something.

        Raises
        ------
        InputError
            The rules that found something, how often and where first.
        """
        failed = [name for name in names if self.counts[name]]
        if failed:
            told = "; ".join(
                f"{name} {self.counts[name]} (first: {self.examples(name)[0]})" for name in failed
            )
            raise InputError(f"{self.coco.path.name}: refused for what was found: {told}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rules = {
            rule.name: {
                "level": rule.level,
                "kind": rule.kind,
                "finds": rule.finds,
                "advice": rule.advice,
                "parameters": asdict(rule),
                "count": self.counts[rule.name],
                "examples": self.examples(rule.name),
            }
            for rule in self.rules
        }
        return {
            "file": self.coco.path.name,
            "images": len(self.coco.images),
            "annotations": len(self.coco),
            "crowds": int(self.coco.crowd.sum()),
            "without_mask": self.boxes,
            "rules": rules,
            "suspects": [asdict(suspect) for suspect in self.suspects],
            "warnings": list(self.warnings),
        }


def _identity(suspect: Suspect) -> int:
    if suspect.annotation_ids:
        return suspect.annotation_ids[0]
    identity = suspect.category_id if suspect.image_id is None else suspect.image_id
    assert identity is not None
    return identity
