"""`scenes`: an embedded dataset, drawn here, with labels that are clean by construction.

Twelve categories in four supercategories, told apart by shape and texture; occlusion, holes,
instances from small to large, cluttered background.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import msgspec

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Request, Source
from benchmark_n.datasets.scenes.drawing import FIRST_ID, SIZE, Scene, draw_scene
from benchmark_n.datasets.scenes.shapes import SHAPES
from benchmark_n.errors import InputError
from benchmark_n.files.kept_folders import make_sealed
from benchmark_n.masks import CropMask, crop_to_rle, rle_record
from benchmark_n.runtime.commands import option

VERSION = 1
NUM_IMAGES = {"train": 300, "val": 100}
_IDS_AN_IMAGE = 100


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
                "segmentation": rle_record(rle),
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
        image_id = FIRST_ID[split] + number
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
            raise InputError(f"`num_images` is {request.num_images}, expected 1 or more")
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
