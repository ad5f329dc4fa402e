"""The audit that every benchmark passes when it is made: ids, order, holes, counts, fields.

An attacker who has the published file alone guesses which annotations are wrong. Each way of
guessing is a test of one score against one kind of error, and the AUROC is taken within published
categories (`published.strata`), so that what the category alone tells never counts. A test *fails*
where it is beyond chance at a family-wise level of `LEVEL` after Holm's correction over all tests
of the audit: one sound benchmark in a thousand may be reported, not more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmark_n.evaluators.label_quality.holm import holm
from benchmark_n.evaluators.leakage.probes import (
    Found,
    count_tests,
    field_tests,
    hole_tests,
    id_tests,
    order_tests,
    take_sample,
)
from benchmark_n.evaluators.leakage.published import AUDITED, PublishedAnnotations, Truth

LEVEL = 0.001
# What a benchmark is marked by, and the families that may fail then.
MARKED = {"ids": ("ids", "order", "holes"), "counts": ("counts",), "fields": ("fields",)}
_ADVICE = {
    "ids": "publish opaque ids",
    "order": "publish the records in the order of opaque ids",
    "holes": "publish opaque ids",
    "counts": "leave the count out, or count the published annotations",
    "fields": "leave the field out",
}
FAMILIES = ("ids", "order", "holes", "counts", "fields")


@dataclass(frozen=True)
class LeakageTest:
    """One way of guessing.

    Parameters
    ----------
    family
        ``ids``, ``order``, ``holes``, ``counts`` or ``fields``.
    name, target
        What is looked at, and the kind of error that is guessed from it.
    auroc, lower
        Of the guess, and its lower bound at the level that Holm's procedure gives this test; for
        guesses that may go either way, of the better way.
    p, p_holm
        As they are and corrected for all tests of the audit.
    positives, negatives
        Annotations (images, categories) that are compared.
    fails
        Whether it is beyond chance.
    note
        A further figure in words, or nothing.
    """

    family: str
    name: str
    target: str
    auroc: float
    lower: float
    p: float
    p_holm: float
    positives: int
    negatives: int
    fails: bool
    note: str = ""

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        name = " ".join(self.name.split())
        return f"{self.family}: {name} tells of {self.target}: AUROC {self.auroc:.2f}{note}"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _ADVICE[self.family]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded to what does not depend on the machine."""
        rounded = {k: float(f"{getattr(self, k):.3g}") for k in ("p", "p_holm")}
        return {
            **asdict(self),
            "auroc": round(self.auroc, 4),
            "lower": round(self.lower, 4),
            **rounded,
        }


@dataclass(frozen=True)
class Audit:
    """All tests of a benchmark.

    Parameters
    ----------
    records
        How many records the tests of single annotations read.
    tests
        In the order in which they were done.
    """

    records: int
    tests: Sequence[LeakageTest]

    @property
    def failed(self) -> list[LeakageTest]:
        """Those that are beyond chance, the surest first."""
        return sorted((test for test in self.tests if test.fails), key=_strength)

    def unmarked(self, marks: Iterable[str]) -> list[LeakageTest]:
        """Those of `failed` whose family the benchmark's marks, such as ``ids``, do not cover."""
        known = {family for mark in marks for family in MARKED.get(mark, ())}
        return [test for test in self.failed if test.family not in known]

    def strongest(self, family: str | None = None) -> LeakageTest | None:
        """The test furthest from chance, of one family or of all; None where there is none."""
        tests = [test for test in self.tests if family in (None, test.family)]
        return min(tests, key=_strength, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: what failed, and the strongest of all and of each family."""
        strongest = self.strongest()
        families = {family: self.strongest(family) for family in FAMILIES}
        return {
            "level": LEVEL,
            "records": self.records,
            "tests": len(self.tests),
            "failed": [test.to_dict() for test in self.failed],
            "strongest": None if strongest is None else strongest.to_dict(),
            "families": {k: None if t is None else t.to_dict() for k, t in families.items()},
        }


def audit(published: PublishedAnnotations, truth: Truth) -> Audit:
    """Guess the errors of a benchmark from its published file in all ways that are known here.

    Tests of single annotations read the first `AUDITED` records; those of images and categories
    read all.

    Examples
    --------
    A class in the id:

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> clean = random.integers(1, 4, 300)
    >>> wrong = random.random(300) < 0.2
    >>> given = np.where(wrong, clean % 3 + 1, clean)
    >>> nothing = np.zeros(0, np.int64)
    >>> found = audit(
    ...     PublishedAnnotations(
    ...         ids=np.arange(300) * 16 + clean,
    ...         image_ids=np.arange(300) // 3,
    ...         category_ids=given,
    ...         crowd=np.zeros(300, bool),
    ...     ),
    ...     Truth(wrong, np.zeros(300, bool), nothing, nothing, nothing),
    ... )
    >>> {test.family for test in found.failed}
    {'ids'}
    """
    if not len(published):
        return Audit(0, ())
    sample = take_sample(published, truth)
    found = [*hole_tests(published, truth), *count_tests(published, truth)]
    if len(sample.rows):
        found += [*id_tests(sample), *order_tests(sample), *field_tests(published, sample)]
    return Audit(min(len(published), AUDITED), _judge(found))


def _judge(found: Iterable[Found]) -> list[LeakageTest]:
    """The tests that compare something, with p-values corrected for their number."""
    tested = [one for one in found if one.deviation.error > 0]
    p_values = [one.deviation.p(two_sided=one.two_sided) for one in tested]
    corrected = holm(p_values).tolist()
    return [
        _test(one, p, p_holm) for one, p, p_holm in zip(tested, p_values, corrected, strict=True)
    ]


def _test(one: Found, p: float, p_holm: float) -> LeakageTest:
    deviation = one.deviation
    auroc = max(deviation.auroc, 1 - deviation.auroc) if one.two_sided else deviation.auroc
    factor = (1 + one.two_sided) * (p_holm / p if p > 0 else 1)
    return LeakageTest(
        one.family,
        one.name,
        one.target,
        auroc,
        auroc - deviation.reach(min(LEVEL / factor, 0.5)),
        p,
        p_holm,
        deviation.positives,
        deviation.negatives,
        p_holm < LEVEL,
        one.note,
    )


def _strength(test: LeakageTest) -> tuple[float, float, float]:
    return test.p_holm, test.p, -test.auroc
