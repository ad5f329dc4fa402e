from __future__ import annotations

from pathlib import Path

from benchmark_n.experiments.robustness import robustness
from benchmark_n.training.mmdet.model_configs import ModelSettings
from benchmark_n.training.options import RunOptions
from tests.training.mmdet.samples import FAST, small_benchmark


def test_what_is_finished_is_not_done_again(tmp_path: Path) -> None:
    for tier in ("clean", "hard"):
        small_benchmark(tmp_path / "benchmarks" / f"scenes-n-{tier}-seed4", tier, 4, 1)
    options = {**FAST, "train_cfg.max_epochs": 1, "train_cfg.val_interval": 1}
    options |= {"param_scheduler.0.total_steps": 1}

    settings = ModelSettings("tiny-mask-rcnn", init="none", options=options)

    def table(*tiers: str) -> object:
        return robustness(settings, "scenes", tiers, (4,), run=RunOptions(tmp_path, device="cpu"))

    table("clean")
    weights = tmp_path / "clean-seed4" / "weights.safetensors"
    written = weights.stat().st_mtime_ns
    table("clean", "hard")
    assert weights.stat().st_mtime_ns == written
    assert (tmp_path / "hard-seed4" / "weights.safetensors").is_file()
