"""The page of a test of realism: figures, and outlines side by side without any picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark_n.masks import CropMask
from benchmark_n.masks.contours import find_contours
from benchmark_n.report.pages import page_template

_MARGIN = 4  # px


def realism_page(
    title: str, result: Mapping[str, Any], pictures: Sequence[Mapping[str, CropMask]]
) -> str:
    """One HTML page that needs no network.

    Parameters
    ----------
    result
        Plain values of `benchmark_n.experiments.realism.Realism`.
    pictures
        Objects, each the first person's mask and then second ones by name.
    """
    return page_template("realism.html").render(
        title=title, result=result, pictures=[_drawings(each) for each in pictures]
    )


def _drawings(masks: Mapping[str, CropMask]) -> list[dict[str, str]]:
    """Name, view box and both outlines of each second drawing."""
    (_, clean), *others = masks.items()
    boxes = [mask.bbox for mask in masks.values()]
    left, top = (min(box[k] for box in boxes) - _MARGIN for k in (0, 1))
    right, bottom = (max(box[k] + box[k + 2] for box in boxes) + _MARGIN for k in (0, 1))
    view = f"{left} {top} {right - left} {bottom - top}"
    return [
        {"name": name, "view": view, "clean": _path(clean), "noisy": _path(noisy)}
        for name, noisy in others
    ]


def _path(mask: CropMask) -> str:
    """The outlines as an SVG path, in px of the image."""
    rings = [ring[:, 0, :].tolist() for part in find_contours(mask) for ring in part]
    return "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in rings)
