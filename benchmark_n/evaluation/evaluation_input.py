"""What is judged against: the labels of a benchmark, or those of a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark_n._version import __version__
from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.labels import validation_file
from benchmark_n.benchmark.record_fields import with_image_fields
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.exports import annotation_file
from benchmark_n.errors import UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.masks.boundary import DEFAULT_DILATION_RATIO
from benchmark_n.runtime.options import check_known

AGAINST = ("clean", "noisy", "val")


@dataclass(frozen=True)
class EvaluationInput:
    """What an evaluation is against: a benchmark's labels, or those of a file.

    Parameters
    ----------
    benchmark
        A benchmark or its directory; not needed with `ground_truth`.
    ground_truth
        COCO file to evaluate against, or what `read_coco` made of it, instead of the benchmark's
        labels.
    against
        ``"clean"`` or ``"noisy"`` labels of the benchmark's training images, or ``"val"``: the
        clean ones of its validation images, on which trained models are judged.

    Raises
    ------
    UsageError
        Neither a benchmark nor a file, or labels that there are not.

    Examples
    --------
    >>> EvaluationInput(ground_truth="instances.json").name
    'instances'
    """

    benchmark: Benchmark | Path | str | None = None
    ground_truth: Path | str | CocoFile | None = None
    against: str = "clean"

    def __post_init__(self) -> None:
        check_known("against", self.against, AGAINST)
        if self.benchmark is None and self.ground_truth is None:
            raise UsageError("give a benchmark or a ground-truth file")

    @cached_property
    def opened(self) -> Benchmark | None:
        """The benchmark, loaded where a directory was given."""
        given = self.benchmark
        return load(given) if isinstance(given, Path | str) else given

    @property
    def file(self) -> Path | None:
        """The ground-truth file."""
        if isinstance(self.ground_truth, CocoFile):
            return self.ground_truth.path
        return None if self.ground_truth is None else annotation_file(Path(self.ground_truth))

    @cached_property
    def truth(self) -> CocoFile:
        """The labels."""
        if isinstance(self.ground_truth, CocoFile):
            return self.ground_truth
        if self.file is not None:
            return read_coco(self.file)
        assert self.opened is not None
        if self.against == "val":
            return read_coco(validation_file(self.opened))
        return self.opened.clean() if self.against == "clean" else self.opened.noisy()

    @cached_property
    def described(self) -> CocoFile:
        """The labels, with what a benchmark knows of their images but does not publish."""
        if self.file is None and self.against == "noisy":
            return with_image_fields(self.truth)
        return self.truth

    @property
    def name(self) -> str:
        """Name of the benchmark's directory, or of the file without its ending."""
        if self.opened is not None:
            return self.opened.path.resolve().name
        assert self.file is not None
        return self.file.stem

    @property
    def dilation_ratio(self) -> float:
        """Of the boundary: the benchmark's, else 0.02."""
        recipe = self.opened.recipe if self.opened else {}
        return float(recipe.get("dilation_ratio", DEFAULT_DILATION_RATIO))

    def provenance(self) -> dict[str, Any]:
        """Version of the package; recipe, seed and source of the benchmark; digest of the file."""
        found: dict[str, Any] = {"benchmark-n": __version__}
        if self.opened is not None:
            recipe = self.opened.recipe
            found |= {key: recipe.get(key) for key in ("benchmark", "name", "seed", "source")}
        if self.file is None:
            return {**found, "against": self.against}
        return {
            **found,
            "ground_truth": {
                "file": self.file.name,
                "sha256": file_digest(self.file),
                **self.truth.repairs.recorded(),
            },
        }

    def require_predictions(self) -> None:
        """Refuse a question about the labels themselves where they are of other images.

        Raises
        ------
        UsageError
            They are those of the validation images, of which there are no noisy ones.
        """
        if self.against == "val":
            raise UsageError("against val needs predictions: the labels are of other images")


def evaluation_input(given: EvaluationInput | Benchmark | Path | str) -> EvaluationInput:
    """What to judge against; of a benchmark alone, its clean labels."""
    return given if isinstance(given, EvaluationInput) else EvaluationInput(given)
