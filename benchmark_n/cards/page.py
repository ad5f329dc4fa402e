"""What all cards have: the Hub's head, the templates, and words that are safe in Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from benchmark_n.datasets.terms import LICENCES, Terms
from benchmark_n.runtime.optional_imports import import_extra

TASK, TASK_ID = "image-segmentation", "instance-segmentation"
TASK_OF_BOXES = "object-detection"


def front_matter(fields: Mapping[str, Any]) -> str:
    """The YAML head of a card, as the Hub's own library writes it."""
    hub = import_extra("huggingface_hub", "hub", "a data card")
    return f"---\n{hub.DatasetCardData(**fields).to_yaml()}\n---\n\n"


def header_fields(name: str, terms: Terms, sources: list[str]) -> dict[str, Any]:
    """The fields of the head that all cards have."""
    other = terms.licence == "other"
    return {
        "license": terms.licence,
        **({"license_name": terms.name, "license_link": terms.link} if other else {}),
        "annotations_creators": ["machine-generated"],
        "task_categories": [TASK],
        "task_ids": [TASK_ID],
        "source_datasets": sources,
        "pretty_name": name,
        "tags": ["noisy-labels", "label-errors", "benchmark", "coco-format", "croissant"],
    }


def licence_link(terms: Terms) -> str:
    """The licence's name, as a link where it has an address."""
    name = terms.name or terms.licence
    return f"[{name}]({terms.url})" if terms.url else name


def read_licence(path: Path) -> str | None:
    """The licence that the card at `path` names, where it is one of `LICENCES`."""
    hub = import_extra("huggingface_hub", "hub", "a data card")
    licence = hub.DatasetCard.load(path).data.license
    return licence if licence in LICENCES else None


def template(name: str) -> jinja2.Template:
    """A template of this package."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("benchmark_n.cards", "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # Markdown; what comes from files goes through `cell`
    )
    return environment.get_template(name)


def as_words(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def code(text: str) -> str:
    """Text of one line as code, whatever quotes are in it.

    >>> code("a`b.json")
    '`` a`b.json ``'
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return f"`{text}`" if not longest else f"{'`' * (longest + 1)} {text} {'`' * (longest + 1)}"


def cell_code(text: str) -> str:
    """The same inside a table, where a bar would begin another column."""
    return code(text).replace("|", "\\|")


def cell(value: object) -> str:
    """Text of a file inside a Markdown table: no new row, no new column, no markup."""
    text = " ".join(str(value).split())
    for sign in "\\|`<[*":
        text = text.replace(sign, f"\\{sign}")
    return text
