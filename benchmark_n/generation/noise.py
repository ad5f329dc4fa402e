"""`make` with a noise recipe: clean annotations in, a benchmark directory out."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.published_ids import event_ids, published_order
from benchmark_n.benchmark.staging import staged_benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.coco.parts import part_of
from benchmark_n.datasets import Dataset, Source
from benchmark_n.generation.leakage import write_audited
from benchmark_n.generation.options import Job
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.engine import Engine, Notes
from benchmark_n.noise.native_check import usable
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import Recipe
from benchmark_n.runtime.parallel import ordered_map
from benchmark_n.runtime.progress import Progress
from benchmark_n.tables.manifest_schema import (
    BOX_COLUMNS,
    VERIFIED_COLUMNS,
    Columns,
    manifest_schema,
)

_log = logging.getLogger(__name__)


def make_noisy(
    dataset: Dataset, source: Source, coco: CocoFile, recipe: Recipe, job: Job
) -> Benchmark:
    """Write the benchmark of one noise recipe and seed.

    Parameters
    ----------
    dataset, source, coco
        The dataset that the annotations are of, what `open_source` opened, and what was read.
    job
        Where it goes, and how; the bytes depend on neither workers nor chunk size.

    Raises
    ------
    InputError
        Anything wrong with the annotations or the target; nothing is written then.
    """
    execution = job.execution
    with staged_benchmark(job.target, overwrite=job.overwrite) as stage:
        coco, ids = published_order(coco, job.ids)
        recipe = resolve(recipe, coco)
        verified = None if job.verified is None else job.verified.among(coco)
        struck = verified if job.verified is not None and job.verified.only else None
        published, inside = _asked_part(coco, source)
        decisions = decide(recipe, coco, job.seed, struck, inside)
        added = [(one.event, one.source_ids) for one in decisions.events.added]
        ids = np.concatenate([ids, job.ids.of_added(event_ids(added))])
        done = ordered_map(
            _engine(recipe, coco, source, job).run,
            chunks(recipe, coco, decisions, ids, execution.chunk_size, inside=inside),
            workers=execution.workers,
            backend=execution.backend,
            scheduler=execution.scheduler,
        )
        write_audited(
            stage,
            published,
            _counted(done, coco, len(published) + len(added), verified, execution.progress),
            _schema(recipe, source, coco, verified=verified is not None),
            _resolved_recipe(recipe, dataset, source, coco, job),
            images=source.images,
            clean_val=source.clean_val,
            val_images=source.val_images,
            skipped=source.skipped,
        )
        benchmark = job.kept(stage)
    empty = benchmark.summary["empty_clean_masks"]
    if empty:
        _log.warning("%d annotations have no pixel: they stay, with an empty mask", empty)
    return benchmark


def _asked_part(coco: CocoFile, source: Source) -> tuple[CocoFile, NDArray[np.bool_] | None]:
    """What of the file is published, and which annotations these are where it is a part."""
    part = source.options.get("part")
    return (coco, None) if part is None else part_of(coco, part)


def _schema(recipe: Recipe, source: Source, coco: CocoFile, *, verified: bool) -> Any:
    """The manifest's columns."""
    boxes = () if with_masks(coco).all() else BOX_COLUMNS
    return manifest_schema(
        recipe.noises,
        metadata={"dilation_ratio": str(source.dilation_ratio)},
        extra=(*boxes, *(VERIFIED_COLUMNS if verified else ())),
    )


def _engine(recipe: Recipe, coco: CocoFile, source: Source, job: Job) -> Engine:
    return Engine(
        noises=recipe.noises,
        seed=job.seed,
        file_name=coco.path.name,
        dilation_ratio=source.dilation_ratio,
        masks=job.publish.masks,
        keep_boxes=recipe.boxes == "keep",
        may_empty=recipe.empty_masks == "allowed",
        native=usable(),  # where it is not, this process says so and not each worker
    )


def _counted(
    parts: Iterable[tuple[list[bytes], Columns, Notes]],
    coco: CocoFile,
    total: int,
    verified: NDArray[np.bool_] | None,
    progress: Progress | None,
) -> Iterator[tuple[list[bytes], Columns]]:
    """The parts; progress is told of each, and the file's account of what workers did not read."""
    done = 0
    known = None if verified is None else set(coco.annotation_ids[verified].tolist())
    for records, rows, notes in parts:
        for kind, identity in notes:
            coco.repairs.add(kind, identity)
        if known is not None:
            rows["verified"] = [None if i is None else i in known for i in rows["source_id"]]
        yield records, rows
        done += len(rows["annotation_id"])
        if progress is not None:
            progress(done, total)


def _resolved_recipe(
    recipe: Recipe, dataset: Dataset, source: Source, coco: CocoFile, job: Job
) -> dict[str, Any]:
    return {
        "benchmark": dataset.title,
        "dataset": dataset.name,
        **recipe.to_dict(),
        **job.stated(),
        **({"verified": job.verified.recorded()} if job.verified else {}),
        "masks": job.publish.masks,
        "dilation_ratio": source.dilation_ratio,
        "detection": job.publish.masks != "keep" and recipe.boxes == "mask",
        "source": {
            "file": coco.path.name,
            "sha256": source.sha256,
            **source.options,
        },
    }
