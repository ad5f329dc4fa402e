"""Annotations that may not be passed on: who has all that is published knows none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import write_card
from benchmark_n.cards.publish import plan_upload
from tests import making
from tests.cards.staging import stage_files
from tests.datasets.trees import (
    CITYSCAPES_VALUES,
    VIPER_VALUES,
    street,
    write_cityscapes,
    write_viper,
)

SMALL = (400, 420)
FRAMES = 12
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Of an area, how far decoys are from it; below `_LEAST` px² any number of a text may be one.
_DECOYS = range(1, 41)
_LEAST = 100
Decode = Callable[[int], int]


def cityscapes_class(identity: int) -> int:
    value = identity % 2**16
    return value // 1000 if value >= 1000 else value


def viper_class(identity: int) -> int:
    return identity >> 16 & 0xFF


@dataclass(frozen=True)
class Told:
    """All numbers that files tell, and the rows of four that stand side by side."""

    numbers: frozenset[float]
    fours: frozenset[tuple[float, ...]]


def read_all(paths: Iterable[Path]) -> Told:
    """Every number in texts, names of files, JSON, YAML and tables, in its order."""
    numbers: list[float] = []
    for path in paths:
        if path.suffix == ".parquet":
            for row in pq.read_table(path).to_pylist():
                for value in row.values():
                    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    numbers += [float(number) for number in _NUMBER.findall(text)]
        else:
            text = path.name + path.read_bytes().decode("latin-1")
            numbers += [float(number) for number in _NUMBER.findall(text)]
    shifted = zip(*(numbers[start:] for start in range(4)), strict=False)
    return Told(frozenset(numbers), frozenset(shifted))


def records(benchmark: Benchmark) -> list[dict[str, Any]]:
    """All annotations that there are to know: clean ones with their own ids, and noisy ones."""
    return [*benchmark.clean().records(), *benchmark.noisy().records()]


def classes_found(told: Told, benchmark: Benchmark, decode: Decode) -> int:
    """Clean annotations whose class follows from an id that is told."""
    return sum(
        record["id"] in told.numbers and decode(record["id"]) == record["category_id"]
        for record in benchmark.clean().records()
    )


def boxes_found(told: Told, benchmark: Benchmark) -> int:
    return sum(tuple(map(float, record["bbox"])) in told.fours for record in records(benchmark))


def areas_found(told: Told, benchmark: Benchmark) -> tuple[int, float]:
    """Areas that are told, and how many would be by chance at most (decoys, plus three sigma)."""
    areas = [record["area"] for record in records(benchmark) if record["area"] >= _LEAST]
    decoys = [area + step for area in areas for step in _DECOYS]
    share = sum(decoy in told.numbers for decoy in decoys) / len(decoys)
    bound = len(areas) * share + 3 * sqrt(len(areas) * share * (1 - share))
    return sum(area in told.numbers for area in areas), bound


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Benchmark]:
    folder = tmp_path_factory.mktemp("streets")
    write_cityscapes(
        folder / "cityscapes",
        "train",
        {
            f"aachen_0000{i:02}_000019": street(SMALL, CITYSCAPES_VALUES, 7, i)
            for i in range(FRAMES)
        },
    )
    write_viper(
        folder / "viper",
        "train",
        {f"001_000{i:02}": street(SMALL, VIPER_VALUES, 3 << 16, i) for i in range(FRAMES)},
    )
    found = {}
    for name in ("cityscapes", "viper"):
        found[name] = making.make(
            name, "hard", root=folder / name, out=folder / f"{name}-n", workers=1
        )
        write_card(found[name])
    return found


DECODERS: dict[str, Decode] = {"cityscapes": cityscapes_class, "viper": viper_class}


@pytest.mark.parametrize("name", DECODERS)
def test_what_is_published_gives_no_annotation_back(
    streets: dict[str, Benchmark], name: str, tmp_path: Path
) -> None:
    benchmark = streets[name]
    plan = plan_upload(benchmark, f"someone/{name}-n")
    stage_files(plan, tmp_path)
    told = read_all(path for path in tmp_path.rglob("*") if path.is_file())
    assert not [path for path in plan.files if path.endswith((".parquet", ".jsonl"))]
    assert classes_found(told, benchmark, DECODERS[name]) == 0
    assert boxes_found(told, benchmark) == 0
    found, chance = areas_found(told, benchmark)
    assert found <= chance
    published = {record["id"] for record in benchmark.noisy().records()}
    assert not published & told.numbers
    assert not {str(image["file_name"]) for image in benchmark.noisy().section("images")} & {
        word for path in plan.files for word in (benchmark.path / path).read_text("latin-1").split()
    }


@pytest.mark.parametrize("name", DECODERS)
def test_the_attacker_reads_what_there_is(streets: dict[str, Benchmark], name: str) -> None:
    """In the files that stay private all classes, boxes and areas are found."""
    benchmark = streets[name]
    told = read_all([benchmark.path / layout.MANIFEST, benchmark.annotations])
    clean = list(benchmark.clean().records())
    assert classes_found(told, benchmark, DECODERS[name]) == len(clean) > 100
    assert boxes_found(told, benchmark) == len(records(benchmark))
    found, chance = areas_found(told, benchmark)
    assert found > chance


def test_recipes_tell_of_all_annotations_together(streets: dict[str, Benchmark]) -> None:
    """What goes has no list as long as the annotations or the images."""
    for benchmark in streets.values():
        for path in plan_upload(benchmark, "someone/name").files:
            text = (benchmark.path / path).read_text("latin-1")
            if path.endswith(".json"):
                assert longest(json.loads(text)) < FRAMES


def longest(value: Any) -> int:
    if isinstance(value, list):
        return max([len(value), *map(longest, value)])
    return max(map(longest, value.values()), default=0) if isinstance(value, dict) else 0
