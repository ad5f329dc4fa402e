"""`make` with a noise recipe: clean annotations in, a benchmark directory out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.benchmark.writer import write_benchmark
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.annotation_masks import MaskForm
from benchmark_n.datasets import Dataset, Source
from benchmark_n.files.atomic import staged
from benchmark_n.files.provenance import file_digest
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import chunks, decide, resolve
from benchmark_n.noise.recipe import Recipe
from benchmark_n.runtime.parallel import ordered_map
from benchmark_n.runtime.progress import Progress
from benchmark_n.tables.manifest_schema import manifest_schema

CHUNK = 500
_log = logging.getLogger(__name__)

Part = tuple[list[bytes], dict[str, list[Any]]]


def make_noisy(
    dataset: Dataset,
    source: Source,
    recipe: Recipe,
    target: Path,
    *,
    seed: int,
    masks: MaskForm = "rle",
    workers: int | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
    overwrite: bool = False,
    chunk_size: int = CHUNK,
    progress: Progress | None = None,
) -> Benchmark:
    """Write the benchmark of one noise recipe and seed.

    Parameters
    ----------
    dataset, source
        The dataset that the annotations are of, and what `open_source` opened.
    target
        The directory to write.
    masks, workers, backend, scheduler, progress
        As in `benchmark_n.make`.
    chunk_size
        Annotations that a worker takes at a time; the bytes do not depend on it.

    Raises
    ------
    InputError
        Anything wrong with the annotations or the target; nothing is written then.
    """
    with staged(target, marker=layout.RECIPE, overwrite=overwrite) as stage:
        coco = read_coco(source.annotations)
        _log.info("%s: %d annotations of %d images", coco.path, len(coco), len(coco.images))
        settled = resolve(recipe, coco)
        engine = Engine(
            noises=settled.noises,
            seed=seed,
            file_name=coco.path.name,
            dilation_ratio=source.dilation_ratio,
            masks=masks,
            keep_boxes=settled.boxes == "keep",
        )
        work = chunks(settled, coco, decide(settled, coco, seed), chunk_size)
        done = ordered_map(engine, work, workers=workers, backend=backend, scheduler=scheduler)
        metadata = {"dilation_ratio": str(source.dilation_ratio)}
        write_benchmark(
            stage,
            coco,
            _counted(done, len(coco), progress),
            manifest_schema(settled.noises, metadata=metadata),
            _resolved_recipe(settled, dataset, source, coco, seed, masks),
            images=source.images,
            clean_val=source.clean_val,
            val_images=source.val_images,
            skipped=source.skipped,
        )
        benchmark = load(stage).moved(target)
    empty = benchmark.summary["empty_clean_masks"]
    if empty:
        _log.warning("%d annotations have no pixel: they stay, with an empty mask", empty)
    return benchmark


def _counted(parts: Iterable[Part], total: int, progress: Progress | None) -> Iterator[Part]:
    done = 0
    for records, rows in parts:
        yield records, rows
        done += len(rows["annotation_id"])
        if progress is not None:
            progress(done, total)


def _resolved_recipe(
    recipe: Recipe, dataset: Dataset, source: Source, coco: CocoFile, seed: int, masks: MaskForm
) -> dict[str, Any]:
    return {
        "benchmark": dataset.title,
        "dataset": dataset.name,
        **recipe.to_dict(),
        "seed": seed,
        "masks": masks,
        "dilation_ratio": source.dilation_ratio,
        "detection": masks != "keep" and recipe.boxes == "mask",
        "source": {
            "file": coco.path.name,
            "sha256": file_digest(coco.path),
            **source.options,
        },
    }
