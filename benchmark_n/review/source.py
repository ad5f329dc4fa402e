"""The annotation file that a review is of: where it lies, and whether it is still the same."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.exports import annotation_file, annotation_place
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from benchmark_n.review.items import Review


def source_place(folder: Path, review: Review, annotations: Path | str | None) -> Path:
    """Where the reviewed file lies, in an archive perhaps.

    Parameters
    ----------
    folder
        The review's.
    annotations
        Where it lies now, if it moved.
    """
    recorded = os.path.normpath(folder.resolve() / review.annotations.path)
    return annotation_place(Path(annotations or recorded))


def read_source(place: Path, review: Review) -> CocoFile:
    """The reviewed file.

    Raises
    ------
    InputError
        It is not there, or not the one that was exported for review.
    """
    path = annotation_file(place)
    if not path.is_file():
        raise InputError(f"{place}: the reviewed file is not there: name it with `annotations`")
    if file_digest(path) != review.annotations.sha256:
        raise InputError(f"{place}: is not the file that was exported for review, or was changed")
    return read_coco(path)
