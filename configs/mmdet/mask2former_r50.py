"""Mask2Former, ResNet-50 (Cheng et al., 2022)."""

_base_ = "mmdet::mask2former/mask2former_r50_8xb2-lsj-50e_coco.py"
paper_epochs = 12
published = "mask2former/mask2former_r50_8xb2-lsj-50e_coco.py"
