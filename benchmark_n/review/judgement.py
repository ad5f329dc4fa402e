"""How right the detectors were, as people judged them.

References
----------
.. [1] Wilson: Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark_n.evaluators.sampling import wilson
from benchmark_n.review.audit import AuditEntry
from benchmark_n.review.carry_out import kinds_corrected
from benchmark_n.review.decision import KEEP
from benchmark_n.review.items import Flag
from benchmark_n.review.state import read_state

# What each correction is an error of.
CORRECTIONS = ("class", "spatial", "spurious", "missing")


@dataclass(frozen=True)
class Precision:
    """Share of a detector's suspects of one kind that people found wrong.

    Parameters
    ----------
    flagged
        Only what is over the detector's own threshold; else all that was shown.
    decided, right
        Suspects with a decision, and those of them with a correction of this kind. Removing the
        annotation counts for each kind.
    precision, interval
        ``right / decided`` and its 95 % Wilson interval [1]_, each suspect taken as independent
        of the others; None where nothing is decided.
    """

    detector: str
    kind: str
    flagged: bool
    decided: int
    right: int
    precision: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class Judgement:
    """The state of a review.

    Parameters
    ----------
    items, decided
        Numbers of suspects (and of annotations of an audit sample; not of planted items), and of
        those with a decision.
    corrections
        Kind of error to number of annotations corrected: ``class`` (another category),
        ``spatial`` (another mask; an annotation may be both), ``spurious`` (removed), ``missing``
        (added).
    kept
        Decisions that change nothing.
    """

    items: int
    decided: int
    kept: int
    corrections: dict[str, int]
    precisions: tuple[Precision, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def judge(folder: Path | str) -> Judgement:
    """Precision of the flags, and corrections per kind, of a review.

    Raises
    ------
    InputError
        No review, or a damaged audit trail.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, export_review, import_decisions, make
    >>> from benchmark_n.tables.scores import write_scores
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> write_scores(detect(benchmark.noisy(), None, "random")[0].scores, Path("random.parquet"))
    >>> review = export_review(["random.parquet"], "csv", "review", benchmark=benchmark, top=3)
    >>> wrong = review.items[0].annotation_id
    >>> _ = Path("mine.csv").write_text(f"annotation_id,decision\\n{wrong},remove\\n")
    >>> _ = import_decisions("review", "mine.csv", who="anna")
    >>> judge("review").decided, judge("review").corrections
    (1, {'class': 0, 'spatial': 0, 'spurious': 1, 'missing': 0})
    """
    state = read_state(folder)
    judged: list[tuple[Flag, frozenset[str]]] = []
    for item in state.listed:
        entry = state.entries.get(item.annotation_id)
        if entry is not None:
            found = corrections(entry)
            flags = state.private.flags[item.annotation_id]
            judged += [(flag, found) for flag in flags]
            judged += [(flag, found) for flag in _any_flags(flags)]
    entries = state.entries
    counts = Counter(kind for entry in entries.values() for kind in corrections(entry))
    return Judgement(
        items=len(state.review.items) - len(state.private.planted),
        decided=len(entries),
        kept=sum(entry.action == KEEP for entry in entries.values()),
        corrections={kind: counts[kind] for kind in CORRECTIONS},
        precisions=tuple(_precisions(judged)),
    )


def corrections(entry: AuditEntry) -> frozenset[str]:
    """The kinds of error that a decision mends, as `kinds_corrected` has them."""
    return kinds_corrected(entry.action, entry.before, entry.after)


def _any_flags(flags: Sequence[Flag]) -> list[Flag]:
    """One flag of kind ``any`` for each detector that says something about an item."""
    found: dict[str, Flag] = {}
    for flag in flags:
        old = found.get(flag.detector)
        flagged = flag.flagged or (old is not None and old.flagged)
        found[flag.detector] = Flag(flag.detector, "any", flag.score, flagged)
    return list(found.values())


def _precisions(judged: Sequence[tuple[Flag, frozenset[str]]]) -> list[Precision]:
    keys = sorted({(flag.detector, flag.kind) for flag, _ in judged})
    made = []
    for detector, kind in keys:
        for only_flagged in (True, False):
            right = [
                bool(found) if kind == "any" else bool(found & {kind, "spurious"})
                for flag, found in judged
                if (flag.detector, flag.kind) == (detector, kind)
                and (flag.flagged or not only_flagged)
            ]
            made.append(_precision(detector, kind, only_flagged, sum(right), len(right)))
    return made


def _precision(detector: str, kind: str, flagged: bool, right: int, decided: int) -> Precision:
    if not decided:
        return Precision(detector, kind, flagged, 0, 0, None, None)
    interval = wilson(right, decided)
    return Precision(detector, kind, flagged, decided, right, right / decided, interval)
