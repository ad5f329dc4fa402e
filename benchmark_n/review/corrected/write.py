"""Write the corrected annotations in the format of a tool, beside the review that made them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.exports import archive_member
from benchmark_n.errors import UsageError, did_you_mean
from benchmark_n.files.atomic import files_beside, staged
from benchmark_n.review.corrected import coco, cvat, label_studio, yolo

_log = logging.getLogger(__name__)
# The corrected file and where the source lies, to the files' contents by their paths, and to a
# line for each kind of annotation that comes back changed.
_Writer = Callable[[CocoFile, Path], tuple[dict[str, bytes], list[str]]]
COCO = "coco"
_WRITERS: dict[str, _Writer] = {
    COCO: coco.returned,
    "cvat": cvat.returned,
    "labelstudio": label_studio.returned,
    "yolo": yolo.returned,
}
RETURN_FORMATS = tuple(_WRITERS)


def check_format(as_format: str | None) -> None:
    """Refuse a format that is none of `RETURN_FORMATS`; None asks for none."""
    if as_format is not None and as_format not in _WRITERS:
        raise UsageError(
            f"cannot write corrections as '{as_format}': {did_you_mean(as_format, _WRITERS)}"
        )


def own_format(source: Path) -> str | None:
    """The format of what came in an archive, which goes back in one unasked; else None."""
    return None if archive_member(source) is None else COCO


def write_returned(corrected: Path, as_format: str, source: Path) -> Path:
    """Write ``corrected-FORMAT/`` beside the corrected file, in place of an earlier one.

    Parameters
    ----------
    corrected
        The corrected COCO file.
    as_format
        One of `RETURN_FORMATS`.
    source
        The reviewed file, whose name or archive COCO has again.

    Returns
    -------
    Path
        The directory.

    Raises
    ------
    InputError
        The format cannot hold an annotation, or something of another origin is in the directory.
    """
    files, notes = _WRITERS[as_format](read_coco(corrected), source)
    target = returned_folder(corrected, as_format)
    with staged(
        target, marker=next(iter(files)), strangers=files_beside(*files), overwrite=True
    ) as stage:
        for name, data in files.items():
            path = stage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for note in notes:
        _log.warning("%s: %s", target.name, note)
    return target


def returned_folder(corrected: Path, as_format: str) -> Path:
    """Where `write_returned` puts a format."""
    return corrected.with_name(f"{corrected.stem}-{as_format}")
