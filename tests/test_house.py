"""The layout keeps its promises: packages are listed, and imports point one way."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
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
# Two rooms of one floor that may not know each other, and why.
STRANGERS = [
    ("noise", "weak"),
    ("weak", "noise"),
    ("evaluators", "noise"),
    ("detectors", "noise"),
    ("evaluators", "detectors"),
]
# Its trainer makes its pairs by degrading masks with the noises.
KNOWS_NOISE = ROOT / "detectors" / "quality_sentinel" / "degrade.py"


def modules() -> Iterator[tuple[str, Path]]:
    for folder in ("benchmark_n", "detectors", "evaluators", "configs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).parts
            if parts[0] == "benchmark_n" and (ROOT.joinpath(*parts[:2])).is_symlink():
                continue
            room = parts[0] if parts[0] != "benchmark_n" else parts[1].removesuffix(".py")
            yield room, path


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{a.name}" if node.module == "benchmark_n" else node.module
                for a in node.names
            ]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        rooms |= {n.split(".")[1] for n in names if n.startswith("benchmark_n.")}
    return rooms


def floor(room: str) -> int:
    return next(i for i, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize(
    ("room", "path"), list(modules()), ids=lambda v: str(v) if isinstance(v, str) else v.stem
)
def test_imports_point_down(room: str, path: Path) -> None:
    for other in imported_rooms(path) - {room, "__version__"}:
        assert floor(other) <= floor(room), f"{path.name} imports {other} from a higher floor"
        allowed = path == KNOWS_NOISE and other == "noise"
        assert allowed or (room, other) not in STRANGERS, f"{path.name} imports {other}"


@pytest.mark.parametrize(
    ("room", "path"), list(modules()), ids=lambda v: str(v) if isinstance(v, str) else v.stem
)
def test_only_the_command_line_prints(room: str, path: Path) -> None:
    if room in ("cli", "__main__"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {
        n.func.id
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
    }
    assert "print" not in calls
    assert "click" not in path.read_text(encoding="utf-8").split("import ")[1:]


def test_setup_lists_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    found = set()
    for folder in ("benchmark_n", "detectors", "evaluators", "configs"):
        for init in (ROOT / folder).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT).parts
            if (
                parts[0] == "benchmark_n"
                and len(parts) > 1
                and ROOT.joinpath(*parts[:2]).is_symlink()
            ):
                continue
            found.add(".".join(parts if parts[0] == "benchmark_n" else ("benchmark_n", *parts)))
    assert listed == found
