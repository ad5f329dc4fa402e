"""What the segmenters made of torch networks share."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask
from benchmark_n.runtime.optional_imports import import_extra

# Prompts decoded together: their masks of the image's size are in memory at once.
BATCH = 16


def import_torch(what: str) -> Any:
    """The torch module; where it is missing, the error names the extra."""
    return import_extra("torch", "weak", what)


def logits_to_crops(logits: Any) -> list[CropMask]:
    """Masks where logits (n, height, width) are above 0."""
    masks = (logits > 0).cpu().numpy()
    return [CropMask.from_full(np.asarray(mask)) for mask in masks]


def on_device(network: Any, device: str) -> Any:
    """The network ready to infer, in half precision on a GPU.

    Raises
    ------
    InputError
        There is no such device.
    """
    try:
        placed = network.eval().to(device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device '{device}' cannot be used: {first_line(error)}") from None
    return placed.half() if device.startswith("cuda") else placed


def load_pretrained(kind: Any, spec: str) -> Any:
    """``kind.from_pretrained(spec)``; a folder is never looked for on the hub.

    Raises
    ------
    InputError
        Nothing of this kind can be loaded from there.
    """
    if spec.startswith((".", "/", "~")) and not Path(spec).expanduser().is_dir():
        raise InputError(f"{spec}: no such folder, expected one with a model of transformers")
    import_extra("transformers.utils.logging", "weak", "model").disable_progress_bar()
    try:
        return kind.from_pretrained(os.path.expanduser(spec))
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise InputError(f"model '{spec}' cannot be loaded: {first_line(error)}") from None


def model_revision(spec: str, config: Any) -> str:
    """The commit on the hub, or for a folder the SHA-256 of its weights."""
    commit = getattr(config, "_commit_hash", None)
    if commit:
        return str(commit)
    digest = hashlib.sha256()
    folder = Path(spec).expanduser()
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")]):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"


def first_line(error: Exception) -> str:
    """The message of an error of another library, cut to one line."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
