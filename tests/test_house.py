"""The layout keeps its promises, and the guard sees what it is there for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import rules
from tests.house.modules import Module, read_modules

ROOT = Path(__file__).parents[1]
# A package may import those of its own and of lower floors only.
FLOORS = [
    {
        "errors",
        "extras",
        "registry",
        "parallel",
        "draws",
        "plain_files",
        "npy_files",
        "limits",
        "picture_files",
        "parquet_files",
        "parquet_pages",
        "recipe_files",
        "_version",
        "cache",
    },
    {"coco", "masks"},
    {"benchmark"},
    {
        "datasets",
        "noise",
        "weak",
        "detectors",
        "evaluators",
        "configs",
        "nets",
        "work_dir",
        "labels",
    },
    {"cards", "mmdet", "review", "report"},
    {
        "api",
        "noise_making",
        "targets",
        "weak_confusion",
        "weak_making",
        "weak_prompting",
        "evaluation",
        "evaluation_modes",
        "detection",
        "importing",
        "detection_files",
        "correction",
        "quality",
        "quality_audit",
        "mirror_ablation",
        "training",
        "cardiac_training",
        "robustness",
        "cli",
        "__init__",
        "__main__",
    },
]
# Two rooms of one floor that may not know each other.
STRANGERS = [
    ("noise", "weak"),
    ("weak", "noise"),
    ("evaluators", "noise"),
    ("detectors", "noise"),
    ("evaluators", "detectors"),
]
# Its trainer makes its pairs by degrading masks with the noises.
ALLOWED = {"benchmark_n.detectors.quality_sentinel.degrade": "noise"}

Rule = Callable[[dict[str, Module]], list[str]]
RULES: dict[str, Rule] = {
    "upwards": lambda modules: rules.imports_upwards(modules, FLOORS),
    "strangers": lambda modules: rules.imports_of_strangers(modules, STRANGERS, ALLOWED),
    "command line": rules.imports_of_the_command_line,
    "terminal": rules.terminal_libraries,
    "prints": rules.prints,
    "packages": lambda modules: rules.unlisted_packages(modules, ROOT),
    "empty": rules.empty_house,
}


@pytest.fixture(scope="module")
def house() -> dict[str, Module]:
    return read_modules(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_the_rule(rule: str, house: dict[str, Module]) -> None:
    assert RULES[rule](house) == []


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        ("upwards", "benchmark_n/masks/base.py", "from benchmark_n.benchmark import load"),
        ("upwards", "benchmark_n/masks/base.py", "from benchmark_n import make"),
        ("upwards", "benchmark_n/masks/base.py", "from ..benchmark import load"),
        ("upwards", "benchmark_n/masks/base.py", "def f():\n    import benchmark_n.report.show"),
        ("upwards", "benchmark_n/attic/base.py", ""),
        ("strangers", "detectors/base.py", "from benchmark_n.noise import engine"),
        ("strangers", "evaluators/base.py", "from benchmark_n.detectors import mirror"),
        ("command line", "benchmark_n/api.py", "import benchmark_n.cli.main"),
        ("command line", "benchmark_n/api.py", "from benchmark_n import cli"),
        ("command line", "benchmark_n/api.py", "import_module('benchmark_n.cli')"),
        ("terminal", "benchmark_n/noise/base.py", "import click"),
        ("terminal", "benchmark_n/noise/base.py", "from rich.table import Table"),
        ("terminal", "benchmark_n/noise/base.py", "def f():\n    import os, click"),
        ("prints", "benchmark_n/noise/base.py", "print('hello')"),
        ("packages", "benchmark_n/attic/__init__.py", ""),
    ],
)
def test_a_broken_house_is_seen(rule: str, path: str, source: str, tmp_path: Path) -> None:
    """Each rule sees its break in a tree that kept it before that file was written."""
    _write(tmp_path, _sketch())
    before = RULES[rule](read_modules(tmp_path))
    _write(tmp_path, {path: source})
    assert set(RULES[rule](read_modules(tmp_path))) - set(before)


def test_an_empty_house_is_seen(tmp_path: Path) -> None:
    assert RULES["empty"](read_modules(tmp_path))


def test_the_sketch_breaks_no_rule_of_imports(tmp_path: Path) -> None:
    _write(tmp_path, _sketch())
    modules = read_modules(tmp_path)
    assert not any(RULES[rule](modules) for rule in RULES if rule != "packages")


def _sketch() -> dict[str, str]:
    """A small tree that keeps the rules: rooms, and one import downwards."""
    rooms = ["benchmark", "cli", "masks", "noise", "report"]
    front = '_HOMES = {"make": "benchmark_n.cli.main"}\n'
    return {
        "benchmark_n/__init__.py": front,
        **{f"benchmark_n/{room}/__init__.py": "" for room in rooms},
        "benchmark_n/report/show.py": "from benchmark_n.benchmark import load",
        "benchmark_n/cli/main.py": "import click\n\nprint(click)",
        "benchmark_n/noise/engine.py": "",
        "detectors/__init__.py": "",
        "detectors/mirror.py": "",
        "evaluators/__init__.py": "",
    }


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
