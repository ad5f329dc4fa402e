"""Fixtures: the shared real samples, and small benchmarks made once a session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from benchmark_n import Benchmark, _native
from tests import making

# The machine may be busy: an example that takes long is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

REPOSITORY = Path(__file__).parent.parent
SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
SAMPLES = {
    "coco_val2014_100": "coco_val2014_100/instances_val2014_100.json",
    "coco128": "coco128/instances_coco128.json",
    "lvis_val_100": "lvis_val_100/lvis_val_100.json",
}


# The kernel is optional: without a compiler the Python engine does all, and every other test runs
# on it. `pytest -rs`, as scripts/test.sh calls it, prints that these were skipped.
needs_kernel = pytest.mark.skipif(_native.kernel is None, reason="the native kernel is not built")


def shared_file(name: str) -> Path:
    """A file of the shared samples; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"shared sample {name} is not at hand (BENCHMARK_N_SHARED_DATA)")
    return path


def shared_case(name: str) -> Path:
    """A small file in the shape of other tools' exports; skipped where it is absent."""
    path = SHARED.parent / "cases" / name
    if not path.is_file():
        pytest.skip(f"shared case {name} is not at hand (BENCHMARK_N_SHARED_DATA)")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real samples; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the shared samples are not at hand (BENCHMARK_N_SHARED_DATA)")
    return SHARED


@pytest.fixture(scope="session")
def val2014() -> Path:
    """100 images of COCO val2014."""
    return shared_file(SAMPLES["coco_val2014_100"])


@pytest.fixture(scope="session")
def scenes_hard(tmp_path_factory: pytest.TempPathFactory, _own_cache: None) -> Benchmark:
    """The hard tier of sixty drawn images."""
    out = tmp_path_factory.mktemp("benchmarks") / "scenes-hard"
    return making.make("scenes", "hard", num_images=60, out=out, workers=1)


@pytest.fixture(scope="session")
def scenes_clean(scenes_hard: Benchmark) -> Path:
    """The clean annotation file behind `scenes_hard`."""
    images = scenes_hard.images
    assert images is not None
    return images.parent / "annotations" / "instances_train.json"
