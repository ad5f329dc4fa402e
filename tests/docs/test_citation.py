"""CITATION.cff: the rules of its format that such a file can break, and the package's own version.

References
----------
.. [1] Druskat et al.: Citation File Format 1.2.0, schema guide.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from benchmark_n import __version__
from benchmark_n._version import RELEASED
from tests.conftest import REPOSITORY

REQUIRED = {"cff-version", "message", "title", "authors"}
KNOWN = {
    *REQUIRED,
    *("abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords"),
    *("license", "license-url", "preferred-citation", "references", "repository"),
    *("repository-artifact", "repository-code", "type", "url", "version"),
}
OF_REFERENCES = {"type", "title", "authors"}


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    text = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def faults(citation: dict[str, Any]) -> list[str]:
    """What the format does not allow."""
    found = [f"{key} is missing" for key in sorted(REQUIRED - citation.keys())]
    found += [f"{key} is unknown" for key in sorted(citation.keys() - KNOWN)]
    if citation.get("cff-version") != "1.2.0":
        found.append("cff-version")
    if citation.get("type", "software") not in ("software", "dataset"):
        found.append("type")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(citation.get("date-released", "2000-01-01"))):
        found.append("date-released")
    if not re.fullmatch(r"10\.\d{4,9}(\.\d+)?/\S+", str(citation.get("doi", "10.1000/x"))):
        found.append("doi")
    found += [
        f"reference lacks {OF_REFERENCES - r.keys()}"
        for r in citation.get("references", ())
        if not r.keys() >= OF_REFERENCES
    ]
    people = [*citation.get("authors", ())]
    people += [author for r in citation.get("references", ()) for author in r.get("authors", ())]
    # An author is an entity, which has a name, or a person, who has none of that field.
    found += [f"author {p}" for p in people if ("name" in p) == ("family-names" in p)]
    return found


def test_the_file_is_of_its_format(citation: dict[str, Any]) -> None:
    assert faults(citation) == []


@pytest.mark.parametrize(
    "change",
    [
        {"message": None},
        {"titel": "x"},
        {"doi": "https://doi.org/10.5281/zenodo.1"},
        {"date-released": "26 November"},
        {"authors": [{"name": "x", "family-names": "y"}]},
        {"references": [{"title": "x", "authors": [{"name": "y"}]}]},
    ],
)
def test_a_broken_file_is_seen(citation: dict[str, Any], change: dict[str, Any]) -> None:
    changed = {k: v for k, v in {**citation, **change}.items() if v is not None}
    assert faults(changed) != []


def test_version_and_day_are_the_packages(citation: dict[str, Any]) -> None:
    assert citation["version"] == __version__
    assert citation["date-released"] == RELEASED
