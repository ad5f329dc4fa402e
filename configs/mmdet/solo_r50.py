"""SOLO, ResNet-50 (Wang et al., 2020)."""

_base_ = "mmdet::solo/solo_r50_fpn_1x_coco.py"
paper_epochs = 12
published = "solo/solo_r50_fpn_1x_coco.py"
