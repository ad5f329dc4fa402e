"""Confusion matrices: which category is given for which, with what weight."""

from __future__ import annotations

import csv
import io
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import msgspec

from benchmark_n.coco import Category
from benchmark_n.coco.labels import category_labels
from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.noise.base import NotApplied

# Category name to given name to weight.
Matrix = Mapping[str, Mapping[str, float]]
_OFF = 1e-3
_LARGEST, _ENTRY = 200_000, 20  # bytes: of all entries, and of one without its name


@dataclass(frozen=True)
class Weights:
    """Category id to the ids that may be given for it, its own among them, and their weights."""

    rows: Mapping[int, tuple[Sequence[int], Sequence[float]]]

    def pick(self, category_id: int, absent: Sequence[int], uniform: float) -> int:
        """The category that `uniform`, a number in [0, 1), picks; the parameters are `Candidates`'.

        Raises
        ------
        NotApplied
            The matrix has no row of the category, or all that the row has is `absent`.
        """
        if category_id not in self.rows:
            raise NotApplied("no_row")
        pairs = zip(*self.rows[category_id], strict=True)
        left = [(given, weight) for given, weight in pairs if weight and given not in absent]
        if not left:
            raise NotApplied("no_other_category")
        sums = list(accumulate(weight for _, weight in left))
        return left[min(bisect_right(sums, uniform * sums[-1]), len(left) - 1)][0]


def matrix_weights(matrix: Matrix, categories: Mapping[int, Category]) -> Weights:
    """The matrix by category ids.

    Raises
    ------
    InputError
        It names a category that the file lacks, or a name that several have.
    """
    labels = category_labels(categories)
    ids: dict[str, set[int]] = {}
    for i, category in categories.items():
        for name in {labels[i], category.name}:
            ids.setdefault(name, set()).add(i)

    def identity(name: str, what: str) -> int:
        found = ids.get(name, set())
        if len(found) != 1:
            fault = did_you_mean(name, list(labels.values()))
            if found:
                fault = f"expected one of {', '.join(sorted(labels[i] for i in found))}"
            raise InputError(
                f"class_confusion.matrix: {what} '{name:.40}' is the name of {len(found)} "
                f"categories of the file: {fault}"
            )
        return min(found)

    return Weights(
        {
            identity(name, "row"): (
                [identity(other, f"row '{name:.40}': column") for other in row],
                list(row.values()),
            )
            for name, row in matrix.items()
        }
    )


def normalised(matrix: Matrix, name: str = "class_confusion.matrix") -> dict[str, dict[str, float]]:
    """The matrix with rows that add to 1, to six digits, entries of 0 left out.

    Parameters
    ----------
    name
        What messages call it.

    Raises
    ------
    InputError
        A row that is empty or has something below 0, or no finite number; more entries than a
        recipe file may hold.

    Examples
    --------
    >>> normalised({"cat": {"cat": 3, "dog": 1}})
    {'cat': {'cat': 0.75, 'dog': 0.25}}
    """
    if not matrix:
        raise InputError(f"{name}: no row, expected one for each category that may be confused")
    rows = {}
    for row, weights in matrix.items():
        wrong = next((w for w in weights.items() if not (math.isfinite(w[1]) and w[1] >= 0)), None)
        if wrong is not None:
            raise InputError(
                f"{name}: row '{row:.40}', column '{wrong[0]:.40}' is {wrong[1]}, expected a "
                "finite number, 0 or more"
            )
        total = math.fsum(weights.values())
        if not 0 < total < math.inf:
            raise InputError(f"{name}: row '{row:.40}' adds to {total:g}, expected more than 0")
        # Read back from a recipe it is a little off 1, and stays as it is: the same bytes again.
        scale = 1.0 if abs(total - 1) < _OFF else total
        rows[row] = {
            other: float(f"{weight / scale:.6g}") for other, weight in weights.items() if weight
        }
    size = sum(len(other) + _ENTRY for row in rows.values() for other in row)
    if size > _LARGEST:
        entries = sum(map(len, rows.values()))
        raise InputError(
            f"{name}: {entries} entries above 0 are too many for a recipe, expected about "
            f"{_LARGEST // 32} or fewer: leave out the smallest"
        )
    return rows


def read_matrix(path: Path) -> dict[str, dict[str, float]]:
    """The matrix in a file, `normalised`: counts or probabilities, the diagonal among them.

    A CSV file has the given names in its first line after one field, and in each further line a
    category's name and its numbers; JSON is an object of rows, each an object of given names.

    Raises
    ------
    InputError
        A file that cannot be read or is no matrix; names the row.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot read the confusion matrix: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a confusion matrix: no UTF-8") from None
    matrix = _of_json(path, text) if text.lstrip().startswith("{") else _of_csv(path, text)
    return normalised(matrix, str(path))


def _of_json(path: Path, text: str) -> Matrix:
    try:
        return msgspec.json.decode(text, type=dict[str, dict[str, float]])
    except JSON_FAULTS as error:
        raise InputError(f"{path}: not a confusion matrix: {error}") from None


def _of_csv(path: Path, text: str) -> Matrix:
    try:
        lines = [line for line in csv.reader(io.StringIO(text), strict=True) if any(line)]
    except csv.Error as error:
        raise InputError(f"{path}: not a confusion matrix: {error}") from None
    names = [name.strip() for name in lines[0][1:]] if lines else []
    if len(set(names)) < len(names) or not names:
        raise InputError(f"{path}: line 1: expected the names of categories, each once")
    matrix: dict[str, dict[str, float]] = {}
    for row, *values in lines[1:]:
        row = row.strip()
        if row in matrix or len(values) != len(names):
            what = "occurs twice" if row in matrix else f"has {len(values)} numbers"
            raise InputError(f"{path}: row '{row:.40}' {what}, expected one row of {len(names)}")
        matrix[row] = dict(zip(names, (_number(path, row, v) for v in values), strict=True))
    return matrix


def _number(path: Path, row: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(f"{path}: row '{row:.40}': '{value:.40}' is no number") from None
