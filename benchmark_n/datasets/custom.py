"""Any COCO-format file of the user's own."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.request import Request, Source
from benchmark_n.errors import UsageError
from benchmark_n.runtime.commands import command_line, option


def locate(root: Path, split: str) -> Path:
    """There is no layout to look in: the file has to be named."""
    raise UsageError("dataset custom needs `annotations=FILE`")


def open_custom(request: Request) -> Source:
    """As for `locate`."""
    return Source(locate(request.root, request.split))


CUSTOM = Dataset(
    "custom",
    "Custom-N",
    ("all",),
    open_custom,
    locate,
    size="any COCO-format file",
    licence="your file's own",
    redistribution=f"as your file's licence says (make {option('licence')} tells it)",
    steps=(command_line("make", annotations="FILE", images="FOLDER", tier="hard"),),
)
