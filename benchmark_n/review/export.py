"""Write the most suspect annotations for people to look at, in the format of their tool."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.exports import annotation_place, open_export
from benchmark_n.coco.images import named_folder
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.atomic import files_below, staged
from benchmark_n.files.provenance import file_digest
from benchmark_n.review import page, readme
from benchmark_n.review.choice import choose_items
from benchmark_n.review.guideline import Guideline, open_guideline
from benchmark_n.review.items import REVIEW, Review, ReviewedFile, Run, write_review
from benchmark_n.review.opinions import with_opinions
from benchmark_n.review.private import Private, as_shown, write_private
from benchmark_n.review.sampling import SampleOptions, mix
from benchmark_n.review.shown import CROPS, PICTURES, Shown, show_items
from benchmark_n.review.tools import check_tool, document_path, with_crops, write_tool
from benchmark_n.runtime.options import check_whole
from benchmark_n.runtime.progress import Progress
from benchmark_n.tables.scores import read_scores

TOP = 200


@dataclass(frozen=True)
class OutputOptions:
    """How a review is written.

    Parameters
    ----------
    overwrite
        Replace an earlier page, unless something else is with it, such as decisions that were
        imported.
    progress
        Told (pictures done, pictures in all).
    prefix
        Of Label Studio: where the review is to lie below its document root [default: the name of
        the review].

    Examples
    --------
    >>> OutputOptions(overwrite=True)
    OutputOptions(overwrite=True, progress=None, prefix=None)
    """

    overwrite: bool = False
    progress: Progress | None = None
    prefix: str | None = None


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
    sampling: SampleOptions = SampleOptions(),
    output: OutputOptions = OutputOptions(),
) -> Review:
    """Write a review: ``review.json``, ``crops/`` and what the tool reads.

    Parameters
    ----------
    scores, to, out
        Scores files of one detector or of several, over the same annotations; one of `FORMATS`;
        and the directory to write.
    benchmark, annotations
        One of the two: a benchmark's noisy annotations, or a COCO file, also in an export.
    images
        Their folder; by default that of `make` or of an export. Without them there are no crops.
    top, guideline
        Number of annotations and proposals; and version or address of the annotation guideline, or
        a Markdown file with its version and sections: shown with every item and audited.
    sampling, output
        What is mixed in; which items these are is in ``private/`` alone: not for reviewers. And how
        it is written.

    Raises
    ------
    UsageError, InputError
        Contradictory arguments; anything wrong with a file, or an output that exists.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, detect, make
    >>> from benchmark_n.tables.scores import write_scores
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> write_scores(detect(benchmark.noisy(), None, "random")[0].scores, Path("random.parquet"))
    >>> review = export_review(["random.parquet"], "csv", "review", benchmark=benchmark, top=3)
    >>> [item.flags[0].kind for item in review.items]
    ['class', 'spatial', 'class']
    """
    check_tool(to, output.prefix)
    check_whole("top", top, least=1)
    rules, opened = open_guideline(guideline), _source(benchmark, annotations, images)
    return _export(scores, to, Path(out), opened, top, rules, sampling, output)


def _export(
    scores: Sequence[Path | str],
    to: str,
    out: Path,
    opened: tuple[CocoFile, Path, Path | None],
    top: int,
    rules: Guideline,
    sampling: SampleOptions,
    output: OutputOptions,
) -> Review:
    """The review of what `_source` opened, once it is written."""
    coco, place, folder = opened
    paths, tables = _tables(scores)
    items, private = with_opinions(choose_items(coco, tables, top), tables), None
    if sampling.asked:
        items, private = mix(coco, tables, items, sampling)
    shown = show_items(coco if private is None else as_shown(coco, private), items)
    source = ReviewedFile(_relative(place, out), file_digest(coco.path))
    runs = tuple(_run(*file, out) for file in paths.items())
    labels = category_labels(coco.categories)
    review = Review(source, rules.version, labels, (), sections=rules.sections, runs=runs)
    return _write(out, to, review, shown, folder, private, output)


def _write(
    out: Path,
    to: str,
    review: Review,
    shown: list[Shown],
    images: Path | None,
    private: Private | None,
    output: OutputOptions,
) -> Review:
    """The review with its items, once it is written."""
    with staged(out, marker=REVIEW, strangers=_strangers, overwrite=output.overwrite) as stage:
        shown = with_crops(to, stage, shown, images, output.progress)
        review = msgspec.structs.replace(review, items=tuple(one.item for one in shown))
        write_review(review, stage)
        if private is not None:
            write_private(private, stage)
        place = document_path(to, output.prefix, out.resolve().name)
        write_tool(to, stage, review, shown, place)
    return review


def _strangers(folder: Path) -> list[str]:
    """Files that are not of a page alone: of another tool, decisions, corrections, a sample."""
    own = (REVIEW, page.FILE, readme.FILE), (f"{CROPS}/", f"{PICTURES}/")
    return [n for n in files_below(folder) if n not in own[0] and not n.startswith(own[1])]


def _run(detector: str, scores: Path, review: Path) -> Run:
    return Run(detector, _relative(scores, review), file_digest(scores))


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
        return read_coco(export.annotations), place, named_folder(images) or export.images
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    noisy = opened.noisy()
    return noisy, noisy.path, named_folder(images) or opened.images


def _tables(paths: Sequence[Path | str]) -> tuple[dict[str, Path], dict[str, Any]]:
    """Detector to its file, and to its scores; a file that names none goes by its own name."""
    files: dict[str, Path] = {}
    tables: dict[str, Any] = {}
    for path in map(Path, paths):
        table = read_scores(path)
        described = (table.schema.metadata or {}).get(b"detector")
        name = path.stem if described is None else described.decode(errors="replace")
        if name in tables:
            raise InputError(f"{path}: a second scores file of detector '{name}', expected one")
        files[name], tables[name] = path, table
    if not tables:
        raise UsageError("give the scores of a detector")
    return files, tables
