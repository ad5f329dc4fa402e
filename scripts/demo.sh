#!/usr/bin/env bash
# The whole of it on a fresh machine: a noisy benchmark of the embedded dataset, and a picture of it.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup_venv.sh

benchmark=benchmarks/scenes-n-hard-seed1
.venv/bin/benchmark-n make --dataset scenes --tier hard --seed 1 --out "$benchmark" --overwrite
.venv/bin/benchmark-n show "$benchmark" --out "$benchmark.png"

echo
echo "The benchmark:  $benchmark"
echo "A picture:      $benchmark.png"
echo "Next:           .venv/bin/benchmark-n --help"
