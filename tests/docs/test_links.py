"""Every page is reachable from the index, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS

PAGES = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(?:#[^)]*)?\)")


def linked(page: Path) -> set[Path]:
    """Files that a page links to, without those of other sites."""
    return {(page.parent / target).resolve() for target in _LINK.findall(page.read_text())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    assert [target for target in linked(page) if not target.exists()] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    seen, ahead = set(), {DOCS / "index.md"}
    while ahead:
        page = ahead.pop()
        seen.add(page)
        ahead |= {target for target in linked(page) if target.suffix == ".md"} - seen
    assert set(PAGES) <= seen
