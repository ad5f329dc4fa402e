"""Where a library's output has moved, the kernel is switched off, and one line says so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

import benchmark_n
from benchmark_n import _native
from benchmark_n.noise import native_check
from benchmark_n.noise.native_check import SWITCH, agrees, usable
from tests.conftest import needs_kernel

pytestmark = needs_kernel

_approximate, _dilate, _fill = cv2.approxPolyDP, cv2.dilate, cv2.fillPoly
_rasterise, _generator = coco_mask.frPyObjects, np.random.default_rng


def _filled(pixels: Any, contours: Any, color: Any, offset: Any = (0, 0)) -> Any:
    """As before OpenCV 4.11 to the eye: lines that are not drawn."""
    _fill(pixels, contours, color, offset=offset)
    return cv2.polylines(pixels, contours, True, (0,))


# What a newer version might do otherwise, by the function's name.
MOVED: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "simplified": (cv2, "approxPolyDP", lambda c, t, closed: _approximate(c, 0.9 * t, closed)),
    "dilated": (cv2, "dilate", lambda m, k: _dilate(m, k[:, :-1])),
    "filled": (cv2, "fillPoly", _filled),
    "rasterised": (
        coco_mask,
        "frPyObjects",
        lambda parts, h, w: _rasterise(
            [[v + 0.3 for v in p] for p in parts] if isinstance(parts, list) else parts, h, w
        ),
    ),
    "drawn": (np.random, "default_rng", lambda seed: _generator(seed + 1)),
}


@pytest.fixture(autouse=True)
def _checked_anew() -> Any:
    native_check._agrees.cache_clear()
    yield
    native_check._agrees.cache_clear()


def test_the_kernel_agrees_with_the_libraries_that_are_installed() -> None:
    assert agrees()


def test_a_kernel_of_other_sources_is_switched_off_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def older(*_: Any) -> Any:
        raise TypeError("11 arguments, expected 9")

    monkeypatch.setattr(_native, "kernel", SimpleNamespace(noise_masks=older))
    monkeypatch.delenv(SWITCH, raising=False)
    assert not usable()
    (line,) = (record.getMessage() for record in caplog.records)
    assert "built from other sources (11 arguments, expected 9)" in line


@pytest.mark.parametrize("change", MOVED)
def test_a_library_that_moved_switches_the_kernel_off(
    change: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    module, name, other = MOVED[change]
    monkeypatch.setattr(module, name, other)
    with caplog.at_level(logging.WARNING):
        assert [usable(), usable()] == [False, False]
    (line,) = caplog.messages
    assert line.startswith("the native kernel makes other masks than opencv-python ")
    assert "\n" not in line


def test_the_user_may_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert not usable()


def test_an_installation_without_a_compiler_has_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(_native, "kernel", None)
    assert not usable()


def test_make_says_it_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.delenv(SWITCH, raising=False)
    monkeypatch.setattr(native_check, "agrees", lambda: False)
    with caplog.at_level(logging.WARNING):
        benchmark_n.make(
            *("scenes", "easy"),
            source=benchmark_n.SourceOptions(num_images=4),
            out=tmp_path / "made",
            execution=benchmark_n.Execution(workers=1),
        )
    assert sum("native kernel" in line for line in caplog.messages) == 1
