"""YOLACT, ResNet-50 (Bolya et al., 2019)."""

_base_ = "mmdet::yolact/yolact_r50_1xb8-55e_coco.py"
paper_epochs = 50
published = "yolact/yolact_r50_1xb8-55e_coco.py"
