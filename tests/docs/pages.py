"""What the tests read out of the Markdown pages."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [text for kind, text in _BLOCK.findall(page.read_text()) if kind == language]


def commands(page: Path) -> list[list[str]]:
    """The arguments of each ``benchmark-n`` line of a page's ``sh`` blocks."""
    lines = "".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    split = [line.split("  #")[0].split() for line in lines]
    return [words[1:] for words in split if words and words[0] == "benchmark-n"]
