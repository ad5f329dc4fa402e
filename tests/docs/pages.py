"""What the tests read out of the Markdown pages, and how they run it."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmark_n.cli import run
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
# What runs, and what is printed by the block before it; other fences are not run.
RUN = ("sh", "python")
OUTPUT = "text"
OURS = "benchmark-n"
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [text for kind, text in _BLOCK.findall(page.read_text()) if kind == language]


def commands(page: Path) -> list[list[str]]:
    """The arguments of each ``benchmark-n`` line of a page's ``sh`` blocks."""
    return [words[1:] for words in lines("".join(blocks(page, "sh"))) if words[0] == OURS]


def lines(text: str) -> Iterator[list[str]]:
    """The words of each command of a block."""
    for line in text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield words


@dataclass(frozen=True)
class Step:
    """A block that runs, and what the page says that it prints; None where it says nothing."""

    language: str
    text: str
    output: str | None


def steps(page: Path) -> list[Step]:
    """The blocks that run, in order."""
    found = _BLOCK.findall(page.read_text())
    return [
        Step(kind, text, following if after == OUTPUT else None)
        for (kind, text), (after, following) in pairwise([*found, ("", "")])
        if kind in RUN
    ]


def follow(page: Path) -> None:
    """Run a page's blocks in the current folder, and compare what they print.

    Lines of Python share their names. An ellipsis on the page stands for any text, and spaces and
    line breaks for any others.
    """
    names: dict[str, Any] = {}
    for step in steps(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            if step.language == "python":
                exec(compile(step.text, str(page), "exec"), names)
            else:
                for words in lines(step.text):
                    said = f"{page.name}: {shlex.join(words)}"
                    assert words[0] == OURS, f"{said}: no command of ours"
                    assert run(words[1:]) == 0, said
        if step.output is not None:
            assert same(step.output, printed.getvalue()), (
                f"{page.name} says\n{step.output}\nand this was printed\n{printed.getvalue()}"
            )


def same(said: str, printed: str) -> bool:
    """Whether the page's output is what was printed."""
    return doctest.OutputChecker().check_output(said, printed, _LIKE)
