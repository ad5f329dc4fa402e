"""Annotate images weakly: clean records in, rows with noisy records out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.coco import Image
from benchmark_n.coco.annotation_masks import MaskForm, measure, read_mask
from benchmark_n.coco.images import Pixels, read_rgb
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.masks import CropMask, Rle, SegmentationError, crops_to_rles, rles_to_crops
from benchmark_n.masks.boundary import boundary_distance
from benchmark_n.weak.edges import edge_strength
from benchmark_n.weak.manifest_rows import Row, clean_columns, noisy_columns
from benchmark_n.weak.prompt_settings import PromptSettings
from benchmark_n.weak.prompting import AnnotationPrompt, ask, ask_by_text, text_prompt
from benchmark_n.weak.segmenters.base import Box, Match, Segmenter, load_segmenter
from benchmark_n.weak.segmenters.grounding import load_grounder, match_boxes
from benchmark_n.weak.weak_records import MaskComparison, PromptedMask, spurious_row


@dataclass(frozen=True)
class ImageTask:
    """An image with its annotations; the sequences have the same length.

    `places` are the annotations' indices in the clean file; `boxes` replaces their own boxes (px),
    None for an annotation that has no box to prompt with.
    """

    image: Image
    path: Path
    places: Sequence[int]
    records: Sequence[bytes]
    annotation_ids: Sequence[int]
    category_ids: Sequence[int]
    crowd: Sequence[bool]
    boxes: Sequence[Box | None] | None = None


@dataclass(frozen=True)
class WeakEngine:
    """A weak recipe ready to run in a worker.

    Parameters
    ----------
    segmenter, grounder, device
        What the workers load; `grounder` is used by text prompts alone.
    names
        Category id to name.
    file_name
        What messages call the annotation file.
    """

    prompt: PromptSettings
    segmenter: str
    seed: int
    file_name: str
    dilation_ratio: float
    names: Mapping[int, str]
    masks: MaskForm = "rle"
    grounder: str = ""
    device: str = "cpu"
    skip_bad: bool = False

    def __call__(self, task: ImageTask) -> list[Row]:
        """A row for each annotation, and for each spurious one.

        Raises
        ------
        InputError
            A segmentation that is no mask, or (without `skip_bad`) an image that cannot be read.
        """
        fields = [split_record(record) for record in task.records]
        clean = [self._read(task, i, f) for i, f in enumerate(fields)]
        rows = [self._clean_row(task, i, rle) for i, rle in enumerate(clean)]
        todo = [i for i, crowd in enumerate(task.crowd) if not crowd]
        try:
            pixels = read_rgb(task.path, task.image)
        except InputError as fault:
            if not self.skip_bad:
                raise InputError(f"{fault} (`skip_bad=True` leaves such out)") from None
            bad = {"deleted": True, "weak_reason": "bad_image", "fault": str(fault)}
            return [row if row["crowd"] else row | bad for row in rows]
        crops = list(rles_to_crops([clean[i] for i in todo]))
        asked, extra = self._ask(task, todo, crops, pixels)
        drawn = self._segment(pixels, [*asked, *(text_prompt(match) for match in extra)])
        distance = boundary_distance(task.image.height, task.image.width, self.dilation_ratio)
        judge = MaskComparison(edge_strength(pixels), distance, self.masks)
        for i, crop, each in zip(todo, crops, drawn[: len(todo)], strict=True):
            rows[i] |= judge.outcome(fields[i], clean[i], crop, each, rows[i]["category_id"])
        # Of categories of one name the lowest id: a found name does not tell them apart.
        ids = {name: identity for identity, name in sorted(self.names.items(), reverse=True)}
        for match, each in zip(extra, drawn[len(todo) :], strict=True):
            rows += spurious_row(task.image.id, ids[match.name], each, self.masks)
        return rows

    def _read(self, task: ImageTask, index: int, fields: dict[str, Any]) -> Rle:
        try:
            return read_mask(fields, task.image.height, task.image.width)
        except SegmentationError as fault:
            identity = task.annotation_ids[index]
            raise annotation_fault(self.file_name, identity, str(fault)) from None

    def _clean_row(self, task: ImageTask, index: int, rle: Rle) -> Row:
        category = task.category_ids[index]
        figures = measure(rle)
        row = clean_columns(task.annotation_ids[index], task.image.id, category, figures)
        row["place"] = task.places[index]
        if task.crowd[index]:
            row |= noisy_columns(category, figures)
            row |= {"crowd": True, "record": task.records[index]}
        return row

    def _ask(
        self, task: ImageTask, todo: Sequence[int], crops: Sequence[CropMask], pixels: Pixels
    ) -> tuple[list[AnnotationPrompt], list[Match]]:
        """Prompts of the annotations in `todo`, and boxes that belong to none of them."""
        if self.prompt.kind != "text":
            asked = []
            for i, crop in zip(todo, crops, strict=True):
                box = _box(crop) if task.boxes is None else task.boxes[i]
                asked.append(ask(self.prompt, self.seed, task.annotation_ids[i], crop, box))
            return asked, []
        names = [self.names[task.category_ids[i]] for i in todo]
        found = load_grounder(self.grounder, self.device).find(
            pixels, list(dict.fromkeys(names)), self.prompt.box_threshold, self.prompt.nms_iou
        )
        boxes = np.array([_box(crop) for crop in crops], float).reshape(-1, 4)
        matches, extra = match_boxes(boxes, names, found, self.prompt.least_iou)
        return ask_by_text(matches, crops), extra

    def _segment(self, pixels: Pixels, asked: Sequence[AnnotationPrompt]) -> list[PromptedMask]:
        prompts = [each.prompt for each in asked if each.prompt is not None]
        segmenter: Segmenter = load_segmenter(self.segmenter, self.device)
        if prompts:
            segmenter.set_image(pixels)
        masks, scores = segmenter.segment(prompts) if prompts else ([], [])
        rles = crops_to_rles(masks)
        model = (segmenter.name, segmenter.revision)
        answers = iter(zip(masks, rles, scores, strict=True))
        return [
            PromptedMask(each, *next(answers), *model) if each.prompt else PromptedMask(each)
            for each in asked
        ]


def _box(mask: CropMask) -> Box:
    x, y, width, height = mask.bbox
    return float(x), float(y), float(width), float(height)
