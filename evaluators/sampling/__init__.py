"""How many errors a set has, out of a sample of it that people looked at."""

from benchmark_n.evaluators.sampling.design import allocate, score_strata
from benchmark_n.evaluators.sampling.estimates import (
    Estimate,
    Stratum,
    estimate_ratio,
    estimate_total,
    wilson,
)

__all__ = [
    "Estimate",
    "Stratum",
    "allocate",
    "estimate_ratio",
    "estimate_total",
    "score_strata",
    "wilson",
]
