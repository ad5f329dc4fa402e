"""The public functions; every command is a thin skin over one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.pairs import MATCHES, match_pairs, pair_parts
from benchmark_n.benchmark.records import MASK_FORMS
from benchmark_n.benchmark.schema import manifest_schema
from benchmark_n.benchmark.staging import staged
from benchmark_n.benchmark.writer import file_digest, write_benchmark
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.datasets import DATASETS, Dataset, Source
from benchmark_n.datasets.base import open_source
from benchmark_n.errors import UsageError
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import chunks, decide, resolve
from benchmark_n.noise.recipe import ALIASES, Recipe, load_recipe
from benchmark_n.parallel import ordered_map

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
_CHUNK = 500


def make(
    dataset: str = "coco",
    tier: str | None = None,
    *,
    recipe: str | Path | None = None,
    root: Path | str | None = None,
    split: str | None = None,
    annotations: Path | str | None = None,
    images: Path | str | None = None,
    seed: int = 1,
    out: Path | str | None = None,
    only: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
    masks: str = "rle",
    workers: int | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
    overwrite: bool = False,
    data_seed: int = 0,
    num_images: int | None = None,
    stride: int = 1,
    skip_bad: bool = False,
    chunk_size: int = _CHUNK,
    progress: Progress | None = None,
) -> Benchmark:
    """Make a noisy benchmark from clean annotations.

    Parameters
    ----------
    dataset
        A dataset's name: ``"coco"``, ``"lvis"``, ``"scenes"``, ``"custom"``, ….
    tier, recipe
        One of the two: a tier or other recipe by name, or a recipe's name or YAML file.
    root, split, annotations, images
        The dataset's folder and split, or a COCO-format file and a folder of images.
    seed
        Of the noise. The same seed gives the same bytes, whatever the number of workers.
    out
        Directory to write; by default ``benchmarks/<dataset>-n-<recipe>-seed<seed>``.
    only, overrides
        Noises to keep, and ``"noise.parameter"`` values to replace.
    masks
        ``"rle"``, ``"polygon"``, or ``"keep"`` to leave untouched records as they came (the
        benchmark is then unfit for label-error detection, and marked so).
    workers, backend, scheduler
        Processes, and where they run (see `benchmark_n.parallel.ordered_map`).
    data_seed, num_images
        For embedded datasets: which pictures, and how many of the split.
    stride, skip_bad
        For datasets that are converted from label maps: take every n-th frame or patient, and
        leave out (and list in the summary) those that cannot be read.
    progress
        Called with (frames done, frames in all) of a conversion, then so with annotations.

    Raises
    ------
    UsageError
        Contradictory or missing arguments.
    InputError
        Anything wrong with a file, a recipe or the output; nothing is written then.
    """
    known: Dataset = DATASETS.load(dataset)
    settled = _choose_recipe(known.tier_recipe(tier), recipe, only, overrides)
    if masks not in MASK_FORMS:
        raise UsageError(f"masks must be one of {', '.join(MASK_FORMS)}, but got '{masks}'")
    if chunk_size < 1:
        raise UsageError(f"chunk_size must be 1 or more, but got {chunk_size}")
    source = open_source(
        known,
        root=_path(root),
        split=split,
        annotations=_path(annotations),
        images=_path(images),
        data_seed=data_seed,
        num_images=num_images,
        stride=stride,
        skip_bad=skip_bad,
        workers=workers,
        progress=progress,
    )
    target = _path(out) or _default_target(dataset, settled, seed, tuple(only), overrides)
    with staged(target, overwrite=overwrite) as stage:
        coco = read_coco(source.annotations)
        _log.info("%s: %d annotations of %d images", coco.path, len(coco), len(coco.images))
        settled = resolve(settled, coco)
        engine = Engine(
            noises=settled.noises,
            seed=seed,
            file_name=coco.path.name,
            dilation_ratio=source.dilation_ratio,
            masks=masks,  # type: ignore[arg-type]
            keep_boxes=settled.boxes == "keep",
        )
        work = chunks(settled, coco, decide(settled, coco, seed), chunk_size)
        done = ordered_map(engine, work, workers=workers, backend=backend, scheduler=scheduler)
        write_benchmark(
            stage,
            coco,
            _counted(done, len(coco), progress),
            manifest_schema(
                settled.noises, metadata={"dilation_ratio": str(source.dilation_ratio)}
            ),
            _resolved_recipe(settled, known, source, coco, seed, masks),
            images=source.images,
            clean_val=source.clean_val,
            val_images=source.val_images,
            skipped=source.skipped,
        )
    benchmark = load(target)
    empty = benchmark.summary["empty_clean_masks"]
    if empty:
        _log.warning("%d annotations have no pixel: they stay, with an empty mask", empty)
    return benchmark


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
) -> Benchmark:
    """Make a benchmark of a real pair of COCO files: what differs is the noise.

    Parameters
    ----------
    match
        ``"id"``, ``"iou"``, or ``"auto"`` for ids where most of them agree.
    least_iou
        Below this mask IoU two annotations are not the same instance (matching by IoU).

    Raises
    ------
    UsageError
        An unknown way to match.
    InputError
        Anything wrong with a file, or files about different images or categories.
    """
    if match not in MATCHES:
        raise UsageError(f"match must be one of {', '.join(MATCHES)}, but got '{match}'")
    with staged(Path(out), overwrite=overwrite) as stage:
        ours, theirs = read_coco(clean), read_coco(noisy)
        pairs = match_pairs(ours, theirs, match, least_iou)
        recipe = {
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
            "source": {"file": ours.path.name, "sha256": file_digest(ours.path)},
            "noisy_source": {"file": theirs.path.name, "sha256": file_digest(theirs.path)},
        }
        write_benchmark(
            stage,
            ours,
            pair_parts(ours, theirs, pairs, dilation_ratio),
            manifest_schema(metadata={"dilation_ratio": str(dilation_ratio)}),
            recipe,
            images=_path(images),
        )
    return load(out)


def _path(value: Path | str | None) -> Path | None:
    return None if value is None else Path(value)


def _choose_recipe(
    tier: str | None,
    recipe: str | Path | None,
    only: Iterable[str],
    overrides: Mapping[str, Any] | None,
) -> Recipe:
    if tier is not None and recipe is not None:
        raise UsageError("give a tier or a recipe, not both")
    chosen = tier if tier is not None else recipe
    if chosen is None:
        raise UsageError("name a tier (easy, mid, hard, clean) or a recipe")
    return load_recipe(chosen, only=only, overrides=overrides)


def _default_target(
    dataset: str,
    recipe: Recipe,
    seed: int,
    only: tuple[str, ...],
    overrides: Mapping[str, Any] | None,
) -> Path:
    parts = [dataset, "n", ALIASES.get(recipe.name, recipe.name)]
    parts += ["only", *only] if only else []
    parts += ["custom"] if overrides else []
    return Path("benchmarks") / "-".join([*parts, f"seed{seed}"])


def _counted(
    parts: Iterable[tuple[list[bytes], dict[str, list[Any]]]], total: int, progress: Progress | None
) -> Iterator[tuple[list[bytes], dict[str, list[Any]]]]:
    done = 0
    for records, rows in parts:
        yield records, rows
        done += len(rows["annotation_id"])
        if progress is not None:
            progress(done, total)


def _resolved_recipe(
    recipe: Recipe, dataset: Dataset, source: Source, coco: CocoFile, seed: int, masks: str
) -> dict[str, Any]:
    return {
        "benchmark": dataset.title,
        "dataset": dataset.name,
        **recipe.to_dict(),
        "seed": seed,
        "masks": masks,
        "dilation_ratio": source.dilation_ratio,
        "detection": masks != "keep" and recipe.boxes == "mask",
        "source": {"file": coco.path.name, "sha256": file_digest(coco.path)},
    }
