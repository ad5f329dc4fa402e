"""The tools that a review is written for: what each of them reads, and the pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import numpy as np

from benchmark_n.coco.images import image_files, local_name
from benchmark_n.errors import UsageError, did_you_mean
from benchmark_n.review import csv_file, cvat, fiftyone, label_studio, page, readme
from benchmark_n.review.items import Review
from benchmark_n.review.shown import IMAGES, Shown, write_crops
from benchmark_n.runtime.progress import Progress

_log = logging.getLogger(__name__)
_Writer = Callable[[Path, Review, list[Shown], str], None]
PAGE, LABEL_STUDIO, CVAT = "page", "labelstudio", "cvat"
_WRITERS: dict[str, _Writer] = {
    PAGE: lambda folder, review, shown, _: page.write(folder, review, shown),
    LABEL_STUDIO: label_studio.write,
    CVAT: lambda folder, review, shown, _: cvat.write(folder, review, shown),
    "fiftyone": lambda folder, review, shown, _: fiftyone.write(folder, review, shown),
    "csv": lambda folder, review, shown, _: csv_file.write(folder, review, shown),
}
FORMATS = tuple(_WRITERS)
# What takes the pictures out of the review's folder as they are.
_TAKE_IMAGES = (LABEL_STUDIO, CVAT)


def check_tool(to: str, prefix: str | None = None) -> None:
    """Refuse a tool that is none of `FORMATS`, or a prefix as `document_path` does."""
    if to not in _WRITERS:
        raise UsageError(f"cannot export to '{to}': {did_you_mean(to, _WRITERS)}")
    document_path(to, prefix, "")


def document_path(to: str, prefix: str | None, name: str) -> str:
    """Where a review lies below Label Studio's document root.

    Parameters
    ----------
    prefix
        As it is asked for; None: the review's `name`.

    Raises
    ------
    UsageError
        Another tool, or a path that is none below a folder: the root itself is not served.

    Examples
    --------
    >>> document_path("labelstudio", "team/july/", "july-labelstudio")
    'team/july'
    """
    if prefix is None:
        return name
    if to != LABEL_STUDIO:
        raise UsageError(f"`prefix` is of `to` '{LABEL_STUDIO}', and this is for '{to}'")
    parts = prefix.removesuffix("/").split("/")
    if "\\" in prefix or any(part in ("", ".", "..") for part in parts):
        raise UsageError(
            f"`prefix` is '{prefix}', expected the review's path below Label Studio's document "
            "root, such as team/july"
        )
    return "/".join(parts)


def write_tool(to: str, folder: Path, review: Review, shown: list[Shown], name: str) -> None:
    """Write what the tool reads of the items that are shown, and how to go about it.

    Parameters
    ----------
    name
        Where the export is to lie, below the folder that Label Studio serves.
    """
    _WRITERS[to](folder, review, shown, name)
    readme.write(folder, to, name)


def with_crops(
    to: str,
    stage: Path,
    shown: list[Shown],
    images: Path | None,
    progress: Progress | None = None,
) -> list[Shown]:
    """The items with their crops, which are written; without images there are none.

    The page is given the whole pictures too, Label Studio and CVAT the files as they are.
    """
    if images is None:
        _log.warning("no images: the review has no crops (`images=DIR`)")
        return shown
    shown = write_crops(stage, shown, images, pictures=to == PAGE, progress=progress)
    return _copied(stage, shown, images) if to in _TAKE_IMAGES else shown


def _copied(stage: Path, shown: list[Shown], images: Path) -> list[Shown]:
    """The items with their pictures, which are copied to ``images/``."""
    by_id = {one.image.id: one.image for one in shown}
    files = image_files(images, by_id, np.array(list(by_id), np.int64))
    names = {i: f"{IMAGES}/{local_name(image.file_name or '')}" for i, image in by_id.items()}
    for identity, name in names.items():
        (stage / name).parent.mkdir(parents=True, exist_ok=True)
        copyfile(files[identity], stage / name)
    return [replace(one, picture=names[one.image.id]) for one in shown]
