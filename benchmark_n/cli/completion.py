"""What the shell completes: names of datasets, recipes, detectors, and benchmarks on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def starting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """The names that begin as what was typed.

    >>> [item.value for item in starting(["coco", "camus", "lvis"], "c")]
    ['coco', 'camus']
    """
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def datasets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of datasets."""
    from benchmark_n.datasets.base import DATASETS

    return starting(DATASETS.names(), incomplete)


def recipes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of recipes, weak ones too."""
    from benchmark_n.noise.recipe import recipe_names
    from benchmark_n.weak.recipe import weak_recipe_names

    return starting([*recipe_names(), *weak_recipe_names()], incomplete)


def detectors(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of detectors, the last of several that commas part."""
    from benchmark_n.detectors.base import DETECTORS

    before, comma, last = incomplete.rpartition(",")
    found = starting(["all", *DETECTORS.names()], last)
    return [CompletionItem(before + comma + item.value) for item in found]


def benchmarks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Directories of benchmarks below ``benchmarks/``, else any directory."""
    from benchmark_n.benchmark import layout

    found = sorted(str(path.parent) for path in Path("benchmarks").glob(f"*/{layout.RECIPE}"))
    shown = starting(found, incomplete)
    return shown or [CompletionItem(incomplete, type="dir")]
