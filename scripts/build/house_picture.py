"""Write ``docs/house.md`` and ``docs/house.svg``: rooms in order, their imports, their lines.

python scripts/build/house_picture.py [--out docs]
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from tests.house.modules import edges, read_modules
from tests.test_house import ROOMS

HEAD = """\
# The house

Written by `python scripts/build/house_picture.py` from the syntax trees of all modules. Rooms stand
in one order, from the ground up: each imports itself and those below it, and `tests/test_house.py`
sees to it. A test compares this page with the code: rooms and who imports whom have to agree, and
figures may be a tenth off before the script has to run again.

![Rooms from the ground up, with lines of code, and arrows to the rooms that they import](house.svg)

An arrow is as wide as there are names that one room imports from the other. The table has the rooms
from the top down, and all of these numbers.

| room | what lives there | modules | lines | imports |
|---|---|---:|---:|---|
"""
WIDTH, ROW = 6.4, 0.36  # inches
ROOM, GROUND, WIRE = "#2b4c7e", "#dbe4ef", "#567ebb"


@dataclass(frozen=True)
class Room:
    """A room, and how often it imports each other one."""

    name: str
    purpose: str
    modules: int
    lines: int
    imports: dict[str, int]


def measure(root: Path) -> list[Room]:
    """The rooms of a checkout from the ground up."""
    modules = read_modules(root)
    between = Counter((one.room, other.room) for one, other in edges(modules))
    rooms = []
    for name in ROOMS:
        own = [module for module in modules.values() if module.room == name]
        front = min(own, key=lambda module: len(module.name))
        said = (ast.get_docstring(front.tree) or "").partition("\n\n")[0]
        below = {other: between[name, other] for other in ROOMS if between[name, other]}
        below.pop(name, None)
        lines = sum(module.path.read_text(encoding="utf-8").count("\n") for module in own)
        rooms.append(Room(name, " ".join(said.split()), len(own), lines, below))
    return rooms


def row(room: Room) -> str:
    """The room in the table."""
    most = sorted(room.imports.items(), key=lambda item: -item[1])
    imports = ", ".join(f"{name} {count}" for name, count in most) or "-"
    purpose = room.purpose.replace("``", "`").replace("|", "\\|")
    cells = (f"`{room.name}`", purpose or "-", str(room.modules), f"{room.lines:,}", imports)
    return "| " + " | ".join(cells) + " |\n"


def draw(rooms: list[Room], path: Path) -> None:
    """Rooms as bars of their lines, the ground at the bottom; arrows as wide as their counts."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "house", "font.size": 10})
    figure = Figure(figsize=(WIDTH, ROW * len(rooms) + 0.5), layout="constrained")
    axes = figure.add_subplot()
    height = {room.name: level for level, room in enumerate(rooms)}
    longest = max(room.lines for room in rooms)
    most = max(count for room in rooms for count in room.imports.values())
    for level, room in enumerate(rooms):
        axes.barh(level, 1, 0.8, color=GROUND)
        axes.barh(level, room.lines / longest, 0.8, color=ROOM, alpha=0.35)
        axes.text(0.02, level, room.name, va="center", weight="bold")
        axes.text(0.98, level, f"{room.lines:,}", va="center", ha="right")
        for other, count in room.imports.items():
            axes.add_patch(_arrow(level, height[other], count / most))
    axes.set(xlim=(-0.02, 1.9), ylim=(-0.7, len(rooms) - 0.3))
    axes.set_axis_off()
    axes.text(0.98, len(rooms) - 0.4, "lines", ha="right", style="italic")
    axes.text(1.03, len(rooms) - 0.4, "imports", style="italic")
    figure.savefig(path, metadata={"Date": None})


def _arrow(start: int, end: int, share: float) -> Any:
    """From a room down to the one that it imports, in an arc to the right of them."""
    reach = abs(start - end)
    return FancyArrowPatch(
        (1.01, start),
        (1.01, end),
        connectionstyle=f"arc3,rad={-0.35 - 2.2 / (reach + 4)}",
        arrowstyle="-|>,head_length=3,head_width=1.5",
        linewidth=0.4 + 5 * share,
        alpha=0.25 + 0.6 * share,
        color=WIRE,
        shrinkA=0,
        shrinkB=0,
    )


def main() -> None:
    """Write the page and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    out = parser.parse_args().out
    rooms = measure(ROOT)
    total = sum(room.lines for room in rooms)
    text = HEAD + "".join(map(row, reversed(rooms)))
    text += f"\n{total:,} lines in {sum(room.modules for room in rooms)} modules.\n"
    (out / "house.md").write_text(text, encoding="utf-8")
    draw(rooms, out / "house.svg")


if __name__ == "__main__":
    main()
