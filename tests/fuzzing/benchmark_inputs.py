"""Benchmark directories with one file that is not as `make` wrote it, and results files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

import benchmark_n
from benchmark_n.benchmark import load
from benchmark_n.cards.facts import rebuild_command
from benchmark_n.errors import BenchmarkNError
from benchmark_n.evaluation.labels import evaluate_labels
from benchmark_n.report.leaderboard import read_leaderboard
from benchmark_n.report.leaderboard_text import to_html, to_markdown
from tests import making
from tests.fuzzing.coco_inputs import FILE
from tests.fuzzing.formats import Format
from tests.fuzzing.recipe_inputs import _laughs
from tests.fuzzing.tables import strange_table
from tests.fuzzing.values import damaged, json_bytes, mutated, nested, to_json

_B = "benchmark"
_JSON = ("summary.json", "environment.json", f"annotations/{FILE}")
_YAML = ("recipe.yaml", "local.yaml")


def _prepare(folder: Path) -> None:
    from tests.review.samples import source

    path = source(folder)
    making.make(
        "custom", "hard", annotations=path, images=folder, out=folder / _B, workers=1, seed=3
    )


def _write(rng: Random, folder: Path, valid: Path) -> None:
    shutil.copytree(valid / _B, folder / _B)
    name = rng.choice(["manifest.parquet"] * 6 + [*_JSON, *_YAML, *_YAML, "SHA256SUMS"])
    path = folder / _B / name
    if name == "manifest.parquet":
        strange_table(pq.read_table(path), rng, path)
    elif name in _JSON:
        path.write_bytes(json_bytes(json.loads(path.read_bytes()), rng))
    elif name in _YAML and rng.random() < 0.8:
        document = mutated(yaml.safe_load(path.read_text()), rng, 2)
        path.write_text(to_json(document), encoding="utf-8", errors="replace")
    else:
        path.write_bytes(damaged(path.read_bytes(), rng))


def _read(folder: Path, out: Path) -> None:
    """All that reads a benchmark: a refusal of one reader is no excuse for the others."""
    refused: list[BenchmarkNError] = []
    for read in _READERS:
        try:
            read(folder / _B, out)
        except BenchmarkNError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _show(path: Path, out: Path) -> None:
    if sum(p.stat().st_size for p in path.glob("*.*")) % 8 == 0:  # the slowest of all
        benchmark_n.show(load(path), out)


_READERS: tuple[Callable[[Path, Path], Any], ...] = (
    lambda path, out: load(path).verify(),
    lambda path, out: load(path).summary,
    lambda path, out: load(path).manifest(),
    lambda path, out: load(path).noisy(),
    lambda path, out: load(path).clean(),
    lambda path, out: load(path).images,
    lambda path, out: rebuild_command(load(path)),
    lambda path, out: _show(path, out / "picture.png"),
    lambda path, out: evaluate_labels(path),
)


def _bomb(name: str, data: str | Callable[[Path], None]) -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        shutil.copytree(valid / _B, folder / _B)
        if isinstance(data, str):
            (folder / _B / name).write_text(data)
        else:
            data(folder / _B / name)

    return write


def _source_file(name: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        recipe = yaml.safe_load(path.read_text())
        recipe["source"]["file"] = name
        path.write_text(yaml.safe_dump(recipe))

    return change


def _dense(path: Path) -> None:
    """A file of some hundred kilobytes whose columns are three million rows."""
    table = pq.read_table(path).slice(0, 1)
    part = pa.concat_tables([table] * 100_000).combine_chunks()
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(30):
            writer.write_table(part)


_NESTED = str(nested(200_000))
BOMBS = {
    "nested summary": _bomb("summary.json", _NESTED),
    "nested recipe": _bomb("recipe.yaml", f"noises: {_NESTED}"),
    "billion laughs in recipe": _bomb("recipe.yaml", _laughs("name")),
    "billion laughs in local": _bomb("local.yaml", _laughs("images")),
    "python object in local": _bomb("local.yaml", "!!python/object/apply:os.system ['true']"),
    "recipe of nothing": _bomb("recipe.yaml", ""),
    "traversal through the source's name": _bomb("recipe.yaml", _source_file("../../../x.json")),
    "absolute source": _bomb("recipe.yaml", _source_file("/etc/passwd")),
    "traversal through the checksums": _bomb("SHA256SUMS", "0  ../../../../../etc/passwd\n"),
    "device in the checksums": _bomb("SHA256SUMS", "0  /dev/zero\n"),
    "three million rows": _bomb("manifest.parquet", _dense),
}

_RESULT: dict[str, Any] = {
    "detector": "cleanlab",
    "provenance": {
        "benchmark-n": "0",
        "detector": "cleanlab",
        "reference": "r",
        "options": {"a": 1},
        "details": {},
        "evidence": [
            {"evidence": "crops", "backbone": "hog", "num_folds": 5, "seed": 0, "trained_on": "x"}
        ],
        "trained_on": "noisy-oof",
        "annotations": {"file": "f.json", "sha256": "0" * 64},
        "benchmark": {
            "directory": "d",
            "benchmark": "b",
            "name": "hard",
            "seed": 1,
            "recipe_sha256": "0" * 64,
            "source_sha256": "1" * 64,
        },
    },
    "results": {
        "settings": {
            "truth": {"name": "mask-iou", "bar": 0.9, "version": 1, "leave_out": False},
        },
        "kinds": {
            "class": {
                "f1": 0.5,
                "errors": 3,
                "flagged": 4,
                "precision": 0.5,
                "auroc": 0.7,
                "lifted_auprc": 0.2,
                "floors": {"area": {"lifted_auprc": 0.1, "interval": [0.0, 0.2], "errors": 3}},
                "against_floor": {
                    "floor": "area",
                    "difference": 0.1,
                    "interval": [-0.1, 0.2],
                    "above": False,
                },
                "intervals": {"f1": [0.4, 0.6], "auroc": [0.6, 0.8]},
            }
        },
    },
}


def _write_results(rng: Random, folder: Path, valid: Path) -> None:
    (folder / "one").mkdir()
    (folder / "one" / "results.json").write_bytes(json_bytes(json.loads(json.dumps(_RESULT)), rng))


def _read_results(folder: Path, out: Path) -> None:
    board = read_leaderboard([folder])
    page = to_html(board)
    assert "<script" not in page.replace("<script>\n", "")
    to_markdown(board)


def _result_bomb(text: str) -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        (folder / "results.json").write_text(text)

    return write


FORMATS = (
    Format("benchmark", _prepare, _write, _read, 8, BOMBS),
    Format(
        "leaderboard",
        lambda folder: None,
        _write_results,
        _read_results,
        6,
        {"nested": _result_bomb(_NESTED), "nested objects": _result_bomb('{"detector":' * 80_000)},
    ),
)
