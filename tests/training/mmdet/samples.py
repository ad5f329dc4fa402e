"""A small benchmark with few validation images, and settings that train in seconds."""

from __future__ import annotations

import json
from pathlib import Path

from benchmark_n import Benchmark
from tests import making

FAST = {
    "train_cfg.max_epochs": 2,
    "train_cfg.val_interval": 2,
    "param_scheduler.0.total_steps": 2,
    "default_hooks.checkpoint.interval": 1,
    "train_dataloader.batch_size": 4,
}


def small_benchmark(folder: Path, tier: str = "hard", images: int = 8, val: int = 3) -> Benchmark:
    """A benchmark of scenes whose validation labels are cut down to a few images."""
    benchmark = making.make("scenes", tier, num_images=images, out=folder, workers=1)
    path = benchmark.clean_val
    assert path is not None
    document = json.loads(path.read_text())
    document["images"] = document["images"][:val]
    kept = {image["id"] for image in document["images"]}
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] in kept]
    path.write_text(json.dumps(document))
    return benchmark
