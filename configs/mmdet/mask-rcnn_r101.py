"""Mask R-CNN, ResNet-101 (He et al., 2017)."""

_base_ = "mmdet::mask_rcnn/mask-rcnn_r101_fpn_1x_coco.py"
paper_epochs = 12
published = "mask_rcnn/mask-rcnn_r101_fpn_1x_coco.py"
