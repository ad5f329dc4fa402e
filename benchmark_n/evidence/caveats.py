"""When a list of suspects may mislead, and what its evidence was told beyond the noisy labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from benchmark_n.evidence.evidence import Evidence

LEAST_ACCURACY, LEAST_INSTANCES = 0.75, 1000
_MISLEAD = "such lists mislead"


def caveats(evidence: Evidence) -> list[str]:
    """A line for each reason to doubt; they matter where there is no truth to score against."""
    lines = []
    if len(evidence) < LEAST_INSTANCES:
        lines.append(
            f"{_MISLEAD} on few annotations: {len(evidence)}, expected {LEAST_INSTANCES} or more"
        )
    for source in evidence.provenance["sources"]:
        accuracy = source.get("out_of_fold_accuracy")
        if accuracy is not None and accuracy < LEAST_ACCURACY:
            lines.append(
                f"{_MISLEAD} where the model is weak: out-of-fold accuracy "
                f"{accuracy:.0%} of the given labels, expected {LEAST_ACCURACY:.0%} or more"
            )
    return lines


def only_read(evidence: Evidence, fields: Collection[str]) -> Evidence:
    """The evidence with the provenance of the sources alone that make some of the fields.

    A source that does not say what it makes counts too.
    """
    kept = [
        source
        for source in evidence.provenance["sources"]
        if "makes" not in source or not set(source["makes"]).isdisjoint(fields)
    ]
    return replace(evidence, provenance={**evidence.provenance, "sources": kept})


def told_by_evidence(evidence: Evidence, needs: Collection[str] | None = None) -> tuple[str, ...]:
    """What the models behind the evidence were given that the noisy labels do not say.

    Each source may say so itself (``told``, and ``told_for`` single fields); models of clean labels
    were told these.

    Parameters
    ----------
    needs
        Fields that are read, and so whose sources count; None: all.
    """
    told: list[str] = []
    read = evidence if needs is None else only_read(evidence, needs)
    for source in read.provenance["sources"]:
        if source.get("trained_on") == "clean":
            told.append("clean labels")
        if source.get("trained_on") == "unknown":
            told.append("not known")
        told += source.get("told", ())
        for name, words in source.get("told_for", {}).items():
            told += words if needs is None or name in needs else ()
    return tuple(dict.fromkeys(told))
