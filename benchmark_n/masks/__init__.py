"""Instance masks in their crops: RLE, contours, boundaries. Nothing here allocates a full canvas."""

from benchmark_n.masks.crop import CropMask, intersection_area, mask_iou
from benchmark_n.masks.rle import Rle, crop_to_rle, rle_to_crop
from benchmark_n.masks.segmentation import SegmentationError, segmentation_to_rle

__all__ = [
    "CropMask",
    "Rle",
    "SegmentationError",
    "crop_to_rle",
    "intersection_area",
    "mask_iou",
    "rle_to_crop",
    "segmentation_to_rle",
]
