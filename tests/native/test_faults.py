"""Odd records: the kernel leaves them to the Python engine, whose bytes or whose error they get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError
from benchmark_n.noise.chunks import Chunk, chunks
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import load_recipe
from tests import samples
from tests.conftest import needs_kernel

HEIGHT, WIDTH = 48, 64
RECIPES = ("hard", "hard-v1", "events-10", "human-lvis-crowd", "paper-hard", "box-hard")
SQUARE = samples.SQUARE[0]
# By what is odd, a segmentation.
SEGMENTATIONS: dict[str, Any] = {
    "odd number": [SQUARE[:-1]],
    "two points": [[1, 2, 3, 4]],
    "two points beside a square": [[1, 2, 3, 4], SQUARE],
    "empty list": [],
    "empty polygon": [[]],
    "null": None,
    "far": [[1e9, *SQUARE[1:]]],
    "negative": [[-3.7, *SQUARE[1:]]],
    "half outside": [[10, 10, 90, 10, 90, 40, 10, 40]],
    "wholly outside": [[70, 50, 80, 50, 80, 60]],
    "whole image": [[0, 0, WIDTH, 0, WIDTH, HEIGHT, 0, HEIGHT]],
    "no area": [[3, 3, 3, 3, 3, 3]],
    "many digits": [[v + 1 / 3 for v in SQUARE]],
    "exponents": [[1e-7, *SQUARE[1:]]],
    "text": [["1", *SQUARE[1:]]],
    "nested": [[SQUARE]],
    "true": [[True, *SQUARE[1:]]],
    "number": 7,
    "empty mask": {"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH]},
    "full mask": {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]},
    "empty runs": {"size": [HEIGHT, WIDTH], "counts": [500, 0, 7, 0, 0, 20, HEIGHT * WIDTH - 527]},
    "long": {"size": [HEIGHT, WIDTH], "counts": [5, 7, HEIGHT * WIDTH]},
    "negative run": {"size": [HEIGHT, WIDTH], "counts": [5, -7, HEIGHT * WIDTH + 2]},
    "fractional run": {"size": [HEIGHT, WIDTH], "counts": [5.0, HEIGHT * WIDTH - 5]},
    "other size": {"size": [HEIGHT, WIDTH + 1], "counts": [HEIGHT * WIDTH]},
    "no size": {"counts": [HEIGHT * WIDTH]},
    "no counts": {"size": [HEIGHT, WIDTH]},
    "a third field": {"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH - 9, 9], "x": 1},
    "corrupt text": {"size": [HEIGHT, WIDTH], "counts": "PPYo02~"},
    "text that stops": {"size": [HEIGHT, WIDTH], "counts": "PPYo"},
    "no ASCII": {"size": [HEIGHT, WIDTH], "counts": "é"},
    "RLE in a list": [{"size": [HEIGHT, WIDTH], "counts": [HEIGHT * WIDTH - 10, 10]}],
}
# Replacements in the record's JSON.
TEXTS = {
    "escaped name": (b'"segmentation"', b'"segm\\u0065ntation"'),
    "name twice": (b'"iscrowd":0', b'"segmentation":[],"iscrowd":0'),
    "leading zero": (b"[[10.0,", b"[[010.0,"),
    "blanks": (b"[[10.0,", b"[ [\n10.0 ,\t"),
    "point without digits": (b"[[10.0,", b"[[10.,"),
    "NaN": (b"[[10.0,", b"[[NaN,"),
    "comma at the end": (b"40.0]]", b"40.0,]]"),
    "crowd": (b'"iscrowd":0', b'"iscrowd":1'),
    "further field": (b'"iscrowd":0', b'"note":"x\\"\\\\y \xc3\xa9","iscrowd":0'),
}

pytestmark = needs_kernel


def record(segmentation: Any) -> bytes:
    return msgspec.json.encode(samples.annotation(8, 1, segmentation=segmentation))


def chunk_of(raw: bytes, recipe: str, folder: Path) -> tuple[Chunk, tuple[Any, ...]]:
    """Three annotations, of which the second is `raw` and struck by all noises."""
    document = samples.document()
    coco = read_coco(samples.write(folder, document))
    found = resolve(load_recipe(recipe), coco)
    (chunk,) = chunks(found, coco, decide(found, coco, 3), coco.annotation_ids, 10)
    place = chunk.annotation_ids.index(8)
    chunk.records[place] = raw
    for column in chunk.drawn:
        column[place] = True
    chunk.deleted[place] = False
    return chunk, found.noises


def outcome(chunk: Chunk, noises: tuple[Any, ...], native: bool, **options: Any) -> Any:
    """Records, columns and what was told of the reading, or the error's text."""
    engine = Engine(noises, 3, "odd.json", 0.02, native=native, **options)
    try:
        records, columns, notes = engine.run(chunk)
    except InputError as error:
        return str(error)
    except msgspec.DecodeError as error:
        return repr(error)
    listed = {
        name: values.tolist() if isinstance(values, np.ndarray) else list(values)
        for name, values in columns.items()
    }
    return records, listed, notes


def check(raw: bytes, recipe: str, folder: Path) -> Any:
    chunk, noises = chunk_of(raw, recipe, folder)
    found = outcome(chunk, noises, native=True)
    assert found == outcome(chunk, noises, native=False)
    return found


@pytest.mark.parametrize("recipe", RECIPES[:2])
@pytest.mark.parametrize("odd", SEGMENTATIONS)
def test_odd_segmentations(odd: str, recipe: str, tmp_path: Path) -> None:
    check(record(SEGMENTATIONS[odd]), recipe, tmp_path)


@pytest.mark.parametrize("odd", TEXTS)
def test_odd_json(odd: str, tmp_path: Path) -> None:
    old, new = TEXTS[odd]
    raw = record(samples.SQUARE)
    assert old in raw
    check(raw.replace(old, new), "hard", tmp_path)


def test_some_of_them_are_errors_and_some_are_read(tmp_path: Path) -> None:
    """Were all refused, or none, little would have been compared."""
    found = [check(record(odd), "hard", tmp_path) for odd in SEGMENTATIONS.values()]
    refused = sum(isinstance(one, str) for one in found)
    assert 10 < refused < len(found) - 10


@pytest.mark.parametrize("recipe", RECIPES)
def test_recipes_that_the_kernel_knows_and_others(recipe: str, tmp_path: Path) -> None:
    records, _, _ = check(record(samples.SQUARE), recipe, tmp_path)
    assert records


@pytest.mark.parametrize(
    "options",
    [{"masks": "polygon"}, {"masks": "keep"}, {"keep_boxes": True}, {"may_empty": True}],
    ids=str,
)
def test_forms_of_publishing(options: dict[str, Any], tmp_path: Path) -> None:
    chunk, noises = chunk_of(record(samples.SQUARE), "hard", tmp_path)
    natively = outcome(chunk, noises, native=True, **options)
    assert natively == outcome(chunk, noises, native=False, **options)
