#!/usr/bin/env bash
# The documentation site, in docs/_build/html; a warning ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup_venv.sh docs,test,deep,weak,text,mmdet
.venv/bin/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
echo "docs/_build/html/index.html"
