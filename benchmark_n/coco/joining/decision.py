"""What a joining went by: as it is recorded, and in the one line that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MATCHES = ("auto", "id", "iou", "all-ids")


def matched_line(record: Mapping[str, Any]) -> str:
    """One line of a record of `JoinedFile` or of `MatchedPairs`.

    >>> matched_line({"images": "file name", "categories": "name"})
    'matched: images by file name, categories by name'
    >>> matched_line({"images": "id", "categories": "name", "annotations": "IoU 0.5",
    ...               "poor_overlaps": 12})
    'matched: images by id, categories by name, annotations by IoU 0.5 (12 poor overlaps)'
    """
    line = f"matched: images by {record['images']}, categories by {record['categories']}"
    if "annotations" in record:
        line += f", annotations by {record['annotations']}"
        remarks = []
        if record["annotations"] == "id" and record.get("by_iou"):
            remarks.append(f"{record['by_iou']} by IoU {record['least_iou']:g}")
        if record.get("poor_overlaps"):
            remarks.append(counted(record["poor_overlaps"], "poor overlap"))
        line += f" ({', '.join(remarks)})" if remarks else ""
    if record.get("images_lacking"):
        line += f"; {counted(record['images_lacking'], 'image')} in the first file alone"
    unused = len(record.get("categories_unused", ()))
    if unused:
        line += f"; {unused} of the second file's categories, unused there, not in the first"
    return line


def counted(number: int, word: str) -> str:
    """A number with its noun.

    >>> counted(1, "image"), counted(2, "image")
    ('1 image', '2 images')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
