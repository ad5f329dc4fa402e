"""How the benchmarks of a release fared that were made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark_n.cards.release import NOT_VERIFIED, Entry, Output

EQUAL, DIFFERS, NOT_HERE, FAILED = "equal", "differs", "not here", "failed"
STATES = (EQUAL, DIFFERS, FAILED, NOT_VERIFIED, NOT_HERE)


@dataclass(frozen=True)
class SeedCheck:
    """What was made from one seed, and what the release says; a difference where both are known."""

    seed: int
    found: Output
    expected: Output | None

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.expected is None:
            return NOT_VERIFIED
        return EQUAL if self.found == self.expected else DIFFERS


@dataclass(frozen=True)
class BenchmarkCheck:
    """How one benchmark of a release fared.

    Parameters
    ----------
    entry
        What the release says of it.
    reason
        Why nothing was compared: what is missing, or what went wrong; else empty.
    state
        `NOT_HERE`, `FAILED` or `DIFFERS` with a reason, else that of the seeds: the worst.
    seeds
        Those that were made.
    source, version
        SHA-256 of the annotation file that is noised, and the recipe's version, as they are here.
    clean
        SHA-256 of the clean labels that models are judged on; None where they are not at hand.
    """

    entry: Entry
    state: str
    reason: str = ""
    seeds: tuple[SeedCheck, ...] = ()
    source: str | None = None
    version: int | None = None
    clean: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.entry.name,
            "state": self.state,
            "reason": self.reason,
            "source": {"found": self.source, "expected": self.entry.noisy.sha256},
            "clean": {
                "found": self.clean,
                "expected": None if self.entry.clean is None else self.entry.clean.sha256,
            },
            "seeds": [
                {
                    "seed": check.seed,
                    "state": check.state,
                    "found": _plain(check.found),
                    "expected": None if check.expected is None else _plain(check.expected),
                }
                for check in self.seeds
            ],
        }


def counts(checks: Sequence[BenchmarkCheck]) -> dict[str, int]:
    """How many benchmarks are in each of `STATES`."""
    return {state: sum(check.state == state for check in checks) for state in STATES}


def _plain(output: Output) -> dict[str, str]:
    return {"annotations": output.annotations, "rows": output.rows}
