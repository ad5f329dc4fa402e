"""What an evaluation gives back, whatever was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.evaluation.evaluation_input import EvaluationInput
from benchmark_n.files.provenance import file_digest


@dataclass(frozen=True)
class Evaluation:
    """Results of one mode.

    Parameters
    ----------
    mode
        ``predictions``, ``compare``, ``masks`` or ``ef``.
    name
        Of the benchmark, or of the ground-truth file.
    results
        What the evaluator found, by IoU type, by compared name, or as a whole.
    provenance
        Version of the package; recipe, seed and source of the benchmark; SHA-256 of the files.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, evaluate, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> found = evaluate(benchmark, masks="noisy")
    >>> found.mode, found.name, found.results["other_category"]
    ('masks', 'hard', 12)
    """

    mode: str
    name: str
    results: Mapping[str, Any]
    provenance: Mapping[str, Any]

    @property
    def warnings(self) -> list[str]:
        """What was unusual about the input, each said once."""
        return list(dict.fromkeys(_warnings(self.results)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "mode": self.mode,
            "name": self.name,
            "provenance": dict(self.provenance),
            "results": dict(self.results),
        }


def _warnings(part: object) -> list[str]:
    if not isinstance(part, Mapping):
        return []
    own = list(part.get("warnings", ()))
    return own + [line for value in part.values() for line in _warnings(value)]


def evaluation(
    mode: str,
    labels: EvaluationInput,
    results: Mapping[str, Any],
    files: Mapping[str, Path | str],
) -> Evaluation:
    """The results with the provenance of the labels and the digests of the `files` judged."""
    digests = {name: file_digest(Path(path)) for name, path in files.items()}
    return Evaluation(mode, labels.name, results, {**labels.provenance(), "files": digests})
