"""Any COCO-format file of the user's own."""

from __future__ import annotations

from benchmark_n.datasets.base import Dataset, Request, Source
from benchmark_n.errors import UsageError


def open_custom(request: Request) -> Source:
    """There is no layout to look in: the file has to be named."""
    raise UsageError("dataset custom needs --annotations FILE")


CUSTOM = Dataset("custom", "Custom-N", ("all",), open_custom)
