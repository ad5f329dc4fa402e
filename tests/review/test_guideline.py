"""Guidelines as files: their versions, their sections, and what is said of items."""

from __future__ import annotations

import csv
import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmark_n.errors import InputError
from benchmark_n.review import export_review
from benchmark_n.review.guideline import Section, open_guideline, parse_guideline, sections_of
from tests.review import samples
from tests.samples import document, write

TEXT = """# House rules v3

## 1. General
What there is.

### Outlines
Along the edge.

## Dogs and cats
Whiskers.
```
# no heading
```

## Missing objects ##
"""


def test_sections_are_numbered_as_they_say_or_counted() -> None:
    found = parse_guideline(TEXT, "rules.md")
    assert found.version == "v3"
    assert [(one.number, one.title) for one in found.sections] == [
        ("1", "General"),
        ("1.1", "Outlines"),
        ("2", "Dogs and cats"),
        ("3", "Missing objects"),
    ]
    assert found.sections[2].text == "Whiskers.\n```\n# no heading\n```"


def test_headings_are_those_of_commonmark() -> None:
    """Random pages: of both forms of heading, blocks of code, quotes, lists and rules."""
    parser = pytest.importorskip("markdown_it", reason="needs markdown-it-py").MarkdownIt()
    lines = ["Cups", "Plates", "", "", "===", "---", "***", "# One", "## Two ##", "### Three"]
    lines += ["```", "~~~", "````", "```python", "``` not a fence ```", "> said", "- one", "1. a"]
    draw = random.Random(0)
    for _ in range(2000):
        text = "\n".join(["version: 3", "", "# First", "# Top", *draw.choices(lines, k=9)])
        tokens = parser.parse(text)
        said = [a.content for b, a in pairwise(tokens) if b.type == "heading_open" and b.level == 0]
        found = [one.title for one in parse_guideline(text, "a.md").sections]
        assert found == [" ".join(title.split("\n")) for title in said], text


def test_underlined_headings_are_sections() -> None:
    text = "Rules v3\n========\n\nCups\nand bowls\n---\nA handle.\n\nPlates\n------\nFlat.\n"
    found = parse_guideline(text, "rules.md")
    assert found.version == "v3"
    assert found.sections == (
        Section("1", "Cups and bowls", "A handle."),
        Section("2", "Plates", "Flat."),
    )


def test_a_block_of_code_ends_at_its_own_mark() -> None:
    text = "# v3\n## Cups\n``` not a fence ```\n## Plates\n```\n~~~\n```\n## Bowls\n"
    assert [one.title for one in parse_guideline(text, "a.md").sections] == [
        *("Cups", "Plates", "Bowls")
    ]


def test_what_has_no_number_counts_on_from_the_one_before() -> None:
    text = "# v3\n## 2 Cups\n### Handles\n## Plates\n## 5.1 Forks\n## Spoons\n### Large\n"
    assert [one.number for one in parse_guideline(text, "a.md").sections] == [
        *("2", "2.1", "3", "5.1", "5.2", "5.2.1")
    ]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("---\nversion: 2026-01\n---\n# Rules\n## Cats\n", "2026-01"),
        ("# Rules, Version 3.1\n", "Version 3.1"),
        ("# Rules\n**Version: b**\n## Cats v9\n", "b"),
        ("Version: v2\n# Cats\n# Dogs v7\n", "v2"),
    ],
)
def test_versions(text: str, version: str) -> None:
    assert parse_guideline(text, "rules.md").version == version


@pytest.mark.parametrize("text", ["", "# Rules\n", "# Rules\n## Cats v3\nversion: 3\n", "# Level3"])
def test_a_file_without_a_version_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.md"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        open_guideline(str(path))
    assert str(caught.value) == (
        "rules.md: says no version, expected a title as '# Guideline v3' or a line 'version: 3'"
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.md: cannot read the guideline: No such file"):
        open_guideline(str(tmp_path / "none.md"))
    (tmp_path / "a.md").write_bytes(b"# v3 \xff")
    with pytest.raises(InputError, match=r"a\.md: not text in UTF-8"):
        open_guideline(str(tmp_path / "a.md"))


@pytest.mark.parametrize("named", ["v3", "", "https://example.org/rules.md", "правила"])
def test_all_else_is_the_version_itself(named: str) -> None:
    found = open_guideline(named)
    assert (found.version, found.sections) == (named, ())


@pytest.mark.parametrize(
    ("title", "category", "is_about"),
    [
        ("Cups and bowls", "cup", True),
        ("Buses", "bus", True),
        ("Cupboards", "cup", False),
        ("TRAFFIC LIGHTS", "traffic light", True),
        ("C++ (tools)", "C++", True),
        ("Everything", "", False),
    ],
)
def test_sections_are_of_the_categories_that_they_name(
    title: str, category: str, is_about: bool
) -> None:
    assert bool(sections_of([Section("1", title, "")], [category], [])) is is_about


def _page(tmp_path: Path, **more: Any) -> list[dict[str, Any]]:
    (tmp_path / "rules.md").write_text(TEXT)
    samples.exported(tmp_path, "page", guideline=str(tmp_path / "rules.md"), **more)
    items: list[dict[str, Any]] = samples.page_data(tmp_path / "review")["items"]
    return items


def test_items_say_what_section_they_are_about(tmp_path: Path) -> None:
    items = _page(tmp_path)
    said = {item["id"]: [text for text in item["reasons"] if "guideline" in text] for item in items}
    assert said == {
        7: ["May not match guideline v3, section 2."],
        9: ["May not match guideline v3, section 1.1."],  # another outline of a person
        10: ["See guideline v3, sections 2 and 3."],  # a cat is missing
        8: ["May not match guideline v3, section 2."],
    }
    data = samples.page_data(tmp_path / "review")
    assert [data["sections"][i]["heading"] for i in items[0]["sections"]] == ["2 Dogs and cats"]
    review = json.loads((tmp_path / "review" / "review.json").read_text())
    assert (review["guideline"], len(review["sections"])) == ("v3", 4)
    assert str(tmp_path) not in json.dumps(review["sections"])


def test_the_tables_say_it_too(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text(TEXT)
    samples.exported(tmp_path, guideline=str(tmp_path / "rules.md"))
    with (tmp_path / "review" / "decisions.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["annotation_id"]: row["guideline"] for row in csv.DictReader(file)}
    assert (rows["7"], rows["9"]) == ("v3, section 2", "v3, section 1.1")


def test_a_guideline_that_is_no_good_leaves_no_review(tmp_path: Path) -> None:
    path = write(tmp_path, document())
    table = samples.scores(tmp_path / "scores.parquet", samples.ROWS)
    more: dict[str, Any] = {"annotations": path, "guideline": str(tmp_path / "none.md")}
    with pytest.raises(InputError, match="cannot read the guideline"):
        export_review([table], "page", tmp_path / "review", **more)
    assert not (tmp_path / "review").exists()
