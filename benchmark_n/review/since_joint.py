"""The joint list without what an earlier review settled."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from benchmark_n.detection.joint.result import JointResult
from benchmark_n.review.meanings import meant_by
from benchmark_n.review.since import OPEN, counted, read_before, state_of


def joint_since(
    result: JointResult,
    folder: Path | str,
    *,
    guideline: str | None = None,
    annotations: Path | str | None = None,
) -> JointResult:
    """A joint list whose new and changed annotations come first, without what a review settled.

    Parameters
    ----------
    result
        The list of the annotations of now.
    folder, guideline, annotations
        As for `benchmark_n.review.since`.

    Raises
    ------
    InputError
        No review, or its file is not there.

    Examples
    --------
    >>> joint_since(result, "results/my/review").suspects[0].probability  # doctest: +SKIP
    0.97
    """
    before, meant = read_before(folder, guideline, annotations), meant_by(result.coco)
    states = [state_of(asdict(one), meant, before, result.coco) for one in result.suspects]
    kept = [pair for pair in zip(result.suspects, states, strict=True) if pair[1] is not None]
    kept.sort(key=lambda pair: pair[1] == OPEN)
    counts, line = counted(states)
    return replace(
        result,
        suspects=tuple(suspect for suspect, _ in kept),
        provenance={**result.provenance, "since": counts},
        warnings=(*result.warnings, line),
    )
