"""``benchmark-n eval``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli import sections
from benchmark_n.cli.common import (
    benchmark_argument,
    format_option,
    output_options,
    pixels_option,
    reading_options,
    set_logging,
    warn,
)
from benchmark_n.cli.compared_files import TIERS, compared_files, results_folder
from benchmark_n.cli.detector_options import (
    DETECTOR_OPTIONS,
    detector_options,
)
from benchmark_n.cli.help import SectionedCommand
from benchmark_n.cli.precision_options import PRECISION_OPTIONS, precision_options
from benchmark_n.cli.truth_options import TRUTH_OPTIONS, spatial_truth, truth_options
from benchmark_n.errors import UsageError

if TYPE_CHECKING:
    from benchmark_n.coco import ReadOptions
    from benchmark_n.evaluation.result import Evaluation
    from benchmark_n.evaluators.average_precision.options import PrecisionOptions
    from benchmark_n.evaluators.slices import AgreementOptions

_FILE = click.Path(path_type=Path)
RESULTS = "results.json"
_SLICES = ("by", "bootstrap", "seed")


@click.command("eval", cls=SectionedCommand, sections=sections.EVAL)
@benchmark_argument
@click.option("--predictions", type=_FILE, help="COCO results file: average precisions.")
@click.option(
    "--compare",
    multiple=True,
    is_flag=False,
    flag_value=TIERS,
    metavar="NAME=FILE|TIER",
    help="COCO results files side by side, the clean-trained first (repeatable). A tier is its own "
    "labels as detections; without a value, all tiers of BENCHMARK.",
)
@click.option("--masks", type=click.Choice(["noisy"]), help="Noisy labels against clean ones.")
@click.option("--ef", is_flag=True, help="Ejection fractions of --predictions or noisy labels.")
@detector_options
@click.option("--in-sample", is_flag=True, help="Allow --weights of this benchmark's pictures.")
@click.option("--clean-subset", type=float, help="Share of right labels lent to sample_weights.")
@click.option("--ablation", is_flag=True, help="Also what each part of detector mirror is worth.")
@truth_options
@click.option("--ground-truth", type=_FILE, help="COCO file instead of the benchmark's labels.")
@click.option(
    "--against",
    type=click.Choice(["clean", "noisy", "val"]),
    default="clean",
    show_default=True,
    help="Labels of the benchmark; val: the clean ones of its validation images.",
)
@click.option(
    "--iou-type",
    "iou_types",
    multiple=True,
    type=click.Choice(["bbox", "segm", "boundary"]),
    help="Repeatable [default: all that the predictions allow].",
)
@precision_options
@click.option(
    "--length",
    type=click.Choice(["mean", "max", "camus"]),
    default="mean",
    show_default=True,
    help="Length of the long axis for --ef.",
)
@click.option(
    "--by",
    multiple=True,
    metavar="FIELD",
    help="Slice by category, supercategory, size or a field of the images, the worst first "
    "(repeatable).",
)
@click.option(
    "--bootstrap",
    type=int,
    metavar="N",
    help="Replicates of the intervals over units [default: 1000, 200 of more than "
    "2000 units; predictions 200 with --by, else none].",
)
@click.option("--seed", default=0, show_default=True, help="Of the intervals.")
@click.option("--surface", is_flag=True, help="Also distances between boundaries for --masks.")
@click.option(
    "--tolerance",
    default=1.0,
    show_default=True,
    help="Of the surface Dice, mm (px for --masks without spacing).",
)
@click.option("--out", type=_FILE, help=f"Directory of {RESULTS} [default: results/NAME-MODE].")
@format_option("text")
@reading_options
@pixels_option
@output_options
def command(
    compare: tuple[str, ...],
    out: Path | None,
    form: str,
    quiet: bool,
    verbose: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Evaluate BENCHMARK: label-error detectors, predictions, noisy labels, ejection fractions.

    The modes --detector, --predictions, --compare, --masks and --ef (alone or with --predictions)
    exclude one another. BENCHMARK may be left out with --ground-truth; with --detector it is by
    default the newest under benchmarks/.

    Example: benchmark-n eval benchmarks/coco-n-hard-seed1 --detector cleanlab
    """
    set_logging(quiet, verbose)
    if form != "text" and not compare:
        raise UsageError(f"--format {form} is for --compare: the other modes have --json")
    asked = {name: options.pop(name) for name in DETECTOR_OPTIONS}
    asked |= {name: options.pop(name) for name in ("in_sample", "clean_subset")}
    ablation = options.pop("ablation")
    reading = _reading(options)
    rule = {name: options.pop(name) for name in TRUTH_OPTIONS}
    sliced = {name: options.pop(name) for name in _SLICES}
    agreement = {name: options.pop(name) for name in ("surface", "tolerance")}
    if asked["detector"] is not None:
        others = {name: options[name] for name in ("predictions", "masks", "ef", "ground_truth")}
        _refuse_modes({**others, "compare": compare, "surface": agreement["surface"]})
        from benchmark_n.cli.detector_runs import run_on_benchmark

        asked |= {**sliced, "truth": spatial_truth(**rule)}
        run_on_benchmark(
            options["benchmark"], out, asked, ablation=ablation, quiet=quiet, as_json=as_json
        )
        return
    _refuse_unused(rule, ablation=ablation)
    chosen = _options(options, {**sliced, "group_by": asked["group_by"]}, agreement)
    from benchmark_n.cli.eval_text import finish

    files = compared_files(compare, options["benchmark"], options["ground_truth"], out)
    evaluation = _evaluate(options, reading, files, chosen)
    warn(evaluation.warnings, quiet)
    finish(evaluation, out or results_folder(evaluation.name, evaluation.mode), form, as_json)


def _evaluate(
    options: dict[str, Any],
    reading: ReadOptions,
    files: dict[str, Path],
    chosen: PrecisionOptions | AgreementOptions,
) -> Evaluation:
    from benchmark_n.coco import read_coco
    from benchmark_n.evaluation.evaluate import evaluate

    if options["ground_truth"] is not None:
        options["ground_truth"] = read_coco(options["ground_truth"], reading)
    return evaluate(compare=files, options=chosen, **options)


def _reading(options: dict[str, Any]) -> ReadOptions:
    from benchmark_n.coco import ReadOptions

    named = ("repair", "strict", "crowds_as_instances")
    reading = ReadOptions(*(options.pop(name) for name in named))
    if reading != ReadOptions() and options["ground_truth"] is None:
        raise UsageError("--repair, --strict and --crowds-as-instances are for --ground-truth")
    return reading


def _refuse_unused(rule: dict[str, Any], *, ablation: bool) -> None:
    unused = next((name for name, value in rule.items() if value), None)
    if unused is not None:
        raise UsageError(f"--{unused.replace('_', '-')} is for --detector")
    if ablation:
        raise UsageError("--ablation is for --detector mirror")


def _options(
    options: dict[str, Any], sliced: dict[str, Any], agreement: dict[str, Any]
) -> PrecisionOptions | AgreementOptions:
    """What the question takes: of masks with known counterparts, or of detections."""
    from benchmark_n.evaluators.average_precision.options import PrecisionOptions
    from benchmark_n.evaluators.slices import AgreementOptions

    precision = {name: options.pop(name) for name in PRECISION_OPTIONS}
    if options["ef"] or options["masks"] is not None:
        return AgreementOptions(**sliced, **agreement)
    if agreement["surface"]:
        raise UsageError("--surface is for --masks noisy")
    return PrecisionOptions(**precision, **sliced)


def _refuse_modes(modes: dict[str, Any]) -> None:
    given = next((name for name, value in modes.items() if value), None)
    if given is not None:
        raise UsageError(
            f"--detector and --{given.replace('_', '-')} exclude one another: give one"
        )
