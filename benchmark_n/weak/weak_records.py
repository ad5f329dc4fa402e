"""What becomes of an annotation once a model has drawn its mask: noisy record and manifest row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.annotation_masks import MaskForm, encode_mask, encode_record, measure
from benchmark_n.masks import CropMask, Rle
from benchmark_n.masks.boundary import mask_and_boundary_iou
from benchmark_n.tables.manifest_schema import SPURIOUS
from benchmark_n.weak.edges import edge_ratio
from benchmark_n.weak.manifest_rows import Row, noisy_columns
from benchmark_n.weak.prompting import AnnotationPrompt


@dataclass(frozen=True)
class PromptedMask:
    """A prompt and the answer of a model (its name and revision) to it, if it was asked."""

    asked: AnnotationPrompt
    mask: CropMask | None = None
    rle: Rle | None = None
    score: float | None = None
    model: str | None = None
    revision: str | None = None

    def columns(self) -> Row:
        """The columns after ``weak_``."""
        reason = self.asked.reason
        if self.asked.prompt is not None and self.found is None:
            reason = "empty_prediction"
        values = {
            **self.asked.columns,
            "applied": self.found is not None,
            "reason": reason,
            "model": self.model,
            "revision": self.revision,
            "score": self.score,
        }
        return {f"weak_{name}": value for name, value in values.items()}

    @property
    def found(self) -> tuple[CropMask, Rle] | None:
        """The mask and its RLE; None where the model gave no pixel."""
        if self.mask is None or self.rle is None or not self.mask.pixels.size:
            return None
        return self.mask, self.rle


@dataclass(frozen=True)
class MaskComparison:
    """Compares masks of one image with the clean ones.

    Parameters
    ----------
    edges
        Edge strength of the image, int32 (height, width).
    distance
        Width of the boundary, px.
    """

    edges: NDArray[np.int32]
    distance: int
    masks: MaskForm

    def outcome(
        self,
        fields: Mapping[str, msgspec.Raw],
        clean: Rle,
        crop: CropMask,
        drawn: PromptedMask,
        category_id: int,
    ) -> Row:
        """What the row of a clean annotation says of its weak version, and its record.

        Parameters
        ----------
        fields
            The split clean record.
        clean, crop
            The clean mask, twice.
        """
        columns = drawn.columns()
        if drawn.asked.reason == "empty_mask":
            figures = measure(clean)
            record = self._record(fields, clean, category_id, *figures)
            same = {"iou": 1.0, "boundary_iou": 1.0, "record": record}
            return columns | noisy_columns(category_id, figures) | same
        if drawn.found is None:
            return columns | {"deleted": True}
        mask, rle = drawn.found
        area, box = mask.area, list(mask.bbox)
        iou, boundary_iou = mask_and_boundary_iou(crop, mask, self.distance)
        return {
            **columns,
            **noisy_columns(category_id, (area, box)),
            "iou": iou,
            "boundary_iou": boundary_iou,
            "weak_edge_ratio": edge_ratio(self.edges, crop, mask),
            "record": self._record(fields, rle, category_id, area, box),
        }

    def _record(
        self,
        fields: Mapping[str, msgspec.Raw],
        rle: Rle,
        category_id: int,
        area: int,
        box: list[int],
    ) -> bytes:
        return encode_record(fields, rle, category_id, area=area, bbox=box, masks=self.masks)


def spurious_row(
    image_id: int, category_id: int, drawn: PromptedMask, masks: MaskForm
) -> list[Row]:
    """The row of a mask that is no annotation's, its id still 0; none where it is empty."""
    if drawn.found is None:
        return []
    mask, rle = drawn.found
    area, box = mask.area, list(mask.bbox)
    record = {
        "id": 0,
        "image_id": image_id,
        "category_id": category_id,
        "segmentation": encode_mask(rle, masks),
        "area": area,
        "bbox": box,
        "iscrowd": 0,
    }
    row = {
        **drawn.columns(),
        **noisy_columns(category_id, (area, box)),
        "image_id": image_id,
        "origin": SPURIOUS,
        "crowd": False,
        "deleted": False,
        "record": msgspec.json.encode(record),
    }
    return [row]
