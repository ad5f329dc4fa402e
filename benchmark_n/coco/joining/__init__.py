"""Two annotation files of the same images, joined by what their records mean."""

from benchmark_n.coco.joining.assignment import assign
from benchmark_n.coco.joining.decision import MATCHES, matched_line
from benchmark_n.coco.joining.files import JOINING, JoinedFile, join_files
from benchmark_n.coco.joining.pairs import MatchedPairs, Pair, match_pairs

__all__ = [
    "JOINING",
    "MATCHES",
    "JoinedFile",
    "MatchedPairs",
    "Pair",
    "assign",
    "join_files",
    "match_pairs",
    "matched_line",
]
