"""Graph models as the converter writes them: every way to store a weight, and broken files."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.errors import InputError
from benchmark_n.nets.tfjs.model_file import read_graph_model

CONST: dict[str, Any] = {"name": "w", "op": "Const", "attr": {}}


def write_model(
    folder: Path, weights: list[dict[str, Any]], shards: list[bytes], nodes: Any = (CONST,)
) -> Path:
    names = [f"shard{number}.bin" for number in range(len(shards))]
    for name, data in zip(names, shards, strict=True):
        (folder / name).write_bytes(data)
    path = folder / "model.json"
    manifest = [{"paths": names, "weights": weights}]
    document = {"modelTopology": {"node": list(nodes)}, "weightsManifest": manifest}
    path.write_text(json.dumps(document))
    return path


def entry(kind: str, shape: list[int], **quantisation: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"name": "w", "shape": shape, "dtype": kind}
    return told | ({"quantization": quantisation} if quantisation else {})


VALUES = np.array([[0.5, -2.0, 3.25]], np.float32)
STORED: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "float32": (entry("float32", [1, 3]), VALUES, VALUES),
    "float16": (entry("float32", [1, 3], dtype="float16"), VALUES.astype("<f2"), VALUES),
    "uint8": (
        entry("float32", [1, 3], dtype="uint8", scale=0.25, min=-2.0),
        np.array([[10, 0, 21]], np.uint8),
        VALUES,
    ),
    "uint16": (
        entry("float32", [1, 3], dtype="uint16", scale=0.001, min=-2.0),
        np.array([[2500, 0, 5250]], "<u2"),
        VALUES,
    ),
    "whole numbers": (entry("int32", [2]), np.array([-7, 70000], "<i4"), np.array([-7, 70000])),
    "quantised whole numbers": (
        entry("int32", [2], dtype="uint8", scale=2.0, min=-4.0),
        np.array([0, 5], np.uint8),
        np.array([-4, 6]),
    ),
    "truth values": (entry("bool", [2]), np.array([0, 1], np.uint8), np.array([False, True])),
    "a scalar": (entry("float32", []), np.float32(2.5), np.array(2.5, np.float32)),
    "nothing": (entry("int32", [0, 1]), np.zeros((0, 1), "<i4"), np.zeros((0, 1), np.int64)),
}


@pytest.mark.parametrize("kind", STORED)
def test_weights_are_restored(kind: str, tmp_path: Path) -> None:
    told, stored, expected = STORED[kind]
    read = read_graph_model(write_model(tmp_path, [told], [np.asarray(stored).tobytes()]))
    np.testing.assert_allclose(read.weights["w"], expected, atol=1e-6)
    assert np.asarray(read.weights["w"]).shape == expected.shape
    assert np.asarray(read.weights["w"]).dtype == expected.dtype


def test_a_weight_may_lie_across_shards(tmp_path: Path) -> None:
    data = VALUES.tobytes()
    second = {**entry("int32", [1]), "name": "v"}
    end = data[5:] + np.int32(9).tobytes()
    path = write_model(tmp_path, [entry("float32", [1, 3]), second], [data[:5], end])
    read = read_graph_model(path)
    np.testing.assert_array_equal(read.weights["w"], VALUES)
    assert read.weights["v"].tolist() == [9]


def test_attributes_are_plain_values(tmp_path: Path) -> None:
    def text(value: str) -> str:
        return base64.b64encode(value.encode()).decode()

    node = {
        "name": "conv",
        "op": "Conv2D",
        "input": ["x", "w:0", "^after"],
        "attr": {
            "strides": {"list": {"i": ["1", "2", "2", "1"]}},
            "padding": {"s": text("SAME")},
            "fused_ops": {"list": {"s": [text("BiasAdd"), text("Relu")]}},
            "explicit_paddings": {"list": {}},
            "alpha": {"f": 0.1},
            "keep_dims": {"b": True},
            "DstT": {"type": "DT_FLOAT"},
            "num_split": {"i": "2"},
        },
    }
    read = read_graph_model(write_model(tmp_path, [], [], [node])).nodes["conv"]
    assert read.inputs == ("x", "w:0")
    assert dict(read.attributes) == {
        "strides": [1, 2, 2, 1],
        "padding": "SAME",
        "fused_ops": ["BiasAdd", "Relu"],
        "explicit_paddings": [],
        "alpha": 0.1,
        "keep_dims": True,
        "DstT": "DT_FLOAT",
        "num_split": 2,
    }


@pytest.mark.parametrize(
    ("weights", "shards", "nodes", "line"),
    [
        ([entry("float32", [3])], [b"1234"], (CONST,), r"'w' of shape \[3\] ends at byte 12, but"),
        ([entry("float32", [1])], [b"12345678"], (CONST,), "shards of 8 bytes, expected 4"),
        ([entry("string", [1])], [b"1234"], (CONST,), "is of type string, expected one of float32"),
        ([entry("float32", [-1])], [b""], (CONST,), r"of shape \[-1\]"),
        ([], [], [{**CONST, "attr": {"s": {"s": "no base64!"}}}], "no graph model: an attribute"),
        ([], [], [{"name": "w"}], "no graph model: Object missing required field `op`"),
    ],
)
def test_broken_models_are_one_line(
    weights: Any, shards: Any, nodes: Any, line: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=line) as error:
        read_graph_model(write_model(tmp_path, weights, shards, nodes))
    assert "model.json" in str(error.value)
    assert "\n" not in str(error.value)


def test_shards_lie_beside_the_model(tmp_path: Path) -> None:
    path = write_model(tmp_path, [], [b""])
    path.write_text(path.read_text().replace("shard0.bin", "../shard0.bin"))
    with pytest.raises(InputError, match=r"shard '../shard0.bin', expected a file beside it"):
        read_graph_model(path)
    path.write_text(path.read_text().replace("../shard0.bin", "none.bin"))
    with pytest.raises(InputError, match=r"none.bin: cannot be read: No such file"):
        read_graph_model(path)
