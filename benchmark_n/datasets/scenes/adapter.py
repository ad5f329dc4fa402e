"""`scenes`: an embedded dataset, drawn here, with labels that are clean by construction.

Twelve categories in four supercategories, told apart by shape and texture; occlusion, holes,
instances from small to large, cluttered background. An image is a function of the data seed, its
split and its number alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Request, Source
from benchmark_n.datasets.scenes.shapes import SHAPES, DrawnShape, Pose, shape_mask, shape_texture
from benchmark_n.errors import InputError
from benchmark_n.files.kept_folders import make_sealed
from benchmark_n.masks import CropMask, crop_to_rle
from benchmark_n.runtime.commands import option

VERSION = 1
SIZE = 256
NUM_IMAGES = {"train": 300, "val": 100}
_FIRST_ID = {"train": 1, "val": 1_000_001}
_IDS_AN_IMAGE = 100
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
    rng = np.random.default_rng([data_seed, _FIRST_ID[split], number])
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


def scene_records(scene: Scene, image_id: int) -> list[dict[str, Any]]:
    """COCO annotation records of a scene."""
    records = []
    for place, (kind, visible) in enumerate(scene.instances):
        mask = CropMask.from_full(visible)
        rle = crop_to_rle(mask)
        records.append(
            {
                "id": image_id * _IDS_AN_IMAGE + place,
                "image_id": image_id,
                "category_id": kind + 1,
                "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
                "area": mask.area,
                "bbox": list(mask.bbox),
                "iscrowd": 0,
            }
        )
    return records


def write_split(folder: Path, split: str, data_seed: int, count: int) -> None:
    """Draw `count` images into ``<folder>/<split>`` and their labels into ``annotations``."""
    (folder / split).mkdir(parents=True)
    (folder / "annotations").mkdir(exist_ok=True)
    images, annotations = [], []
    for number in range(count):
        scene = draw_scene(data_seed, split, number)
        image_id = _FIRST_ID[split] + number
        name = f"{image_id:07d}.png"
        _, png = cv2.imencode(".png", scene.image)
        (folder / split / name).write_bytes(png.tobytes())
        images.append({"id": image_id, "file_name": name, "height": SIZE, "width": SIZE})
        annotations += scene_records(scene, image_id)
    document = {
        "info": {"description": f"scenes {split}", "version": str(VERSION), "data_seed": data_seed},
        "licenses": [{"id": 1, "name": "CC0-1.0"}],
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": i + 1, "name": shape.name, "supercategory": shape.supercategory}
            for i, shape in enumerate(SHAPES)
        ],
    }
    path = folder / "annotations" / f"instances_{split}.json"
    path.write_bytes(msgspec.json.encode(document))


def locate(root: Path, split: str) -> Path:
    """The folder of the drawings, which appear on demand."""
    return root


def open_scenes(request: Request) -> Source:
    """Draw both splits unless they were drawn before."""
    counts = dict(NUM_IMAGES)
    if request.num_images is not None:
        if request.num_images < 1:
            raise InputError(f"num-images is {request.num_images}, expected 1 or more")
        counts[request.split] = request.num_images
    if request.data_seed < 0:
        raise InputError(f"data-seed is {request.data_seed}, expected 0 or more")
    sizes = "-".join(f"{split}{count}" for split, count in counts.items())
    folder = request.root / f"v{VERSION}-seed{request.data_seed}-{sizes}"

    def draw(stage: Path) -> None:
        for split, count in counts.items():
            write_split(stage, split, request.data_seed, count)

    made_of = {"version": VERSION, "data_seed": request.data_seed, "counts": counts}
    make_sealed(folder, made_of, draw, "annotations/instances_val.json")
    names = {split: folder / "annotations" / f"instances_{split}.json" for split in counts}
    return Source(
        names[request.split], folder / request.split, names["val"], val_images=folder / "val"
    )


SCENES = Dataset(
    "scenes",
    "scenes-N",
    ("train", "val"),
    open_scenes,
    locate,
    embedded=True,
    size=f"train 300 images, val 100 ({option('num_images')} for others)",
    licence="CC0-1.0 (drawn by this package)",
    redistribution="yes",
    terms=terms.OWN,
    known_files={
        "c4753b4060b443df5d4bda8e4ea033c83bc0f603ada8ab64654d9654d7af9382": "train of data seed 0",
        "137debe241b8773640654a9cfd1f82462a0c967952a5d8657432b3b44e735b4e": "val of data seed 0",
    },
    steps=("nothing to fetch: drawn on demand",),
)
