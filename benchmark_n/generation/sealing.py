"""Whether a benchmark is open, made from a seed that it tells, or sealed, made from a secret."""

from __future__ import annotations

import logging

from benchmark_n.benchmark.seal import Seal, draw_seal, read_seal
from benchmark_n.datasets.terms import Terms
from benchmark_n.errors import UsageError
from benchmark_n.generation.options import PublishOptions
from benchmark_n.runtime.options import check_whole

DEFAULT_SEED = 1
_log = logging.getLogger(__name__)


def asked_seal(seed: int | None, publish: PublishOptions) -> Seal | None:
    """The seal of a benchmark that the user wants sealed; None where they do not say so.

    Raises
    ------
    UsageError
        A seed that is no whole number, or one that is named for a sealed benchmark.
    InputError
        A file that is no seal.
    """
    if seed is not None:
        check_whole("seed", seed)
        if publish.sealed or publish.seal is not None:
            raise UsageError(f"`seed` {seed} is named, but that of a `sealed` benchmark is secret")
    if publish.seal is not None:
        return read_seal(publish.seal)
    return draw_seal() if publish.sealed else None


def seed_or_seal(
    seed: int | None, publish: PublishOptions, source: str, terms: Terms
) -> int | Seal:
    """The seed of an open benchmark; a new seal where nothing is named and `terms` are guarded.

    Parameters
    ----------
    source, terms
        Name of the dataset whose terms hold, and these.

    Raises
    ------
    UsageError
        Ids are to be kept in a benchmark that would be sealed.
    """
    if not terms.guarded:
        return DEFAULT_SEED if seed is None else seed
    if seed is not None:
        _log.warning(
            "%s: its terms keep labels with you, but seed %d is named: the benchmark is open, "
            "whoever has the source can tell its errors",
            source,
            seed,
        )
        return seed
    if publish.keep_ids:
        raise UsageError(
            f"benchmarks of {source} are sealed, which `keep_ids` would undo: name a `seed` to "
            "make an open one"
        )
    return draw_seal()
