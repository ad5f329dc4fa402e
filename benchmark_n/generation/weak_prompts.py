"""What a weak annotator is asked: images with their annotations, or a benchmark's boxes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark_n.benchmark import load
from benchmark_n.coco import CocoFile
from benchmark_n.coco.images import image_files
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.generation.options import WeakOptions
from benchmark_n.tables.manifest_schema import BOX_PARTS
from benchmark_n.weak.engine import ImageTask
from benchmark_n.weak.recipe import WeakRecipe
from benchmark_n.weak.segmenters.base import Box
from benchmark_n.weak.segmenters.grounding import DEFAULT as DEFAULT_GROUNDER


def prompt_boxes(
    recipe: WeakRecipe, prompts_from: Path | str | None, coco: CocoFile
) -> dict[int, Box | None] | None:
    """Source id to the annotation's box in a noisy benchmark; None where that has deleted it.

    None as a whole where prompts come from no benchmark.

    Raises
    ------
    UsageError
        Prompts that are not made of a box.
    InputError
        A benchmark of another source.
    """
    if prompts_from is None:
        return None
    prompt = recipe.prompt
    of_box = prompt.parts == ("point",) and prompt.point == "box-centre" and not prompt.noisy
    if prompt.kind == "text" or not (prompt.parts == ("box",) or of_box):
        raise UsageError(f"prompts-from gives boxes, but prompts of {recipe.name} need more")
    noisy = load(prompts_from)
    if noisy.recipe["source"]["sha256"] != file_digest(coco.path):
        raise InputError(
            f"{noisy.path}: made from another file than {coco.path.name}: expected the same source"
        )
    names = ["source_id", *(f"noisy_bbox_{part}" for part in BOX_PARTS)]
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


def further_inputs(weak: WeakOptions) -> tuple[str, ...]:
    """What the masks of a weak recipe depend on beyond it and the segmenter."""
    texts = () if weak.grounder in (None, DEFAULT_GROUNDER) else (str(weak.grounder),)
    if weak.prompts_from is None:
        return texts
    return (*texts, file_digest(load(weak.prompts_from).annotations))
