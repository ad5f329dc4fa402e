"""The images of a file with what is annotated in them, each looked at by a thread of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmark_n.coco import CocoFile, Image
from benchmark_n.coco.instances import by_image
from benchmark_n.evidence.evidence import Evidence, Ints
from benchmark_n.nets.devices import torch_device

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class ImageTask:
    """An image with its annotations' places and boxes (n, 4), x, y, width, height in px."""

    path: Path
    image: Image
    places: Ints
    boxes: Ints


def image_tasks(base: Evidence, coco: CocoFile, paths: dict[int, Path]) -> Iterator[ImageTask]:
    """The images with a path, in the file's order."""
    places = by_image(base.image_ids)
    none = np.zeros(0, np.int64)
    for image_id, image in coco.images.items():
        if image_id in paths:
            own = places.get(image_id, none)
            yield ImageTask(paths[image_id], image, own, base.boxes[own])


def each_on_a_thread(
    look: Callable[[Item], Result], items: list[Item], device: str
) -> list[Result]:
    """What `look` says of each; on a CPU each of torch's threads takes one item.

    Threads that share the work on a small network wait for each other most of the time. Where
    torch is not installed, there is no network, and one thread looks at all.
    """
    if find_spec("torch") is None:
        return [look(item) for item in items]
    torch = importlib.import_module("torch")
    count = torch.get_num_threads() if torch_device(device) == "cpu" else 1
    with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        return list(pool.map(look, items))
