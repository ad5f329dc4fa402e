"""COCO annotation files: read, check, rewrite."""

from benchmark_n.coco.file import Category, CocoFile, Image
from benchmark_n.coco.read import read_coco

__all__ = ["Category", "CocoFile", "Image", "read_coco"]
