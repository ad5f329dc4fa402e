"""Models for `benchmark-n train`, one a file, each over MMDetection's own config.

``paper_epochs`` is the length of `schedule` ``paper``; ``published`` names the config of
MMDetection whose weights `init` ``coco`` takes.
"""
