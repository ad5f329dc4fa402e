"""A benchmark out of a real pair of files: what differs is the noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.staging import staged_benchmark
from benchmark_n.benchmark.writer import write_benchmark
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.exports import open_export
from benchmark_n.coco.joining import MATCHES, match_pairs
from benchmark_n.errors import UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.pair_records import pair_parts
from benchmark_n.generation.targets import refuse_inputs_in
from benchmark_n.runtime.options import check_known
from benchmark_n.tables.manifest_schema import Columns, manifest_schema

Part = tuple[list[bytes], Columns]


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
    reading: ReadOptions = ReadOptions(),
) -> Benchmark:
    """Make a benchmark of a real pair of COCO files: what differs is the noise.

    Parameters
    ----------
    clean, noisy
        COCO files of the same images and categories, or exports that hold one.
    out, overwrite, images
        Directory to write, whether a benchmark there may be replaced, and folder of the images.
    match
        ``"id"``, ``"iou"``, or ``"auto"`` for ids where most of them agree.
    least_iou
        Below this mask IoU two annotations are not the same instance (matching by IoU).
    dilation_ratio, reading
        Of the boundary, as a share of the diagonal; how the files are read.

    Raises
    ------
    UsageError, InputError
        A share that is none; a fault of a file, or files about different images or categories.
    """
    _check(match, least_iou, dilation_ratio)
    refuse_inputs_in(Path(out), Path(clean), Path(noisy))
    with staged_benchmark(Path(out), overwrite=overwrite) as stage:
        clean_file, noisy_file = read_coco(clean, reading), read_coco(noisy, reading)
        pairs = match_pairs(clean_file, noisy_file, match, least_iou)
        parts = pair_parts(clean_file, noisy_file, pairs, dilation_ratio)
        recipe = _recipe(clean_file, noisy_file, match, least_iou, dilation_ratio)
        write_benchmark(
            stage,
            clean_file,
            _accounted(parts, recipe, noisy_file),
            manifest_schema(metadata={"dilation_ratio": str(dilation_ratio)}),
            recipe,
            images=open_export(clean).images if images is None else Path(images),
        )
        benchmark = load(stage).moved(Path(out))
    return benchmark


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
    clean: CocoFile, noisy: CocoFile, match: str, least_iou: float, dilation_ratio: float
) -> dict[str, Any]:
    """How the benchmark came about, as it keeps it; the noise itself is not known."""
    return {
        "benchmark": "imported",
        "dataset": "custom",
        "name": "imported",
        "noise": "unknown",
        "match": match,
        "least_iou": least_iou,
        "noises": {},
        "masks": "rle",
        "dilation_ratio": dilation_ratio,
        "detection": True,
        "source": {"file": clean.path.name, "sha256": file_digest(clean.path)},
        "noisy_source": {"file": noisy.path.name, "sha256": file_digest(noisy.path)},
    }
