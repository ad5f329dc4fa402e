"""``decisions.json``: what a reviewer decided on the page, and of which run it is.

`DecisionsFile` is the format; `schema` writes it out as a JSON Schema. A page is of one run: of one
source file and of what was suggested for each suspect. Decisions of another are refused, since
``accept`` would take something else than what the reviewer saw.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.review.decision import RELABEL, Decision
from benchmark_n.review.items import Review

FORMAT, VERSION = "benchmark-n decisions", 1
_SHOWN_DIGITS = 12


def _digest(description: str) -> Meta:
    return Meta(pattern="^[0-9a-f]{64}$", description=description)


class ItemDecision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One decision."""

    annotation_id: Annotated[
        int, Meta(description="Of the item: the annotation's, or the one that a proposal gets.")
    ]
    decision: Annotated[
        Literal["accept", "keep", "relabel", "remove", "undecided"],
        Meta(description="What becomes of it; undecided: it was skipped, or has a comment alone."),
    ]
    who: Annotated[str, Meta(min_length=1, description="The reviewer.")]
    when: Annotated[str, Meta(min_length=1, description="Date and time, ISO 8601.")]
    ms: Annotated[int, Meta(ge=0, description="Time in view until it was decided, milliseconds.")]
    category: Annotated[
        str | None, Meta(description="By its name on the page: with relabel, and only with it.")
    ] = None
    why: Annotated[str, Meta(description="The comment.")] = ""


class DecisionsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reviewer decided on the page."""

    format: Literal["benchmark-n decisions"]
    version: Literal[1]
    source_sha256: Annotated[str, _digest("SHA-256 of the annotation file under review.")]
    run_sha256: Annotated[
        str, _digest("SHA-256 of what was shown: source, guideline, categories, suggestions.")
    ]
    guideline: Annotated[str, Meta(description="Version or address of the guideline.")] = ""
    decisions: tuple[ItemDecision, ...]


def schema() -> dict[str, Any]:
    """The format as a JSON Schema (2020-12), in plain values."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return made | msgspec.json.schema(DecisionsFile)


def run_digest(review: Review) -> str:
    """SHA-256 over what decisions refer to: the source, the categories, and each suggestion.

    Scores and pictures do not count: the same suspects found anew are the same run.
    """
    asked = [
        (i.annotation_id, i.image_id, i.given, i.suggested_category, i.suggested_segmentation)
        for i in review.items
    ]
    parts = (review.annotations.sha256, review.guideline, sorted(review.labels.items()), asked)
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def is_decisions_file(document: Any) -> bool:
    """Whether a JSON value says that it is one, of this version or another."""
    return isinstance(document, dict) and document.get("format") == FORMAT


def read(path: Path, review: Review) -> list[Decision]:
    """The decisions, in the order of the file.

    Raises
    ------
    InputError
        Not the format, or decisions of another file or run than `review`.
    """
    try:
        document = msgspec.json.decode(path.read_bytes())
    except JSON_FAULTS as error:
        raise InputError(f"{path.name}: not JSON: {error}") from None
    read_file = _checked(path, document)
    _refuse_others(path, read_file, review)
    for one in read_file.decisions:
        if (one.category is not None) != (one.decision == RELABEL):
            has = "no category" if one.category is None else f"category '{one.category}'"
            raise InputError(
                f"{path.name}: annotation {one.annotation_id}: {one.decision} with {has}, expected "
                "a category with relabel and with nothing else"
            )
    return [_decision(one) for one in read_file.decisions]


def _checked(path: Path, document: Any) -> DecisionsFile:
    version = document.get("version") if isinstance(document, dict) else None
    if version != VERSION:
        raise InputError(f"{path.name}: version is {version!r:.40}, expected {VERSION}")
    for number, one in enumerate(_listed(document)):
        try:
            msgspec.convert(one, ItemDecision)
        except msgspec.ValidationError as error:
            identity = one.get("annotation_id") if isinstance(one, dict) else None
            raise InputError(
                f"{path.name}: decision {number + 1}, annotation {identity!r:.40}: {error}"
            ) from None
    try:
        return msgspec.convert(document, DecisionsFile)
    except msgspec.ValidationError as error:
        raise InputError(f"{path.name}: no decisions of the page: {error}") from None


def _listed(document: Any) -> list[Any]:
    found = document.get("decisions")
    return found if isinstance(found, list) else []


def _refuse_others(path: Path, file: DecisionsFile, review: Review) -> None:
    """Refuse decisions of another source or run."""
    wanted = {"source": review.annotations.sha256, "run": run_digest(review)}
    given = {"source": file.source_sha256, "run": file.run_sha256}
    where = {
        "source": f"they are of another file than {Path(review.annotations.path).name}",
        "run": "they are of another list of suspects of this file: import them into its review",
    }
    for name, digest in wanted.items():
        if given[name] != digest:
            raise InputError(
                f"{path.name}: {name} SHA-256 is {given[name][:_SHOWN_DIGITS]}…, expected "
                f"{digest[:_SHOWN_DIGITS]}…: {where[name]}"
            )


def _decision(one: ItemDecision) -> Decision:
    return Decision(
        one.annotation_id, one.decision, one.category, None, one.who, one.when, one.why, one.ms
    )
