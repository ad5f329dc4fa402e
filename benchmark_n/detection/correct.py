"""A review of the most suspect annotations: how much of the noise it takes away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.fields import split_annotation
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import standardise
from benchmark_n.coco.write import CocoStream
from benchmark_n.errors import UsageError
from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.files.atomic import staged
from benchmark_n.tables.manifest_schema import MERGED, SOURCE
from benchmark_n.tables.scores import read_scores


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
        A scores table, or the Parquet file of one. Its rows of kind ``any`` give the order; where
        it has none, the maximum over the other kinds.
    out
        Where to write a corrected COCO file for each share; by default none is written.

    Raises
    ------
    UsageError
        A share that is none.
    InputError
        The scores are of other annotations, or the output exists.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, evaluate_detectors, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> (found,) = evaluate_detectors(benchmark, "random")
    >>> [(one.reviewed, one.mended) for one in correct(benchmark, found.scores, shares=[0.5, 1.0])]
    [(13, 12), (26, 22)]
    """
    _check(shares)
    opened = load(benchmark) if isinstance(benchmark, Path | str) else benchmark
    table = read_scores(scores) if isinstance(scores, Path | str) else scores
    manifest = opened.manifest()
    rows = error_truth.surviving(manifest)
    alignment.check_same(table, manifest, rows)
    ids = np.asarray(rows["annotation_id"].to_numpy(), np.int64)
    given = alignment.kind_column(table, "any", ids)
    suspicion = np.zeros(len(ids)) if given is None else given.scores
    wrong = error_truth.any_errors(rows).wrong
    order = np.argsort(-suspicion, kind="stable")
    reviews = [_review(wrong[order], share) for share in shares]
    if out is not None:
        _write_each(opened, ids[order], reviews, out)
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


def _write_each(
    benchmark: Benchmark, ranked: NDArray[np.int64], reviews: Sequence[CorrectionResult], out: Path
) -> None:
    """A corrected file for each share, of the ids that its reviewer gets to."""
    with staged(out, marker="corrected.json") as stage:
        for review in reviews:
            name = f"corrected-{100 * review.share:g}.json"
            _write(benchmark, ranked[: review.reviewed], stage / name)


def _write(benchmark: Benchmark, reviewed: NDArray[np.int64], path: Path) -> None:
    """The noisy file with the clean records of `reviewed`, in the order of the published ids.

    Annotations too many are taken out; where several were drawn as one, all of them come back.
    Clean records too have the published fields alone, or the others would mark them.
    """
    noisy = benchmark.noisy()
    records = dict(zip(noisy.annotation_ids.tolist(), noisy.annotations, strict=True))
    columns = ["annotation_id", "source_id", "source_ids", "image_id", "origin", "clean_record"]
    table = benchmark.manifest(columns)
    chosen = table.filter(pc.is_in(table["annotation_id"], value_set=pa.array(reviewed)))
    merged = chosen.filter(pc.equal(chosen["origin"], MERGED))["source_ids"].to_pylist()
    parts = pa.array([i for ids in merged for i in ids], pa.int64())
    restored = table.filter(pc.is_in(table["source_id"], value_set=parts))
    for row in (*chosen.to_pylist(), *restored.to_pylist()):
        if row["origin"] != SOURCE:
            del records[row["annotation_id"]]
        elif row["clean_record"] is not None:
            records[row["annotation_id"]] = _clean(benchmark, noisy, row)
    with CocoStream(path, noisy.sections) as stream:
        for identity in sorted(records) if merged else records:
            stream.write([bytes(records[identity])])


def _clean(benchmark: Benchmark, noisy: CocoFile, row: Mapping[str, Any]) -> bytes:
    """The clean record of a manifest's row as the benchmark would publish it."""
    image, recipe = noisy.images[row["image_id"]], benchmark.recipe
    passed, _ = split_annotation(row["clean_record"], recipe.get("keep_fields", ()))
    size = image.height, image.width
    return standardise(passed, *size, recipe["masks"], identity=row["annotation_id"])
