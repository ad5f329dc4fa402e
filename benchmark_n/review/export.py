"""Write the most suspect annotations for people to look at, in the format of their tool."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.exports import annotation_place, open_export
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.files.atomic import files_below, staged
from benchmark_n.files.provenance import file_digest
from benchmark_n.review import csv_file, cvat, fiftyone, label_studio, page
from benchmark_n.review.choice import choose_items
from benchmark_n.review.items import REVIEW, Review, ReviewedFile, write_review
from benchmark_n.review.shown import CROPS, PICTURES, Shown, show_items, write_crops
from benchmark_n.runtime.progress import Progress
from benchmark_n.tables.scores import read_scores

TOP = 200
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


def export_review(
    scores: Sequence[Path | str],
    to: str,
    out: Path | str,
    *,
    benchmark: Benchmark | Path | str | None = None,
    annotations: Path | str | None = None,
    images: Path | str | None = None,
    top: int = TOP,
    guideline: str = "",
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Review:
    """Write a review: ``review.json``, ``crops/`` and what the tool reads.

    Parameters
    ----------
    scores, to, out
        Scores files of one detector or of several, over the same annotations; one of `FORMATS`;
        and the directory to write.
    benchmark, annotations
        One of the two: a benchmark, whose noisy annotations are reviewed, or a COCO file, also in
        an export as it came (`benchmark_n.coco.exports`).
    images
        Folder of the images; by default the one that `make` recorded, or of an export the one in
        it. Without images there are no crops.
    top, guideline
        Number of annotations and proposals; and version or address of the annotation guideline,
        shown with every item and audited.
    overwrite, progress
        Replace an earlier page, unless decisions were imported; told (pictures done, in all).

    Raises
    ------
    UsageError
        An unknown format, no annotations or two kinds of them, or no item asked for.
    InputError
        Anything wrong with a file, or an output that exists.
    """
    _check(to, top)
    coco, place, folder = _source(benchmark, annotations, images)
    shown = show_items(coco, choose_items(coco, _tables(scores), top))
    source = ReviewedFile(_relative(place, Path(out)), file_digest(coco.path))
    with staged(Path(out), marker=REVIEW, strangers=_strangers, overwrite=overwrite) as stage:
        shown = _with_crops(stage, shown, folder, to == PAGE, progress)
        items = tuple(one.item for one in shown)
        review = Review(source, guideline, category_labels(coco.categories), items)
        write_review(review, stage)
        _WRITERS[to](stage, review, shown)
    return review


def _strangers(folder: Path) -> list[str]:
    """Files that are not of a page alone: of another tool, decisions, corrections."""
    own = (REVIEW, page.FILE), (f"{CROPS}/", f"{PICTURES}/")
    return [n for n in files_below(folder) if n not in own[0] and not n.startswith(own[1])]


def _check(to: str, top: int) -> None:
    if to not in _WRITERS:
        raise UsageError(f"cannot export to '{to}': {did_you_mean(to, _WRITERS)}")
    if top < 1:
        raise UsageError(f"top is {top}, expected 1 or more")


def _with_crops(
    stage: Path,
    shown: list[Shown],
    folder: Path | None,
    pictures: bool,
    progress: Progress | None,
) -> list[Shown]:
    """The items with their crops, which are written; without images there are none."""
    if folder is None:
        _log.warning("no images: the review has no crops (`images=DIR`)")
        return shown
    return write_crops(stage, shown, folder, pictures=pictures, progress=progress)


def _relative(annotations: Path, review: Path) -> str:
    """Where the file lies as seen from the review; its name where that would tell a whole path."""
    file, folder = annotations.resolve(), review.resolve()
    if os.path.commonpath([file, folder]) == file.anchor:
        return file.name
    return os.path.relpath(file, folder)


def _source(
    benchmark: Benchmark | Path | str | None,
    annotations: Path | str | None,
    images: Path | str | None,
) -> tuple[CocoFile, Path, Path | None]:
    """The annotations, where their file lies, and the folder of the images where it is known."""
    if (benchmark is None) == (annotations is None):
        raise UsageError("give a benchmark or an annotation file, and not both")
    if benchmark is None:
        export, place = open_export(annotations or ""), annotation_place(Path(annotations or ""))
        return read_coco(export.annotations), place, Path(images) if images else export.images
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    noisy = opened.noisy()
    return noisy, noisy.path, opened.images if images is None else Path(images)


def _tables(paths: Sequence[Path | str]) -> dict[str, object]:
    """Detector to scores table; a file that names no detector goes by its own name."""
    tables: dict[str, object] = {}
    for path in map(Path, paths):
        table = read_scores(path)
        described = (table.schema.metadata or {}).get(b"detector")
        name = path.stem if described is None else described.decode(errors="replace")
        if name in tables:
            raise InputError(f"{path}: a second scores file of detector '{name}', expected one")
        tables[name] = table
    if not tables:
        raise UsageError("give the scores of a detector")
    return tables
