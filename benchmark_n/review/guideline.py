"""The annotation guideline: a version or an address, or a Markdown file with sections.

A section is of a category where its heading names it, and of a kind of error where its heading has
a word for it: a mask or an outline, a category, what is spurious or missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmark_n.errors import InputError

_SUFFIXES = (".md", ".markdown")
_ADDRESSES = ("http://", "https://")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}")
_INDENTED = re.compile(r" {4}|\t")
_QUOTE_OR_LIST = re.compile(r" {0,3}(?:>|(?:[-+*]|\d{1,9}[.)])[ \t])")
_FENCE = re.compile(r"\s*(`{3,}(?=[^`]*$)|~{3,})\s*(.*)")
_NUMBER = re.compile(r"(\d+(?:\.\d+)*)[.:)]?\s+(.+)")
_VERSION_LINE = re.compile(r"\W*version\W*:\W*(\S.*?)\W*", re.IGNORECASE)
_VERSION_WORD = re.compile(r"\b(v\d[\w.]*|version\s+\d[\w.]*)", re.IGNORECASE)
_KIND_WORDS = {
    "class": r"categor(?:y|ies)|class(?:es)?|labels?",
    "spatial": r"masks?|outlines?|boundar(?:y|ies)|contours?|segmentations?",
    "spurious": r"spurious|invented",
    "missing": r"missing|missed|forgotten",
}


class Section(msgspec.Struct, frozen=True):
    """A section of a guideline: its number, its heading without it, and what stands below."""

    number: str
    title: str
    text: str


@dataclass(frozen=True)
class Guideline:
    """A version or an address, and the sections of a file."""

    version: str
    sections: tuple[Section, ...] = ()


def is_address(named: str) -> bool:
    """Whether a guideline is an address that a browser opens."""
    return named.startswith(_ADDRESSES)


def open_guideline(named: str) -> Guideline:
    """What is named: a Markdown file is read, any other text is the version itself.

    Raises
    ------
    InputError
        A file that is not there or not UTF-8, or that says no version.
    """
    path = Path(named)
    if is_address(named) or path.suffix.lower() not in _SUFFIXES:
        return Guideline(named)
    try:
        return parse_guideline(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError:
        raise InputError(f"{path}: not text in UTF-8, expected a guideline in Markdown") from None
    except OSError as error:
        raise InputError(f"{path}: cannot read the guideline: {error.strerror}") from None


def parse_guideline(text: str, name: str) -> Guideline:
    """The version and sections of a text in Markdown.

    The version stands in the title, the one heading of level 1, as ``v3`` or ``version 3``, or in a
    line ``version: 3`` before the first section. All other headings are sections, which go by the
    number that their heading begins with, or else count on from the one before.

    Parameters
    ----------
    name
        Of the file, for errors.

    Raises
    ------
    InputError
        No version.

    Examples
    --------
    >>> found = parse_guideline("# Kitchen v3\\n## Plates\\n## Cups\\nWith a handle.\\n", "a.md")
    >>> found.version, found.sections[1]
    ('v3', Section(number='2', title='Cups', text='With a handle.'))
    """
    blocks = list(_blocks(text.splitlines()))
    levels = [level for level, _, _ in blocks]
    titled = levels[1:2] == [1] and levels.count(1) == 1
    head = blocks[:2] if titled else blocks[:1]
    lines = [line for _, _, below in head for line in below.splitlines()]
    said = [found[1] for line in lines if (found := _VERSION_LINE.fullmatch(line))]
    said += [found[1] for _, title, _ in head if (found := _VERSION_WORD.search(title))]
    if not said:
        raise InputError(
            f"{name}: says no version, expected a title as '# Guideline v3' or a line 'version: 3'"
        )
    return Guideline(said[0], tuple(_numbered(blocks[len(head) :])))


def sections_of(
    sections: Collection[Section], categories: Collection[str], kinds: Collection[str]
) -> list[Section]:
    """The sections of some categories, by name, and after them those of kinds of error.

    >>> cups = Section("2", "Cups and bowls", "")
    >>> sections_of([Section("1", "Outlines", ""), cups], ["cup"], ["spatial"])[0].number
    '2'
    """
    names = [rf"{re.escape(name)}(?:e?s)?" for name in categories if name]
    words = [_KIND_WORDS[kind] for kind in kinds if kind in _KIND_WORDS]
    found = [one for patterns in (names, words) for one in sections if _has(one.title, patterns)]
    return list(dict.fromkeys(found))


def _has(title: str, patterns: Collection[str]) -> bool:
    return any(re.search(rf"(?<!\w){one}(?!\w)", title, re.IGNORECASE) for one in patterns)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Level and text of each heading, with what is below; what is before them all is of level 0.

    Headings are of both forms: after marks, and underlined. Front matter has none.
    """
    start = lines.index("---", 1) + 1 if lines[:1] == ["---"] and "---" in lines[1:] else 0
    level, title, below = 0, "", list(lines[:start])
    fence, paragraph = "", 0
    for line in lines[start:]:
        was, fence = fence, _fence_after(line, fence)
        heading = None if was or fence else _HEADING.fullmatch(line)
        under = _UNDERLINE.fullmatch(line) if paragraph > 0 and not fence else None
        if heading is not None:
            above, depth, text = len(below), len(heading[1]), heading[2]
        elif under is not None:
            above, depth = len(below) - paragraph, 1 if "=" in under[1] else 2
            text = " ".join(part.strip() for part in below[above:])
        else:
            paragraph = 0 if was or fence else _paragraph_after(line, paragraph)
            below.append(line)
            continue
        yield level, title, "\n".join(below[:above]).strip()
        level, title, below, paragraph = depth, text, [], 0
    yield level, title, "\n".join(below).strip()


def _fence_after(line: str, fence: str) -> str:
    """The mark of the block of code that is open after a line, where `fence` was; empty for none.

    A block ends at its own mark alone on a line, as long as at its beginning or longer.
    """
    mark = _FENCE.fullmatch(line)
    if not fence:
        return mark[1] if mark else ""
    closes = mark is not None and not mark[2] and mark[1].startswith(fence)
    return "" if closes else fence


def _paragraph_after(line: str, count: int) -> int:
    """Lines of the paragraph that a line ends; -1 where no underline makes it a heading.

    That is in quotes, lists and indented code, up to the next empty line.
    """
    if not line.strip() or _RULE.fullmatch(line):
        return 0
    other = count < 0 or _QUOTE_OR_LIST.match(line) or (count == 0 and _INDENTED.match(line))
    return -1 if other else count + 1


def _numbered(blocks: Collection[tuple[int, str, str]]) -> Iterator[Section]:
    """Sections by their own numbers; those without one count on from the one before."""
    least = min((level for level, _, _ in blocks), default=1)
    numbers: list[list[int]] = []
    for level, title, text in blocks:
        depth = level - least + 1
        own = _NUMBER.fullmatch(title)
        while len(numbers) < depth:
            numbers.append([*(numbers[-1] if numbers else []), 0])
        *parents, last = numbers[depth - 1]
        number = [*parents, last + 1]
        if own:
            number = [int(part) for part in own[1].split(".")]
        numbers[depth - 1 :] = [number]
        shown = own[1] if own else ".".join(map(str, number))
        yield Section(shown, own[2] if own else title, text)
