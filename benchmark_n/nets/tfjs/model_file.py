"""Graph models as the TensorFlow.js converter writes them: ``model.json`` and its shards.

The JSON file holds the nodes of a TensorFlow graph and, in its manifest, name, shape and type of
each weight in the order in which their bytes follow one another in the shards. Weights may be
quantised to half precision, or to 8 or 16 bits with a scale and a least value.

References
----------
.. [1] Smilkov et al.: TensorFlow.js: Machine Learning for the Web and Beyond, SysML 2019.
.. [2] ``io/types.ts`` and ``io/io_utils.ts`` of tfjs-core 4.22 (`decodeWeights`).
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json

_TYPES = {"float32": "<f4", "int32": "<i4", "bool": "u1", "uint8": "u1"}
_QUANTISED = {"float16": "<f2", "uint8": "u1", "uint16": "<u2"}
# What bytes and attributes come to that are not what their field says.
_FAULTS = (ValueError, KeyError, TypeError, AttributeError, binascii.Error, OverflowError)


class _Quantisation(msgspec.Struct):
    dtype: str
    scale: float | None = None
    min: float | None = None


class _Weight(msgspec.Struct):
    name: str
    shape: list[int]
    dtype: str
    quantization: _Quantisation | None = None


class _Group(msgspec.Struct):
    paths: list[str]
    weights: list[_Weight]


class _Node(msgspec.Struct):
    name: str
    op: str
    input: list[str] = []
    attr: dict[str, dict[str, Any]] = {}


class _Topology(msgspec.Struct):
    node: list[_Node]


class _File(msgspec.Struct, rename={"topology": "modelTopology", "manifest": "weightsManifest"}):
    topology: _Topology
    manifest: list[_Group]


@dataclass(frozen=True)
class Node:
    """A node of the graph.

    Parameters
    ----------
    operator
        Its TensorFlow operator, such as ``Conv2D``.
    inputs
        Names of the nodes whose values it takes; ``name:1`` is the second of several values.
    attributes
        Plain values: whole numbers, numbers, texts, truth values, and lists of them.
    """

    operator: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class GraphModel:
    """A graph model: nodes by their names, and the values of its constants.

    Weights are float32, or int64 where the file has whole numbers.
    """

    name: str
    nodes: Mapping[str, Node]
    weights: Mapping[str, NDArray[Any]]


def read_graph_model(path: Path) -> GraphModel:
    """Read ``model.json`` and the shards beside it.

    Raises
    ------
    InputError
        A file that cannot be read, is no graph model, or has another length than its manifest says.
    """
    document = read_json(path, "graph model", _File)
    weights: dict[str, NDArray[Any]] = {}
    for group in document.manifest:
        weights |= _decode_group(group, path)
    try:
        nodes = {
            node.name: Node(
                node.op,
                tuple(name for name in node.input if not name.startswith("^")),
                {name: _attribute(value) for name, value in node.attr.items()},
            )
            for node in document.topology.node
        }
    except _FAULTS as error:
        raise InputError(f"{path}: no graph model: an attribute: {error!s:.160}") from None
    return GraphModel(path.stem, nodes, weights)


def _decode_group(group: _Group, path: Path) -> dict[str, NDArray[Any]]:
    """The weights of one group, whose shards follow one another."""
    data = b"".join(_shard(path, name) for name in group.paths)
    weights, place = {}, 0
    for weight in group.weights:
        kind = np.dtype(_stored_type(weight, path))
        count = math.prod(weight.shape)
        end = place + count * kind.itemsize
        if min(weight.shape, default=0) < 0 or end > len(data):
            raise InputError(
                f"{path}: weight '{weight.name}' of shape {weight.shape} ends at byte {end}, but "
                f"its shards have {len(data)}"
            )
        values = np.frombuffer(data, kind, count, place).reshape(weight.shape)
        weights[weight.name], place = _restored(values, weight), end
    if place != len(data):
        raise InputError(f"{path}: shards of {len(data)} bytes, expected {place}")
    return weights


def _shard(path: Path, name: str) -> bytes:
    if Path(name).name != name:
        raise InputError(f"{path}: shard '{name:.80}', expected a file beside it")
    try:
        return (path.parent / name).read_bytes()
    except OSError as error:
        raise InputError(f"{path.parent / name}: cannot be read: {error.strerror}") from None


def _stored_type(weight: _Weight, path: Path) -> str:
    if weight.quantization is None:
        known, name = _TYPES, weight.dtype
    else:
        known, name = _QUANTISED, weight.quantization.dtype
    if name not in known or weight.dtype not in _TYPES:
        raise InputError(
            f"{path}: weight '{weight.name}' is of type {name}, expected one of {', '.join(known)}"
        )
    return known[name]


def _restored(values: NDArray[Any], weight: _Weight) -> NDArray[Any]:
    """The weight's own numbers, out of what is stored of them."""
    told = weight.quantization
    if told is not None and told.scale is not None:
        values = values.astype(np.float32) * np.float32(told.scale) + np.float32(told.min or 0)
    if weight.dtype == "float32":
        return values.astype(np.float32)
    whole: NDArray[Any] = np.rint(values)
    return whole.astype(np.bool_ if weight.dtype == "bool" else np.int64)


def _attribute(value: Mapping[str, Any]) -> Any:
    """A value of protobuf's ``AttrValue``, as its JSON has it."""
    if "list" in value:
        parts = value["list"]
        kind = next(iter(parts), None)
        return [] if kind is None else [_scalar(kind, one) for one in parts[kind]]
    kind = next(iter(value), None)
    return None if kind is None else _scalar(kind, value[kind])


def _scalar(kind: str, value: Any) -> Any:
    if kind == "s":
        return base64.b64decode(value, validate=True).decode()
    if kind == "i":
        return int(value)
    return value
