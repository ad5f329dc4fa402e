"""Recipes: YAML of noises and of weak annotations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests import making
from tests.fuzzing.formats import Format
from tests.fuzzing.values import damaged, mutated, to_json

FILE, CLEAN = "recipe.yaml", "instances.json"
_SNIPPETS = (
    "a: &a [*a]\n",
    "noises: *missing\n",
    "? [1, 2]\n: 3\n",
    "!!python/object/apply:os.system ['true']\n",
    "!!python/name:os.system\n",
    "version: 2001-99-99\n",
    "version: 2001-01-01\n",
    "version: 99:99:99\n",
    "version: 0x" + "f" * 6000 + "\n",
    "version: 1" + "0" * 6000 + "\n",
    "version: .inf\n",
    "version: !!binary '####'\n",
    "<<: [1]\n",
    "<<: {noises: {}}\n",
    "---\nnoises: {}\n---\nnoises: {}\n",
    "\tx: 1\n",
    "%YAML 9.9\n---\n{}\n",
    "name: !!set {a, b}\n",
    "where: {scale: {category: [.nan]}}\n",
    "description: &d [1, 2]\nprovenance: {a: *d}\n",
)


def _prepare(folder: Path) -> None:
    from tests.review.samples import source

    source(folder)
    noise = {
        "name": "mine",
        "version": 1,
        "description": "words",
        "scheme": "independent",
        "boxes": "mask",
        "noises": {
            "approximation": {"probability": 0.5, "tolerance": 3.0},
            "localization": {"probability": 0.5, "sigma": 2.0},
            "scale": {"probability": 0.5, "kernel": 3},
            "class_confusion": {"probability": 0.5},
            "deletion": {"probability": 0.1},
        },
        "where": {"scale": {"category": ["cat"], "file_name": ["a.png"]}},
        "provenance": {"scale.kernel": "here"},
        "departures": ["none"],
    }
    weak = {
        "name": "wan-mine",
        "version": 1,
        "description": "words",
        "prompt": {"kind": "box", "noisy": True, "corner_sigma": 0.1, "cells": 8},
        "noises": {"class_confusion": {"probability": 0.3}},
        "provenance": {"prompt.kind": "here"},
    }
    (folder / "noise.yaml").write_text(yaml.safe_dump(noise))
    (folder / "weak.yaml").write_text(yaml.safe_dump(weak))


def _copy(folder: Path, valid: Path) -> None:
    for path in (*valid.glob("*.png"), valid / CLEAN):
        shutil.copy(path, folder)


def _write(rng: Random, folder: Path, valid: Path) -> None:
    _copy(folder, valid)
    text = (valid / rng.choice(["noise.yaml", "weak.yaml"])).read_text()
    how = rng.random()
    if how < 0.7:
        document = mutated(yaml.safe_load(text), rng)
        text = to_json(document) if rng.random() < 0.6 else _as_yaml(document)
    elif how < 0.85:
        text = rng.choice([text + rng.choice(_SNIPPETS), rng.choice(_SNIPPETS) + text])
    data = text.encode("utf-8", "surrogatepass")
    (folder / FILE).write_bytes(damaged(data, rng) if how > 0.8 or rng.random() < 0.1 else data)


def _as_yaml(document: Any) -> str:
    try:
        return str(yaml.safe_dump(json.loads(to_json(document)), allow_unicode=True))
    except (ValueError, RecursionError, yaml.YAMLError):
        return to_json(document)


def _read(folder: Path, out: Path) -> None:
    made = making.make(
        "custom",
        recipe=folder / FILE,
        annotations=folder / CLEAN,
        images=folder,
        out=out / "b",
        workers=1,
    )
    assert made.verify() == []
    assert made.recipe["name"] is not None


def _bomb(text: str) -> Any:
    def write(folder: Path, valid: Path) -> None:
        _copy(folder, valid)
        (folder / FILE).write_text(text)

    return write


def _laughs(key: str) -> str:
    """Nine levels of ten references each, under `key`."""
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    return "\n".join(lines) + f"\n{key}: *a8\n"


_NESTED = "[" * 100_000 + "]" * 100_000
BOMBS = {
    **{
        f"billion laughs in {key}": _bomb(_laughs(key) + "noises: {scale: {probability: .1}}\n")
        for key in ("description", "name", "departures", "where", "provenance", "version")
    },
    "billion laughs in where of a noise": _bomb(
        _laughs("x") + "noises: {scale: {probability: .1}}\nwhere: {scale: *a8}\n"
    ),
    "billion laughs in a parameter": _bomb(_laughs("x") + "noises: {scale: {probability: *a8}}\n"),
    "billion laughs in prompt": _bomb(_laughs("x") + "prompt: {kind: *a8}\n"),
    "nested flow": _bomb(f"noises: {_NESTED}\n"),
    "nested flow in prompt": _bomb(f"prompt: {_NESTED}\n"),
    "nested block": _bomb("".join(f"{' ' * i}a:\n" for i in range(1200))),
    "nested sequences": _bomb("- " * 400_000),
    "a megabyte of keys": _bomb("\n".join(f"k{i}: [1, 2]" for i in range(60_000))),
    "a megabyte of prompt": _bomb("prompt: {kind: box}\n" + "a: 1\n" * 190_000),
    "a long word": _bomb("description: " + "x" * 1_000_000 + "\nnoises: {}\n"),
    "python object": _bomb("!!python/object/apply:os.system ['touch /tmp/pwned']\n"),
    "digits": _bomb("version: " + "9" * 500_000 + "\nnoises: {}\n"),
    "path as name": _bomb(
        "name: ../../../../outside\nnoises: {scale: {probability: .1, kernel: 3}}\n"
    ),
    "huge kernel": _bomb("noises: {scale: {probability: 1, kernel: 1000000001}}\n"),
    "huge sigma": _bomb("noises: {localization: {probability: 1, sigma: 1.0e300}}\n"),
    "huge tolerance": _bomb("noises: {approximation: {probability: 1, tolerance: 1.0e300}}\n"),
    "huge cells": _bomb("prompt: {kind: mask, cells: 1000000000}\n"),
}

FORMATS = (Format("recipe", _prepare, _write, _read, 14, BOMBS),)
