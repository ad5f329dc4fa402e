"""Train the weights of Quality Sentinel that come with the package.

    python scripts/train_quality.py [--out detectors/quality_sentinel/quality_sentinel.safetensors]

The pictures have data seeds that no table and no test uses: `TRAINING_SEED`. What was chosen
(encoder, epochs, learning rate, threshold) was chosen on `SELECTION_SEED`.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.detectors.quality_sentinel.weights import SHIPPED
from benchmark_n.quality import PairRequest, train_quality

TRAINING_SEED, SELECTION_SEED = 901, 910
REQUESTS = (
    PairRequest("scenes", TRAINING_SEED, 220, rounds=5),
    PairRequest("phantom", TRAINING_SEED, 80, rounds=5),
)
SETTINGS = {"epochs": 4, "bfloat16": True}
ROOT = Path(__file__).parent


def train_shipped(out: Path) -> dict[str, object]:
    """Train, write, and say what it cost."""
    started, cpu = time.time(), time.process_time()

    def told(done: int, total: int) -> None:
        print(f"epoch {done} of {total}, {time.time() - started:.0f} s", flush=True)

    settings: Settings = train_quality(REQUESTS, out, workers=1, progress=told, **SETTINGS)
    return {
        "settings": settings.to_dict(),
        "wall_seconds": round(time.time() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "file_mb": round(out.stat().st_size / 2**20, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shipped = ROOT.parent / "detectors" / "quality_sentinel" / SHIPPED
    parser.add_argument("--out", type=Path, default=shipped)
    report = train_shipped(parser.parse_args().out)
    path = ROOT / "results" / "quality-training.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
