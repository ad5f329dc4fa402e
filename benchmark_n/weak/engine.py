"""Annotate images weakly: clean records in, rows with noisy records out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.benchmark.records import MaskForm, encode_mask, encode_record, measure, read_mask
from benchmark_n.coco import Image
from benchmark_n.coco.images import Pixels, read_rgb
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError, annotation_fault
from benchmark_n.masks import CropMask, Rle, SegmentationError, crops_to_rles, rles_to_crops
from benchmark_n.masks.boundary import boundary_distance, mask_and_boundary_iou
from benchmark_n.weak.ask import Asked, ask, ask_by_text, text_prompt
from benchmark_n.weak.base import Box, Segmenter, load_segmenter
from benchmark_n.weak.edges import edge_ratio, edge_strength
from benchmark_n.weak.grounding import Match, load_grounder, match_boxes
from benchmark_n.weak.recipe import PromptSettings
from benchmark_n.weak.rows import Row, clean_columns, noisy_columns


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
                raise InputError(f"{fault} (--skip-bad leaves such out)") from None
            bad = {"deleted": True, "weak_reason": "bad_image", "fault": str(fault)}
            return [row if row["crowd"] else row | bad for row in rows]
        crops = list(rles_to_crops([clean[i] for i in todo]))
        asked, extra = self._ask(task, todo, crops, pixels)
        drawn = self._segment(pixels, [*asked, *(text_prompt(match) for match in extra)])
        scene = _Scene(task.image, edge_strength(pixels), self.dilation_ratio)
        for i, crop, each in zip(todo, crops, drawn, strict=False):
            rows[i] |= self._outcome(scene, fields[i], clean[i], crop, each, rows[i])
        return rows + list(self._spurious(task.image, extra, drawn[len(todo) :]))

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
    ) -> tuple[list[Asked], list[Match]]:
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

    def _segment(self, pixels: Pixels, asked: Sequence[Asked]) -> list[_Drawn]:
        prompts = [each.prompt for each in asked if each.prompt is not None]
        segmenter: Segmenter = load_segmenter(self.segmenter, self.device)
        if prompts:
            segmenter.set_image(pixels)
        masks, scores = segmenter.segment(prompts) if prompts else ([], [])
        rles = crops_to_rles(masks)
        answers = iter(zip(masks, rles, scores, strict=True))
        return [_Drawn(each, *next(answers)) if each.prompt else _Drawn(each) for each in asked]

    def _outcome(
        self,
        scene: _Scene,
        fields: Mapping[str, msgspec.Raw],
        clean: Rle,
        crop: CropMask,
        drawn: _Drawn,
        row: Row,
    ) -> Row:
        """What becomes of a clean annotation."""
        category = row["category_id"]
        columns = self._asked_columns(drawn)
        if drawn.asked.reason == "empty_mask":
            area, box = measure(clean)
            record = encode_record(fields, clean, category, area=area, bbox=box, masks=self.masks)
            same = {"iou": 1.0, "boundary_iou": 1.0, "record": record}
            return columns | noisy_columns(category, (area, box)) | same
        if drawn.mask is None or drawn.rle is None or not drawn.mask.pixels.size:
            return {**columns, "deleted": True, "weak_applied": False}
        ious = mask_and_boundary_iou(crop, drawn.mask, scene.distance)
        area, box = drawn.mask.area, list(drawn.mask.bbox)
        record = encode_record(fields, drawn.rle, category, area=area, bbox=box, masks=self.masks)
        return {
            **columns,
            **noisy_columns(category, (area, box)),
            "iou": ious[0],
            "boundary_iou": ious[1],
            "weak_edge_ratio": edge_ratio(scene.edges, crop, drawn.mask),
            "record": record,
        }

    def _asked_columns(self, drawn: _Drawn) -> Row:
        asked = drawn.asked
        columns: Row = {f"weak_{name}": value for name, value in asked.columns.items()}
        if asked.prompt is None:
            return {**columns, "weak_applied": False, "weak_reason": asked.reason}
        segmenter = load_segmenter(self.segmenter, self.device)
        empty = drawn.mask is None or not drawn.mask.pixels.size
        return {
            **columns,
            "weak_applied": not empty,
            "weak_reason": "empty_prediction" if empty else None,
            "weak_model": segmenter.name,
            "weak_revision": segmenter.revision,
            "weak_score": drawn.score,
        }

    def _spurious(
        self, image: Image, extra: Sequence[Match], drawn: Sequence[_Drawn]
    ) -> Iterator[Row]:
        """Rows of boxes that found no instance; their annotation ids are given in the end."""
        ids = {name: identity for identity, name in self.names.items()}
        for match, each in zip(extra, drawn, strict=True):
            if each.mask is None or each.rle is None or not each.mask.pixels.size:
                continue
            category, area, box = ids[match.name], each.mask.area, list(each.mask.bbox)
            record = {
                "id": 0,
                "image_id": image.id,
                "category_id": category,
                "segmentation": encode_mask(each.rle, self.masks),
                "area": area,
                "bbox": box,
                "iscrowd": 0,
            }
            yield {
                **self._asked_columns(each),
                **noisy_columns(category, (area, box)),
                "image_id": image.id,
                "origin": "spurious",
                "crowd": False,
                "deleted": False,
                "record": msgspec.json.encode(record),
            }


@dataclass(frozen=True)
class _Drawn:
    """A prompt and the model's answer to it."""

    asked: Asked
    mask: CropMask | None = None
    rle: Rle | None = None
    score: float | None = None


@dataclass(frozen=True)
class _Scene:
    """What is needed of an image to judge masks in it."""

    image: Image
    edges: NDArray[np.float32]
    dilation_ratio: float

    @property
    def distance(self) -> int:
        return boundary_distance(self.image.height, self.image.width, self.dilation_ratio)


def _box(mask: CropMask) -> Box:
    x, y, width, height = mask.bbox
    return float(x), float(y), float(width), float(height)
