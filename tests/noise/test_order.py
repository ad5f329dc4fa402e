"""The order of a file's lists says nothing: the same annotations get the same noise."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import making, samples
from tests.conftest import SAMPLES, shared_file

SCOPES = ("supercategory", "all", "next")


def made(path: Path, out: Path, scope: str) -> dict[str, Any]:
    """What a seed makes of the file, by annotation id."""
    overrides = {"class_confusion.probability": 0.6, "class_confusion.scope": scope}
    benchmark = making.make(
        "coco", "hard", annotations=path, out=out, overrides=overrides, overwrite=True, workers=1
    )
    return {
        "noisy": list(benchmark.noisy().records()),
        "clean": list(benchmark.clean().records()),
        "rows": benchmark.manifest().to_pylist(),
    }


def shuffled(data: dict[str, Any], seed: int) -> dict[str, Any]:
    """The same document with every list and the sections in another order."""
    chance = random.Random(seed)
    lists = {name: values for name, values in data.items() if isinstance(values, list)}
    mixed = {name: chance.sample(values, len(values)) for name, values in lists.items()}
    mixed["images"] = [
        {
            key: chance.sample(value, len(value)) if isinstance(value, list) else value
            for key, value in image.items()
        }
        for image in mixed["images"]
    ]
    return dict(chance.sample(list({**data, **mixed}.items()), len(data)))


@pytest.mark.parametrize("scope", SCOPES)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 30), categories=st.integers(2, 9))
def test_small_files(tmp_path: Path, scope: str, seed: int, count: int, categories: int) -> None:
    data = samples.document()
    data["categories"] = [
        {"id": 3 * i, "name": str(i), "supercategory": "ab"[i % 2]}
        for i in range(1, categories + 1)
    ]
    data["annotations"] = [
        samples.annotation(5 * i, 1 + i % 2, category_id=3 * (1 + i % categories))
        for i in range(count)
    ]
    for image in data["images"]:
        image["neg_category_ids"] = [3 * (1 + seed % categories)]
    first = made(samples.write(tmp_path, data), tmp_path / "made", scope)
    other = made(samples.write(tmp_path, shuffled(data, seed)), tmp_path / "made", scope)
    assert other == first


@pytest.mark.parametrize("sample", ["coco_val2014_100", "lvis_val_100"])
def test_real_files(tmp_path: Path, sample: str) -> None:
    path = shared_file(SAMPLES[sample])
    mixed = samples.write(tmp_path, shuffled(json.loads(path.read_text()), 3), path.name)
    scope = "all" if sample.startswith("lvis") else "supercategory"
    assert made(mixed, tmp_path / "mixed", scope) == made(path, tmp_path / "listed", scope)
