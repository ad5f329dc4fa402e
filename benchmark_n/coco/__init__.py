"""COCO annotation files: read, check, rewrite."""

from benchmark_n.coco.file import Category, CocoFile, Image
from benchmark_n.coco.read import read_coco
from benchmark_n.coco.reading import ReadOptions

__all__ = ["Category", "CocoFile", "Image", "ReadOptions", "read_coco"]
