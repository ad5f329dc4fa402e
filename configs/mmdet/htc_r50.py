"""Hybrid Task Cascade, ResNet-50, without the semantic branch (Chen et al., 2019)."""

_base_ = "mmdet::htc/htc-without-semantic_r50_fpn_1x_coco.py"
paper_epochs = 12
published = "htc/htc_r50_fpn_1x_coco.py"
