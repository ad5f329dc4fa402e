"""The layout keeps its promises, and the guard sees what it is there for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import rules, shape
from tests.house.modules import Module, read_modules, read_scripts

ROOT = Path(__file__).parents[1]
SCRIPTS = read_scripts(ROOT)
MANIFEST = "benchmark_n.tables.manifest"
# From the ground up: a room may import itself and those before it.
ROOMS = [
    *(
        "errors",
        "_version",
        "configs",
        "_native",
        "masks",
        "runtime",
        "files",
        "tables",
        "coco",
        "nets",
    ),
    *("benchmark", "evaluators", "noise", "weak", "evidence", "detectors", "datasets"),
    *("evaluation", "generation", "detection", "training", "cards", "report", "experiments"),
    *("review", "cli", "__init__", "__main__"),
]
# What a room may not know though it stands higher, since it has to do without.
STRANGERS = [
    *(("detectors", room) for room in ("benchmark", "evaluators", "noise", "weak")),
    *(("evaluators", room) for room in ("benchmark",)),
    *(("noise", room) for room in ("benchmark", "evaluators")),
    *(("weak", room) for room in ("benchmark", "evaluators", "noise")),
    *(("evidence", room) for room in ("benchmark", "evaluators", "noise", "weak", "tables")),
    *(("datasets", room) for room in ("evidence", "detectors", "evaluators", "noise", "weak")),
]
# Its trainer makes its pairs by degrading masks with the noises.
ALLOWED = {"benchmark_n.detectors.quality_sentinel.degrade": "noise"}
# The flag of another program, by which it is started.
LAUNCHERS = {"benchmark_n.training.train": "--nproc_per_node"}

Rule = Callable[[dict[str, Module]], list[str]]
RULES: dict[str, Rule] = {
    "upwards": lambda modules: rules.imports_upwards(modules, [{room} for room in ROOMS]),
    "strangers": lambda modules: rules.imports_of_strangers(modules, STRANGERS, ALLOWED),
    "command line": rules.imports_of_the_command_line,
    "terminal": rules.terminal_libraries,
    "prints": rules.prints,
    "packages": lambda modules: rules.unlisted_packages(modules, ROOT),
    "empty": rules.empty_house,
    "manifest": lambda modules: rules.imports_of_module(modules, "detectors", MANIFEST),
    "circles": shape.circles,
    "flags": lambda modules: shape.flags(modules, LAUNCHERS),
    "dead modules": lambda modules: shape.dead_modules(modules, SCRIPTS),
    "long modules": shape.long_modules,
    "long functions": shape.long_functions,
    "long signatures": shape.long_signatures,
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
        ("upwards", "evaluators/base.py", "from benchmark_n.detectors import mirror"),
        ("strangers", "evaluators/base.py", "from benchmark_n.benchmark import load"),
        ("command line", "benchmark_n/generation/make.py", "import benchmark_n.cli.main"),
        ("command line", "benchmark_n/generation/make.py", "from benchmark_n import cli"),
        ("command line", "benchmark_n/generation/make.py", "import_module('benchmark_n.cli')"),
        ("terminal", "benchmark_n/noise/base.py", "import click"),
        ("terminal", "benchmark_n/noise/base.py", "from rich.table import Table"),
        ("terminal", "benchmark_n/noise/base.py", "def f():\n    import os, click"),
        ("prints", "benchmark_n/noise/base.py", "print('hello')"),
        ("packages", "benchmark_n/attic/__init__.py", ""),
        ("manifest", "detectors/base.py", "from benchmark_n.tables import manifest_schema"),
        ("circles", "benchmark_n/benchmark/__init__.py", "import benchmark_n.report.show"),
        ("flags", "benchmark_n/noise/base.py", "raise InputError('name it with --images DIR')"),
        ("flags", "benchmark_n/noise/base.py", 'x = f"make it with --masks={name}"'),
        ("flags", "detectors/base.py", 'def f():\n    """As ``--evidence`` has it."""'),
        ("flags", "benchmark_n/training/train.py", "x = ['--nproc_per_node=2', '--nnodes=1']"),
        ("dead modules", "benchmark_n/noise/forgotten.py", ""),
        ("long modules", "benchmark_n/noise/engine.py", "\n" * 221),
        ("long functions", "benchmark_n/noise/engine.py", "def f():\n" + "    x = 1\n" * 50),
        ("long signatures", "benchmark_n/noise/engine.py", "def f(a,b,c,d,e,f,g,h,i,j,*,k): ..."),
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
    assert not any(
        RULES[rule](modules) for rule in RULES if rule not in ("packages", "dead modules")
    )


def _sketch() -> dict[str, str]:
    """A small tree that keeps the rules: rooms, and one import downwards."""
    rooms = ["benchmark", "cli", "masks", "noise", "report"]
    front = '_HOMES = {"make": "benchmark_n.report.show"}\n'
    return {
        "benchmark_n/__init__.py": front,
        **{f"benchmark_n/{room}/__init__.py": "" for room in rooms},
        "benchmark_n/report/show.py": "from benchmark_n.benchmark import load",
        "benchmark_n/cli/main.py": "import click\n\nprint(click)",
        "benchmark_n/noise/engine.py": "",
        "benchmark_n/tables/manifest_schema.py": "",
        "detectors/__init__.py": "",
        "detectors/mirror.py": "",
        "evaluators/__init__.py": "",
    }


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
