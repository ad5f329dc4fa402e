"""The annotation guideline: a version or an address, or a Markdown file with sections.

A section is of a category where its heading names it, and of a kind of error where its heading has
a word for it: a mask or an outline, a category, what is spurious or missing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmark_n.errors import InputError

_SUFFIXES = (".md", ".markdown")
_ADDRESSES = ("http://", "https://")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_FENCE = re.compile(r"\s*(```|~~~)")
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
    number that their heading begins with, or else are counted.

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


def _blocks(lines: Collection[str]) -> Iterator[tuple[int, str, str]]:
    """Level and text of each heading, with what is below; what is before them all is of level 0."""
    level, title, below, fenced = 0, "", list[str](), False
    for line in lines:
        fenced ^= _FENCE.match(line) is not None
        heading = None if fenced else _HEADING.fullmatch(line)
        if heading is None:
            below.append(line)
            continue
        yield level, title, "\n".join(below).strip()
        level, title, below = len(heading[1]), heading[2], []
    yield level, title, "\n".join(below).strip()


def _numbered(blocks: Collection[tuple[int, str, str]]) -> Iterator[Section]:
    least = min((level for level, _, _ in blocks), default=1)
    counts: list[int] = []
    for level, title, text in blocks:
        depth = level - least + 1
        counts = [*counts[:depth], *[0] * (depth - len(counts))]
        counts[-1] += 1
        own = _NUMBER.fullmatch(title)
        number = own[1] if own else ".".join(map(str, counts))
        yield Section(number, own[2] if own else title, text)
