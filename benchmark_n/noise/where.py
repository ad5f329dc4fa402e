"""Restrict a noise to some annotations: by category, or by a field of their images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.json_yaml import JSON_FAULTS

# The key that asks for names of categories; all others are fields of image records.
CATEGORY = "category"
Where = Mapping[str, Sequence[Any]]


def build_where(
    recipe: str, document: Mapping[str, Any], noises: Iterable[str]
) -> dict[str, Where]:
    """The section ``where`` of a recipe: noise name to what it is restricted to.

    Raises
    ------
    InputError
        A noise that the recipe has not, or anything but lists of values.
    """
    for noise, conditions in document.items():
        if noise not in noises:
            raise InputError(
                f"recipe {recipe}: where: no noise '{noise}': {did_you_mean(str(noise), noises)}"
            )
        valid = isinstance(conditions, dict) and all(
            isinstance(values, list) and values for values in conditions.values()
        )
        if not valid:
            raise InputError(
                f"recipe {recipe}: where.{noise} is {conditions!r:.80}, expected lists of values "
                "by 'category' or a field of the images"
            )
    return {
        noise: {str(key): tuple(values) for key, values in conditions.items()}
        for noise, conditions in document.items()
    }


def plain_where(where: Mapping[str, Where]) -> dict[str, dict[str, list[Any]]]:
    """The section as its YAML form has it."""
    return {
        noise: {key: list(values) for key, values in conditions.items()}
        for noise, conditions in where.items()
    }


def matching(where: Where, coco: CocoFile) -> NDArray[np.bool_]:
    """Which annotations have, for each key of `where`, one of its values; bool (N,).

    Raises
    ------
    InputError
        A category that the file lacks, or a field that none of its images has.
    """
    kept = np.ones(len(coco), np.bool_)
    for key, values in where.items():
        if key == CATEGORY:
            kept &= np.isin(coco.category_ids, named_categories(values, coco))
        else:
            kept &= np.isin(coco.image_ids, _image_ids(key, values, coco))
    return kept


def named_categories(names: Sequence[Any], coco: CocoFile) -> list[int]:
    """Ids of the categories of these names, or labels; an `InputError` where the file lacks one."""
    labels = category_labels(coco.categories)
    known = [*dict.fromkeys([*(c.name for c in coco.categories.values()), *labels.values()])]
    for name in names:
        if name not in known:
            raise InputError(
                f"{coco.path.name}: the recipe is for category '{name}', which the file lacks: "
                f"{did_you_mean(str(name), known)}"
            )
    return [i for i, c in coco.categories.items() if c.name in names or labels[i] in names]


def _image_ids(field: str, values: Sequence[Any], coco: CocoFile) -> list[int]:
    # Only this field is decoded: images are many and have long records.
    try:
        images = msgspec.json.decode(coco.sections["images"], type=list[dict[str, msgspec.Raw]])
        found = [msgspec.json.decode(image.get(field, b"null")) for image in images]
    except JSON_FAULTS as error:
        raise InputError(f"{coco.path.name}: section 'images': {error}") from None
    if all(value is None for value in found):
        raise InputError(
            f"{coco.path.name}: the recipe depends on the field '{field}' of the images, "
            "which none of them has"
        )
    return [i for i, value in zip(coco.images, found, strict=True) if value in values]
