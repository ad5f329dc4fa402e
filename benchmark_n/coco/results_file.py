"""COCO's results files as records, their segmentations as they stand in the file."""

from __future__ import annotations

import codecs
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.coco.file import Buffer
from benchmark_n.errors import InputError
from benchmark_n.files.json_yaml import JSON_FAULTS

_log = logging.getLogger(__name__)
# Bytes: a longer segmentation says something, or is blank between its brackets.
_LONGEST_EMPTY = 64
_PLAIN = (bool, int, float, str, bytes, list, tuple, dict)


class Detection(msgspec.Struct, gc=False):
    """One record of a results file; `loss` is what some trainers add."""

    image_id: int
    category_id: int
    score: float
    bbox: list[float] | None = None
    segmentation: Any = None
    loss: float | None = None


class _StoredDetection(Detection, gc=False):
    """The same, its segmentation undecoded."""

    segmentation: msgspec.Raw = msgspec.Raw(b"null")


_stored = msgspec.json.Decoder(_StoredDetection)


class Segmentations(Sequence[Any]):
    """Segmentations as JSON, decoded as they are looked at; of what is not there None.

    Parameters
    ----------
    fault
        Makes the error of text that is none, from its place and what is wrong with it.
    """

    def __init__(
        self, texts: Sequence[Buffer | None], fault: Callable[[int, str], Exception]
    ) -> None:
        self._texts, self._fault = texts, fault

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, places: Any) -> Any:
        if not isinstance(places, slice):
            return self._decoded(range(len(self))[places])
        return [self._decoded(place) for place in range(len(self))[places]]

    def _decoded(self, place: int) -> Any:
        text = self._texts[place]
        try:
            return None if text is None else msgspec.json.decode(text)
        except JSON_FAULTS as error:
            raise self._fault(place, str(error)) from None


def given_segmentation(segmentation: Any) -> Any:
    """The segmentation, copied where it is a part of a file; None of an empty one.

    Raises
    ------
    JSON_FAULTS
        Short text that is none; of longer text one is raised when it is looked at.
    """
    if not isinstance(segmentation, msgspec.Raw):
        nothing = segmentation is None or (isinstance(segmentation, _PLAIN) and not segmentation)
        return None if nothing else segmentation
    text = bytes(segmentation)
    may_be_empty = len(text) <= _LONGEST_EMPTY or text[1:-1].isspace()
    return None if may_be_empty and not msgspec.json.decode(text) else text


def stored_records(path: Path) -> tuple[int, Iterator[Detection]]:
    """How many detections a results file holds, and these, decoded one by one.

    Raises
    ------
    InputError
        No list of detections; of a single one it is raised as it comes.
    """
    raws = _decode(path)
    return len(raws), _records(path, raws)


def _records(path: Path, raws: Sequence[msgspec.Raw]) -> Iterator[Detection]:
    for place, raw in enumerate(raws):
        try:
            yield _stored.decode(raw)
        except msgspec.ValidationError as error:
            raise InputError(f"{path.name}: not COCO results: detection {place}: {error}") from None


def _decode(path: Path) -> list[msgspec.Raw]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot read the predictions: {error.strerror}") from None
    if data.startswith(codecs.BOM_UTF8):
        data = data.removeprefix(codecs.BOM_UTF8)
        _log.warning("%s: a UTF-8 byte-order mark is stripped", path.name)
    try:
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    except msgspec.ValidationError as error:
        raise InputError(f"{path.name}: not COCO results: {error}") from None
    except JSON_FAULTS as error:
        raise _not_json(data, path, error) from None


def _not_json(data: bytes, path: Path, error: Exception) -> InputError:
    """Name the detection that holds a NaN, which Python writes and JSON does not know."""
    try:
        records = json.loads(data)
    except (ValueError, RecursionError):
        return InputError(f"{path.name}: not JSON: {error}")
    for place, record in enumerate(records if isinstance(records, list) else []):
        try:
            json.dumps(record, allow_nan=False)
        except ValueError:
            return InputError(f"{path.name}: detection {place}: NaN or infinity, expected numbers")
    return InputError(f"{path.name}: not JSON: {error}")
