"""Exchanged labels: two annotations of an image, each under the name of the other."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.instances import by_image
from benchmark_n.coco.labels import namesakes
from benchmark_n.noise.class_confusion import ClassConfusion
from benchmark_n.runtime.random_streams import uniforms


def swap_labels(
    noise: ClassConfusion, coco: CocoFile, eligible: NDArray[np.bool_], seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which of N annotations change labels, bool (N,), and the categories after it, int64 (N,).

    An image is drawn with the noise's probability; two of its eligible annotations of different
    categories then exchange these, every such pair alike. No label is there more often than before.
    """
    images = np.unique(coco.image_ids[eligible])
    struck = uniforms(seed, f"{noise.name}.apply", images) < noise.probability
    picks = uniforms(seed, f"{noise.name}.pick", images)
    alike = namesakes(coco.categories)
    rows = np.flatnonzero(eligible)
    places = by_image(coco.image_ids[rows])
    drawn, categories = np.zeros(len(coco), np.bool_), coco.category_ids.copy()
    for image, pick in zip(images[struck].tolist(), picks[struck].tolist(), strict=True):
        own = rows[places[image]]
        own = own[np.argsort(coco.annotation_ids[own])].tolist()
        labels = {i: int(coco.category_ids[i]) for i in own}
        pairs = [
            (a, b)
            for a, b in combinations(own, 2)
            if labels[b] not in alike.get(labels[a], (labels[a],))
        ]
        if not pairs:
            continue
        a, b = pairs[int(pick * len(pairs))]
        categories[[a, b]] = categories[[b, a]]
        drawn[[a, b]] = True
    return drawn, categories
