"""JSON and YAML from anywhere: plain values, or one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import read_json, read_yaml
from tests.fuzzing.recipe_inputs import _laughs


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (_laughs("x"), "an alias"),
        ("a: &a [*a]", "an alias"),
        ("[" * 50 + "]" * 50, "deep in one another"),
        ("- " * 30_000, "deep in one another"),
        ("version: " + "9" * 5000, "a word or number of 5000 characters"),
        ("x" * 300_000, "more than 262144 bytes"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("a: 2001-99-99", "month must be in 1..12"),
        ("a: !!bool maybe", "maybe"),
        ("a: [", "no recipe"),
    ],
)
def test_yaml_that_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=fault):
        read_yaml(path, "recipe")


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b'{"a":' * 100_000, "recursion"),
        (b'{"a": "\xff"}', "no summary"),
        (b"", "no summary"),
        (b"[]", "Expected `object`"),
    ],
)
def test_json_that_is_refused(tmp_path: Path, data: bytes, fault: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(InputError, match=fault):
        read_json(path, "summary", dict[str, Any])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.json: cannot read the summary"):
        read_json(tmp_path / "none.json", "summary")
