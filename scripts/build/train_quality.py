"""Train the weights of Quality Sentinel that come with the package, leg by leg.

    python scripts/build/train_quality.py [--legs 1] [--out FILE]

Each leg draws pictures that no leg had before, makes pairs of them and goes on from the weights of
the legs before; what was done stands in ``scripts/results/quality-training.json``, so that the
script may be stopped and started. `RESERVED` data seeds are used by no table and no test; what was
chosen (network, rate of the first legs, number of epochs, threshold) was chosen on data seed 910.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.detectors.quality_sentinel.weights import SHIPPED
from benchmark_n.runtime.execution import Execution
from benchmark_n.training.quality_sentinel import PairRequest, train_quality

RESERVED = range(901, 908)
ROOT = Path(__file__).resolve().parents[2]
LOG = ROOT / "scripts" / "results" / "quality-training.json"
# Peak rate of each leg, falling: the first two were run before the others were planned.
RATES = (2e-3, 1.94e-3, 1.6e-3, 1.2e-3, 8e-4, 4e-4, 1e-4)
FIRST = {"scenes": (220, 5), "phantom": (80, 5)}
LATER = {"scenes": (200, 6), "phantom": (40, 6)}


def requests(leg: int) -> list[PairRequest]:
    """What the pairs of a leg are made of; masks of a U-Net in the first alone."""
    numbers = FIRST if leg == 0 else LATER
    epochs = (3, 6) if leg == 0 else ()
    return [
        PairRequest(name, RESERVED[leg], count, rounds=rounds, unet_epochs=epochs)
        for name, (count, rounds) in numbers.items()
    ]


def run_leg(leg: int, out: Path) -> dict[str, Any]:
    """Train one leg, and say what it cost."""
    started, cpu = time.time(), time.process_time()

    def told(done: int, total: int) -> None:
        print(f"leg {leg}: epoch {done} of {total}, {time.time() - started:.0f} s", flush=True)

    settings = train_quality(
        requests(leg),
        out,
        settings=Settings(
            epochs=2 if leg else 4,
            rate=RATES[leg],
            mask_loss=1.0 if leg else 0.2,
            bfloat16=True,
            seed=leg,
        ),
        start=out if leg else None,
        execution=Execution(workers=1, progress=told),
    )
    return {
        "leg": leg,
        "settings": settings.to_dict(),
        "wall_seconds": round(time.time() - started, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "file_mb": round(out.stat().st_size / 2**20, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shipped = ROOT / "detectors" / "quality_sentinel" / SHIPPED
    parser.add_argument("--legs", type=int, default=1, help="Legs to go on for.")
    parser.add_argument("--out", type=Path, default=shipped)
    arguments = parser.parse_args()
    done = json.loads(LOG.read_text()) if LOG.is_file() else []
    for leg in range(len(done), min(len(done) + arguments.legs, len(RATES))):
        done.append(run_leg(leg, arguments.out))
        LOG.write_text(json.dumps(done, indent=1) + "\n")
    print(json.dumps(done, indent=1))


if __name__ == "__main__":
    main()
