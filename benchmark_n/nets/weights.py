"""Weights in safetensors files, which hold no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.runtime.optional_imports import import_extra

WEIGHTS = "weights.safetensors"


def save_weights(model: Any, path: Path, categories: Sequence[str]) -> None:
    """Write a model's parameters and buffers; the file also holds the names of its categories.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    save_file = import_extra("safetensors.torch", "deep", "writing weights").save_file
    module = getattr(model, "module", model)
    tensors = {name: value.detach().cpu().contiguous() for name, value in _state(module).items()}
    part = path.with_suffix(".part")
    safetensors = import_extra("safetensors", "deep", "writing weights")
    try:
        save_file(tensors, part, {"categories": json.dumps(list(categories))})
        part.replace(path)
    except (OSError, safetensors.SafetensorError) as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path}: cannot be written: {error}") from None


def load_weights(model: Any, path: Path, categories: Sequence[str]) -> None:
    """Fill `model` with what `save_weights` wrote.

    Raises
    ------
    InputError
        No such file, of other categories, or of another model.
    """
    safetensors = import_extra("safetensors", "deep", "reading weights")
    try:
        with safetensors.safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get("categories", "[]")
            known = msgspec.json.decode(text, type=list[str])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, *JSON_FAULTS, safetensors.SafetensorError) as error:
        raise InputError(f"{path}: cannot read the weights: {error}") from None
    check_categories(path, known, categories)
    module = getattr(model, "module", model)
    wrong = _difference(_state(module), tensors)
    if wrong is not None:
        raise InputError(f"{path}: weights of another model: {wrong}")
    module.load_state_dict(tensors)


def check_categories(path: Path, known: Sequence[str], expected: Sequence[str]) -> None:
    """Raise an `InputError` unless the weights are for the categories of the benchmark."""
    if len(known) != len(expected):
        raise InputError(
            f"{path}: weights for {len(known)} categories, expected {len(expected)}: they were "
            "trained on another benchmark"
        )
    for own, stored in zip(expected, known, strict=True):
        if own != stored:
            raise InputError(f"{path}: weights for the category '{stored}', expected '{own}'")


def _state(module: Any) -> dict[str, Any]:
    return dict(module.state_dict())


def _difference(expected: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    for name, value in expected.items():
        if name not in given:
            return f"{name} is missing"
        if given[name].shape != value.shape:
            return f"{name} has shape {tuple(given[name].shape)}, expected {tuple(value.shape)}"
    extra = next((name for name in given if name not in expected), None)
    return None if extra is None else f"{extra} is unknown"
