"""The page on fields lists what the code does, no more and no less."""

from __future__ import annotations

import re

import pytest

from benchmark_n.benchmark import fields
from tests.conftest import REPOSITORY

ROWS = [
    re.split(r" \| ", line.strip("| \n"))
    for line in (REPOSITORY / "docs" / "fields.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]


@pytest.mark.parametrize(
    ("of", "listed"),
    [
        ("annotations", fields.ANNOTATION_FIELDS),
        ("images", fields.IMAGE_FIELDS),
        ("categories", fields.CATEGORY_FIELDS),
        ("sections", fields.SECTIONS),
    ],
)
def test_the_page_has_the_lists(of: str, listed: tuple[str, ...]) -> None:
    named = [
        name for row in ROWS if row[0].startswith(of) for name in re.findall(r"`(\w+)`", row[1])
    ]
    assert sorted(named) == sorted(listed)
    assert len(set(listed)) == len(listed)
