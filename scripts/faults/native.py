"""Does each piece of the native kernel do what OpenCV, numpy and pycocotools do, on random masks?

    python scripts/faults/native.py                    100,000 masks a piece: an hour on one core
    python scripts/faults/native.py --count 1000 --piece polygons

The counts go, piece by piece, to scripts/results/native-faults.json. native_sanitized.sh runs it
with sanitizers in the kernel.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmark_n import _native
from tests.native.pieces import PIECES, difference

RESULTS = ROOT / "scripts" / "results" / "native-faults.json"
_LIBRARIES = ("numpy", "opencv-python", "pycocotools")


def main() -> None:
    """Compare, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="masks a piece")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--piece", action="append", choices=PIECES, help="by default all")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    if _native.kernel is None:
        sys.exit("the native kernel is not built: python setup.py build_ext --inplace")
    cv2.setNumThreads(1)
    libraries = {name: version(name) for name in _LIBRARIES}
    failed = False
    for piece in options.piece or PIECES:
        different, start = 0, time.process_time()
        for i in range(options.count):
            text = difference(piece, np.random.default_rng([options.seed, i]))
            if text:
                different += 1
                print(f"{piece}, {i}: {text:.300}")
        failed |= different > 0
        print(f"{piece}: {options.count} masks, {different} differ", flush=True)
        found = json.loads(options.out.read_text()) if options.out.is_file() else {}
        found[piece] = {
            **{"masks": options.count, "seed": options.seed, "different": different},
            **{"cpu_seconds": round(time.process_time() - start), "libraries": libraries},
        }
        options.out.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    sys.exit(failed)


if __name__ == "__main__":
    main()
