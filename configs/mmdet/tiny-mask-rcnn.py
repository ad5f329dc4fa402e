"""Mask R-CNN for a CPU: EfficientNet-Lite0 at 128 px, trained in minutes."""

_base_ = "mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py"

channels = 64
epochs = 12
peak_rate = 5e-4
scale = (128, 128)
norm = dict(type="BN")
# One sample a bin: at this size the adaptive number costs much and gives little.
align = dict(type="RoIAlign", sampling_ratio=1)

model = dict(
    data_preprocessor=dict(mean=[127.0] * 3, std=[128.0] * 3),
    backbone=dict(_delete_=True, type="EfficientNetLite"),
    neck=dict(in_channels=[24, 40, 112, 320], out_channels=channels, norm_cfg=norm),
    rpn_head=dict(
        in_channels=channels,
        feat_channels=channels,
        anchor_generator=dict(scales=[4]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(roi_layer=align, out_channels=channels),
        bbox_head=dict(in_channels=channels, fc_out_channels=256),
        mask_roi_extractor=dict(roi_layer=align, out_channels=channels),
        mask_head=dict(
            num_convs=2, in_channels=channels, conv_out_channels=channels, norm_cfg=norm
        ),
    ),
    train_cfg=dict(
        rpn=dict(sampler=dict(num=64)),
        rpn_proposal=dict(nms_pre=300, max_per_img=150),
        rcnn=dict(sampler=dict(num=48)),
    ),
    # After minutes of training scores are low: above .05 few detections would be left to rank.
    test_cfg=dict(rpn=dict(nms_pre=300, max_per_img=100), rcnn=dict(score_thr=0.005)),
)
train_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="LoadAnnotations", with_bbox=True, with_mask=True),
    dict(type="Resize", scale=scale, keep_ratio=True),
    dict(type="RandomFlip", prob=0.5, direction=["horizontal", "vertical"]),
    dict(type="PackDetInputs"),
]
test_pipeline = [
    dict(type="LoadImageFromFile"),
    dict(type="Resize", scale=scale, keep_ratio=True),
    dict(
        type="PackDetInputs",
        meta_keys=("img_id", "img_path", "ori_shape", "img_shape", "scale_factor"),
    ),
]
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(pipeline=train_pipeline, filter_cfg=dict(filter_empty_gt=True)),
)
val_dataloader = dict(num_workers=0, persistent_workers=False, dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=epochs, val_interval=epochs)
param_scheduler = [
    dict(
        type="OneCycleLR",
        eta_max=peak_rate,
        total_steps=epochs,
        pct_start=0.15,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type="AdamW", lr=peak_rate, weight_decay=0.01, fused=True),
    clip_grad=dict(max_norm=5, norm_type=2),
)
# Two, for the older one is removed before the newer is written.
default_hooks = dict(checkpoint=dict(interval=2, max_keep_ckpts=2))
auto_scale_lr = dict(base_batch_size=2)
