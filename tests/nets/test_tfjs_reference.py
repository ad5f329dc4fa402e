"""The graphs of the packaged detectors against TensorFlow.js' own outputs.

``tfjs_reference.json`` says by which commands it was made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.evidence.detections.nanodet import letterbox
from benchmark_n.evidence.detections.package import graph_file
from tests.nets.scene_picture import scene_picture
from tests.users_cache import use_packaged

REFERENCE: dict[str, Any] = json.loads(
    Path(__file__).with_name("tfjs_reference.json").read_text(encoding="utf-8")
)


def _input(name: str) -> tuple[str, Any]:
    if name == "nanodet":
        return "input_1", letterbox(scene_picture(312, 416))[0].transpose(2, 0, 1)[None]
    return "tower_0/images", scene_picture(512, 512)[None].astype(np.float32)


@pytest.mark.parametrize("name", ["nanodet", "centernet"])
def test_outputs_are_those_of_tensorflow_js(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from benchmark_n.nets.tfjs.graph import Graph
    from benchmark_n.nets.tfjs.model_file import read_graph_model

    use_packaged(monkeypatch, name)
    expected = REFERENCE[name]
    graph = Graph(read_graph_model(graph_file(name)), list(expected))
    feed, value = _input(name)
    outputs = graph({feed: torch.from_numpy(np.ascontiguousarray(value))})
    for output, told in zip(outputs, expected.values(), strict=True):
        values = output.numpy()
        assert list(values.shape) == told["shape"]
        assert np.abs(values).mean() == pytest.approx(told["size"], rel=1e-4)
        tolerance = 1e-4 * float(np.abs(told["values"]).max())
        assert values.ravel()[told["places"]] == pytest.approx(told["values"], abs=tolerance)
