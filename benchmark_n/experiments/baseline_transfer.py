"""What the page of the baseline grid says of tiers and real noise: do they rank detectors alike?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmark_n.experiments.baseline_rankings import Comparison
from benchmark_n.report.table_formats import markdown_table

# Comparisons that are named above all; the table has the others.
_SHOWN = 3
_RANKING = """\
Kendall's τ-b between the orders of the detectors: 1 is the same order, -1 the reverse. A tier's
order is by the means over those of its sets that rank three detectors or more. Floors and `random`
are left out. The 95 % interval is by bootstrap over detectors, drawn together for both orders, and
over the seeds of each order: it says how far τ would be another with other detectors and other
noise seeds, not with other pictures. Where some ran under the first seed alone, all are compared
under it. A real pair has few drawings or one; there the detectors alone
are drawn. A real pair has other pictures than the tiers here, not noise of another kind alone; and
where all detectors of a column are at the floor, their order is hardly more than chance. Each
interval is that of one comparison: of twenty, one leaves out 0 by chance where τ is 0.
"""
_SAME = """\
Tiers on the pictures of a real pair, with one of its annotators as the truth: other pictures are no
reason here why orders differ. These tiers have no part in the orders above, nor in the table in one
minute. `human-lvis-crowd` was calibrated on images annotated twice, some of these among them.
"""


@dataclass(frozen=True)
class Transfer:
    """Comparisons of tiers with real pairs.

    Parameters
    ----------
    compared
        Of tiers over their sets, and of real pairs.
    same
        Real pair to those of it and tiers on its own pictures.
    """

    compared: Sequence[Comparison]
    same: Mapping[str, Sequence[Comparison]]

    def verdict(self) -> list[str]:
        """What is said first of all: a line for each answer that there is."""
        lines = _answers(self.compared, "comparisons of a tier with a real pair")
        for name, each in self.same.items():
            lines += _answers(each, f"comparisons of {name} with a tier on its own pictures")
        if not lines:
            return ["Whether tiers rank detectors as real noise does is **not measured yet**.\n"]
        return ["\n".join(lines) + "\n"]

    def section(self) -> list[str]:
        """Heading, words and a triangle for each kind of error."""
        tables = _tables(self.compared)
        none = ["No two orders have three detectors in common yet.\n"]
        parts = ["## Does the ranking transfer?\n", _RANKING, *(tables or none)]
        beside = [table for each in self.same.values() for table in _tables(each)]
        return [*parts, "### On the same pictures\n", _SAME, *beside] if beside else parts


def _answers(compared: Sequence[Comparison], what: str) -> list[str]:
    """A line for each verdict that there is."""
    real = [one for one in compared if one.real]
    said = {
        "otherwise": "**Tiers rank detectors otherwise than real noise** (τ below 0)",
        "unclear": "**It is not shown that tiers rank detectors as real noise does** (the interval "
        "of τ holds 0)",
        "alike": "Tiers rank detectors as real noise does (the interval of τ lies above 0)",
    }
    lines = []
    for verdict, words in said.items():
        own = [one for one in real if one.agreement.verdict == verdict]
        if own:
            lowest = sorted(own, key=lambda one: one.agreement.tau or 0)[:_SHOWN]
            cases = "; ".join(f"{c.kind}, {c.first} and {c.second}: {c.text}" for c in lowest)
            share = f"{len(own)} of {len(real)} {what}"
            lines.append(f"- {words}: {share}. The lowest: {cases}.")
    return lines


def _tables(compared: Sequence[Comparison]) -> list[str]:
    """A triangle for each kind of error."""
    parts = []
    for kind in dict.fromkeys(one.kind for one in compared):
        own = {(one.first, one.second): one for one in compared if one.kind == kind}
        firsts = list(dict.fromkeys(first for first, _ in own))
        seconds = list(dict.fromkeys(second for _, second in own))
        rows = [
            [first, *(own[first, s].text if (first, s) in own else "" for s in seconds)]
            for first in firsts
        ]
        parts.append(markdown_table([f"τ by {kind}", *seconds], rows))
    return parts
