#!/usr/bin/env python3
"""What `InstanceLossHook` costs: CPU time of training iterations with it and without.

Both trainings run in one process, in turns, from the same weights and on the same batches, so that
what else the machine does falls on both. The ratio is of medians.

    python scripts/bench/mmdet.py [--model tiny-mask-rcnn] [--rounds 10] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# In place of this folder, whose modules have the names of packages (datasets, mmdet).
sys.path[0] = str(Path(__file__).resolve().parents[2])

import numpy as np
import torch

from benchmark_n import Execution, SourceOptions, make
from benchmark_n.benchmark.labels import training_labels, validation_labels
from benchmark_n.training.mmdet.data_configs import set_training, set_validation
from benchmark_n.training.mmdet.model_configs import ModelSettings, model_config
from benchmark_n.training.mmdet.runner import require_mmdet, running

ITERATIONS = 4


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="tiny-mask-rcnn")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    require_mmdet("the benchmark")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        times = measure(Path(name), arguments.model, arguments.rounds)
    plain, noting = (float(np.median(values)) / ITERATIONS for values in times)
    result = {
        "model": arguments.model,
        "cpu_seconds_an_iteration": plain,
        "with_hook": noting,
        "cost_percent": 100 * (noting / plain - 1),
    }
    if arguments.json:
        print(json.dumps(result, indent=2))
    else:
        print(
            f"{arguments.model}: {plain:.3f} s an iteration, {noting:.3f} s with the hook: "
            f"{result['cost_percent']:+.1f} %"
        )


def measure(folder: Path, model: str, rounds: int) -> tuple[list[float], list[float]]:
    """CPU seconds of `ITERATIONS` iterations, without the hook and with it."""
    benchmark = make(
        "scenes",
        "clean",
        out=folder / "benchmark",
        source=SourceOptions(num_images=60),
        execution=Execution(workers=1),
    )
    runners = [open_runner(benchmark, folder / str(noted), model, noted) for noted in (False, True)]
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        order = (0, 1) if turn % 2 else (1, 0)
        for place in order:
            torch.manual_seed(turn)
            spent = iterate(*runners[place])
            if turn:  # the first warms up
                times[place].append(spent)
    return times


def open_runner(benchmark: Any, folder: Path, model: str, noted: bool) -> tuple[Any, Any, Any]:
    """A runner ready to train, the hook or None, and its batches, which are loaded beforehand."""
    settings = ModelSettings(model, init="none", instance_losses=noted)
    labels, validation = training_labels(benchmark), validation_labels(benchmark)
    config = model_config(settings, len(labels.coco.categories))
    set_training(config, labels)
    set_validation(config, validation, 0.02, folder / "found.json")
    with running(config, folder) as runner:
        batches = [batch for batch, _ in zip(runner.train_loop.dataloader, range(ITERATIONS))]  # noqa: B905
        runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
        hook = next((h for h in runner.hooks if type(h).__name__ == "InstanceLossHook"), None)
        if hook is not None:
            hook.before_train(runner)
    runner.model.train()
    return runner, hook, batches


def iterate(runner: Any, hook: Any, batches: Any) -> float:
    """CPU seconds of one pass over the batches."""
    start = time.process_time()
    for batch in batches:
        runner.model.train_step(batch, runner.optim_wrapper)
        if hook is not None:
            hook.after_train_iter(runner, 0)
    return time.process_time() - start


if __name__ == "__main__":
    main()
