#!/usr/bin/env bash
# Makes .venv with this package and the named extras: scripts/setup_venv.sh [EXTRA,EXTRA…]
# Does nothing when the same was installed before from the same setup.cfg, constraints.txt and native
# sources. The native kernel is built on the way where there is a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
extras=${1:-}
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed; found: $("$python" --version 2>&1). Set PYTHON=…" >&2
    exit 1
fi

key=$( (cat setup.cfg setup.py pyproject.toml constraints.txt benchmark_n/_native/*.?pp
        "$python" --version; echo "$extras") \
    | sha256sum | cut -c1-16)
stamp=.venv/.installed-$key
[ -e "$stamp" ] && exit 0

echo "Setting up .venv (extras: ${extras:-none}) …" >&2
[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --constraint constraints.txt --editable ".${extras:+[$extras]}" >&2
touch "$stamp"
