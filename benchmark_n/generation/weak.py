"""`make` with a weak recipe: a model's masks first, then noise on their categories."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark, layout, load
from benchmark_n.benchmark.writer import write_benchmark
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.annotation_masks import MaskForm
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Source
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.atomic import staged
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.locks import shared_folder
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.weak_class_noise import confuse
from benchmark_n.generation.weak_prompts import image_tasks, prompt_boxes
from benchmark_n.noise.plan import resolve
from benchmark_n.noise.recipe import Recipe, build_noise
from benchmark_n.runtime.progress import Progress
from benchmark_n.tables.manifest_schema import manifest_schema
from benchmark_n.weak.annotate import annotate_images
from benchmark_n.weak.engine import WeakEngine
from benchmark_n.weak.manifest_rows import WeakColumns
from benchmark_n.weak.recipe import WeakRecipe
from benchmark_n.weak.segmenters.base import load_segmenter
from benchmark_n.weak.segmenters.grounding import load_grounder
from benchmark_n.weak.shards import parts_in_order, shards_key, skipped_images


@dataclass(frozen=True)
class Annotator:
    """Who annotates: a segmenter, for text prompts a grounding model, and where they run."""

    segmenter: str
    grounder: str
    device: str


def make_weak(
    dataset: Dataset,
    source: Source,
    recipe: WeakRecipe,
    annotator: Annotator,
    target: Path,
    *,
    seed: int,
    prompts_from: Path | str | None,
    masks: MaskForm,
    workers: int | None,
    overwrite: bool,
    skip_bad: bool,
    progress: Progress | None,
) -> Benchmark:
    """Make a weakly annotated benchmark; the parameters are those of `benchmark_n.make`.

    Shards are kept in the cache until the benchmark is there: a run that was stopped goes on
    where it was.
    """
    if masks == "keep":
        raise UsageError("weak annotations are all new: masks must be rle or polygon")
    with ExitStack() as stack:
        with staged(target, marker=layout.RECIPE, overwrite=overwrite) as stage:
            coco = read_coco(source.annotations)
            after = _category_noises(recipe, coco)
            boxes = None if prompts_from is None else prompt_boxes(recipe, prompts_from, coco)
            engine = WeakEngine(
                prompt=recipe.prompt,
                segmenter=annotator.segmenter,
                seed=seed,
                file_name=coco.path.name,
                dilation_ratio=source.dilation_ratio,
                names={identity: category.name for identity, category in coco.categories.items()},
                masks=masks,
                grounder=annotator.grounder if recipe.prompt.kind == "text" else "",
                device=annotator.device,
                skip_bad=skip_bad,
            )
            resolved = _resolved(dataset, source, recipe, after, engine, coco, prompts_from)
            tasks = image_tasks(coco, source.images, boxes)
            folder = _shards_folder(resolved, skip_bad)
            remove_shards = stack.enter_context(shared_folder(folder))
            table = annotate_images(engine, tasks, folder, workers, len(coco), progress)
            _write(stage, source, coco, table, after, engine, resolved)
            benchmark = load(stage).moved(target)
        remove_shards()
    return benchmark


def _write(
    stage: Path,
    source: Source,
    coco: CocoFile,
    table: Any,
    after: Recipe,
    engine: WeakEngine,
    resolved: dict[str, Any],
) -> None:
    """The benchmark of all rows, with noise on their categories."""
    parts = confuse(parts_in_order(table, coco), after, coco, engine)
    write_benchmark(
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


def _shards_folder(resolved: dict[str, Any], skip_bad: bool) -> Path:
    key = shards_key({**resolved, "package": __version__, "skip_bad": skip_bad})
    return cache_folder() / "weak" / key


def _resolved(
    dataset: Dataset,
    source: Source,
    recipe: WeakRecipe,
    after: Recipe,
    engine: WeakEngine,
    coco: CocoFile,
    prompts_from: Path | str | None,
) -> dict[str, Any]:
    """The recipe as the benchmark keeps it."""
    segmenter = load_segmenter(engine.segmenter, engine.device)
    missing = set(engine.prompt.parts) - set(segmenter.needs)
    if missing:
        raise UsageError(
            f"segmenter {segmenter.name} takes prompts of {', '.join(segmenter.needs)}, "
            f"but recipe {recipe.name} gives {', '.join(engine.prompt.parts)}"
        )
    models: dict[str, Any] = {
        "segmenter": {
            "name": segmenter.name,
            "revision": segmenter.revision,
            "device": engine.device,
        }
    }
    if engine.grounder:
        grounder = load_grounder(engine.grounder, engine.device)
        models["grounder"] = {"name": grounder.name, "revision": grounder.revision}
    if prompts_from is not None:
        noisy = load(prompts_from)
        models["prompts_from"] = {
            "name": noisy.recipe["name"],
            "seed": noisy.recipe.get("seed"),
            "sha256": file_digest(noisy.annotations),
        }
    noises = after.to_dict()
    return {
        "benchmark": f"{dataset.title.removesuffix('-N')}-WAN",
        "dataset": dataset.name,
        **recipe.to_dict(),
        **{key: noises[key] for key in ("noises", "noise_versions")},
        **models,
        "seed": engine.seed,
        "masks": engine.masks,
        "dilation_ratio": engine.dilation_ratio,
        "detection": True,
        "source": {
            "file": coco.path.name,
            "sha256": file_digest(coco.path),
            **source.options,
        },
    }
