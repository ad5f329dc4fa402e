"""How the documentation site is built: ``./scripts/docs.sh``.

The pages are Markdown, which reads as it is; docstrings are numpydoc's, with numbered references;
commands are printed from click's own declarations. The index lists every page once, under the
headings that become the site's sections.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

import benchmark_n

project = "Benchmark-N"
copyright = "the Benchmark-N authors"  # the name that Sphinx reads
release = benchmark_n.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_click",
]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
numpydoc_show_class_members = False
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # the signature and numpydoc's sections say them
html_theme = "furo"
html_title = f"Benchmark-N {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
exclude_patterns = ["_build"]

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_PAGE = re.compile(r"(^- )?\[([^\]]*)\]\(([\w/-]+)\.md\)", re.MULTILINE)
_ELSEWHERE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[\w./-]+\.md)\)")
DOCS = Path(__file__).parent


def offer_files(app: Sphinx, docname: str, source: list[str]) -> None:
    """Make links to Markdown files beside these pages downloads, as those to other files are."""

    def download(match: re.Match[str]) -> str:
        text, target = match.groups()
        if ((DOCS / docname).parent / target).resolve().is_relative_to(DOCS):
            return match[0]
        return f"{{download}}`{text} <{target}>`"

    source[0] = _ELSEWHERE.sub(download, source[0])


def add_sections(app: Sphinx, docname: str, source: list[str]) -> None:
    """Give the index a table of contents a heading, of the pages that its list names.

    A page that an item begins with has the item's words there, which are those of a task.
    """
    if docname != "index":
        return
    head, *parts = _HEADING.split(source[0])
    text = head
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        titled: dict[str, str] = {}
        for item, words, page in _PAGE.findall(body):
            entry = f"{words.replace('`', '')} <{page}>"
            titled.setdefault(page, entry if item else page)
        pages = "\n".join(titled.values())
        tree = f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"
        text += f"## {title}{body}\n{tree}\n"
    source[0] = text


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", add_sections)
    app.connect("source-read", offer_files)
