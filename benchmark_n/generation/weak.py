"""`make` with a weak recipe: a model's masks first, then noise on their categories."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.published_ids import added_ids, published_order
from benchmark_n.benchmark.staging import staged_benchmark
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Source
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.locks import shared_folder
from benchmark_n.generation.leakage import write_audited
from benchmark_n.generation.options import Job, WeakOptions
from benchmark_n.generation.weak_class_noise import confuse
from benchmark_n.generation.weak_prompts import image_tasks, prompt_boxes
from benchmark_n.generation.weak_recipe import resolved_recipe
from benchmark_n.noise.plan import resolve
from benchmark_n.noise.recipe import Recipe, build_noise
from benchmark_n.tables.manifest_schema import VERSION, manifest_schema
from benchmark_n.weak.annotate import annotate_images
from benchmark_n.weak.engine import WeakEngine
from benchmark_n.weak.manifest_rows import WeakColumns
from benchmark_n.weak.recipe import WeakRecipe
from benchmark_n.weak.segmenters.base import DEFAULT as DEFAULT_SEGMENTER
from benchmark_n.weak.segmenters.grounding import DEFAULT as DEFAULT_GROUNDER
from benchmark_n.weak.shards import (
    Part,
    parts_in_order,
    shards_key,
    skipped_images,
    spurious_images,
)


def make_weak(
    dataset: Dataset,
    source: Source,
    coco: CocoFile,
    recipe: WeakRecipe,
    weak: WeakOptions,
    job: Job,
    skip_bad: bool,
) -> Benchmark:
    """Make a weakly annotated benchmark.

    Shards are kept in the cache until the benchmark is there: a run that was stopped goes on
    where it was.

    Parameters
    ----------
    dataset, source, coco
        The dataset that the annotations are of, what `open_source` opened, and what was read.
    weak
        Who annotates.
    job
        Where it goes, and how.
    skip_bad
        Whether annotations of images that cannot be read are missed; else they are an error.

    Raises
    ------
    UsageError
        Masks as they came, or prompts that the segmenter does not take.
    InputError
        Anything wrong with annotations, images, models or the target; nothing is written then.
    """
    _check(coco, job)
    with ExitStack() as stack:
        with staged_benchmark(job.target, overwrite=job.overwrite) as stage:
            after = _category_noises(recipe, coco)
            prompts = weak.prompts_from
            tasks = image_tasks(coco, source.images, prompt_boxes(recipe, prompts, coco))
            engine = _engine(recipe, coco, source, weak, job, skip_bad)
            stated = job.stated()
            resolved = resolved_recipe(dataset, source, recipe, after, engine, prompts, stated)
            folder = _shards_folder(resolved, engine)
            remove_shards = stack.enter_context(shared_folder(folder))
            table = annotate_images(engine, tasks, folder, len(coco), job.execution)
            _write(stage, source, coco, table, job, after, engine, resolved)
            benchmark = job.kept(stage)
        remove_shards()
    return benchmark


def _check(coco: CocoFile, job: Job) -> None:
    """Refuse masks as they came, and annotations without one, by which a weak mask is judged."""
    if job.publish.masks == "keep":
        raise UsageError("weak annotations are all new: masks must be rle or polygon")
    lacking = int((~with_masks(coco) & ~coco.crowd).sum())
    if lacking:
        raise InputError(
            f"{coco.path.name}: {lacking} of its {int((~coco.crowd).sum())} annotations have no "
            "mask, they are boxes: weak annotations are compared with clean masks"
        )
    masks_of(coco, range(len(coco)))  # for the account of what is not read as it stands


def _engine(
    recipe: WeakRecipe,
    coco: CocoFile,
    source: Source,
    weak: WeakOptions,
    job: Job,
    skip_bad: bool,
) -> WeakEngine:
    by_text = recipe.prompt.kind == "text"
    return WeakEngine(
        prompt=recipe.prompt,
        segmenter=weak.segmenter or DEFAULT_SEGMENTER,
        seed=job.seed,
        file_name=coco.path.name,
        dilation_ratio=source.dilation_ratio,
        names={identity: category.name for identity, category in coco.categories.items()},
        masks=job.publish.masks,
        grounder=(weak.grounder or DEFAULT_GROUNDER) if by_text else "",
        device=weak.device or "cpu",
        skip_bad=skip_bad,
    )


def _noisy_parts(
    table: Any, coco: CocoFile, job: Job, after: Recipe, engine: WeakEngine
) -> Iterator[Part]:
    """All rows in the order of published ids, with noise on their categories."""
    spurious = job.ids.of_added(added_ids(spurious_images(table)))
    parts = parts_in_order(table, coco, job.ids.of(coco.annotation_ids), spurious)
    return confuse(parts, after, *published_order(coco, job.ids), engine)


def _write(
    stage: Path,
    source: Source,
    coco: CocoFile,
    table: Any,
    job: Job,
    after: Recipe,
    engine: WeakEngine,
    resolved: dict[str, Any],
) -> None:
    """The benchmark of all rows, with noise on their categories."""
    parts = _noisy_parts(table, coco, job, after, engine)
    write_audited(
        stage,
        coco,
        (([record for record in records if record is not None], rows) for records, rows in parts),
        manifest_schema(
            [WeakColumns(), *after.noises],
            metadata={"dilation_ratio": str(source.dilation_ratio)},
        ),
        resolved,
        images=source.images,
        clean_val=source.clean_val,
        val_images=source.val_images,
        skipped=[*source.skipped, *skipped_images(table, coco, source.images)],
    )


def _category_noises(recipe: WeakRecipe, coco: CocoFile) -> Recipe:
    noises = tuple(build_noise(name, values) for name, values in recipe.noises.items())
    wrong = next((noise.name for noise in noises if noise.kind != "category"), None)
    if wrong is not None:
        raise InputError(
            f"recipe {recipe.name}: noise {wrong} cannot follow weak masks, expected "
            "class_confusion alone"
        )
    return resolve(Recipe(recipe.name, noises), coco)


def _shards_folder(resolved: dict[str, Any], engine: WeakEngine) -> Path:
    hidden = {"seed": engine.seed, "skip_bad": engine.skip_bad}
    key = shards_key({**resolved, "package": __version__, "manifest": VERSION, **hidden})
    return cache_folder() / "weak" / key
