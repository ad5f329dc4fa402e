"""A small benchmark with its card, and one whose source must not be passed on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import write_card
from benchmark_n.files.provenance import file_digest
from tests import making


@pytest.fixture(scope="session")
def carded(tmp_path_factory: pytest.TempPathFactory, _own_cache: None) -> Benchmark:
    out = tmp_path_factory.mktemp("cards") / "scenes-n-hard"
    benchmark = making.make("scenes", "hard", num_images=12, out=out, workers=1)
    write_card(benchmark)
    return benchmark


@pytest.fixture
def copied(carded: Benchmark, tmp_path: Path) -> Benchmark:
    """The same, to be spoiled."""
    return Benchmark(Path(shutil.copytree(carded.path, tmp_path / carded.path.name)))


@pytest.fixture(scope="session")
def guarded(carded: Benchmark, tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    """A benchmark that says it was made from Cityscapes, with its card."""
    path = tmp_path_factory.mktemp("cards") / "cityscapes-n-hard"
    shutil.copytree(carded.path, path, ignore=shutil.ignore_patterns("card", "*.md", "croissant*"))
    recipe = yaml.safe_load((path / layout.RECIPE).read_text())
    old = file_digest(path / layout.RECIPE)
    (path / layout.RECIPE).write_text(yaml.safe_dump({**recipe, "dataset": "cityscapes"}))
    sums = (path / layout.CHECKSUMS).read_text()
    (path / layout.CHECKSUMS).write_text(sums.replace(old, file_digest(path / layout.RECIPE)))
    write_card(Benchmark(path))
    return Benchmark(path)
