"""`make`: clean annotations in, a noisy benchmark out, whichever dataset and recipe it is."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from benchmark_n.benchmark import Benchmark
from benchmark_n.benchmark.seal import Seal
from benchmark_n.benchmark.withholding import check_keep_fields
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.crowds import check_crowds
from benchmark_n.coco.parts import part_text
from benchmark_n.datasets import DATASETS, Dataset, Source, SourceOptions
from benchmark_n.datasets.open import open_source
from benchmark_n.datasets.ownership import (
    CUSTOM,
    check_licence,
    governing,
    settle_owner,
    source_digest,
)
from benchmark_n.errors import UsageError
from benchmark_n.generation.boxes import for_boxes
from benchmark_n.generation.choice import Choice, choose_recipe
from benchmark_n.generation.noise import make_noisy
from benchmark_n.generation.options import Job, PublishOptions, RecipeOptions, WeakOptions
from benchmark_n.generation.sealing import asked_seal, seed_or_seal
from benchmark_n.generation.targets import Asked, Origin, default_target, refuse_inputs_in
from benchmark_n.generation.verified import Verified, verified_of
from benchmark_n.generation.weak import make_weak
from benchmark_n.generation.weak_prompts import further_inputs
from benchmark_n.masks.contours import opencv_fault
from benchmark_n.noise.recipe import Recipe
from benchmark_n.runtime.execution import Execution
from benchmark_n.weak.recipe import WeakRecipe
from benchmark_n.weak.segmenters.base import DEFAULT as DEFAULT_SEGMENTER

_log = logging.getLogger(__name__)


def make(
    dataset: str | None = None,
    tier: str | None = None,
    *,
    recipe: RecipeOptions | str | Path | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    source: SourceOptions = SourceOptions(),
    weak: WeakOptions | None = None,
    publish: PublishOptions = PublishOptions(),
    execution: Execution = Execution(),
) -> Benchmark:
    """Make a noisy benchmark from clean annotations.

    Parameters
    ----------
    dataset
        By default ``"custom"`` where `source` names a file, else ``"coco"``. It lends a file its
        recipes and boundary ratio, its name and licence only where the SHA-256 is one of its own.
    tier, recipe
        One of the two by name, or a recipe's YAML file. `RecipeOptions` change either.
    seed
        Of the noise; the same gives the same bytes, whatever the number of workers. None means 1,
        and a sealed benchmark where the source's terms keep its labels with the user.
    out, overwrite
        Directory (by default `generation.targets`), and whether a benchmark there is replaced.
    source, weak, publish, execution
        Which annotations, who draws weak ones, how the file is written, by which processes.

    Raises
    ------
    UsageError, InputError
        Contradictory arguments; a fault of a file, recipe or output. Nothing is written then.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> [benchmark.summary[name] for name in ("annotations", "changed_masks", "changed_categories")]
    [26, 18, 12]
    """
    known: Dataset = DATASETS.load(dataset or (CUSTOM if source.named else "coco"))
    choice = choose_recipe(known.tier_recipe(tier), recipe, weak or WeakOptions(), execution)
    verified = _verified(choice, source)
    owner, opened, origin, start = _open(known, choice, source, publish, execution, seed, verified)
    choice = for_boxes(choice, coco := _read(opened, publish))
    target = out or default_target(_asked(known, choice, source), choice.recipe, start, origin)
    job = Job(Path(target), start, publish, execution, overwrite, verified)
    return _write(owner, opened, coco, choice, job, skip_bad=source.skip_bad)


def _write(
    owner: Dataset, opened: Source, coco: CocoFile, choice: Choice, job: Job, *, skip_bad: bool
) -> Benchmark:
    further = [job.verified.path] if job.verified else []
    refuse_inputs_in(job.target, opened.annotations, *further)
    if isinstance(choice.recipe, Recipe):
        return make_noisy(owner, opened, coco, choice.recipe, job)
    return make_weak(owner, opened, coco, choice.recipe, choice.weak, job, skip_bad)


def _verified(choice: Choice, source: SourceOptions) -> Verified | None:
    """What the user's list says; refused where no noise goes by it."""
    if source.part is not None and isinstance(choice.recipe, WeakRecipe):
        raise UsageError("`part` is for recipes of noise: weak annotations are kept by image")
    if source.verified is not None and isinstance(choice.recipe, WeakRecipe):
        raise UsageError("`verified` is for recipes of noise: a weak annotator draws every mask")
    return verified_of(source.verified, noise_unverified=source.noise_unverified)


def _open(
    known: Dataset,
    choice: Choice,
    options: SourceOptions,
    publish: PublishOptions,
    execution: Execution,
    seed: int | None,
    verified: Verified | None,
) -> tuple[Dataset, Source, Origin, int | Seal]:
    """The annotations, their dataset, what tells the benchmark apart, and what it starts from."""
    seal = asked_seal(seed, publish)
    check_licence(known, publish.licence, named=options.named)
    if (fault := opencv_fault()) is not None:
        _log.warning(fault)
    if isinstance(choice.recipe, WeakRecipe) and known.converter is None:
        options = replace(options, skip_bad=False)  # of the images alone, which are read later
    source = open_source(known, options, execution)
    sha256 = source_digest(source.annotations)
    owner, source = settle_owner(
        known, source, sha256, named=options.named, licence=publish.licence
    )
    start = seal or seed_or_seal(seed, publish, *governing(owner, known))
    if isinstance(start, Seal) and publish.seal is None and options.part is not None:
        raise UsageError(
            f"`part` {options.part} of a sealed benchmark: all parts need the same `seal` (or, for "
            "an open one, `seed`), and this one would be drawn anew"
        )
    return (
        owner,
        source,
        Origin(
            sha256,
            source.options.get("conventions"),
            publish.masks,
            publish.keep_ids,
            bool(source.options.get("crowds_as_instances")),
            verified.recorded() if verified else None,
        ),
        start,
    )


def _read(source: Source, publish: PublishOptions) -> CocoFile:
    """The clean annotations; an `InputError` where they are crowds alone."""
    coco = read_coco(source.annotations, source.reading)
    check_crowds(coco)
    check_keep_fields(publish.keep_fields, coco)
    _log.info("%s: %d annotations of %d images", coco.path, len(coco), len(coco.images))
    return coco


def _asked(known: Dataset, choice: Choice, source: SourceOptions) -> Asked:
    """What the default directory is named after."""
    return Asked(
        known.name,
        None if source.annotations is None else Path(source.annotations),
        choice.name,
        tuple(choice.options.only),
        choice.options.overrides,
        choice.weak.segmenter or DEFAULT_SEGMENTER,
        further_inputs(choice.weak),
        None if source.part is None else part_text(source.part),
    )
