"""The files of a check: a page with examples, the findings, a scores table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.images import image_path
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.pixels import read_rgb
from benchmark_n.detection.structure.result import CheckResult, Suspect
from benchmark_n.files.atomic import files_beside, staged
from benchmark_n.masks import CropMask, rle_to_crop
from benchmark_n.report.gallery import draw_suspect
from benchmark_n.report.pages import page_template
from benchmark_n.report.saliency import jpeg_uri
from benchmark_n.tables.scores import write_scores

RESULTS, SCORES, REPORT = "results.json", "scores.parquet", "report.html"
_STRANGERS = files_beside(RESULTS, SCORES, REPORT)


@dataclass(frozen=True)
class Example:
    """A suspect as the page shows it: `picture` is a data URI, None without an image."""

    picture: str | None
    category: str
    what: str
    probability: float
    where: str


def write_check(
    result: CheckResult, folder: Path, *, images: Path | None = None, top: int = 12
) -> None:
    """Write page, findings and scores into `folder`, in place of an earlier result.

    Parameters
    ----------
    images
        Folder of the images; without it, or for images that are not there, no picture is shown.
    top
        Examples of each rule on the page.
    """
    page = render_check(result, images=images, top=top)
    with staged(folder, overwrite=True, marker=RESULTS, strangers=_STRANGERS) as stage:
        text = json.dumps(result.to_dict(), indent=2) + "\n"
        (stage / RESULTS).write_text(text, encoding="utf-8")
        (stage / REPORT).write_text(page, encoding="utf-8")
        write_scores(result.scores, stage / SCORES)


def render_check(result: CheckResult, *, images: Path | None = None, top: int = 12) -> str:
    """The HTML page."""
    place = {identity: i for i, identity in enumerate(result.coco.annotation_ids.tolist())}
    shown = {
        rule.name: [_example(one, result, images or result.images, place) for one in found[:top]]
        for rule in result.rules
        if (found := result.of_rule(rule.name))
    }
    return page_template("check.html").render(
        result=result,
        title=f"Structure of {result.coco.path.name}",
        rules=sorted(result.rules, key=lambda rule: rule.level != "error"),
        examples=shown,
    )


def _example(
    suspect: Suspect,
    result: CheckResult,
    images: Path | None,
    place: dict[int, int],
) -> Example:
    coco = result.coco
    image = None if suspect.image_id is None else coco.images[suspect.image_id]
    path = image_path(images, image) if images and image and image.file_name else None
    picture = None
    rows = [place[i] for i in suspect.annotation_ids[:2]]
    if image is not None and path is not None and path.is_file():
        masks = [_mask(result, i) for i in rows]
        pair = (*masks, None, None)[:2]
        picture = jpeg_uri(draw_suspect(read_rgb(path, image), *pair))
    labels = category_labels(coco.categories)
    names = dict.fromkeys(labels[int(coco.category_ids[i])] for i in rows)
    if not names and suspect.category_id is not None:
        names = {labels[suspect.category_id]: None}
    where = [] if image is None else [image.file_name or f"image {image.id}"]
    where += [f"id {', '.join(map(str, suspect.annotation_ids[:3]))}"] if rows else []
    return Example(picture, ", ".join(names), suspect.what, suspect.probability, ", ".join(where))


def _mask(result: CheckResult, row: int) -> CropMask | None:
    return rle_to_crop(masks_of(result.coco, [row])[0]) if result.masked[row] else None
