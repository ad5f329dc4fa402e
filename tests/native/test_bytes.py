"""With the native kernel and without it: the same checksums of everything that is published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmark_n
from benchmark_n.coco import read_coco
from benchmark_n.coco.records import split_record
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.native import noise_natively
from benchmark_n.noise.native_check import SWITCH, usable
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import load_recipe
from tests.conftest import SAMPLES, needs_kernel, shared_file

# Version 2 and 1 of each tier, with both seeds.
TIERS = (("easy", 1), ("mid", 2), ("hard", 1), ("easy-v1", 2), ("mid-v1", 1), ("hard-v1", 2))
FILES = {**SAMPLES, "dsb2018": "dsb2018_fixes/clean.json"}
MOST = 60  # annotations

pytestmark = needs_kernel


def first_annotations(path: Path, out: Path) -> Path:
    """A file of the first annotations alone."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["annotations"] = document["annotations"][:MOST]
    used = {one["image_id"] for one in document["annotations"]}
    document["images"] = [one for one in document["images"] if one["id"] in used]
    out.write_text(json.dumps(document), encoding="utf-8")
    return out


def checksums(
    out: Path, dataset: str, tier: str, seed: int, source: benchmark_n.SourceOptions
) -> str:
    benchmark_n.make(
        dataset,
        tier,
        seed=seed,
        out=out,
        source=source,
        execution=benchmark_n.Execution(workers=1),
    )
    return (out / "SHA256SUMS").read_text(encoding="utf-8")


@pytest.mark.parametrize("dataset", ["scenes", "phantom", *FILES])
def test_checksums_are_those_of_the_python_engine(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = benchmark_n.SourceOptions(num_images=8)
    if dataset in FILES:
        path = first_annotations(shared_file(FILES[dataset]), tmp_path / "a")
        source = benchmark_n.SourceOptions(annotations=path)
    name = "custom" if dataset in FILES else dataset
    for tier, seed in TIERS:
        monkeypatch.delenv(SWITCH, raising=False)
        assert usable()
        natively = checksums(tmp_path / f"native-{tier}", name, tier, seed, source)
        monkeypatch.setenv(SWITCH, "0")
        assert not usable()
        assert natively == checksums(tmp_path / f"python-{tier}", name, tier, seed, source)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("tier", ["hard", "hard-v1"])
def test_the_kernel_takes_all_of_the_samples(sample: str, tier: str) -> None:
    """Else the checksums above would compare the Python engine with itself."""
    coco = read_coco(shared_file(SAMPLES[sample]))
    recipe = resolve(load_recipe(tier), coco)
    (chunk,) = chunks(recipe, coco, decide(recipe, coco, 1), coco.annotation_ids, len(coco))
    fields = [split_record(record) for record in chunk.records]
    noised, left = noise_natively(recipe.noises, 1, 0.02, chunk, fields)
    outside = [i for i in left if _leaves(fields[i], chunk.sizes[i])]
    assert left == outside
    assert len(left) < 0.02 * len(coco)
    assert noised.changed.mean() > 0.4


def _leaves(fields: dict[str, Any], size: tuple[int, int]) -> bool:
    """Whether a polygon has a point beyond the image, of whose loss the engine keeps account."""
    parts = json.loads(bytes(fields["segmentation"]))
    points = np.concatenate([np.reshape(part, (-1, 2)) for part in parts])
    return bool((points < 0).any() or (points > (size[1], size[0])).any())
