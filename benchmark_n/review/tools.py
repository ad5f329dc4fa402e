"""The tools that a review is written for: what each of them reads, and the pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from benchmark_n.errors import UsageError, did_you_mean
from benchmark_n.review import csv_file, cvat, fiftyone, label_studio, page
from benchmark_n.review.items import Review
from benchmark_n.review.shown import Shown, write_crops
from benchmark_n.runtime.progress import Progress

_log = logging.getLogger(__name__)
_Writer = Callable[[Path, Review, list[Shown]], None]
PAGE = "page"
_WRITERS: dict[str, _Writer] = {
    PAGE: page.write,
    "labelstudio": label_studio.write,
    "cvat": cvat.write,
    "fiftyone": fiftyone.write,
    "csv": csv_file.write,
}
FORMATS = tuple(_WRITERS)


def check_tool(to: str) -> None:
    """Refuse a tool that is none of `FORMATS`."""
    if to not in _WRITERS:
        raise UsageError(f"cannot export to '{to}': {did_you_mean(to, _WRITERS)}")


def write_tool(to: str, folder: Path, review: Review, shown: list[Shown]) -> None:
    """Write what the tool reads of the items that are shown."""
    _WRITERS[to](folder, review, shown)


def with_crops(
    to: str,
    stage: Path,
    shown: list[Shown],
    images: Path | None,
    progress: Progress | None = None,
) -> list[Shown]:
    """The items with their crops, which are written; without images there are none.

    The page is given the whole pictures too.
    """
    if images is None:
        _log.warning("no images: the review has no crops (`images=DIR`)")
        return shown
    return write_crops(stage, shown, images, pictures=to == PAGE, progress=progress)
