"""The files of the joint list: one page, one ``suspects.json``, results and a scores table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.coco.images import image_path
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.pixels import read_rgb
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.coco.write import CocoStream
from benchmark_n.detection.joint.result import JointResult
from benchmark_n.detection.joint.suspects import AMBIGUOUS, SAID, Suspect
from benchmark_n.files.atomic import files_beside, staged
from benchmark_n.masks import rle_to_crop
from benchmark_n.report.gallery import draw_suspect, suggested_mask
from benchmark_n.report.pages import page_template
from benchmark_n.report.saliency import jpeg_uri
from benchmark_n.tables.scores import write_scores

RESULTS, SCORES, SUSPECTS, REPORT = (
    "results.json",
    "scores.parquet",
    "suspects.json",
    "report.html",
)
# Where it lies beside the results of detectors that were named.
JOINT = "joint"
TOP = 200
IMAGES_SHOWN = 30
_STRANGERS = files_beside(RESULTS, SCORES, SUSPECTS, REPORT)


@dataclass(frozen=True)
class Card:
    """A suspect as the page shows it; `picture` is a data URI, None without an image."""

    picture: str | None
    kind: str
    title: str
    probability: float
    reasons: tuple[str, ...]
    where: str


def write_joint(result: JointResult, folder: Path, *, top: int = TOP) -> None:
    """Write page, list, results and scores into `folder`, in place of an earlier result.

    ``suspects.json`` is the annotation file with ``score`` (the probability) and ``attributes``
    of each suspected annotation, as FiftyOne and CVAT show them, and two further sections:
    ``suspects``, the ranked list with proposals, and ``image_ranking``.

    Parameters
    ----------
    top
        Suspects on the page.
    """
    page = render_joint(result, top=top)
    with staged(folder, overwrite=True, marker=RESULTS, strangers=_STRANGERS) as stage:
        plain = result.to_dict()
        text = json.dumps(plain, indent=2) + "\n"
        (stage / RESULTS).write_text(text, encoding="utf-8")
        (stage / REPORT).write_text(page, encoding="utf-8")
        write_scores(result.scores, stage / SCORES)
        _write_suspects(result, plain, stage / SUSPECTS)


def _write_suspects(result: JointResult, plain: dict[str, Any], path: Path) -> None:
    labels = category_labels(result.coco.categories)
    by_id = {one.annotation_id: one for one in result.suspects if one.annotation_id is not None}
    further = {
        "suspects": json.dumps(plain["suspects"]).encode(),
        "image_ranking": json.dumps(plain["images"]).encode(),
    }
    coco = result.coco
    with CocoStream(path, {**coco.sections, **further}) as stream:
        for identity, record in zip(coco.annotation_ids.tolist(), coco.annotations, strict=True):
            one = by_id.get(identity)
            if one is None:
                stream.write([bytes(record)])
                continue
            attributes = {"kind": one.kind, "flagged": one.probability >= 0.5}
            if one.suggested_category is not None:
                attributes["suggested_category"] = labels[one.suggested_category]
            changes = {"score": one.probability, "attributes": attributes}
            stream.write([join_record(split_record(record), changes)])


def render_joint(result: JointResult, *, top: int = TOP) -> str:
    """The HTML page."""
    place = {identity: i for i, identity in enumerate(result.evidence.annotation_ids.tolist())}
    unlike = [] if result.pictures is None else result.pictures.unlike
    copies = () if result.pictures is None else result.pictures.copies
    return page_template("joint.html").render(
        result=result,
        title=f"What may be wrong with {result.coco.path.name}",
        cards=[_card(one, result, place) for one in result.suspects[:top]],
        images=[one for one in result.ranked_images if one.expected > 0][:IMAGES_SHOWN],
        unlike=[_name(result, i) for i in unlike],
        copies=[(_name(result, a), _name(result, b), value) for a, b, value in copies],
    )


def _name(result: JointResult, image_id: int) -> str:
    return result.coco.images[image_id].file_name or f"image {image_id}"


def _card(one: Suspect, result: JointResult, place: dict[int, int]) -> Card:
    image = result.coco.images[one.image_id]
    labels = category_labels(result.coco.categories)
    row = None if one.annotation_id is None else place.get(one.annotation_id)
    given = None if row is None else rle_to_crop(result.evidence.masks[row])
    suggested = suggested_mask(one.suggested_segmentation, image.height, image.width)
    picture = None
    path = image_path(result.images, image) if result.images and image.file_name else None
    if path is not None and path.is_file() and (given is not None or suggested is not None):
        picture = jpeg_uri(draw_suspect(read_rgb(path, image), given, suggested))
    where = image.file_name or f"image {image.id}"
    return Card(
        picture=picture,
        kind=one.kind,
        title=_title(one, labels),
        probability=one.probability,
        reasons=tuple(
            f"{reason.source} {reason.probability:.2f}{f': {reason.what}' if reason.what else ''}"
            for reason in one.reasons
            if reason.probability >= SAID
        ),
        where=where if one.annotation_id is None else f"{where}, id {one.annotation_id}",
    )


def _title(one: Suspect, labels: dict[int, str]) -> str:
    """What is given, and what it may be."""
    given = "nothing" if one.category is None else labels[one.category]
    if one.kind == AMBIGUOUS or one.between:
        return " or ".join(labels[i] for i in one.between)
    if one.suggested_category is None or one.suggested_category == one.category:
        return given
    return f"{given} → {labels[one.suggested_category]}"
