"""Brightness, blur and entropy of images, beside the scores of their annotations."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.images import image_path
from benchmark_n.files.pictures import read_picture

_MOST_IMAGES = 1000
_LONGEST_SIDE = 512
NAMES = ("brightness", "blur", "entropy")


def image_statistics(
    coco: CocoFile, images: Path | None, image_ids: NDArray[np.int64]
) -> tuple[list[int], dict[str, NDArray[np.float64]]]:
    """Ids of the images that could be read (at most 1,000, evenly taken) and their statistics.

    Brightness is the mean grey level, 0 to 255; blur the negative logarithm of the variance of
    the Laplacian; entropy that of the grey levels in bits. Images are first made at most 512 px
    long.
    """
    ids = np.unique(image_ids)
    ids = ids[np.linspace(0, len(ids) - 1, min(len(ids), _MOST_IMAGES)).astype(int)]
    kept, rows = [], []
    for image_id in ids.tolist():
        image = coco.images[image_id]
        path = image_path(images, image) if images and image.file_name else None
        grey = None if path is None else read_picture(path, cv2.IMREAD_GRAYSCALE)
        if grey is not None:
            kept.append(image_id)
            rows.append(_statistics(np.asarray(grey, np.uint8)))
    table = np.array(rows).reshape(-1, len(NAMES))
    return kept, {name: table[:, i] for i, name in enumerate(NAMES)}


def _statistics(grey: NDArray[np.uint8]) -> tuple[float, float, float]:
    factor = _LONGEST_SIDE / max(grey.shape)
    if factor < 1:
        # A picture of a few rows keeps one.
        size = None if factor * min(grey.shape) >= 1 else _slim(grey, factor)
        small = cv2.resize(grey, size, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        grey = np.asarray(small, np.uint8)
    shares = np.bincount(grey.ravel(), minlength=256) / grey.size
    some = shares[shares > 0]
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    return float(grey.mean()), -float(np.log1p(sharpness)), float(-(some * np.log2(some)).sum())


def _slim(grey: NDArray[np.uint8], factor: float) -> tuple[int, int]:
    height, width = (max(1, round(factor * side)) for side in grey.shape)
    return width, height
