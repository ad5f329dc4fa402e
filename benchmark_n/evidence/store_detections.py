"""Evidence of object detectors as plain arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark_n.evidence.detection_evidence import DetectedBoxes, DetectionEvidence
from benchmark_n.files.npy import read_npz
from benchmark_n.masks import Rle

_FOUND = ("image_ids", "labels", "scores", "boxes")


def detection_arrays(detections: tuple[DetectionEvidence, ...]) -> dict[str, NDArray[Any]]:
    """Arrays by name: ``detectors``, and those of each behind its number, such as ``0.support``."""
    arrays: dict[str, NDArray[Any]] = {"detectors": np.array([one.detector for one in detections])}
    for number, one in enumerate(detections):
        own = {"support": one.support, "known": one.known}
        own |= {name: getattr(one.found, name) for name in _FOUND}
        if one.found.masks is not None:
            own |= mask_arrays(one.found.masks)
        arrays |= {f"{number}.{name}": array for name, array in own.items()}
    return arrays


def read_detections(path: Path) -> tuple[DetectionEvidence, ...] | None:
    """What `detection_arrays` made, out of a file; None where there is no file."""
    if not path.is_file():
        return None
    arrays = read_npz(path)
    made = []
    for number, name in enumerate(arrays["detectors"].tolist()):
        own = {
            key.partition(".")[2]: array
            for key, array in arrays.items()
            if key.startswith(f"{number}.")
        }
        masks = array_masks(own) if "mask_bytes" in own else None
        found = DetectedBoxes(**{key: own[key] for key in _FOUND}, masks=masks)
        made.append(DetectionEvidence(name, own["support"], own["known"], found))
    return tuple(made)


def mask_arrays(masks: tuple[Rle, ...]) -> dict[str, NDArray[Any]]:
    """P masks as ``mask_sizes`` int64 (P, 2), ``mask_lengths`` int64 (P,) and their bytes."""
    counts = [mask["counts"] for mask in masks]
    return {
        "mask_sizes": np.array([mask["size"] for mask in masks], np.int64).reshape(-1, 2),
        "mask_lengths": np.array([len(one) for one in counts], np.int64),
        "mask_bytes": np.frombuffer(b"".join(counts), np.uint8),
    }


def array_masks(arrays: dict[str, NDArray[Any]]) -> tuple[Rle, ...]:
    """The masks in the arrays of `mask_arrays`."""
    data = arrays["mask_bytes"].tobytes()
    ends = np.cumsum(arrays["mask_lengths"])
    places = zip((ends - arrays["mask_lengths"]).tolist(), ends.tolist(), strict=True)
    return tuple(
        {"size": size, "counts": data[start:end]}
        for size, (start, end) in zip(arrays["mask_sizes"].tolist(), places, strict=True)
    )
