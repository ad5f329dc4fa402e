"""Evidence drawn for the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.evidence import Evidence, InstanceSet
from benchmark_n.masks import Rle

SIZE = 40


def box_mask(x: int, y: int, width: int, height: int, size: int = SIZE) -> Rle:
    """A filled rectangle in a square image."""
    canvas = np.zeros((size, size), np.uint8, order="F")
    canvas[y : y + height, x : x + width] = 1
    rle = coco_mask.encode(canvas)
    return {"size": list(rle["size"]), "counts": rle["counts"]}


def evidence(labels: Any, *, num_categories: int = 3, **fields: Any) -> Evidence:
    """One annotation an image; category ids are 10, 20, …."""
    count = len(labels)
    masks = fields.pop("masks", None) or tuple(box_mask(5, 5, 20, 20) for _ in range(count))
    return Evidence(
        annotation_ids=np.arange(100, 100 + count),
        image_ids=fields.pop("image_ids", np.arange(1, count + 1)),
        labels=np.asarray(labels, np.int64),
        category_ids=10 * np.arange(1, num_categories + 1),
        category_names=tuple("abcdefghij"[:num_categories]),
        boxes=np.array([coco_mask.toBbox(mask) for mask in masks], np.int64).reshape(-1, 4),
        masks=masks,
        **fields,
    )


def noisy_problem(
    count: int = 300, rate: float = 0.2, num_categories: int = 3, seed: int = 0
) -> tuple[Evidence, NDArray[np.bool_]]:
    """Good probabilities of the true categories, noisy labels, and which of them are wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, num_categories, count)
    wrong = rng.random(count) < rate
    moved = (true + rng.integers(1, num_categories, count)) % num_categories
    labels = np.where(wrong, moved, true)
    logits = rng.normal(0, 1, (4, count, num_categories))
    logits[:, np.arange(count), true] += 4
    probs = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    probs = probs.astype(np.float32)
    made = evidence(
        labels,
        num_categories=num_categories,
        pred_probs=probs[0],
        dropout_probs=probs[1:],
    )
    return made, wrong


def instances(rows: list[tuple[int, int, float, Rle]], annotators: Any = None) -> InstanceSet:
    """Instances from (image id, label, score, mask) rows."""
    masks = tuple(row[3] for row in rows)
    return InstanceSet(
        image_ids=np.array([row[0] for row in rows], np.int64),
        labels=np.array([row[1] for row in rows], np.int64),
        scores=np.array([row[2] for row in rows], float),
        boxes=np.array([coco_mask.toBbox(mask) for mask in masks], float).reshape(-1, 4),
        masks=masks,
        annotators=np.zeros(len(rows), np.int64) if annotators is None else np.array(annotators),
    )


def rows_of(table: Any, kind: str) -> list[dict[str, Any]]:
    """The rows of one kind of a scores table."""
    return [row for row in table.to_pylist() if row["kind"] == kind]


def column(table: Any, kind: str, name: str) -> NDArray[Any]:
    """A column of the rows of one kind."""
    return np.array([row[name] for row in rows_of(table, kind)])
