"""Rules of shape: circles, dead modules, flags, and sizes that a reader can hold in mind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from tests.house.modules import Module, edges, resolve
from tests.house.rules import FRONT_DOOR, Modules

MOST_LINES, MOST_OF_FUNCTION, MOST_PARAMETERS = 220, 50, 10
_FLAG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
_DOTTED = re.compile(r"benchmark_n(?:\.\w+)+")
# Found by their files' names, not by imports.
_BY_NAME = ("configs", "__init__", "__main__", "cli")


def circles(modules: Modules) -> list[str]:
    """One circle of imports, if there is any."""
    graph: dict[str, set[str]] = {}
    for module, other in edges(modules):
        if module.room != "__init__":  # the package's front page names what others import from it
            graph.setdefault(module.name, set()).add(other.name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [" -> ".join(error.args[1])]
    return []


def dead_modules(modules: Modules, scripts: Iterable[Module] = ()) -> list[str]:
    """Modules that nobody imports, scripts included, and no string, such as a registry's, names."""
    alive = {other.name for _, other in edges(modules)}
    for script in scripts:
        alive |= {resolve(name, modules) or "" for name in script.imports}
    for module in modules.values():
        for text in _strings(module):
            alive |= {resolve(name, modules) or "" for name in _DOTTED.findall(text)}
    return [
        f"{name} is imported by nobody"
        for name, module in modules.items()
        if name not in alive and not module.is_package and module.room not in _BY_NAME
    ]


def flags(modules: Modules, allowed: Mapping[str, str]) -> list[str]:
    """Flags of the command line in strings below it; `allowed` has those of other programs."""
    return [
        f"{module.name} says {flag}"
        for module in modules.values()
        if module.room not in FRONT_DOOR
        for text in _strings(module)
        for flag in _FLAG.findall(text)
        if allowed.get(module.name) != flag
    ]


def long_modules(modules: Modules) -> list[str]:
    """Modules of more than `MOST_LINES` lines."""
    lengths = {
        name: module.path.read_text(encoding="utf-8").count("\n")
        for name, module in modules.items()
    }
    return [f"{name} has {n} lines" for name, n in lengths.items() if n > MOST_LINES]


def long_functions(modules: Modules) -> list[str]:
    """Functions of more than `MOST_OF_FUNCTION` lines from their ``def`` on."""
    return [
        f"{module.name}.{node.name} has {length} lines"
        for module in modules.values()
        for node in _functions(module)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MOST_OF_FUNCTION
    ]


def long_signatures(modules: Modules) -> list[str]:
    """Functions of more than `MOST_PARAMETERS` parameters; a command has one for each option."""
    return [
        f"{module.name}.{node.name} has {count} parameters"
        for module in modules.values()
        if module.room not in FRONT_DOOR
        for node in _functions(module)
        if (count := _parameters(node.args)) > MOST_PARAMETERS
    ]


def _functions(module: Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef))


def _parameters(arguments: ast.arguments) -> int:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in named)


def _strings(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
