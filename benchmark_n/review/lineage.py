"""The lineage of a corrected file: what it was made of, in its own last section.

It has SHA-256 of the source, of the detectors' scores, of each file of decisions, and of the
corrected file without this section. A source that is itself a corrected file has its own in there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.items import Review
from benchmark_n.review.votes import Vote

SECTION = "benchmark_n_lineage"
_START = f',"{SECTION}":'.encode()
END = b"}\n"


class SourceOf(msgspec.Struct, frozen=True):
    """A file's name and SHA-256."""

    file: str
    sha256: str


class Lineage(msgspec.Struct, frozen=True):
    """Where a corrected file comes from.

    Parameters
    ----------
    source
        The annotation file that was reviewed.
    runs
        The scores that its suspects are of, by the detectors' names.
    decisions
        SHA-256 of the files of decisions, in the order of their import.
    corrected_sha256
        Of the corrected file, without the section that this is.
    earlier
        The lineage of the source, where it is a corrected file.
    """

    source: SourceOf
    runs: tuple[SourceOf, ...]
    decisions: tuple[str, ...]
    corrected_sha256: str
    earlier: dict[str, Any] | None = None


def lineage_of(
    coco: CocoFile,
    review: Review,
    entries: Sequence[AuditEntry],
    votes: Sequence[Vote],
    digest: str,
) -> Lineage:
    """The lineage of a corrected file whose SHA-256, without it, is `digest`."""
    files = dict.fromkeys([*(vote.decisions for vote in votes), *(e.decisions for e in entries)])
    earlier = coco.section(SECTION) if SECTION in coco.sections else None
    return Lineage(
        SourceOf(Path(review.annotations.path).name, review.annotations.sha256),
        tuple(SourceOf(run.detector, run.sha256) for run in review.runs),
        tuple(files),
        digest,
        earlier if isinstance(earlier, dict) else None,
    )


def encoded(lineage: Lineage) -> bytes:
    """The section, and the end of the file: in place of `END`."""
    return _START + msgspec.json.encode(lineage) + END


def without_lineage(data: bytes) -> bytes:
    """A corrected file's bytes without the section; those of any other file as they are."""
    place = data.rfind(_START)
    return data[:place] + END if place >= 0 and data.endswith(END) else data


def read_lineage(path: Path) -> tuple[Lineage, str]:
    """The lineage in a corrected file, and the SHA-256 of the file without it.

    Raises
    ------
    InputError
        It has none, or a damaged one.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read it: {error.strerror}") from None
    place = data.rfind(_START)
    if place < 0 or not data.endswith(END):
        raise InputError(f"{path}: has no lineage, expected a corrected file of a review")
    try:
        told = msgspec.json.decode(data[place + len(_START) : -len(END)], type=Lineage)
    except msgspec.DecodeError as error:
        raise InputError(f"{path}: its lineage cannot be read: {error}") from None
    return told, hashlib.sha256(data[:place] + END).hexdigest()
