"""How many errors are left in the whole set, out of the list's decisions and the audit sample's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark_n.errors import InputError
from benchmark_n.evaluators.sampling import Estimate, Stratum, estimate_ratio, estimate_total
from benchmark_n.review.judgement import corrections
from benchmark_n.review.state import ReviewState, read_state


@dataclass(frozen=True)
class Remaining:
    """Estimates with their 95 % intervals (`benchmark_n.evaluators.sampling`).

    Errors are of category and mask, and annotations of nothing; what nobody annotated is no
    annotation, and not counted. Errors that reviewers overlook are not either.

    Parameters
    ----------
    annotations
        All that have a score, crowds left out.
    sampled, sampled_decided
        Annotations of the audit sample, and those of them with a decision.
    error_rate
        Share of wrong annotations in the file as it came.
    error_rate_left
        The same in the corrected file.
    recall
        Share of all wrong annotations that are on the list of suspects.
    next_size, next_errors
        How many annotations come next in the list, and the wrong ones to expect among them.
    """

    annotations: int
    sampled: int
    sampled_decided: int
    error_rate: Estimate
    error_rate_left: Estimate
    recall: Estimate | None
    next_size: int
    next_errors: Estimate


def remaining(folder: Path | str) -> Remaining | None:
    """Estimate the errors of a review with an audit sample; None for one without.

    What is not decided is taken as the decided rest of its stratum.

    Raises
    ------
    InputError
        No review, a damaged file of it, or of a stratum nothing is decided.
    """
    state = read_state(folder)
    if not state.private.sampled:
        return None
    listed = _listed(state)
    others = _sampled(state)
    _refuse_open(state, [listed, *others])
    everything, rest = estimate_total([listed, *others]), estimate_total(others)
    found, behind = estimate_total([listed]), estimate_total(others[:1])
    assert everything is not None
    assert rest is not None
    assert found is not None
    assert behind is not None
    size = listed.size + sum(one.size for one in others)
    corrected = sum(one.wrong for one in (listed, *others))
    low, high = everything.interval
    left = Estimate(everything.value - corrected, (low - corrected, high - corrected))
    return Remaining(
        annotations=size,
        sampled=len(state.private.sampled),
        sampled_decided=sum(one.decided for one in others),
        error_rate=everything.over(size),
        error_rate_left=left.over(size),
        recall=estimate_ratio(found, rest),
        next_size=others[0].size,
        next_errors=behind,
    )


def exceeds(left: Remaining | None, folder: Path | str, max_error: float) -> str | None:
    """Why a set is not accepted, in a line; None where it is.

    It is where the upper end of the interval of `Remaining.error_rate_left` is `max_error` or less.

    Raises
    ------
    InputError
        The review has no audit sample to tell by.
    """
    if left is None:
        raise InputError(f"{folder}: has no audit sample: export with `audit_sample` to tell")
    high = left.error_rate_left.interval[1]
    if high <= max_error:
        return None
    return (
        f"{folder}: {100 * high:.1f} % of the corrected annotations may be wrong (upper end of the "
        f"95 % interval), more than `max_error` of {100 * max_error:g} %"
    )


def _listed(state: ReviewState) -> Stratum:
    """The suspects, which are a stratum of their own; proposals are no annotations."""
    return _stratum(state, [i.annotation_id for i in state.listed if not i.proposal], size=None)


def _sampled(state: ReviewState) -> list[Stratum]:
    """The strata of the audit sample."""
    ids: list[list[int]] = [[] for _ in state.private.strata]
    for identity, stratum in state.private.sampled.items():
        ids[stratum].append(identity)
    return [
        _stratum(state, part, size) for part, size in zip(ids, state.private.strata, strict=True)
    ]


def _stratum(state: ReviewState, ids: list[int], size: int | None) -> Stratum:
    entries = [state.entries[i] for i in ids if i in state.entries]
    wrong = sum(bool(corrections(entry)) for entry in entries)
    return Stratum(len(ids) if size is None else size, len(entries), wrong)


def _refuse_open(state: ReviewState, strata: list[Stratum]) -> None:
    for number, one in enumerate(strata):
        if one.size and not one.decided:
            what = "the list" if not number else f"stratum {number} of the audit sample"
            raise InputError(
                f"{state.folder}: nothing of {what} is decided ({one.size} annotations): how many "
                "errors are left cannot be told yet"
            )
