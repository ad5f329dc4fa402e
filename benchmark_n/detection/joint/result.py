"""The joint list with all that belongs beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.coco import CocoFile
from benchmark_n.detection.joint.parts import Part
from benchmark_n.detection.joint.suspects import AMBIGUOUS, SAID, Reason, Suspect
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.unlike_pictures import Pictures
from benchmark_n.tables.scores import Opinion, add_any, scores_table, with_opinions, with_words

EVEN_ODDS = 0.5


@dataclass(frozen=True)
class RankedImage:
    """An image: how many errors are expected in it, and what is odd about it as a whole.

    Parameters
    ----------
    expected
        The sum of its suspects' probabilities.
    any_error
        Probability of one error or more, its suspects taken as independent.
    suspects
        Their number.
    unlike
        Whether it is unlike the rest of the pictures.
    copy_of
        Id of a picture that is nearly the same; None without one.
    """

    image_id: int
    file_name: str | None
    expected: float
    any_error: float
    suspects: int
    unlike: bool
    copy_of: int | None


@dataclass(frozen=True)
class JointResult:
    """All that may be wrong with a file, of all kinds, in one list.

    Parameters
    ----------
    parts
        What ran and what did not, with the reasons.
    suspects
        The most probable first.
    pictures
        None where whole pictures were not looked at.
    images
        Folder of the image files.
    provenance
        Version of the package, evidence, details of the detectors, source of the annotations.
    warnings
        Lines to be shown beside the list.
    """

    coco: CocoFile
    evidence: Evidence
    parts: tuple[Part, ...]
    suspects: tuple[Suspect, ...]
    pictures: Pictures | None
    images: Path | None
    provenance: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: the tables that it holds would fill a screen."""
        count, name = len(self.suspects), self.coco.path.name
        return f"<JointResult on {name}: {count} suspects, {self.expected:.1f} errors expected>"

    @property
    def expected(self) -> float:
        """Number of errors that the listed probabilities add to."""
        return sum(one.probability for one in self.suspects)

    @cached_property
    def kinds(self) -> dict[str, dict[str, float]]:
        """Kind to the number of suspects, and of expected errors."""
        count = Counter(one.kind for one in self.suspects)
        return {
            kind: {
                "suspects": number,
                "expected": round(
                    sum(one.probability for one in self.suspects if one.kind == kind), 1
                ),
            }
            for kind, number in count.most_common()
        }

    @cached_property
    def ranked_images(self) -> tuple[RankedImage, ...]:
        """All images, the most expected errors first; ties in the file's order."""
        unlike = set() if self.pictures is None else set(self.pictures.unlike)
        pairs = () if self.pictures is None else self.pictures.copies
        copies = {first: second for first, second, _ in pairs}
        of_image: dict[int, list[float]] = {i: [] for i in self.coco.images}
        for one in self.suspects:
            of_image[one.image_id].append(one.probability)
        ranked = []
        for image_id, values in of_image.items():
            right = 1.0
            for value in values:
                right *= 1 - value
            ranked.append(
                RankedImage(
                    image_id,
                    self.coco.images[image_id].file_name,
                    round(sum(values), 3),
                    round(1 - right, 4),
                    len(values),
                    image_id in unlike,
                    copies.get(image_id),
                )
            )
        return tuple(sorted(ranked, key=lambda one: -one.expected))

    @cached_property
    def scores(self) -> Any:
        """A scores table: of each suspect the probability of each kind; ``review`` reads it.

        An ambiguous one is of kind ``class`` there, without a suggestion. Kind ``any`` has the
        probability that it needs a change at all. Flagged is what is more probably wrong than
        right.
        """
        rows: dict[str, list[Any]] = {
            name: [] for name in ("image_id", "annotation_id", "kind", "score", "flagged")
        }
        rows |= {"suggested_category": [], "suggested_segmentation": []}
        opinions: list[tuple[Opinion, ...] | None] = []
        words: list[list[str]] = []
        for one in self.suspects:
            best: dict[str, float] = {}
            for reason in one.reasons:
                kind = _scored_kind(reason)
                best[kind] = max(best.get(kind, 0.0), reason.probability)
            for kind, probability in best.items():
                rows["image_id"].append(one.image_id)
                rows["annotation_id"].append(one.annotation_id)
                rows["kind"].append(kind)
                rows["score"].append(probability)
                rows["flagged"].append(probability >= EVEN_ODDS)
                named = kind in ("class", "missing")
                drawn = kind in ("spatial", "missing")
                rows["suggested_category"].append(one.suggested_category if named else None)
                rows["suggested_segmentation"].append(one.suggested_segmentation if drawn else None)
                opinions.append(one.opinions if kind == "class" else None)
                words.append(_words(one, kind))
        table = with_opinions(scores_table(rows, {"detector": "joint"}), opinions)
        return self._with_wholes(add_any(with_words(table, words)))

    def _with_wholes(self, table: Any) -> Any:
        """The table with the suspects' own probabilities in the rows of kind ``any``."""
        own = {one.annotation_id: one.probability for one in self.suspects}
        wholes = pa.array([own[i] for i in table["annotation_id"].to_pylist()], pa.float64())
        values = {"score": wholes, "flagged": pc.greater_equal(wholes, EVEN_ODDS)}
        is_whole = pc.equal(table["kind"], "any")
        for name, whole in values.items():
            place = table.column_names.index(name)
            chosen = pc.if_else(is_whole, whole, table[name])
            table = table.set_column(place, table.field(place), chosen)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "file": self.coco.path.name,
            "annotations": len(self.evidence),
            "expected_errors": round(self.expected, 1),
            "kinds": self.kinds,
            "parts": [asdict(part) for part in self.parts],
            "suspects": [one.to_dict() for one in self.suspects],
            "images": [asdict(one) for one in self.ranked_images],
            "warnings": list(self.warnings),
            "provenance": dict(self.provenance),
        }


def _scored_kind(reason: Reason) -> str:
    """The kind of a reason in scores tables, which have no ambiguous ones."""
    return "class" if reason.kind == AMBIGUOUS else reason.kind


def _words(one: Suspect, kind: str) -> list[str]:
    """What was found of this kind, in words, by those that say it and are not all too unsure."""
    return [
        f"{reason.source.replace('_', ' ')}: {reason.what}"
        for reason in one.reasons
        if reason.what and reason.probability >= SAID and _scored_kind(reason) == kind
    ]
