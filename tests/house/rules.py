"""The rules; each gives a line for whatever breaks it, none where all is well."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.house.modules import PACKAGE, Module, edges

Modules = dict[str, Module]
FRONT_DOOR = ("cli", "__main__")
# What talks to a terminal.
TERMINAL = ("click", "rich")


def imports_upwards(modules: Modules, floors: Sequence[set[str]]) -> list[str]:
    """Imports of a room on a higher floor, and rooms that stand on no floor."""
    level = {room: number for number, rooms in enumerate(floors) for room in rooms}
    homeless = sorted({m.room for m in modules.values()} - level.keys())
    return [f"{room} stands on no floor" for room in homeless] + [
        f"{module.name} imports {other.name} from a higher floor"
        for module, other in edges(modules)
        if module.room in level and other.room in level and level[other.room] > level[module.room]
    ]


def imports_of_strangers(
    modules: Modules, strangers: Sequence[tuple[str, str]], allowed: Mapping[str, str]
) -> list[str]:
    """Imports between two rooms that may not know each other.

    Parameters
    ----------
    strangers
        Pairs of the importing and the imported room.
    allowed
        Module to the one room that it may know all the same.
    """
    return [
        f"{module.name} imports {other.name}"
        for module, other in edges(modules)
        if (module.room, other.room) in strangers and allowed.get(module.name) != other.room
    ]


def imports_of_module(modules: Modules, room: str, forbidden: str) -> list[str]:
    """Imports by `room` of modules whose names begin with `forbidden`."""
    return [
        f"{module.name} imports {other.name}"
        for module, other in edges(modules)
        if module.room == room and other.name.startswith(forbidden)
    ]


def imports_of_the_command_line(modules: Modules) -> list[str]:
    """Imports of ``cli`` by anybody else."""
    return [
        f"{module.name} imports {other.name}"
        for module, other in edges(modules)
        if other.room == "cli" and module.room not in FRONT_DOOR
    ]


def terminal_libraries(modules: Modules) -> list[str]:
    """Uses of what talks to a terminal outside the command line."""
    return [
        f"{module.name} imports {name}"
        for module in modules.values()
        if module.room not in FRONT_DOOR
        for name in sorted(module.imports)
        if name.split(".")[0] in TERMINAL
    ]


def prints(modules: Modules) -> list[str]:
    """Calls of ``print`` outside the command line."""
    return [
        f"{module.name} prints in line {node.lineno}"
        for module in modules.values()
        if module.room not in FRONT_DOOR
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def unlisted_packages(modules: Modules, root: Path) -> list[str]:
    """Packages that setup.cfg does not list, and listed ones that do not exist."""
    config = configparser.ConfigParser()
    config.read(root / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    found = {module.name for module in modules.values() if module.is_package}
    return [f"{name} is not in setup.cfg" for name in sorted(found - listed)] + [
        f"{name} of setup.cfg does not exist" for name in sorted(listed - found)
    ]


def empty_house(modules: Modules) -> list[str]:
    """A guard that reads nothing finds nothing: there must be modules and imports between them."""
    return [] if PACKAGE in modules and any(edges(modules)) else ["no modules were read"]
