#!/usr/bin/env bash
# All checks and all tests, in .venv. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup_venv.sh test,deep,weak,text,mmdet

.venv/bin/ruff check .
.venv/bin/ruff format --check --quiet .
.venv/bin/mypy
# Two workers and more: one file's tests stay together, as they share what is slow to make. In their
# order: files of few tests, sorted last else, are the slow ones, and one worker would wait for them.
.venv/bin/python -m pytest -rs --numprocesses auto --dist loadfile --no-loadscope-reorder "$@"
