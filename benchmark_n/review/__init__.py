"""Review with people: suspects go out to their tools, decisions come back on an audit trail."""

from benchmark_n.review.corrected import RETURN_FORMATS
from benchmark_n.review.corrections import Imported, import_decisions
from benchmark_n.review.export import FORMATS, export_review
from benchmark_n.review.judgement import Judgement, judge

__all__ = [
    "FORMATS",
    "RETURN_FORMATS",
    "Imported",
    "Judgement",
    "export_review",
    "import_decisions",
    "judge",
]
