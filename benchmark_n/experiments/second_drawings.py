"""Second drawings of the same objects by recipes and benchmarks, and a few to be shown."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import InputError
from benchmark_n.evaluators.realism.pairs import MaskPairs, overlapping
from benchmark_n.generation.make import make
from benchmark_n.generation.options import RecipeOptions
from benchmark_n.masks import CropMask, rles_to_crops
from benchmark_n.runtime.execution import Execution

CONTROL = "second person"
# Places of the pictures among the objects, by size.
_SHARES = (0.4, 0.55, 0.65, 0.75, 0.82, 0.88, 0.93, 0.97)


def second_drawings(
    subject: str, first: SourceOptions, clean: CocoFile, pairs: MaskPairs, seed: int
) -> MaskPairs:
    """Second drawings of the same objects by a benchmark or a recipe.

    `first` are the annotations that a recipe is given, read as `clean` was.
    """
    if Path(subject).is_dir():
        return _of_benchmark(load(subject), clean, pairs)
    with tempfile.TemporaryDirectory(prefix="benchmark-n-realism-") as folder:
        made = make(
            "custom",
            recipe=RecipeOptions(subject),
            seed=seed,
            out=Path(folder) / "made",
            source=first,
            execution=Execution(workers=1),
        )
        return _of_benchmark(made, clean, pairs)


def _of_benchmark(benchmark: Benchmark, clean: CocoFile, pairs: MaskPairs) -> MaskPairs:
    """The benchmark's masks of the pairs' objects, without those of IoU below .5 or deleted."""
    noisy = benchmark.noisy()
    told = benchmark.manifest(["annotation_id", "source_id"]).to_pydict()
    published = dict(zip(told["source_id"], told["annotation_id"], strict=True))
    place = {identity: row for row, identity in enumerate(noisy.annotation_ids.tolist())}
    if not set(pairs.ids.tolist()) <= set(published):
        raise InputError(
            f"{benchmark.path.name}: not made from {clean.path.name}: its manifest lacks "
            f"annotation {min(set(pairs.ids.tolist()) - set(published))}"
        )
    rows = [k for k, i in enumerate(pairs.ids.tolist()) if published[i] in place]
    kept = pairs.take(np.array(rows, np.intp))
    masks = masks_of(noisy, [place[published[i]] for i in kept.ids.tolist()])
    drawn = MaskPairs(kept.ids, kept.images, kept.held_out, kept.clean, tuple(rles_to_crops(masks)))
    same = overlapping(list(drawn.clean), list(drawn.noisy))
    return drawn.take(np.flatnonzero(same))


def choose_pictures(pairs: MaskPairs, drawn: Mapping[str, MaskPairs]) -> list[dict[str, CropMask]]:
    """Objects of middling and large size that all drew, spread over the sizes."""
    by_id = {
        name: dict(
            zip(each.ids.tolist(), each.clean if name == CONTROL else each.noisy, strict=True)
        )
        for name, each in drawn.items()
    }
    shared = set.intersection(*(set(each) for each in by_id.values()))
    rows = [k for k, i in enumerate(pairs.ids.tolist()) if i in shared]
    rows.sort(key=lambda k: (pairs.clean[k].area, k))
    chosen = [rows[int(share * (len(rows) - 1))] for share in _SHARES] if rows else []
    return [
        {"first person": pairs.clean[k]}
        | {name: each[int(pairs.ids[k])] for name, each in by_id.items()}
        for k in dict.fromkeys(chosen)
    ]
