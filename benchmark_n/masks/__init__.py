"""Instance masks in their crops: RLE, contours, boundaries; no full canvas anywhere."""

from benchmark_n.masks.crop import CropMask, intersection_area, mask_iou
from benchmark_n.masks.rle import Rle, crop_to_rle, crops_to_rles, rle_record
from benchmark_n.masks.segmentation import SegmentationError, segmentation_to_rle
from benchmark_n.masks.unroll import rle_to_crop, rles_to_crops

__all__ = [
    "CropMask",
    "Rle",
    "SegmentationError",
    "crop_to_rle",
    "crops_to_rles",
    "intersection_area",
    "mask_iou",
    "rle_record",
    "rle_to_crop",
    "rles_to_crops",
    "segmentation_to_rle",
]
