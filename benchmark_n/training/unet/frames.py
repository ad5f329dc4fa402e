"""Echo frames as squares of one size, with the left ventricles in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.images import image_path
from benchmark_n.errors import InputError
from benchmark_n.evaluators.cardiac.frames import annotated_ventricles
from benchmark_n.files.pictures import read_picture

Pixels = NDArray[np.uint8]
_TURN = 10.0  # degrees
_STRETCH = 0.1
_SHIFT = 0.05  # of the side
_GAIN = 0.2


@dataclass(frozen=True)
class Frames:
    """N frames: image ids, uint8 (N, S, S) images, and their sizes (height, width) in px."""

    ids: list[int]
    images: Pixels
    sizes: list[tuple[int, int]]


def read_frames(coco: CocoFile, folder: Path, size: int) -> Frames:
    """All images of a file as grey squares of `size` px.

    Raises
    ------
    InputError
        An image that cannot be read.
    """
    images = np.zeros((len(coco.images), size, size), np.uint8)
    for place, image in enumerate(coco.images.values()):
        path = image_path(folder, image)
        pixels = read_picture(path, cv2.IMREAD_GRAYSCALE)
        if pixels is None:
            raise InputError(f"{path}: cannot be read as an image")
        images[place] = cv2.resize(pixels, (size, size), interpolation=cv2.INTER_AREA)
    return Frames(list(coco.images), images, [(i.height, i.width) for i in coco.images.values()])


def ventricle_targets(coco: CocoFile, frames: Frames) -> Pixels:
    """Annotated left ventricles, uint8 (N, S, S) of 0 and 1; zeros where there is none.

    A pixel is of the ventricle where half of what it covers is: targets lie where the frames,
    which are shrunk by area too, show them.
    """
    size = frames.images.shape[1]
    targets = np.zeros_like(frames.images)
    known = annotated_ventricles(coco)
    for place, identity in enumerate(frames.ids):
        if identity in known:
            full = known[identity].full().astype(np.float32)
            covered = cv2.resize(full, (size, size), interpolation=cv2.INTER_AREA)
            targets[place] = covered >= 1 / 2
    return targets


def augmented(rng: np.random.Generator, images: Pixels, targets: Pixels) -> tuple[Pixels, Pixels]:
    """A batch turned, stretched and shifted a little, and made brighter or darker."""
    size = images.shape[1]
    seen, drawn = np.empty_like(images), np.empty_like(targets)
    for place in range(len(images)):
        turn, stretch, x, y, gain = rng.uniform(-1, 1, 5)
        centre = (size / 2, size / 2)
        matrix = cv2.getRotationMatrix2D(centre, _TURN * turn, 1 + _STRETCH * stretch)
        matrix[:, 2] += _SHIFT * size * np.array([x, y])
        lit = np.clip(images[place] * (1 + _GAIN * gain), 0, 255).astype(np.uint8)
        seen[place] = cv2.warpAffine(lit, matrix, (size, size))
        drawn[place] = cv2.warpAffine(targets[place], matrix, (size, size), flags=cv2.INTER_NEAREST)
    return seen, drawn
