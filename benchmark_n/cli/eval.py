"""``benchmark-n eval``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark_n.cli import completion
from benchmark_n.cli.common import (
    READING_SECTION,
    emit,
    output_options,
    pixels_option,
    reading_options,
    set_logging,
    warn,
)
from benchmark_n.cli.detector_options import (
    DETECTOR_OPTIONS,
    DETECTOR_SECTIONS,
    detector_options,
)
from benchmark_n.cli.help import SectionedCommand
from benchmark_n.cli.truth_options import TRUTH_OPTIONS, spatial_truth, truth_options
from benchmark_n.errors import UsageError

if TYPE_CHECKING:
    from benchmark_n.coco import ReadOptions
    from benchmark_n.evaluators.average_precision.options import PrecisionOptions
    from benchmark_n.evaluators.slices import AgreementOptions

_FILE = click.Path(path_type=Path)
RESULTS = "results.json"
_PRECISION = (
    *("engine", "protocol", "max_detections", "class_agnostic"),
    *("dilation_ratio", "compat"),
)
_SLICES = ("by", "bootstrap", "seed")


SECTIONS = {
    "What to evaluate (one of these)": ("detector", "predictions", "compare", "masks", "ef"),
    "Of detector: detectors": tuple(
        name for name in DETECTOR_SECTIONS["Detectors"] if name != "detector"
    ),
    "Of detector: evidence": DETECTOR_SECTIONS["Evidence"],
    "Of detector: the truth": (*TRUTH_OPTIONS, "in_sample", "clean_subset", "ablation"),
    "Of predictions and compare": ("iou_types", "ground_truth", "against", *_PRECISION),
    "Of masks and ef": ("length", "surface", "tolerance"),
    "Slices and intervals": _SLICES,
    **READING_SECTION,
}


@click.command("eval", cls=SectionedCommand, sections=SECTIONS)
@click.argument("benchmark", required=False, type=_FILE, shell_complete=completion.benchmarks)
@click.option("--predictions", type=_FILE, help="COCO results file: average precisions.")
@click.option(
    "--compare",
    multiple=True,
    metavar="NAME=FILE",
    help="COCO results files side by side, the clean-trained first (repeatable).",
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
@click.option(
    "--engine",
    type=click.Choice(["auto", "pycocotools", "vernier"]),
    default="auto",
    show_default=True,
)
@click.option(
    "--protocol",
    type=click.Choice(["coco", "lvis"]),
    help="[default: lvis where images name their negative categories]",
)
@click.option("--max-detections", type=int, help="[default: 100; lvis 300]")
@click.option("--class-agnostic", is_flag=True, help="As if all categories were one.")
@click.option("--dilation-ratio", type=float, help="[default: the benchmark's, else 0.02]")
@click.option("--compat", type=click.Choice(["pycocotools"]), help="As the raw oracle does it.")
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
@reading_options
@pixels_option
@output_options
def command(
    compare: tuple[str, ...],
    out: Path | None,
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
    from benchmark_n.cli.eval_text import TEXTS
    from benchmark_n.coco import read_coco
    from benchmark_n.evaluation.evaluate import evaluate
    from benchmark_n.report.results_writer import write_results

    chosen = _options(options, {**sliced, "group_by": asked["group_by"]}, agreement)
    if options["ground_truth"] is not None:
        options["ground_truth"] = read_coco(options["ground_truth"], reading)
    evaluation = evaluate(compare=parse_compare(compare), options=chosen, **options)
    warn(evaluation.warnings, quiet)
    folder = out or Path("results") / f"{evaluation.name}-{evaluation.mode}"
    pictures = write_results(folder, evaluation)
    pages = ["\n".join(map(str, pictures))] if pictures else []
    text = "\n\n".join([TEXTS[evaluation.mode](evaluation.results), *pages])
    emit(text, evaluation.to_dict(), as_json)


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

    precision = {name: options.pop(name) for name in _PRECISION}
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


def parse_compare(texts: tuple[str, ...]) -> dict[str, Path]:
    """``NAME=FILE`` texts in their order."""
    files: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UsageError(f"--compare {text}: expected NAME=FILE")
        if name in files:
            raise UsageError(f"--compare {text}: the name {name} occurs twice")
        files[name] = Path(path)
    return files
