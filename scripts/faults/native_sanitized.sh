#!/usr/bin/env bash
# The native kernel under GCC's sanitizers of addresses and of undefined behaviour, on random masks:
# scripts/faults/native_sanitized.sh [MASKS A PIECE]
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$PWD/.venv/bin/python
numpy=$("$python" -c 'import numpy; print(numpy.__path__[0])')
include=$("$python" -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
suffix=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r benchmark_n configs detectors evaluators scripts tests "$copy"
cd "$copy"
rm -f benchmark_n/_native/*.so
g++ -std=c++17 -O1 -g -fsanitize=address,undefined -ffp-contract=off -fPIC -shared \
    -I"$include" -I"$numpy/_core/include" benchmark_n/_native/*.cpp \
    -o "benchmark_n/_native/kernel$suffix" -L"$numpy/random/lib" -lnpyrandom -lm
# Python itself leaks at its end, on purpose.
LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 PYTHONPATH=$copy \
    "$python" scripts/faults/native.py --count "${1:-1000}" --seed 3 --out "$copy/found.json"
