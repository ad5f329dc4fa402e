"""Images and labels in an ``.npz`` file, with every fault as one line."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.files.npy import npz_names, read_npz

Ints = NDArray[np.int64]


def is_arrays(path: Path) -> bool:
    """Whether a path means a file of arrays."""
    return path.suffix == ".npz"


def split_arrays(path: Path, split: str) -> tuple[str, str]:
    """Names of a split's arrays: ``images`` and ``labels``, or ``train_images`` and so on.

    Raises
    ------
    InputError
        The file cannot be read, or has no such arrays.
    """
    found = npz_names(path)
    prefix = "" if split == "all" else f"{split}_"
    names = (f"{prefix}images", f"{prefix}labels")
    for name in names:
        if name not in found:
            have = ", ".join(found) or "none"
            raise InputError(f"{path.name}: no array '{name}' for split '{split}' (it has: {have})")
    return names


def array_labels(path: Path, split: str) -> Ints:
    """Labels of a split, int64 (N,)."""
    return _load(path, split, path.stat().st_mtime_ns)[1]


def read_image(path: Path, split: str, number: int) -> NDArray[np.uint8]:
    """An image as OpenCV writes it: (height, width) grey or (height, width, 3) blue first."""
    pixels = _load(path, split, path.stat().st_mtime_ns)[0][number]
    return np.ascontiguousarray(pixels[..., ::-1] if pixels.ndim == 3 else pixels)


# A worker reads a file once, not once an image.
@lru_cache(maxsize=2)
def _load(path: Path, split: str, modified: int) -> tuple[NDArray[np.uint8], Ints]:
    names = split_arrays(path, split)
    arrays = read_npz(path, list(names))
    images, labels = (arrays[name] for name in names)
    return _images(path, names[0], images), _labels(path, names[1], labels, len(images))


def _images(path: Path, name: str, images: NDArray[Any]) -> NDArray[np.uint8]:
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    good = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
    if not good or images.dtype != np.uint8 or 0 in images.shape:
        raise InputError(
            f"{path.name}: '{name}' is {images.dtype} {images.shape}, expected uint8 images "
            "(N, height, width) or (N, height, width, 3)"
        )
    return images


def _labels(path: Path, name: str, labels: NDArray[Any], count: int) -> Ints:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise InputError(
            f"{path.name}: '{name}' is {labels.dtype} {labels.shape}, expected a whole number for "
            f"each of the {count} images"
        )
    if len(np.unique(labels)) < 2:
        raise InputError(f"{path.name}: '{name}' has one value alone, expected two classes or more")
    return np.asarray(labels, np.int64)
