"""The page to decide on that `detect` leaves beside its results."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from benchmark_n.cli.common import progress_bar
from benchmark_n.errors import InputError

REVIEW = "review"
_log = logging.getLogger(__name__)


def decide_page(
    root: Path,
    scores: Sequence[Path],
    annotations: Path,
    images: Path | None,
    top: int,
    *,
    guideline: str | None = None,
    quiet: bool,
) -> Path | None:
    """Write ``review/decide.html`` into the results' directory `root`, in place of an earlier one.

    `scores` are the scores files that it is about.

    What cannot be shown is no fault of the detection: it is warned of, and None comes back. So is
    an earlier review with people's decisions in it, which stays.
    """
    from benchmark_n.review import OutputOptions, export_review
    from benchmark_n.review.page import FILE

    try:
        with progress_bar("pictures", quiet) as progress:
            export_review(
                scores,
                "page",
                root / REVIEW,
                annotations=annotations,
                images=images,
                top=top,
                guideline=guideline or "",
                output=OutputOptions(overwrite=True, progress=progress),
            )
    except InputError as fault:
        _log.warning("no page to decide on: %s", fault)
        return None
    return root / REVIEW / FILE


def decide_text(page: Path | None) -> str:
    """How to go on from the page; nothing without one."""
    if page is None:
        return ""
    command = f"benchmark-n review import {page.parent} --decisions decisions.json"
    return f"\n{page}: decide there, download decisions.json, then\n{command}"
