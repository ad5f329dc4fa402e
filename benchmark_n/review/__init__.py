"""Review with people: suspects go out to their tools, decisions come back on an audit trail."""

from benchmark_n.review.corrected import RETURN_FORMATS
from benchmark_n.review.corrections import Imported, import_decisions
from benchmark_n.review.export import OutputOptions, export_review
from benchmark_n.review.judgement import Judgement, judge
from benchmark_n.review.next_round import next_round
from benchmark_n.review.remaining import Remaining, exceeds, remaining
from benchmark_n.review.reviewers import Agreement, Reviewer, agreements, reviewers
from benchmark_n.review.sampling import SampleOptions
from benchmark_n.review.since import since
from benchmark_n.review.state import read_state
from benchmark_n.review.tools import FORMATS
from benchmark_n.review.trend import TrendRow, trend
from benchmark_n.review.verify import Link, verify

__all__ = [
    "FORMATS",
    "RETURN_FORMATS",
    "Agreement",
    "Imported",
    "Judgement",
    "Link",
    "OutputOptions",
    "Remaining",
    "Reviewer",
    "SampleOptions",
    "TrendRow",
    "agreements",
    "exceeds",
    "export_review",
    "import_decisions",
    "judge",
    "next_round",
    "read_state",
    "remaining",
    "reviewers",
    "since",
    "trend",
    "verify",
]
