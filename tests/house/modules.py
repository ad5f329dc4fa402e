"""The modules of a checkout, and what each of them imports, from their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "benchmark_n"
FOLDERS = (PACKAGE, "detectors", "evaluators", "configs")


@dataclass(frozen=True)
class Module:
    """A module by its dotted name, such as ``benchmark_n.coco.read``, and its file."""

    name: str
    path: Path
    is_package: bool

    @property
    def room(self) -> str:
        """The part of the name behind the package's own; ``__init__`` for the package itself."""
        return room_of(self.name)

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def imports(self) -> frozenset[str]:
        """Dotted names that it imports, wherever in the file: modules, and what comes from them."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                found |= {f"{origin}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
                found |= {text for text in map(_text, node.args[:1]) if text}
        return frozenset(found)

    def _origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.name.split(".")
        base = parts[: len(parts) - node.level + self.is_package]
        return ".".join([*base, *([node.module] if node.module else [])])


def room_of(name: str) -> str:
    """The room of a dotted name inside the package."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def read_modules(root: Path) -> dict[str, Module]:
    """All modules of the checkout at `root` by their dotted names."""
    return {module.name: module for module in _found(root)}


def read_scripts(root: Path) -> list[Module]:
    """The scripts of the checkout, which import modules and are imported by none."""
    paths = sorted((root / "scripts").rglob("*.py"))
    return [
        Module(".".join(path.relative_to(root).with_suffix("").parts), path, False)
        for path in paths
    ]


def resolve(name: str, modules: dict[str, Module]) -> str | None:
    """The module that an imported dotted name means: itself, or the one that holds the name."""
    if not name.startswith(f"{PACKAGE}.") and name != PACKAGE:
        return None
    while name not in modules and "." in name:
        name = name.rpartition(".")[0]
    return name if name in modules else None


def edges(modules: dict[str, Module]) -> Iterator[tuple[Module, Module]]:
    """Every import of one module by another."""
    public = homes(modules)
    for module in modules.values():
        for name in sorted(module.imports):
            other = resolve(public.get(name, name), modules)
            if other is not None and other != module.name:
                yield module, modules[other]


def homes(modules: dict[str, Module]) -> dict[str, str]:
    """Public name, such as ``benchmark_n.make``, to the module where it lives."""
    front = modules.get(PACKAGE)
    for node in front.tree.body if front else []:
        if isinstance(node, ast.Assign) and _called(node.targets[0]) == "_HOMES":
            table: dict[str, str] = ast.literal_eval(node.value)
            return {f"{PACKAGE}.{name}": home for name, home in table.items()}
    return {}


def _found(root: Path) -> Iterator[Module]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            parts = path.relative_to(root).parts
            if parts[0] == PACKAGE and root.joinpath(*parts[:2]).is_symlink():
                continue
            names = (
                [*parts[:-1], path.stem]
                if parts[0] == PACKAGE
                else [PACKAGE, *parts[:-1], path.stem]
            )
            is_package = names[-1] == "__init__"
            yield Module(".".join(names[:-1] if is_package else names), path, is_package)


def _called(node: ast.AST) -> str:
    """The last name of a name, an attribute, or of what a call calls."""
    if isinstance(node, ast.Call):
        return _called(node.func)
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
