"""The page that people decide on: one HTML file beside the pictures that it links to.

It runs from disk, without server or network, and gives ``decisions.json`` back
(`benchmark_n.review.decisions_file`). What it shows is all in `Review` and `Shown`: it does not
matter where the suspects come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import markupsafe
import msgspec

from benchmark_n.masks import CropMask, crop_to_rle
from benchmark_n.report.pages import page_template
from benchmark_n.review import decisions_file
from benchmark_n.review.guideline import is_address
from benchmark_n.review.items import Review
from benchmark_n.review.private import is_hidden
from benchmark_n.review.reasons import detectors_of, reasons
from benchmark_n.review.shown import Shown, sections_about

FILE = "decide.html"
# What would end a script's element, or stand for another character in HTML.
_ESCAPES = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"})


def write(folder: Path, review: Review, shown: Sequence[Shown]) -> None:
    """Write ``decide.html``."""
    (folder / FILE).write_text(render(review, shown), encoding="utf-8")


def render(review: Review, shown: Sequence[Shown]) -> str:
    """The HTML page; pictures are linked to by their places in the review's folder."""
    name = Path(review.annotations.path).name
    return page_template("decide.html").render(
        title=f"Decide: {name}",
        name=name,
        count=len(shown),
        guideline=review.guideline,
        guideline_is_address=is_address(review.guideline),
        pictures=any(one.picture for one in shown),
        data=_for_script(page_data(review, shown)),
    )


def page_data(review: Review, shown: Sequence[Shown]) -> dict[str, Any]:
    """What the page's script reads, as plain values; items in the review's order."""
    images: dict[int, int] = {}
    for one in shown:
        images.setdefault(one.image.id, len(images))
    of_image = {one.image.id: one for one in shown}
    detectors = detectors_of(review)
    return {
        "format": decisions_file.FORMAT,
        "version": decisions_file.VERSION,
        "source_sha256": review.annotations.sha256,
        "run_sha256": decisions_file.run_digest(review),
        # A later round asks anew: it does not bring back what was decided in the first.
        "storage": decisions_file.run_digest(
            msgspec.structs.replace(review, items=tuple(one.item for one in shown))
        ),
        "guideline": review.guideline,
        "sections": [
            {"heading": f"{one.number} {one.title}", "text": one.text} for one in review.sections
        ],
        "labels": list(review.labels.values()),
        "images": [
            {
                "name": of_image[i].file_name,
                "file": of_image[i].picture,
                "width": of_image[i].image.width,
                "height": of_image[i].image.height,
            }
            for i in images
        ],
        "items": [
            {**_item(one, review), "image": images[one.image.id]}
            | {"reasons": reasons(one, review, detectors)}
            for one in shown
        ],
    }


def _item(one: Shown, review: Review) -> dict[str, Any]:
    item, hidden = one.item, is_hidden(one.item)
    labels: dict[int | None, str] = {None: "", **{i: name for i, name in review.labels.items()}}
    given, suggested = _counts(one.given), _counts(one.suggested)
    return {
        "id": item.annotation_id,
        "proposal": item.proposal,
        "given": labels[item.given],
        "suggested": labels[item.suggested_category],
        "mask": given,
        "box": None if one.box is None else one.box.bbox,
        "other": suggested,
        # An accepted suggestion has to change something.
        "acceptable": bool(labels[item.suggested_category]) or suggested not in (None, given),
        "kind": item.flags[0].kind,
        # Of what is mixed in and what it is mixed into nothing is told that would part them.
        "detector": None if hidden else item.flags[0].detector,
        "score": None if hidden else round(item.flags[0].score, 4),
        "flagged": any(flag.flagged for flag in item.flags),
        "crop": item.crop,
        "sections": [review.sections.index(one) for one in sections_about(review, item)],
    }


def _counts(mask: CropMask | None) -> str | None:
    """COCO's compressed run lengths."""
    return None if mask is None else crop_to_rle(mask)["counts"].decode()


def _for_script(data: dict[str, Any]) -> markupsafe.Markup:
    """JSON that stands inside a script's element."""
    text = msgspec.json.encode(data).decode()
    return markupsafe.Markup(text.translate(_ESCAPES))
