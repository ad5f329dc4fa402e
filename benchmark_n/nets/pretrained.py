"""Models of transformers by hub name or local folder, and what their errors come to."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from benchmark_n.errors import InputError
from benchmark_n.runtime.optional_imports import import_extra


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


def load_image_model(kind: str, spec: str, device: str, what: str) -> tuple[Any, Any]:
    """A network of images, to be asked and not trained, and what prepares pictures for it.

    Parameters
    ----------
    kind
        The class of transformers that loads it, such as ``AutoModel``.
    what
        Who needs it, for the error where the extra ``weak`` is missing.

    Raises
    ------
    InputError
        A missing extra, or nothing of this kind can be loaded from there.
    """
    import_extra("torch", "weak", what)
    library = import_extra("transformers", "weak", what)
    network = load_pretrained(getattr(library, kind), spec).eval().requires_grad_(False).to(device)
    return network, load_pretrained(library.AutoImageProcessor, spec)


def model_name(spec: str) -> str:
    """How a model is called in results: without the folders that it lies in.

    >>> model_name("/models/tiny-vit/"), model_name("facebook/detr-resnet-50")
    ('transformers:tiny-vit', 'transformers:detr-resnet-50')
    """
    return f"transformers:{spec.rstrip('/').rpartition('/')[2]}"


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
