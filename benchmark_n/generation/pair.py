"""A benchmark out of a real pair of files: what differs is the noise."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.published_ids import PublishedIds
from benchmark_n.benchmark.staging import staged_benchmark
from benchmark_n.benchmark.withholding import check_keep_fields
from benchmark_n.benchmark.writer import Part
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.exports import open_export
from benchmark_n.coco.images import named_folder
from benchmark_n.coco.joining import MATCHES, MatchedPairs, match_pairs
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.leakage import write_audited
from benchmark_n.generation.options import PublishOptions
from benchmark_n.generation.pair_records import pair_parts
from benchmark_n.generation.targets import refuse_inputs_in
from benchmark_n.runtime.options import check_known
from benchmark_n.tables.manifest_schema import manifest_schema


def import_pair(
    clean: Path | str,
    noisy: Path | str,
    *,
    out: Path | str,
    match: str = "auto",
    least_iou: float = 0.5,
    images: Path | str | None = None,
    dilation_ratio: float = 0.02,
    overwrite: bool = False,
    keep_fields: Collection[str] = (),
    reading: ReadOptions = ReadOptions(),
) -> Benchmark:
    """Make a benchmark of a real pair of COCO files: what differs is the noise.

    Parameters
    ----------
    clean, noisy
        COCO files of the same images and categories, or exports of such; their ids may differ.
    out, images, overwrite
        Directory to write, folder of the images, and whether a benchmark there may be replaced.
    match
        What annotations go by: ``"id"``, ``"iou"``, or ``"auto"`` for ids where 90 % of them
        agree. Images and categories go by names; with ``"all-ids"`` all three go by ids.
    least_iou
        Pairs of this mask IoU or more are matched first, poorer ones down to .1 then (by IoU).
    dilation_ratio, reading
        Of the boundary, as a share of the diagonal; how the files are read.
    keep_fields
        As in `PublishOptions`: of annotations the noisy file's, all others the clean one's.

    Raises
    ------
    UsageError, InputError
        A share that is none; a fault of a file, or files about different images or categories.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> made = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> clean = made.images.parent / "annotations" / "instances_train.json"
    >>> import_pair(clean, made.annotations, out="pair").summary["changed_categories"]
    12
    """
    rule = match, least_iou, dilation_ratio
    _check(*rule)
    refuse_inputs_in(Path(out), Path(clean), Path(noisy))
    with staged_benchmark(Path(out), overwrite=overwrite) as stage:
        _import(stage, (clean, noisy), images, reading, keep_fields, rule)
        return load(stage).moved(Path(out))


def _import(
    stage: Path,
    paths: tuple[Path | str, Path | str],
    images: Path | str | None,
    reading: ReadOptions,
    keep_fields: Collection[str],
    rule: tuple[str, float, float],
) -> None:
    """Write the benchmark of two files by `rule`: how they match, from which IoU, the boundary."""
    publish = PublishOptions(keep_fields=keep_fields)
    clean, noisy = (_read(path, reading) for path in paths)
    check_keep_fields(publish.keep_fields, clean, noisy)
    matched = match_pairs(clean, noisy, *rule[:2])
    recipe = _recipe(clean, matched, *rule) | publish.recorded
    folder = named_folder(images) or open_export(paths[0]).images
    _write(stage, clean, matched, recipe, folder)


def _read(path: Path | str, reading: ReadOptions) -> CocoFile:
    """A file of the pair; refused where annotations have no mask to be compared."""
    coco = read_coco(path, reading)
    lacking = int((~with_masks(coco)).sum())
    if lacking:
        raise InputError(
            f"{coco.path.name}: {lacking} of its {len(coco)} annotations have no mask, they are "
            "boxes: an import compares masks"
        )
    return coco


def _write(
    stage: Path,
    clean: CocoFile,
    matched: MatchedPairs,
    recipe: dict[str, Any],
    images: Path | None,
) -> None:
    """The benchmark of the two files, as its recipe says."""
    ratio, noisy = recipe["dilation_ratio"], matched.noisy
    parts = pair_parts(clean, noisy, matched.pairs, PublishedIds.of_import(), ratio)
    write_audited(
        stage,
        clean,
        _accounted(parts, recipe, noisy),
        manifest_schema(metadata={"dilation_ratio": str(ratio)}),
        recipe,
        images=images,
    )


def _accounted(parts: Iterator[Part], recipe: dict[str, Any], noisy: CocoFile) -> Iterator[Part]:
    """The parts; when all masks were read, the account of the noisy file's goes into the recipe."""
    yield from parts
    recipe["noisy_source"] |= noisy.repairs.recorded()
    noisy.repairs.tell(noisy.path.name)


def _check(match: str, least_iou: float, dilation_ratio: float) -> None:
    check_known("match", match, MATCHES)
    if not 0 < least_iou <= 1:
        raise UsageError(f"`least_iou` is {least_iou}, expected more than 0 and at most 1")
    if not 0 < dilation_ratio < 1:
        raise UsageError(f"`dilation_ratio` is {dilation_ratio}, expected between 0 and 1")


def _recipe(
    clean: CocoFile, matched: MatchedPairs, match: str, least_iou: float, dilation_ratio: float
) -> dict[str, Any]:
    """How the benchmark came about, as it keeps it; the noise itself is not known."""
    return {
        "benchmark": "imported",
        "dataset": "custom",
        "name": "imported",
        "noise": "unknown",
        "match": match,
        "least_iou": least_iou,
        "matched": matched.record,
        "noises": {},
        "masks": "rle",
        "dilation_ratio": dilation_ratio,
        "detection": True,
        "source": {"file": clean.path.name, "sha256": file_digest(clean.path)},
        "noisy_source": {
            "file": matched.noisy.path.name,
            "sha256": file_digest(matched.noisy.path),
        },
    }
