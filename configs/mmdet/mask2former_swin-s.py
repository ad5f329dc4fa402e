"""Mask2Former, Swin-S (Cheng et al., 2022)."""

_base_ = "mmdet::mask2former/mask2former_swin-s-p4-w7-224_8xb2-lsj-50e_coco.py"
paper_epochs = 12
published = "mask2former/mask2former_swin-s-p4-w7-224_8xb2-lsj-50e_coco.py"
