"""Whether the benchmarks of a board are one benchmark under several noise seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark_n.benchmark.labels import validation_file
from benchmark_n.errors import UsageError
from benchmark_n.files.provenance import file_digest
from benchmark_n.report.submission import SCORED, read_submission
from benchmark_n.report.submission_check import Judge, benchmark_name

REPORTED = (1, 2, 3, 4, 5)
# Fields of a recipe that are the same under every noise seed, as `variant` has them.
_SAME = ("version", "masks", "noises")


def missing_seeds(folder: Path | str) -> list[int]:
    """Noise seeds that figures are means over and a submission has no entry of; it may be so."""
    found, _ = read_submission(Path(folder))
    if found is None or found.withdrawn is not None:
        return []
    entered = {run.noise_seed for run in found.runs if run.role == "entry"}
    return [seed for seed in REPORTED if seed not in entered]


def check_noise_seeds(known: Sequence[Judge], track: str) -> None:
    """Refuse benchmarks that differ in more than their noise seed, or do not differ at all.

    Parameters
    ----------
    known
        At least one benchmark.
    track
        Where trained models are judged, the clean validation labels have to be the same too.

    Raises
    ------
    UsageError
        Benchmarks of other sources, recipes or validation labels; one that is given twice.
    InputError
        A benchmark without clean validation labels, where `track` needs them.

    Examples
    --------
    >>> check_noise_seeds(judges(["benchmarks/a-seed1", "benchmarks/a-seed2"]), "correct")
    ... # doctest: +SKIP
    """
    first, *others = known
    expected = _shared(first, track)
    for one in others:
        for field, value in _shared(one, track).items():
            if value != expected[field]:
                raise UsageError(
                    f"{one.benchmark.path}: {field} is {value!s:.60}, but {expected[field]!s:.60} "
                    f"in {first.benchmark.path}: a board is of one benchmark under several seeds"
                )
    for place, one in enumerate(known):
        for earlier in known[:place]:
            _check_apart(one, earlier)


def _shared(judge: Judge, track: str) -> dict[str, Any]:
    """What all benchmarks of a board agree in."""
    recipe = judge.benchmark.recipe
    found = {
        "the benchmark": benchmark_name(judge.benchmark),
        "SHA-256 of the source": recipe["source"]["sha256"],
        **{f"`{field}` of the recipe": recipe.get(field) for field in _SAME},
    }
    if track not in SCORED:
        found["SHA-256 of the clean validation labels"] = file_digest(
            validation_file(judge.benchmark)
        )
    return found


def _check_apart(one: Judge, earlier: Judge) -> None:
    """Two draws of the noise have other annotations, and other seeds where these are told."""
    seeds = [judge.benchmark.recipe.get("seed") for judge in (one, earlier)]
    if one.sha256 == earlier.sha256:
        same = f"annotations with SHA-256 {one.sha256:.12}"
    elif None not in seeds and seeds[0] == seeds[1]:
        same = f"noise seed {seeds[0]}"
    else:
        return
    raise UsageError(
        f"{one.benchmark.path}: has {same}, as {earlier.benchmark.path} has: expected one "
        "benchmark for each noise seed"
    )
