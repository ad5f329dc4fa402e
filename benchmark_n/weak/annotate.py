"""Annotate all images of a file, in processes, out of shards where these are there already."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.parallel import ordered_map
from benchmark_n.weak.engine import ImageTask, WeakEngine
from benchmark_n.weak.segmenters.base import load_segmenter
from benchmark_n.weak.shards import Shard, ShardMaker, blocks, join_shards

_log = logging.getLogger(__name__)


def annotate_images(
    engine: WeakEngine,
    tasks: Sequence[ImageTask],
    folder: Path,
    total: int,
    execution: Execution,
) -> Any:
    """All rows of all images as one table, in the order of the images.

    Parameters
    ----------
    folder
        Of the shards; it exists.
    total
        Number of annotations, for the progress.
    """
    alone = engine.grounder or not load_segmenter(engine.segmenter, engine.device).in_workers
    workers = 1 if execution.workers is None and alone else execution.workers
    work = list(blocks(tasks))
    shards: list[Shard] = []
    done = 0
    made = ordered_map(ShardMaker(engine, folder), work, workers=workers)
    for block, shard in zip(work, made, strict=True):
        shards.append(shard)
        done += sum(len(task.places) for task in block.tasks)
        if execution.progress is not None:
            execution.progress(done, total)
    mended = sum(shard.mended for shard in shards)
    if mended:
        _log.warning("%s: %d damaged files: they were made again", folder, mended)
    return join_shards([shard.path for shard in shards], folder)
