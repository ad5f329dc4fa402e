"""A review of the most suspect annotations: how much of the noise it takes away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.fields import split_annotation
from benchmark_n.coco.annotation_masks import standardise
from benchmark_n.coco.write import CocoStream
from benchmark_n.errors import UsageError
from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.files.atomic import staged
from benchmark_n.tables.scores import add_any, read_scores


@dataclass(frozen=True)
class CorrectionResult:
    """What a review of the most suspect annotations finds.

    Parameters
    ----------
    share, reviewed
        Fraction and number of the annotations that are looked at.
    mended, errors
        Errors among these, and in all.
    noise_gone
        Fraction of the errors that is gone. A random review of the same size takes `share`.
    gain
        `noise_gone` over `share`: errors mended per annotation reviewed, against random review.
    """

    share: float
    reviewed: int
    mended: int
    errors: int
    noise_gone: float | None
    gain: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def correct(
    benchmark: Benchmark | Path | str,
    scores: Any,
    shares: Sequence[float] = (0.05, 0.1, 0.2),
    *,
    out: Path | None = None,
) -> list[CorrectionResult]:
    """Restore the clean label of the top `shares` of the annotations.

    An error is a wrong category, a mask that is wrong by the default `SpatialTruth`, or an
    instance that is none. Proposals of missing instances are not reviewed.

    Parameters
    ----------
    scores
        A scores table, or the Parquet file of one.
    out
        Where to write a corrected COCO file for each share; by default none is written.

    Raises
    ------
    UsageError
        A share that is none.
    InputError
        The scores are of other annotations, or the output exists.
    """
    _check(shares)
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    table = read_scores(scores) if isinstance(scores, Path | str) else scores
    manifest = opened.manifest()
    rows = error_truth.surviving(manifest)
    alignment.check_same(table, manifest, rows)
    ids = np.asarray(rows["annotation_id"].to_numpy(), np.int64)
    given = alignment.kind_column(add_any(table), "any", ids)
    suspicion = np.zeros(len(ids)) if given is None else given.scores
    wrong = error_truth.any_errors(rows).wrong
    order = np.argsort(-suspicion, kind="stable")
    reviews = [_review(wrong[order], share) for share in shares]
    if out is not None:
        with staged(out, marker="corrected.json") as stage:
            for review in reviews:
                name = f"corrected-{100 * review.share:g}.json"
                _write(opened, ids[order][: review.reviewed], stage / name)
    return reviews


def _check(shares: Sequence[float]) -> None:
    wrong = next((share for share in shares if not 0 < share <= 1), None)
    if wrong is not None:
        raise UsageError(f"`shares` has {wrong}, expected more than 0 and at most 1")


def _review(wrong: NDArray[np.bool_], share: float) -> CorrectionResult:
    reviewed = round(share * len(wrong))
    mended, errors = int(wrong[:reviewed].sum()), int(wrong.sum())
    gone = mended / errors if errors else None
    gain = gone / (reviewed / len(wrong)) if gone is not None and reviewed else None
    return CorrectionResult(share, reviewed, mended, errors, gone, gain)


def _write(benchmark: Benchmark, reviewed: NDArray[np.int64], path: Path) -> None:
    """The noisy file with the clean records of `reviewed`; spurious ones are taken out.

    All ids are the published ones. Clean records too have the published fields alone, or the
    others would mark them.
    """
    noisy = benchmark.noisy()
    table = benchmark.manifest(["annotation_id", "origin", "clean_record"])
    chosen = table.filter(pc.is_in(table["annotation_id"], value_set=pa.array(reviewed)))
    clean = {row["annotation_id"]: row for row in chosen.to_pylist()}
    with CocoStream(path, noisy.sections) as stream:
        for index, identity in enumerate(noisy.annotation_ids.tolist()):
            row = clean.get(identity)
            if row is not None and row["origin"] == "spurious":
                continue
            if row is None or row["clean_record"] is None:
                stream.write([bytes(noisy.annotations[index])])
                continue
            image = noisy.images[int(noisy.image_ids[index])]
            recipe = benchmark.recipe
            passed, _ = split_annotation(row["clean_record"], recipe.get("keep_fields", ()))
            size = image.height, image.width
            stream.write([standardise(passed, *size, recipe["masks"], identity=identity)])
