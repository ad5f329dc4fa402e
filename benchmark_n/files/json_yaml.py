"""Plain values out of JSON and YAML files that may have come from anywhere.

Whatever is wrong with such a file is one line. JSON nests as deeply as its decoder can follow.
YAML has a limit of size, and neither deep nesting nor aliases: nine short lines of those can stand
for a thousand million values.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec
import yaml

from benchmark_n.errors import InputError

Kind = TypeVar("Kind")
# All that msgspec raises for bytes that are not the JSON asked for.
JSON_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
# What PyYAML raises for scalars that are not what their tag says, beside its own errors.
_YAML_FAULTS = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, OverflowError)
_LARGEST_YAML = 1 << 18
_DEEPEST_YAML = 20
_LONGEST_WORD = 1000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@overload
def read_json(path: Path, what: str) -> Any: ...
@overload
def read_json(path: Path, what: str, kind: type[Kind]) -> Kind: ...
def read_json(path: Path, what: str, kind: Any = Any) -> Any:
    """The value of a JSON file.

    Parameters
    ----------
    what
        What messages call it, as in "no review".
    kind
        Type that msgspec checks it against.

    Raises
    ------
    InputError
        The file cannot be read, is not JSON, or holds something else.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise InputError(f"{path}: cannot read the {what}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: no {what}: {error}") from None
    except JSON_FAULTS as error:
        raise InputError(f"{path}: no {what}: not JSON: {error}") from None


def read_yaml(path: Path, what: str) -> Any:
    """The value of a YAML file of one document.

    Raises
    ------
    InputError
        The file cannot be read, is too large or not such YAML.
    """
    try:
        if path.stat().st_size > _LARGEST_YAML:
            raise InputError(f"{path}: no {what}: more than {_LARGEST_YAML} bytes")
        return parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot read the {what}: {error.strerror}") from None
    except _YAML_FAULTS as error:
        fault = " ".join(str(error).split())
        raise InputError(f"{path}: no {what}: {fault:.200}") from None


def parse_yaml(text: str) -> Any:
    """The value of a YAML text.

    Raises
    ------
    yaml.YAMLError, ValueError and others
        It is none, or has aliases or deep nesting.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("an alias (*), expected all values to be written out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            raise ValueError(f"values more than {_DEEPEST_YAML} deep in one another")
        word = event.value if isinstance(event, yaml.ScalarEvent) else ""
        if len(word) > _LONGEST_WORD and " " not in word:
            raise ValueError(f"a word or number of {len(word)} characters")
    return yaml.load(text, Loader=_LOADER)  # a safe loader: plain values alone


def dump_yaml(data: Mapping[str, Any]) -> str:
    """YAML in the order of the mapping."""
    return str(yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100))
