"""Options of `eval --detector`, `detect` and `compare`."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli import completion
from benchmark_n.cli.common import Command

_FILE = click.Path(path_type=Path)
RUN_OPTIONS = (
    "detector",
    "evidence",
    "backbone",
    "folds",
    "group_by",
    "evidence_seed",
    "device",
    "trained_on",
    "match",
    "weights",
    "out_of_domain",
    "fit",
    "full",
    "cam_target",
    "cam_layer",
    "noise_rate",
    "category_map",
    "evidence_dir",
    "settings",
    "workers",
)
DETECTOR_OPTIONS = (*RUN_OPTIONS, "top", "images")


def detector_options(command: Command) -> Command:
    """`run_options`, the images, and how much of it the page shows."""
    for option in reversed(_OF_A_PAGE):
        command = option(command)
    return run_options(command)


def run_options(command: Command) -> Command:
    """What detectors run, and on what evidence: `RUN_OPTIONS`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--detector",
        metavar="NAME[,NAME…]|all",
        shell_complete=completion.detectors,
        help="Look for label errors.",
    ),
    click.option(
        "--evidence",
        multiple=True,
        metavar="SOURCE",
        help="features, crops, losses, quality, saliency[:MODEL,MODEL…], trainings[:scratch], "
        "detections[:NAME,NAME…] (nanodet, centernet, mask-rcnn, torchvision:NAME[@FILE], "
        "transformers:NAME), predictions:FILE, "
        "annotators:FILE,FILE or files:DIR (repeatable) "
        "[default: what the detectors need].",
    ),
    click.option(
        "--backbone",
        default="auto",
        show_default=True,
        help="hog, lite0, lite1, lite2, torchvision:NAME[@FILE], timm:NAME[@FILE], "
        "transformers:NAME.",
    ),
    click.option("--folds", default=5, show_default=True, help="Of the out-of-fold predictions."),
    click.option(
        "--group-by",
        metavar="FIELD",
        help="Image field that folds keep together and intervals resample by "
        "[default: the first there is of patient_id, patient, subject_id, volume_id, study_id, "
        "case_id, sequence, video_id and site, else the image].",
    ),
    click.option("--evidence-seed", default=0, show_default=True, help="Of folds and training."),
    click.option("--device", default="cpu", show_default=True, help="Of networks."),
    click.option(
        "--trained-on",
        type=click.Choice(["noisy-oof", "noisy-in-sample", "other", "clean", "unknown"]),
        default="unknown",
        show_default=True,
        help="Labels that the model behind predictions or files was trained on.",
    ),
    click.option(
        "--match",
        type=click.Choice(["auto", "all-ids"]),
        default="auto",
        show_default=True,
        help="Annotators' images and categories: by name (auto) or by their ids.",
    ),
    click.option("--weights", type=_FILE, help="Of quality_sentinel [default: the package's]."),
    click.option(
        "--out-of-domain",
        is_flag=True,
        help="Run quality_sentinel on pictures unlike those of its training.",
    ),
    click.option(
        "--fit",
        type=click.Choice(["out-of-fold", "in-sample", "self"]),
        default="out-of-fold",
        show_default=True,
        help="self: quality_sentinel is fitted to the given masks, in place of weights. "
        "Classifiers of saliency: in-sample ones also predict what they were trained on.",
    ),
    click.option(
        "--full",
        is_flag=True,
        help="Train the classifiers of saliency end to end [default: their last two stages].",
    ),
    click.option(
        "--cam-target",
        type=click.Choice(["predicted", "given"]),
        default="predicted",
        show_default=True,
        help="Category that saliency maps are of.",
    ),
    click.option("--cam-layer", metavar="NAME", help="[default: the last convolution]"),
    click.option(
        "--noise-rate",
        type=float,
        help="Share of wrong labels that usdnl is told; results say so [default: estimated].",
    ),
    click.option(
        "--category-map",
        type=_FILE,
        help="Of detections: YAML of the file's categories to the detectors' [default: by name].",
    ),
    click.option("--evidence-dir", type=_FILE, help="Where evidence is kept [default: the cache]."),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="DETECTOR.OPTION=VALUE",
        help="Set an option of a detector (repeatable).",
    ),
    click.option("--workers", type=int, help="Processes [default: the cores one may use]."),
)
_OF_A_PAGE = (
    click.option("--top", default=200, show_default=True, help="Suspects on the page."),
    click.option("--images", type=_FILE, help="Folder of the images."),
)
