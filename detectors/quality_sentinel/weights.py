"""Weights files: safetensors, never pickle; what the training was is in the file's metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n._version import __version__
from benchmark_n.detectors.quality_sentinel.network import make_network
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.errors import InputError
from benchmark_n.evidence.domain import Domain
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.runtime.optional_imports import import_extra

VERSION = 1
SHIPPED = "quality_sentinel.safetensors"
_KEY = "benchmark-n"
_TABLE = "conditions"
_DOMAIN = "domain."
_WHAT = "Quality Sentinel"


class _WeightsMetadata(msgspec.Struct):
    """The metadata of a weights file."""

    version: int
    settings: dict[str, Any]
    names: list[str]
    sources: list[dict[str, Any]]


def save_sentinel(sentinel: Sentinel, path: Path, sources: Sequence[Mapping[str, Any]]) -> None:
    """Write a network in half precision.

    Parameters
    ----------
    sources
        What it was trained on: ``dataset``, ``data_seed`` (None where it has none), ``pairs``.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    torch = import_extra("torch", "deep", _WHAT)
    torch_files = import_extra("safetensors.torch", "deep", _WHAT)

    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous().cpu()
        for name, tensor in sentinel.network.state_dict().items()
    }
    tensors[_TABLE] = torch.from_numpy(sentinel.table.astype(np.float16))
    if sentinel.domain is not None:
        for name, values in _domain_arrays(sentinel.domain).items():
            tensors[f"{_DOMAIN}{name}"] = torch.from_numpy(values)
    meta = {
        "version": VERSION,
        "benchmark_n": __version__,
        "settings": sentinel.settings.to_dict(),
        "names": list(sentinel.names),
        "sources": [dict(source) for source in sources],
    }
    blob = torch_files.save(tensors, metadata={_KEY: json.dumps(meta)})
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(blob)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot write the weights: {error.strerror}") from None


def read_meta(path: Path | None) -> dict[str, Any]:
    """The metadata of a weights file; None is the one that comes with the package.

    Raises
    ------
    InputError
        Not a weights file of Quality Sentinel, or of another version.
    """
    safetensors = import_extra("safetensors", "deep", _WHAT)
    with as_file(_resource(path)) as file:
        try:
            with safetensors.safe_open(file, framework="np") as opened:
                meta = msgspec.json.decode((opened.metadata() or {})[_KEY], type=_WeightsMetadata)
        except (OSError, KeyError, *JSON_FAULTS, safetensors.SafetensorError) as error:
            raise _fault(path, error) from None
    if meta.version != VERSION:
        raise InputError(f"{path}: weights of version {meta.version}, expected {VERSION}")
    return dict(msgspec.to_builtins(meta))


def load_sentinel(path: Path | None = None, device: str = "cpu") -> Sentinel:
    """Read a network; None is the one that comes with the package.

    Raises
    ------
    InputError
        Not a weights file of Quality Sentinel, or what it needs is not installed.
    """
    meta = read_meta(path)
    import_extra("torch", "deep", _WHAT)
    torch_files = import_extra("safetensors.torch", "deep", _WHAT)
    safetensors = import_extra("safetensors", "deep", _WHAT)
    with as_file(_resource(path)) as file:
        try:
            tensors = torch_files.load_file(file)
        except (OSError, ValueError, safetensors.SafetensorError) as error:
            raise _fault(path, error) from None
    try:
        settings = msgspec.convert(meta["settings"], Settings)
        table = tensors.pop(_TABLE).float().numpy()
        own = [name for name in tensors if name.startswith(_DOMAIN)]
        arrays = {name.removeprefix(_DOMAIN): tensors.pop(name).float().numpy() for name in own}
        domain = _domain(arrays) if arrays else None
        network = make_network(settings, table.shape[1], pretrained=False)
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (KeyError, IndexError, RuntimeError, InputError, msgspec.ValidationError) as error:
        raise _fault(path, error) from None
    return Sentinel(
        network.to(device).eval(), settings, tuple(meta["names"]), table, device, domain
    )


def _domain_arrays(domain: Domain) -> dict[str, NDArray[Any]]:
    """A domain's arrays, the many rows in half precision."""
    return {
        "centre": domain.centre,
        "scale": domain.scale,
        "rows": domain.rows.astype(np.float16),
        "limit": np.array([domain.limit], np.float32),
    }


def _domain(arrays: Mapping[str, NDArray[Any]]) -> Domain:
    limit = float(arrays["limit"][0])
    return Domain(arrays["centre"], arrays["scale"], arrays["rows"], limit)


def weights_digest(path: Path | None) -> str:
    """SHA-256 of a weights file.

    Raises
    ------
    InputError
        There is no such file.
    """
    try:
        return hashlib.sha256(_resource(path).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path or SHIPPED}: cannot read the weights: {error.strerror}") from None


def refuse_in_sample(path: Path | None, dataset: str, data_seed: int | None) -> None:
    """Nothing, unless the weights were trained on pictures of this dataset and data seed.

    Raises
    ------
    InputError
        They were.
    """
    for source in read_meta(path)["sources"]:
        trained = (source.get("dataset"), source.get("data_seed"))
        if data_seed is not None and trained == (dataset, data_seed):
            raise InputError(
                f"the weights {path or SHIPPED} were trained on {dataset} of data seed "
                f"{data_seed}: make a benchmark of another data seed, or allow it by "
                "`in_sample=True`"
            )


def _resource(path: Path | None) -> Any:
    return files("benchmark_n.detectors.quality_sentinel") / SHIPPED if path is None else path


def _fault(path: Path | None, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:160]
    return InputError(f"{path or SHIPPED}: not the weights of Quality Sentinel: {reason}")


def weights_name(weights: Path | None) -> str:
    return SHIPPED if weights is None else weights.name
