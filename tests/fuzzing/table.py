"""All formats, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzzing import (
    array_inputs,
    benchmark_inputs,
    coco_inputs,
    photo_inputs,
    picture_inputs,
    recipe_inputs,
    review_inputs,
)
from tests.fuzzing.formats import Format

_MODULES = (
    coco_inputs,
    recipe_inputs,
    benchmark_inputs,
    picture_inputs,
    photo_inputs,
    array_inputs,
    review_inputs,
)


def all_formats() -> Mapping[str, Format]:
    """Name to format."""
    return {kind.name: kind for module in _MODULES for kind in module.FORMATS}
