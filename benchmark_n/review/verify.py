"""Follow a corrected file back to its decisions, to the run of its suspects, and to its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark_n.coco import CocoFile
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from benchmark_n.review.casting import KEPT
from benchmark_n.review.corrected_file import CORRECTED, write_replayed
from benchmark_n.review.lineage import Lineage, lineage_of, read_lineage
from benchmark_n.review.source import read_source, source_place
from benchmark_n.review.state import ReviewState, read_state


@dataclass(frozen=True)
class Link:
    """One step of a lineage: what it is, its SHA-256, and what is wrong with it, if anything."""

    what: str
    sha256: str
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether the file that is there is the one that the lineage names."""
        return not self.fault


def verify(folder: Path | str, *, annotations: Path | str | None = None) -> tuple[Link, ...]:
    """Check each link from the source to ``corrected.json``.

    The source and the scores are those that the review was made of, the decisions those that were
    kept, and the corrected file is what the audit trail makes of the source, byte for byte.

    Parameters
    ----------
    annotations
        The reviewed file, where it moved since.

    Raises
    ------
    InputError
        No review, no corrected file yet, or one without lineage.
    """
    state = read_state(folder)
    path = state.folder / CORRECTED
    if not path.is_file():
        raise InputError(f"{folder}: {CORRECTED} is missing: import decisions first")
    told, content = read_lineage(path)
    coco, fault = _read(state, annotations)
    return (
        _source(state, told, fault),
        *_runs(state, told),
        *_decisions(state, told),
        _corrected(state, told, content, coco),
    )


def _read(state: ReviewState, annotations: Path | str | None) -> tuple[CocoFile | None, str]:
    """The source, or why it cannot be read."""
    try:
        place = source_place(state.folder, state.review, annotations)
        return read_source(place, state.review), ""
    except InputError as error:
        return None, str(error)


def _source(state: ReviewState, told: Lineage, fault: str) -> Link:
    if told.source.sha256 != state.review.annotations.sha256:
        fault = "the review is of another file"
    return Link(f"source {told.source.file}", told.source.sha256, fault)


def _runs(state: ReviewState, told: Lineage) -> Iterator[Link]:
    if not told.runs:
        yield Link("run", "", "the review does not say which: it is of an earlier version")
    paths = {run.sha256: run.path for run in state.review.runs}
    for run in told.runs:
        what = f"run of {run.file}"
        if run.sha256 not in paths:
            yield Link(what, run.sha256, "the review is of other scores")
        else:
            place = state.folder.resolve() / paths[run.sha256]
            yield Link(what, run.sha256, _fault(place, run.sha256))


def _decisions(state: ReviewState, told: Lineage) -> Iterator[Link]:
    kept = {path.stem: path for path in (state.folder / KEPT).glob("*") if path.is_file()}
    for sha256 in told.decisions:
        names = {vote.who for vote in state.votes if vote.decisions == sha256}
        what = f"decisions of {', '.join(sorted(names)) or 'nobody who is known'}"
        place = kept.get(sha256, state.folder / KEPT / sha256)
        yield Link(what, sha256, _fault(place, sha256))


def _corrected(state: ReviewState, told: Lineage, content: str, coco: CocoFile | None) -> Link:
    what = f"corrected {CORRECTED}"
    if content != told.corrected_sha256:
        return Link(what, told.corrected_sha256, f"was changed since: SHA-256 is now {content}")
    if coco is None:
        return Link(what, told.corrected_sha256, "cannot be made again: the source is not there")
    expected = _replayed(state, coco)
    if expected != told:
        return Link(what, told.corrected_sha256, "is not what the audit trail makes of the source")
    return Link(what, told.corrected_sha256)


def _replayed(state: ReviewState, coco: CocoFile) -> Lineage:
    """The lineage of what the audit trail makes of the source."""
    entries = list(state.entries.values())
    with TemporaryDirectory() as folder:
        digest = write_replayed(coco, entries, Path(folder) / CORRECTED)
    return lineage_of(coco, state.review, entries, state.votes, digest)


def _fault(place: Path, sha256: str) -> str:
    if not place.is_file():
        return f"{place.name} is not there any more"
    return "" if file_digest(place) == sha256 else f"{place.name} was changed"
