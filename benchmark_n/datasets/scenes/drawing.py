"""A scene: shapes of some categories on a cluttered background, none of them mostly hidden.

It is a function of the data seed, its split and its number alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.datasets.scenes.shapes import SHAPES, DrawnShape, Pose, shape_mask, shape_texture

SIZE = 256
FIRST_ID = {"train": 1, "val": 1_000_001}
_RADII = (10.0, 88.0)
_LEAST_AREA = 40
_LEAST_VISIBLE = 0.35
_ATTEMPTS = 24

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Scene:
    """An image, uint8 (SIZE, SIZE, 3) BGR, and its instances: category index and visible mask."""

    image: Pixels
    instances: list[tuple[int, NDArray[np.bool_]]]


def draw_scene(data_seed: int, split: str, number: int) -> Scene:
    """Image `number` of a split."""
    rng = np.random.default_rng([data_seed, FIRST_ID[split], number])
    image = _background(rng)
    owner = np.full((SIZE, SIZE), -1, np.int16)
    kinds: list[int] = []
    full_areas: list[int] = []
    wanted = int(rng.integers(5, 10))
    for _ in range(_ATTEMPTS):
        if len(kinds) == wanted:
            break
        kind = int(rng.integers(len(SHAPES)))
        placed = _place(rng, SHAPES[kind])
        new_owner = owner.copy()
        new_owner[placed.window][placed.crop] = len(kinds)
        if _all_visible(new_owner, [*full_areas, placed.full_area]):
            _paint(rng, image, SHAPES[kind], placed)
            owner = new_owner
            kinds.append(kind)
            full_areas.append(placed.full_area)
    noise = rng.integers(-9, 10, image.shape)
    image = np.clip(image.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    return Scene(image, [(kind, owner == i) for i, kind in enumerate(kinds)])


@dataclass(frozen=True)
class _Placed:
    """A shape in the image: the crop at (x, y) of its mask, and its area before it was cut."""

    pose: Pose
    crop: NDArray[np.bool_]
    x: int
    y: int
    full_area: int

    @property
    def window(self) -> tuple[slice, slice]:
        h, w = self.crop.shape
        return slice(self.y, self.y + h), slice(self.x, self.x + w)


def _place(rng: np.random.Generator, shape: DrawnShape) -> _Placed:
    low, high = (math.log(radius) for radius in _RADII)
    radius = math.exp(float(rng.uniform(low, high)))
    centre = (float(rng.uniform(0, SIZE)), float(rng.uniform(0, SIZE)))
    pose = Pose(centre, radius, float(rng.uniform(0, 2 * math.pi)))
    mask, x, y = shape_mask(shape, pose)
    left, top = max(x, 0), max(y, 0)
    crop = mask[top - y : SIZE - y, left - x : SIZE - x] > 0
    return _Placed(pose, crop, left, top, int(mask.sum()))


def _all_visible(owner: NDArray[np.int16], full_areas: list[int]) -> bool:
    visible = np.bincount(owner[owner >= 0], minlength=len(full_areas))
    least = [max(_LEAST_AREA, _LEAST_VISIBLE * area) for area in full_areas]
    return bool((visible >= least).all())


def _background(rng: np.random.Generator) -> Pixels:
    light = rng.integers(60, 196, (6, 6, 1))
    coarse = (light + rng.integers(-30, 31, (6, 6, 3))).astype(np.uint8)
    image = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    for _ in range(int(rng.integers(25, 45))):
        start, stop = rng.integers(-20, SIZE + 20, (2, 2)).tolist()
        colour = (rng.integers(20, 236) + rng.integers(-20, 21, 3)).tolist()
        if rng.uniform() < 0.6:
            cv2.line(image, start, stop, colour, int(rng.integers(1, 4)))
        else:
            cv2.circle(image, start, int(rng.integers(2, 7)), colour, -1)
    return image


def _paint(rng: np.random.Generator, image: Pixels, shape: DrawnShape, placed: _Placed) -> None:
    first = rng.integers(0, 256, 3)
    second = (first + rng.integers(90, 166, 3)) % 256
    chosen = shape_texture(shape, placed.pose, placed.x, placed.y, *placed.crop.shape)
    colours = np.where(chosen[..., None], first, second).astype(np.uint8)
    image[placed.window][placed.crop] = colours[placed.crop]
