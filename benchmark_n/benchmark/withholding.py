"""Keep further fields back while a benchmark is written: records in, published records out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from benchmark_n.benchmark.fields import (
    CATEGORY_FIELDS,
    COUNT_FIELDS,
    IMAGE_FIELDS,
    REFERENCE_FIELDS,
    SECTIONS,
    merged,
    recount,
    split_annotation,
    split_records,
)
from benchmark_n.benchmark.withheld import Withheld
from benchmark_n.coco import CocoFile
from benchmark_n.coco.records import split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.tables.manifest import Rows

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode
_MOST_TOLD = 12


class Withholding:
    """What of a clean file is published, and what is kept back.

    Parameters
    ----------
    coco
        The clean file.
    keep
        Names of further fields and sections that are published all the same.

    Attributes
    ----------
    sections
        What the published file has of the sections, `annotations` as they came. Categories that
        tell how many instances they have are left to `finish`, which knows it.
    withheld
        Of images, categories and sections; complete once `finish` was called.
    """

    def __init__(self, coco: CocoFile, keep: Collection[str] = ()) -> None:
        self._file, self._keep = coco.path.name, frozenset(keep)
        sections = dict(coco.sections)
        passed = (*SECTIONS, *keep)
        further = {
            name: msgspec.Raw(bytes(s)) for name, s in sections.items() if name not in passed
        }
        self.withheld = Withheld(sections=further)
        listed = {"images": (*IMAGE_FIELDS, *keep), "categories": (*CATEGORY_FIELDS, *keep)}
        for name, fields in listed.items():
            sections[name], withheld = split_records(sections[name], fields)
            setattr(self.withheld, name, withheld)
        self.sections = {name: value for name, value in sections.items() if name not in further}
        self._counted = [name for name in COUNT_FIELDS if name not in self._keep]
        self._categories = sections["categories"]
        # Counted over no annotation: whether there is anything to count.
        self._counts = bool(recount(self._categories, {name: {} for name in self._counted})[1])
        if self._counts:
            del self.sections["categories"]
        self._instances: Counter[int] = Counter()
        self._pairs: set[tuple[int, int]] = set()
        self._annotation_fields: Counter[str] = Counter()

    def publish(self, records: Sequence[bytes], rows: Rows) -> tuple[list[bytes], Rows]:
        """The records without further fields, and the rows with the column ``withheld``.

        Parameters
        ----------
        records
            Those of the `rows` that are not deleted, in their order.
        """
        there = [place for place, gone in enumerate(rows["deleted"]) if not gone]
        withheld: list[bytes | None] = [None] * len(rows["deleted"])
        published = []
        for place, record in zip(there, records, strict=True):
            passed, further = split_annotation(record, self._keep)
            published.append(passed)
            if further:
                self._annotation_fields.update(list(further))
                original = rows["clean_record"][place]
                if original is None or split_annotation(original, self._keep)[1] != further:
                    withheld[place] = _encode(further)
        if self._counts:
            categories = [rows["noisy_category_id"][place] for place in there]
            self._instances.update(categories)
            images = (rows["image_id"][place] for place in there)
            self._pairs.update(zip(categories, images, strict=True))
        return published, {**rows, "withheld": withheld}

    def finish(self, stream: CocoStream) -> None:
        """Put the categories with the numbers of what was published at the end of the file."""
        if self._counts:
            images = Counter(category for category, _ in self._pairs)
            numbers = dict(zip(COUNT_FIELDS, (self._instances, images), strict=True))
            counts = {name: numbers[name] for name in self._counted}
            section, withheld = recount(self._categories, counts)
            stream.add_section("categories", section)
            both = merged([*self.withheld.categories, *withheld])
            self.withheld.categories = list(both.values())

    def tell(self) -> None:
        """Name in one warning what is withheld of fields that this package does not know."""
        told = {"annotations": self._annotation_fields}
        for name in ("images", "categories"):
            told[name] = Counter(field for one in getattr(self.withheld, name) for field in one)
        known = ("id", *COUNT_FIELDS, *REFERENCE_FIELDS)
        parts = [
            f"{section}: {_listed([f'{_told(name)} ({counts[name]})' for name in names])}"
            for section, counts in told.items()
            if (names := [name for name in counts if name not in known])
        ]
        if self.withheld.sections:
            parts.append(f"sections: {_listed([_told(name) for name in self.withheld.sections])}")
        if parts:
            _log.warning(
                "%s: %s: kept beside the manifest, not published; `keep_fields` passes one on",
                self._file,
                "; ".join(parts),
            )


def check_keep_fields(
    keep: Collection[str], coco: CocoFile, annotations: CocoFile | None = None
) -> None:
    """Refuse names that no record and no section has, before anything is made.

    Parameters
    ----------
    annotations
        The file that the annotation records come from, where that is another.

    Raises
    ------
    InputError
        Names the first such.
    """
    if not keep:
        return
    records = (coco if annotations is None else annotations).annotations
    known = dict.fromkeys(name for record in records for name in split_record(record))
    for section in ("images", "categories"):
        known |= dict.fromkeys(name for record in coco.section(section) for name in record)
    known |= dict.fromkeys(coco.sections)
    for name in keep:
        if name not in known:
            raise InputError(
                f"{coco.path.name}: `keep_fields` names '{name:.40}', which no record and no "
                f"section has: {did_you_mean(name, known)}"
            )


def _told(name: str) -> str:
    """A file's name of a field, in a message of one line."""
    return f"{name if name.isprintable() else ascii(name):.40}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_TOLD
    return ", ".join(names[:_MOST_TOLD]) + (f" and {more} more" if more > 0 else "")
