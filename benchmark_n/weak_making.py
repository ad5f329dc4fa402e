"""`make` with a weak recipe: a model's masks first, then noise on their categories."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.records import MaskForm
from benchmark_n.benchmark.schema import BOX_PARTS, manifest_schema
from benchmark_n.benchmark.staging import staged
from benchmark_n.benchmark.writer import file_digest, write_benchmark
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.images import image_files
from benchmark_n.datasets.base import Dataset, Source, cache_folder
from benchmark_n.errors import InputError, UsageError
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import Chunk, chunks, decide, resolve
from benchmark_n.noise.recipe import Recipe, build_noise
from benchmark_n.parallel import ordered_map
from benchmark_n.weak.base import Box, load_segmenter
from benchmark_n.weak.engine import ImageTask, WeakEngine
from benchmark_n.weak.grounding import load_grounder
from benchmark_n.weak.recipe import WeakRecipe
from benchmark_n.weak.rows import WeakColumns
from benchmark_n.weak.shards import (
    Part,
    ShardMaker,
    blocks,
    join_shards,
    parts_in_order,
    shards_key,
    skipped_images,
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Annotator:
    """Who annotates: a segmenter, for text prompts a grounding model, and where they run."""

    segmenter: str
    grounder: str
    device: str


def weak_target(dataset: str, recipe: WeakRecipe, segmenter: str, seed: int) -> Path:
    """Where a weak benchmark goes by default."""
    name = "".join(c if c.isalnum() or c in "-." else "-" for c in segmenter.rstrip("/"))
    return Path("benchmarks") / f"{dataset}-{recipe.name}-{name}-seed{seed}"


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
    with staged(target, overwrite=overwrite) as stage:
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
        table = _annotate(engine, tasks, folder, workers, len(coco), progress)
        parts = _confused(parts_in_order(table, coco), after, coco, engine)
        write_benchmark(
            stage,
            coco,
            (
                ([record for record in records if record is not None], rows)
                for records, rows in parts
            ),
            manifest_schema(
                [WeakColumns(), *after.noises],
                metadata={"dilation_ratio": str(source.dilation_ratio)},
            ),
            resolved,
            images=source.images,
            clean_val=source.clean_val,
            skipped=[*source.skipped, *skipped_images(table, coco)],
        )
    shutil.rmtree(folder, ignore_errors=True)
    return load(target)


def _category_noises(recipe: WeakRecipe, coco: CocoFile) -> Recipe:
    noises = tuple(build_noise(name, values) for name, values in recipe.noises.items())
    wrong = next((noise.name for noise in noises if noise.kind != "category"), None)
    if wrong is not None:
        raise InputError(
            f"recipe {recipe.name}: noise {wrong} cannot follow weak masks, expected "
            "class_confusion alone"
        )
    return resolve(Recipe(recipe.name, noises), coco)


def prompt_boxes(
    recipe: WeakRecipe, prompts_from: Path | str, coco: CocoFile
) -> dict[int, Box | None]:
    """Annotation id to its box in a noisy benchmark; None where that has deleted it.

    Raises
    ------
    UsageError
        Prompts that are not made of a box.
    InputError
        A benchmark of another source.
    """
    prompt = recipe.prompt
    of_box = prompt.parts == ("point",) and prompt.point == "box-centre" and not prompt.noisy
    if prompt.kind == "text" or not (prompt.parts == ("box",) or of_box):
        raise UsageError(f"prompts-from gives boxes, but prompts of {recipe.name} need more")
    noisy = load(prompts_from)
    if noisy.recipe["source"]["sha256"] != file_digest(coco.path):
        raise InputError(
            f"{noisy.path}: made from another file than {coco.path.name}: expected the same source"
        )
    names = ["annotation_id", *(f"noisy_bbox_{part}" for part in BOX_PARTS)]
    found: dict[int, Box | None] = {}
    for identity, *box in zip(*(noisy.manifest(names)[n].to_pylist() for n in names), strict=True):
        there = None not in box and box[2] > 0
        found[identity] = (*map(float, box),) if there else None  # type: ignore[assignment]
    return found


def image_tasks(
    coco: CocoFile, images: Path | None, boxes: dict[int, Box | None] | None
) -> list[ImageTask]:
    """The images that have annotations, in the file's order, with what belongs to each."""
    paths = image_files(images, coco.images, coco.image_ids)
    rows = np.argsort(coco.image_ids, kind="stable")
    ids, starts = np.unique(coco.image_ids[rows], return_index=True)
    groups = dict(zip(ids.tolist(), np.split(rows, starts[1:]), strict=True))
    return [
        _task(coco, image_id, paths[image_id], groups[image_id].tolist(), boxes)
        for image_id in coco.images
        if image_id in groups
    ]


def _task(
    coco: CocoFile,
    image_id: int,
    path: Path,
    places: Sequence[int],
    boxes: dict[int, Box | None] | None,
) -> ImageTask:
    ids = [int(coco.annotation_ids[i]) for i in places]
    return ImageTask(
        image=coco.images[image_id],
        path=path,
        places=places,
        records=[bytes(coco.annotations[i]) for i in places],
        annotation_ids=ids,
        category_ids=[int(coco.category_ids[i]) for i in places],
        crowd=[bool(coco.crowd[i]) for i in places],
        boxes=None if boxes is None else [boxes.get(identity) for identity in ids],
    )


def _shards_folder(resolved: dict[str, Any], skip_bad: bool) -> Path:
    key = shards_key({**resolved, "package": __version__, "skip_bad": skip_bad})
    return cache_folder() / "weak" / key


def _annotate(
    engine: WeakEngine,
    tasks: Sequence[ImageTask],
    folder: Path,
    workers: int | None,
    total: int,
    progress: Progress | None,
) -> Any:
    """All rows of all images as one table, in the order of the images."""
    alone = engine.grounder or not load_segmenter(engine.segmenter, engine.device).in_workers
    count = 1 if workers is None and alone else workers
    folder.mkdir(parents=True, exist_ok=True)
    work = list(blocks(tasks))
    paths, done = [], 0
    for block, path in zip(
        work, ordered_map(ShardMaker(engine, folder), work, workers=count), strict=True
    ):
        paths.append(path)
        done += sum(len(task.places) for task in block.tasks)
        if progress is not None:
            progress(done, total)
    return join_shards(paths, folder)


def _confused(
    parts: Iterable[Part], recipe: Recipe, coco: CocoFile, weak: WeakEngine
) -> Iterator[Part]:
    """The noise engine's categories on top of the weak masks."""
    if not recipe.noises:
        yield from parts
        return
    engine = Engine(recipe.noises, weak.seed, weak.file_name, weak.dilation_ratio, masks=weak.masks)
    decisions = decide(recipe, coco, weak.seed)
    start = 0
    for records, rows in parts:
        size = len(records)
        if rows["origin"][0] == "spurious":
            yield records, rows
            continue
        chunk = next(chunks(recipe, coco, decisions, size, start=start))
        start += size
        yield _renamed(engine, chunk, records, rows)


def _renamed(
    engine: Engine, chunk: Chunk, records: Sequence[bytes | None], rows: dict[str, list[Any]]
) -> Part:
    """A part with the chunk's new categories in its records and columns."""
    given = [weak or clean for weak, clean in zip(records, chunk.records, strict=True)]
    written, columns = engine(replace(chunk, records=given, deleted=rows["deleted"]))
    survivors = iter(written)
    changed = {
        name: values
        for name, values in columns.items()
        if name == "noisy_category_id" or (name not in rows and name != "clean_record")
    }
    touched = zip(
        rows["clean_record"],
        chunk.records,
        chunk.category_ids,
        columns["noisy_category_id"],
        strict=True,
    )
    changed["clean_record"] = [
        raw if before or new not in (None, old) else None for before, raw, old, new in touched
    ]
    return [None if record is None else next(survivors) for record in records], rows | changed


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
        "source": {"file": coco.path.name, "sha256": file_digest(coco.path)},
    }
