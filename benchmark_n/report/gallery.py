"""The most suspect annotations, each as a small picture with what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.images import image_path
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.pixels import Pixels, mask_crop, padded_crop, read_rgb
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.evidence import category_counts
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.masks import CropMask, SegmentationError, rle_to_crop, segmentation_to_rle
from benchmark_n.report.saliency import agreement_text, jpeg_uri, saliency_tiles

RARE = 20
# What became of an annotation since an earlier review; the last comes behind the others.
SINCE = ("new", "changed", "open")
_SIDE = 160
_GIVEN, _SUGGESTED = (255, 149, 0), (0, 200, 255)  # RGB


@dataclass(frozen=True)
class Card:
    """A suspect: texts as they are shown, and the pictures as data URIs (None without images).

    `suggested` and `true` are names of categories, empty where there is none.
    """

    picture: str | None
    kind: str
    score: float
    flagged: bool
    image: str
    annotation_id: int | None
    category: str
    suggestion: str
    note: str
    rare: bool
    truth: str | None
    saliency: str | None = None
    agreement: str = ""
    suggested: str = ""
    true: str = ""


def worst(scores: Any, top: int, *, wholes: bool = False) -> list[dict[str, Any]]:
    """The `top` rows of highest score, kind ``any`` left out; ties in the table's order.

    Where the table says what changed since an earlier review, that is first (`SINCE`).

    Parameters
    ----------
    wholes
        The rows of an annotation are where its row of kind ``any`` would be.
    """
    rows = scores.filter(pc.not_equal(scores["kind"], "any"))
    suspicion, places = rows["score"].to_numpy(), np.zeros(len(rows))
    if wholes:
        whole = scores.filter(pc.equal(scores["kind"], "any"))
        columns = (whole[name].to_pylist() for name in ("annotation_id", "score"))
        known = dict(zip(*columns, strict=True))
        ids = rows["annotation_id"].to_pylist()
        pairs = zip(ids, suspicion.tolist(), strict=True)
        suspicion = np.array([known.get(identity, score) for identity, score in pairs], float)
        first: dict[Any, int] = {}
        firsts = [i if one is None else first.setdefault(one, i) for i, one in enumerate(ids)]
        places = np.array(firsts, float)
    later = np.zeros(len(rows), bool)
    if "since" in rows.column_names:
        later = np.array([state == SINCE[-1] for state in rows["since"].to_pylist()], bool)
    order = np.lexsort((-rows["score"].to_numpy(), places, -suspicion, later))[:top]
    picked: list[dict[str, Any]] = rows.take(order).to_pylist()
    return picked


def make_cards(
    rows: list[dict[str, Any]],
    evidence: Evidence,
    coco: CocoFile,
    images: Path | None,
    truth: Mapping[int, str] | None = None,
    true_categories: Mapping[int, str] | None = None,
) -> list[Card]:
    """A card for each row of a scores table; `truth` says of each annotation what is known."""
    place = {identity: i for i, identity in enumerate(evidence.annotation_ids.tolist())}
    counts = category_counts(evidence)
    labels = category_labels(coco.categories)
    return [
        replace(
            _card(row, place.get(row["annotation_id"]), evidence, counts, coco, images, truth),
            suggested=labels.get(row["suggested_category"], ""),
            true=(true_categories or {}).get(row["annotation_id"], ""),
        )
        for row in rows
    ]


def _card(
    row: dict[str, Any],
    index: int | None,
    evidence: Evidence,
    counts: NDArray[np.int64],
    coco: CocoFile,
    images: Path | None,
    truth: Mapping[int, str] | None,
) -> Card:
    image = coco.images[row["image_id"]]
    given = None if index is None else rle_to_crop(evidence.masks[index])
    suggested = suggested_mask(row["suggested_segmentation"], image.height, image.width)
    category = "(none)" if index is None else evidence.category_names[evidence.labels[index]]
    other = category_labels(coco.categories).get(row["suggested_category"])
    parts = [other] if other is not None else []
    parts += ["another mask"] if suggested is not None and given is not None else []
    note = ""
    if index is not None and evidence.predicted_dsc is not None:
        note = f"predicted DSC {evidence.predicted_dsc[index]:.2f}"
    picture = seen = None
    maps = None if index is None or row.get("d") is None else evidence.saliency
    path = image_path(images, image) if images and image.file_name else None
    if path is not None and path.is_file() and (given or suggested):
        pixels = read_rgb(path, image)
        picture = _picture(pixels, given, suggested)
        if maps is not None:
            seen = saliency_tiles(pixels, evidence.boxes[index], maps[:, index])
    return Card(
        picture=picture,
        kind=row["kind"],
        score=row["score"],
        flagged=row["flagged"],
        image=image.file_name or str(image.id),
        annotation_id=row["annotation_id"],
        category=category,
        suggestion=", ".join(parts),
        note=note,
        rare=index is not None and int(counts[evidence.labels[index]]) < RARE,
        truth=None if truth is None else truth.get(row["annotation_id"]),
        saliency=seen,
        agreement="" if maps is None else agreement_text(row),
    )


def suggested_mask(text: str | None, height: int, width: int) -> CropMask | None:
    """The mask of a scores table's ``suggested_segmentation``; None where it is none."""
    if text is None:
        return None
    try:
        return rle_to_crop(segmentation_to_rle(msgspec.json.decode(text), height, width))
    except (*JSON_FAULTS, SegmentationError):
        return None


def draw_suspect(pixels: Pixels, given: CropMask | None, suggested: CropMask | None) -> Pixels:
    """The square around both masks with their outlines, uint8 RGB (160, 160, 3).

    The given mask is orange, the suggested one light blue; beyond the image it is grey.
    """
    shown = [mask for mask in (given, suggested) if mask is not None and mask.area]
    boxes = np.array([mask.bbox for mask in shown] or [(0, 0, *pixels.shape[1::-1])], np.int64)
    corner = boxes[:, :2].min(axis=0)
    box = np.concatenate([corner, (boxes[:, :2] + boxes[:, 2:]).max(axis=0) - corner])
    canvas = np.ascontiguousarray(padded_crop(pixels, box, _SIDE))
    for mask, colour in ((given, _GIVEN), (suggested, _SUGGESTED)):
        if mask is not None and mask.area:
            inside = (mask_crop(mask, box, _SIDE) > 127).view(np.uint8)
            outlines, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(canvas, outlines, -1, colour, 2)
    return canvas


def _picture(pixels: Pixels, given: CropMask | None, suggested: CropMask | None) -> str:
    return jpeg_uri(draw_suspect(pixels, given, suggested))
