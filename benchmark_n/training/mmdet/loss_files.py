"""Losses by instance as evidence: the arrays that the source ``files:DIR`` reads."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.errors import InputError
from benchmark_n.files.parquet import read_parquet

EVIDENCE = "evidence"
FOLDER = "instance_losses"
_log = logging.getLogger(__name__)


def write_loss_evidence(benchmark: Benchmark, work_dir: Path) -> Path:
    """Gather the epochs' tables into ``annotation_ids.npy``, ``class_losses.npy``, ….

    An annotation that no positive RoI met in an epoch takes its own mean over the other epochs;
    one that none ever met (a box without area among them) takes the epoch's median, and is
    counted in the log.

    Returns
    -------
    Path
        The folder ``evidence`` in the work directory.

    Raises
    ------
    InputError
        The training wrote no losses.
    """
    tables: dict[str, list[Path]] = {}
    for path in sorted((work_dir / FOLDER).glob("epoch-*-rank*.parquet")):
        tables.setdefault(path.stem.partition("-rank")[0], []).append(path)
    if not tables:
        raise InputError(f"{work_dir}: no losses by instance: train with `instance_losses=True`")
    coco = benchmark.noisy()
    ids = coco.annotation_ids[~coco.crowd]
    epochs = [_epoch(paths, ids) for paths in tables.values()]
    class_losses, mask_losses = (_filled(np.stack([e[k] for e in epochs])) for k in (0, 1))
    unmet = int(np.isnan(np.stack([e[0] for e in epochs])).all(axis=0).sum())
    if unmet:
        _log.warning("%d of %d annotations met no RoI: they take the median loss", unmet, len(ids))
    folder = work_dir / EVIDENCE
    folder.mkdir(exist_ok=True)
    np.save(folder / "annotation_ids.npy", ids)
    np.save(folder / "class_losses.npy", class_losses)
    np.save(folder / "mask_losses.npy", mask_losses)
    return folder


def _epoch(paths: list[Path], ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Class and mask loss (2, N) of an epoch; NaN where no RoI was."""
    order = np.argsort(ids)
    rois, sums = np.zeros(len(ids)), np.zeros((2, len(ids)))
    for path in paths:
        table = _read(path)
        place = order[np.searchsorted(ids, table["annotation_id"].to_numpy(), sorter=order)]
        count = table["rois"].to_numpy()
        rois[place] += count
        for row, name in enumerate(("class_loss", "mask_loss")):
            sums[row, place] += count * table[name].to_numpy()
    return np.divide(sums, rois, out=np.full_like(sums, np.nan), where=rois > 0)


def _read(path: Path) -> Any:
    try:
        return read_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path}: cannot read the losses: {error!s:.200}") from None


def _filled(losses: NDArray[np.float64]) -> NDArray[np.float32]:
    """Losses (E, N) without NaN."""
    seen = ~np.isnan(losses)
    counts = seen.sum(axis=0)
    means = np.where(seen, losses, 0).sum(axis=0) / np.maximum(counts, 1)
    medians = np.array(
        [np.median(row[s]) if s.any() else 0.0 for row, s in zip(losses, seen, strict=True)]
    )
    rest = np.where(counts > 0, means[None], medians[:, None])
    return np.where(seen, losses, rest).astype(np.float32)
