"""The public functions; every command is a thin skin over one of them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.records import MASK_FORMS
from benchmark_n.benchmark.schema import manifest_schema
from benchmark_n.benchmark.staging import staged
from benchmark_n.benchmark.writer import file_digest, write_benchmark
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.datasets import DATASETS, Dataset, Source
from benchmark_n.datasets.base import open_source
from benchmark_n.errors import UsageError
from benchmark_n.masks.contours import opencv_fault
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import chunks, decide, resolve
from benchmark_n.noise.recipe import ALIASES, Recipe, load_recipe
from benchmark_n.parallel import ordered_map
from benchmark_n.weak.grounding import DEFAULT as DEFAULT_GROUNDER
from benchmark_n.weak.recipe import WeakRecipe, choose_weak
from benchmark_n.weak_making import Annotator, make_weak, weak_target

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
    weak: str | None = None,
    segmenter: str | None = None,
    grounder: str | None = None,
    device: str | None = None,
    prompts_from: Path | str | None = None,
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
        Directory to write; by default ``benchmarks/<dataset>-n-<recipe>-seed<seed>``, and
        ``benchmarks/<dataset>-<recipe>-<segmenter>-seed<seed>`` with a weak recipe.
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
        leave out (and list in the summary) those that cannot be read. With a weak recipe,
        annotations of images that cannot be read are missed, and these are listed.
    weak
        Instead of a tier, a kind of prompt: ``"box"``, ``"point"``, ``"mask"``, several joined by
        ``+``, or ``"text"``. A tier ``wan-…`` is a weak recipe too.
    segmenter, grounder, device
        With a weak recipe: the model that draws the masks (``"grabcut"``, ``"medsam-lite"``,
        ``"transformers:NAME"``, …), the grounding model of text prompts, and ``"cpu"`` or
        ``"cuda"``.
    prompts_from
        With a weak recipe: a noisy benchmark of the same source whose boxes are the prompts.
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
    if masks not in MASK_FORMS:
        raise UsageError(f"masks must be one of {', '.join(MASK_FORMS)}, but got '{masks}'")
    if chunk_size < 1:
        raise UsageError(f"chunk_size must be 1 or more, but got {chunk_size}")
    weakly = choose_weak(weak, tier, recipe, overrides)
    given = {"segmenter": segmenter, "grounder": grounder, "device": device}
    _check_weak_options(weakly, {**given, "prompts_from": prompts_from}, tuple(only), backend)
    if (fault := opencv_fault()) is not None:
        _log.warning(fault)
    settled = weakly or _choose_recipe(known.tier_recipe(tier), recipe, only, overrides)
    source = open_source(
        known,
        root=_path(root),
        split=split,
        annotations=_path(annotations),
        images=_path(images),
        data_seed=data_seed,
        num_images=num_images,
        stride=stride,
        skip_bad=skip_bad and (weakly is None or known.converter is not None),
        workers=workers,
        progress=progress,
    )
    if isinstance(settled, WeakRecipe):
        return make_weak(
            known,
            source,
            settled,
            Annotator(segmenter or "grabcut", grounder or DEFAULT_GROUNDER, device or "cpu"),
            _path(out) or weak_target(dataset, settled, segmenter or "grabcut", seed),
            seed=seed,
            prompts_from=prompts_from,
            masks=masks,  # type: ignore[arg-type]
            workers=workers,
            overwrite=overwrite,
            skip_bad=skip_bad,
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


def _check_weak_options(
    recipe: WeakRecipe | None,
    given: Mapping[str, object],
    only: tuple[str, ...],
    backend: str,
) -> None:
    """Options that go with a weak recipe alone, or with none."""
    if recipe is None:
        stray = next((name for name, value in given.items() if value is not None), None)
        if stray is not None:
            raise UsageError(
                f"{stray.replace('_', '-')} is for weak annotations: name a tier wan-easy, "
                "wan-mid or wan-hard, or a kind of prompt by weak"
            )
        return
    if only:
        raise UsageError("only is for noise recipes: a weak recipe has one annotator")
    if backend != "loky":
        raise UsageError("weak annotations are made on one machine: backend must be loky")


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
        "source": {
            "file": coco.path.name,
            "sha256": file_digest(coco.path),
            **source.options,
        },
    }
