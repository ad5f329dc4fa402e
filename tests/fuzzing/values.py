"""Values that readers do not expect, and documents with such values in them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any


class Verbatim(str):
    """Text that goes into a JSON document as it is."""


def nested(depth: int) -> Verbatim:
    """A list in a list in a list, `depth` times."""
    return Verbatim("[" * depth + "]" * depth)


SCRIPT = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"
STRANGE: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    7,
    0.5,
    -0.0,
    2**31 - 1,
    2**31,
    2**32,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**9,
    10**40,
    1e-320,
    1e30,
    1.7976931348623157e308,
    float("nan"),
    float("inf"),
    float("-inf"),
    Verbatim("1e999"),
    Verbatim("9" * 5000),
    Verbatim('"\\ud800"'),
    Verbatim("undefined"),
    "",
    " ",
    "0",
    "nan",
    "\x00",
    "a\nb",
    "é\u202e\uffff",
    "x" * 5000,
    "../../../../outside",
    "/etc/passwd",
    "a\x00b",
    SCRIPT,
    "{{ 7 * 7 }}",
    "%s%n",
    [],
    {},
    [None],
    [[]],
    [[[]]],
    [{}],
    {"": ""},
    {"id": 1},
    [0, 0],
    [1, 2, 3],
    [0, 0, 10, 10],
    [[0, 0, 9, 0, 9, 9]],
    [[1e9, 1e9, -1e9, 0, 5, 5]],
    [[0.0] * 7],
    {"size": [48, 64], "counts": "PPYo10"},
    {"size": [48, 64], "counts": [3072]},
    {"size": [10**9, 10**9], "counts": [10**18]},
    {"size": [-1, -1], "counts": "0"},
    nested(40),
    nested(3000),
    nested(100_000),
    Verbatim('{"a":' * 3000 + "1" + "}" * 3000),
)


def to_json(value: Any) -> str:
    """JSON text; `Verbatim` parts and NaN as they are."""
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(name))}:{to_json(part)}" for name, part in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(to_json, value)) + "]"
    return json.dumps(value)


def mutated(document: Any, rng: Random, most: int = 4) -> Any:
    """The document with one to `most` of its parts replaced, removed, doubled or renamed.

    The document is changed in place as far as it goes on being a list or an object.
    """
    for _ in range(rng.randint(1, most)):
        places = list(_places(document))
        if not places or rng.random() < 0.01:
            return copy.deepcopy(rng.choice(STRANGE))
        rng.choice(_CHANGES)(*rng.choice(places), rng)
    return document


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    if isinstance(document, dict):
        keys: list[Any] = list(document)
    elif isinstance(document, list):
        keys = list(range(len(document)))
    else:
        return
    for key in keys:
        yield document, key
        yield from _places(document[key])


def _replace(container: Any, key: Any, rng: Random) -> None:
    container[key] = copy.deepcopy(rng.choice(STRANGE))


def _remove(container: Any, key: Any, rng: Random) -> None:
    del container[key]


def _double(container: Any, key: Any, rng: Random) -> None:
    if isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[f"{key}2"] = copy.deepcopy(container[key])


def _rename(container: Any, key: Any, rng: Random) -> None:
    if isinstance(container, dict):
        container[str(rng.choice(["", "id", "name", SCRIPT, key]))] = container.pop(key)


def _wrap(container: Any, key: Any, rng: Random) -> None:
    container[key] = rng.choice([[container[key]], {"value": container[key]}])


def _text(container: Any, key: Any, rng: Random) -> None:
    container[key] = str(container[key])


def _scale(container: Any, key: Any, rng: Random) -> None:
    if isinstance(container[key], int | float):
        container[key] *= rng.choice([-1, 0, 0.5, 1000, 2**40])


_CHANGES: tuple[Callable[[Any, Any, Random], None], ...] = (
    *(_replace, _replace, _replace, _replace),
    *(_remove, _double, _rename, _wrap, _text, _scale),
)


def damaged(data: bytes, rng: Random) -> bytes:
    """Bytes flipped, cut off, taken out, or put in twice."""
    part = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        if not part:
            break
        place = rng.randrange(len(part))
        how = rng.randrange(6)
        if how <= 1:
            part[place] = rng.randrange(256)
        elif how == 2:
            part[place : place + rng.choice([1, 2, 4, 8])] = rng.choice(_WORDS)
        elif how == 3:
            del part[place : place + rng.choice([1, 4, 100])]
        elif how == 4:
            part[place:place] = part[: rng.choice([1, 4, 100])]
        elif rng.random() < 0.3:
            del part[place:]
    return bytes(part)


_WORDS = (b"\x00", b"\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\x00" * 8, b"\xff" * 8)


def json_bytes(document: Any, rng: Random) -> bytes:
    """A mutated document as JSON, one in eight with damaged bytes on top."""
    text = to_json(mutated(document, rng)).encode("utf-8", "surrogatepass")
    return damaged(text, rng) if rng.random() < 0.125 else text
