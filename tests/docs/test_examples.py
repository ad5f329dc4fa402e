"""Every public name, noise, detector and segmenter has an example that runs."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

import benchmark_n
from benchmark_n.detectors import DETECTORS
from benchmark_n.noise.base import NOISES
from benchmark_n.runtime.registry import Registry
from benchmark_n.weak.segmenters.base import SEGMENTERS

REGISTRIES = (NOISES, DETECTORS, SEGMENTERS)
PUBLIC = [name for name in benchmark_n.__all__ if not name.startswith("__")]
PLUGINS = [(registry, name) for registry in REGISTRIES for name in registry.builtin]


def fault(documented: Any) -> str:
    """What is wrong with the examples in a docstring; empty where nothing is.

    `pytest` runs the examples themselves, of all modules.
    """
    _, titled, section = (documented.__doc__ or "").rpartition("Examples\n")
    if not titled or ">>>" not in section:
        return "no example"
    return "an example that is skipped" if re.search(r"doctest:.*SKIP", section) else ""


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name(name: str) -> None:
    assert fault(getattr(benchmark_n, name)) == ""


@pytest.mark.parametrize(
    ("registry", "name"), PLUGINS, ids=lambda value: getattr(value, "kind", value)
)
def test_plugin(registry: Registry, name: str) -> None:
    assert fault(registry.load(name)) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nothing more.", "no example"),
        ("Text.\n\nExamples\n--------\n", "no example"),
        ("Text with >>> in it.", "no example"),
        ("Text.\n\nExamples\n--------\n>>> f()  # doctest: +SKIP\n", "an example that is skipped"),
        ("Text.\n\nExamples\n--------\n>>> f()\n3\n", ""),
    ],
)
def test_a_missing_example_is_seen(text: str, found: str) -> None:
    assert fault(type("Documented", (), {"__doc__": text})) == found


def test_dir_lists_the_public_names_before_any_of_them_is_imported() -> None:
    code = "import benchmark_n, sys; print(*dir(benchmark_n)); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    listed, loaded = (line.split() for line in done.stdout.splitlines())
    assert sorted(name for name in listed if not name.startswith("_")) == sorted(PUBLIC)
    assert "benchmark_n.generation" not in loaded
    assert all(hasattr(benchmark_n, name) for name in listed)
