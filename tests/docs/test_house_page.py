"""The page of the house says what the code is: rooms, arrows, and figures to within a tenth."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.docs.pages import DOCS
from tests.test_house import ROOMS

SCRIPT = runpy.run_path(str(REPOSITORY / "scripts" / "build" / "house_picture.py"))
Figures = tuple[int, int, dict[str, int]]


def said(page: str) -> dict[str, Figures]:
    """Room to its modules, lines and imports, as the page has them from the top down."""
    rows = re.findall(r"^\| `(\w+)` \| .* \| (\d+) \| ([\d,]+) \| (.*) \|$", page, re.MULTILINE)
    return {
        room: (
            int(modules),
            int(lines.replace(",", "")),
            {name: int(count) for name, count in re.findall(r"(\w+) (\d+)", imports)},
        )
        for room, modules, lines, imports in rows
    }


def differences(page: dict[str, Figures], code: dict[str, Figures]) -> list[str]:
    """A line for each room that the page has otherwise than the code."""
    if list(page) != list(code):
        return [f"rooms are {', '.join(code)}"]
    return [room for room in code if not alike(page[room], code[room])]


def alike(first: Figures, second: Figures) -> bool:
    """Whether the rooms import the same rooms, and their figures are within a tenth, or ten."""
    numbers = [(first[0], second[0]), (first[1], second[1])]
    numbers += [(count, second[2].get(name, 0)) for name, count in first[2].items()]
    near = all(abs(one - other) <= max(10, 0.1 * other) for one, other in numbers)
    return first[2].keys() == second[2].keys() and near


@pytest.fixture(scope="module")
def code() -> dict[str, Figures]:
    rooms: list[Any] = SCRIPT["measure"](REPOSITORY)
    return {room.name: (room.modules, room.lines, room.imports) for room in reversed(rooms)}


def test_the_page_is_what_the_code_says(code: dict[str, Figures]) -> None:
    page = said((DOCS / "house.md").read_text(encoding="utf-8"))
    assert list(page) == ROOMS[::-1]
    assert differences(page, code) == [], "run scripts/build/house_picture.py"


def test_the_picture_has_the_rooms_of_the_page() -> None:
    picture = (DOCS / "house.svg").read_text(encoding="utf-8")
    for room, (_, lines, _) in said((DOCS / "house.md").read_text(encoding="utf-8")).items():
        assert f">{room}</text>" in picture
        assert f">{lines:,}</text>" in picture


def test_another_house_is_seen(code: dict[str, Figures]) -> None:
    modules, lines, imports = code["noise"]
    fewer = dict(list(imports.items())[1:])
    for changed in ((modules, 2 * lines, imports), (modules, lines, fewer)):
        assert differences({**code, "noise": changed}, code) == ["noise"]
    assert differences(dict(list(code.items())[1:]), code)
