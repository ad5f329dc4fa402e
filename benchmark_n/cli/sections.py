"""The headings of `make`, `detect` and `eval` in --help, and what stands under each."""

from __future__ import annotations

from benchmark_n.cli.help import Sections

_READING: Sections = {"Reading": ("repair", "strict", "crowds_as_instances", "max_pixels")}
_DETECTORS = ("settings", "noise_rate", "weights", "fit", "out_of_domain", "top")
_EVIDENCE = (
    *("evidence", "images", "backbone", "full", "folds", "group_by", "evidence_seed", "device"),
    *("trained_on", "match", "category_map", "cam_target", "cam_layer", "evidence_dir", "workers"),
)

MAKE: Sections = {
    "What to make": ("dataset", "tier", "recipe", "seed", "out", "overwrite", "part"),
    "A file of yours": ("annotations", "images", "licence", "verified", "noise_unverified"),
    "The dataset": (
        *("root", "split", "num_images", "data_seed", "stride", "skip_bad", "group_regex"),
    ),
    "The noise": ("only", "settings"),
    "What is published": ("masks", "keep_ids", "keep_fields", "sealed", "seal"),
    "Weak annotations": ("weak", "segmenter", "grounder", "prompts_from", "device"),
    **_READING,
    "Running": ("workers", "backend", "scheduler"),
}
DETECT: Sections = {
    "Data": ("annotations", "out"),
    "Detectors": ("detector", *_DETECTORS),
    "Evidence": _EVIDENCE,
    "Week two": ("since", "guideline"),
    "How far to trust it": ("self_test", "recipe", "seed"),
    **_READING,
}
EVAL: Sections = {
    "What to evaluate (one of these)": ("detector", "predictions", "compare", "masks", "ef"),
    "Of detector: detectors": _DETECTORS,
    "Of detector: evidence": _EVIDENCE,
    "Of detector: the truth": (
        *("truth", "bar", "leave_out", "in_sample", "clean_subset", "ablation"),
    ),
    "Of predictions and compare": (
        *("iou_types", "ground_truth", "against", "engine", "protocol", "max_detections"),
        *("class_agnostic", "dilation_ratio", "compat"),
    ),
    "Of masks and ef": ("length", "surface", "tolerance"),
    "Slices and intervals": ("by", "bootstrap", "seed"),
    **_READING,
}
