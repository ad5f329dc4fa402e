#!/usr/bin/env bash
# The whole of it on a fresh machine: a noisy benchmark of the embedded dataset, a picture of it,
# every detector of frozen features scored on it, and the benchmark's data card.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup_venv.sh detect,hub

benchmark=benchmarks/scenes-n-hard-seed1
.venv/bin/benchmark-n make --dataset scenes --tier hard --seed 1 --out "$benchmark" --overwrite
.venv/bin/benchmark-n show "$benchmark" --out "$benchmark.png"
.venv/bin/benchmark-n eval "$benchmark" --detector all --backbone hog
.venv/bin/benchmark-n card "$benchmark" --quiet

echo
echo "The benchmark:  $benchmark"
echo "A picture:      $benchmark.png"
echo "The detectors:  results/$(basename "$benchmark")/leaderboard.html"
echo "A report:       results/$(basename "$benchmark")/cleanlab/report.html"
echo "The card:       $benchmark/README.md"
echo "Next:           .venv/bin/benchmark-n --help"
