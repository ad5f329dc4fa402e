"""The labels of a training say which parameter names the folder that is lacking."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_n import Benchmark
from benchmark_n.benchmark.labels import training_labels, validation_labels
from benchmark_n.errors import InputError
from tests import making, samples


def test_a_folder_without_the_images_is_told_by_its_parameter(
    scenes_hard: Benchmark, tmp_path: Path
) -> None:
    fault = r"^instances_train\.json: 60 of 60 images .*: name their folder with `images=DIR`$"
    with pytest.raises(InputError, match=fault):
        training_labels(scenes_hard, tmp_path)
    fault = r"^clean_val.*\.json: \d+ of \d+ images .*: name their folder with `val_images=DIR`$"
    with pytest.raises(InputError, match=fault):
        validation_labels(scenes_hard, tmp_path)


def test_an_unknown_folder_is_told_by_its_parameter(tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document())
    made = making.make(tier="hard", annotations=path, out=tmp_path / "made", workers=1)
    with pytest.raises(InputError, match="is not known: name it with `images=DIR`"):
        training_labels(made)
