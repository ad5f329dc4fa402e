"""What one may ask of `make`, in objects that are filled once and passed on whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.published_ids import PublishedIds
from benchmark_n.benchmark.seal import Seal, write_seal
from benchmark_n.coco.annotation_masks import MASK_FORMS, MaskForm
from benchmark_n.datasets.request import SourceOptions
from benchmark_n.errors import UsageError
from benchmark_n.generation.verified import Verified
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.options import check_known


@dataclass(frozen=True)
class RecipeOptions:
    """A recipe, and how the user wants it changed.

    Parameters
    ----------
    recipe
        A recipe's name or YAML file; None where a tier names it.
    only
        Noises to keep; by default all.
    overrides
        ``"noise.parameter"`` values to replace.

    Raises
    ------
    UsageError
        One text as `only`, whose letters would be taken for names.

    Examples
    --------
    >>> RecipeOptions("hard", only=["scale"], overrides={"scale.kernel": 9}).only
    ('scale',)
    """

    recipe: str | Path | None = None
    only: Iterable[str] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.only, str):
            raise UsageError(f"only is '{self.only:.40}', expected a list of names of noises")
        object.__setattr__(self, "only", tuple(self.only))


@dataclass(frozen=True)
class WeakOptions:
    """Who annotates weakly, and by which prompts. Only with a weak recipe may any be given.

    Parameters
    ----------
    weak
        Instead of a tier, a kind of prompt: ``"box"``, ``"point"``, ``"mask"``, several joined by
        ``+``, or ``"text"``.
    segmenter
        The model that draws the masks: ``"grabcut"`` (the default), ``"medsam-lite"``,
        ``"transformers:NAME"``, ….
    grounder
        The grounding model of text prompts; by default a small Grounding DINO.
    device
        ``"cpu"`` (the default) or ``"cuda"``.
    prompts_from
        A noisy benchmark of the same source whose boxes are the prompts.

    Examples
    --------
    >>> WeakOptions("box", segmenter="ellipse").given
    ['weak', 'segmenter']
    """

    weak: str | None = None
    segmenter: str | None = None
    grounder: str | None = None
    device: str | None = None
    prompts_from: Path | str | None = None

    @property
    def given(self) -> list[str]:
        """Names of the fields that are not left to their defaults."""
        return [each.name for each in fields(self) if getattr(self, each.name) is not None]


@dataclass(frozen=True)
class PublishOptions:
    """How the published file is written, and on whose terms.

    Parameters
    ----------
    masks
        ``"rle"``, ``"polygon"``, or ``"keep"`` to leave untouched records as they came (the
        benchmark is then unfit for label-error detection, and marked so).
    licence
        Of annotations of the user's own, an identifier of `benchmark_n.datasets.terms.LICENCES`:
        kept in the recipe, and what card and publishing go by. Without it they count as not to
        be passed on. It changes neither the benchmark's name nor its citations.
    keep_ids
        Publish the annotations under the source's ids and in their order. These may tell what was
        changed, so the recipe says ``leak: [ids]``, and results of detectors carry that mark.
    keep_fields
        Names of the source's further fields (of annotations, images or categories) and sections
        that are published all the same; by default they are kept beside the manifest, since they
        may tell what the noise changed (`benchmark_n.benchmark.fields` has the lists).
    sealed
        Draw the key of the ids and the seed of the noise at random and keep them in
        ``private/seal.json`` alone. Without it whoever knows the seed and has the source can tell
        all errors.
    seal
        Such a file: the same sealed benchmark is made again.

    Raises
    ------
    UsageError
        An unknown form of masks, one text as `keep_fields`, or kept ids in a sealed benchmark.

    Examples
    --------
    >>> PublishOptions("polygon", keep_fields=["guideline"]).keep_fields
    ('guideline',)
    """

    masks: MaskForm = "rle"
    licence: str | None = None
    keep_ids: bool = False
    keep_fields: Collection[str] = ()
    sealed: bool = False
    seal: Path | str | None = None

    def __post_init__(self) -> None:
        check_known("masks", self.masks, MASK_FORMS)
        object.__setattr__(self, "keep_fields", field_names(self.keep_fields))
        if self.keep_ids and (self.sealed or self.seal is not None):
            raise UsageError("`keep_ids` would tell what is `sealed`: give one of them")

    @property
    def recorded(self) -> dict[str, Any]:
        """What the recipe says of fields that are kept; nothing where there are none."""
        return {"keep_fields": list(self.keep_fields)} if self.keep_fields else {}


def field_names(names: Collection[str]) -> tuple[str, ...]:
    """Names of fields as a tuple, each once.

    Raises
    ------
    UsageError
        One text, whose letters would be taken for names.
    """
    if isinstance(names, str):
        raise UsageError(f"`keep_fields` is '{names:.40}', expected a list of names of fields")
    return tuple(dict.fromkeys(names))


# Keywords of `make` to the classes whose fields the command line and YAML files name flatly.
MAKE_OPTIONS: Mapping[str, type[Any]] = {
    "recipe": RecipeOptions,
    "source": SourceOptions,
    "weak": WeakOptions,
    "publish": PublishOptions,
    "execution": Execution,
}


@dataclass(frozen=True)
class Job:
    """A benchmark that is to be written: where, from which seed, in which form, and by whom.

    `origin` is the seed of an open benchmark, or the seal of a sealed one; `verified` what is known
    of the clean annotations.
    """

    target: Path
    origin: int | Seal = 1
    publish: PublishOptions = PublishOptions()
    execution: Execution = Execution()
    overwrite: bool = False
    verified: Verified | None = None

    @property
    def seed(self) -> int:
        """Of the noise; a secret where the benchmark is sealed."""
        return self.origin.seed if isinstance(self.origin, Seal) else self.origin

    @property
    def ids(self) -> PublishedIds:
        """The ids that annotations are published under."""
        if isinstance(self.origin, Seal):
            return PublishedIds(self.origin.key)
        return PublishedIds.of_seed(self.origin, keep=self.publish.keep_ids)

    def stated(self) -> dict[str, Any]:
        """What the benchmark's recipe says of its seed, its ids and the fields that were kept."""
        if isinstance(self.origin, Seal):
            return {"sealed": True, **self.publish.recorded}
        leak = {"leak": ["ids"]} if self.publish.keep_ids else {}
        return {"seed": self.origin, **leak, **self.publish.recorded}

    def kept(self, stage: Path) -> Benchmark:
        """The benchmark that was written to `stage`, with its seal if there is one."""
        if isinstance(self.origin, Seal):
            write_seal(stage, self.origin)
        return load(stage).moved(self.target)
