"""Can noise be told from what a second person drew? A two-sample test beside its references."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.realism.offsets import PAIR_FEATURES, pair_features
from benchmark_n.evaluators.realism.outlines import MASK_FEATURES, mask_features
from benchmark_n.evaluators.realism.pairs import SPLIT, MaskPairs, overlapping, pair_masks
from benchmark_n.evaluators.realism.two_samples import Protocol, TwoSamples, tell_apart
from benchmark_n.files.provenance import environment, file_digest
from benchmark_n.generation.make import make
from benchmark_n.generation.options import RecipeOptions
from benchmark_n.masks import CropMask, rles_to_crops
from benchmark_n.runtime.execution import Execution
from benchmark_n.runtime.progress import Progress

CONTROL = "second person"
TIERS = ("easy", "mid", "hard")
Half = Literal["held-out", "fitting", "all"]
HALVES: tuple[Half, ...] = ("held-out", "fitting", "all")


@dataclass(frozen=True)
class Row:
    """How well one kind of second drawing is told from a person's.

    Parameters
    ----------
    name
        Of the recipe or benchmark; the control is people's second drawings as first ones.
    pair, mask
        With the clean mask known, and of the noisy mask alone; None where there are too few.
    """

    name: str
    pair: TwoSamples | None
    mask: TwoSamples | None


@dataclass(frozen=True)
class Realism:
    """Result of `realism`.

    Parameters
    ----------
    rows
        The control, what was asked about, and the tiers.
    objects
        Drawn by both people in the half that was looked at.
    pictures
        A few objects in their windows: the first person's mask, and under each name a second one.
    """

    rows: Sequence[Row]
    objects: int
    half: str
    protocol: Mapping[str, Any]
    provenance: Mapping[str, Any]
    pictures: Sequence[Mapping[str, CropMask]]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without pictures."""
        plain = {key: getattr(self, key) for key in ("objects", "half", "protocol", "provenance")}
        return {"rows": [asdict(row) for row in self.rows], **plain}


def realism(
    subject: str | Path,
    first: Path | str,
    second: Path | str,
    *,
    half: Half = "held-out",
    seed: int = 1,
    tiers: Sequence[str] = TIERS,
    protocol: Protocol = Protocol(),
    reading: ReadOptions = ReadOptions(),
    progress: Progress | None = None,
) -> Realism:
    """Test whether second drawings by a recipe are told from those of a second person.

    Parameters
    ----------
    subject
        A recipe's name or YAML file, or a benchmark made from `first`.
    first, second
        COCO files of two people who drew the same images.
    half
        Half of the images: ``"held-out"`` is the one that `calibrate` does not see.
    seed
        Of recipes' noise.
    tiers
        Recipes to compare with.

    Raises
    ------
    UsageError
        An unknown half.
    InputError
        Files that do not fit together, a benchmark of other annotations, or no pair of masks.

    Examples
    --------
    >>> result = realism("human-lvis-crowd", "A.json", "B.json")  # doctest: +SKIP
    >>> result.rows[1].pair.auroc  # doctest: +SKIP
    0.68
    """
    if half not in HALVES:
        raise UsageError(f"`half` is '{half}', expected one of {', '.join(HALVES)}")
    first, second = Path(first), Path(second)
    clean = read_coco(first, reading)
    pairs, matched = pair_masks(clean, read_coco(second, reading))
    if half != "all":
        pairs = pairs.half(held_out=half == "held-out")
    if not len(pairs):
        raise InputError(f"{second.name}: no mask of the {half} images is one of {first.name}'s")
    names = [str(subject), *(tier for tier in tiers if tier != str(subject))]
    drawn = {CONTROL: pairs.swapped()}
    rows = []
    for done, name in enumerate([CONTROL, *names]):
        if name != CONTROL:
            drawn[name] = _drawn(name, first, clean, pairs, seed)
        rows.append(compare(name, pairs, drawn[name], protocol))
        if progress is not None:
            progress(done + 1, len(names) + 1)
    return Realism(
        rows,
        len(pairs),
        half,
        {**asdict(protocol), "digest": protocol.digest, "split": SPLIT},
        {
            "first": {"file": first.name, "sha256": file_digest(first)},
            "second": {"file": second.name, "sha256": file_digest(second)},
            "matched": matched.record,
            "noise_seed": seed,
            **environment(("scikit-learn",)),
        },
        _pictures(pairs, drawn),
    )


def compare(name: str, real: MaskPairs, other: MaskPairs, protocol: Protocol) -> Row:
    """Both two-sample tests of `real` second drawings against `other` ones."""
    images = (real.images, other.images)
    pair = [
        np.array([pair_features(a, b) for a, b in zip(p.clean, p.noisy, strict=True)])
        for p in (real, other)
    ]
    mask = [np.array([mask_features(b) for b in p.noisy]) for p in (real, other)]
    return Row(
        name,
        tell_apart(pair[0], pair[1], images, PAIR_FEATURES, protocol),
        tell_apart(mask[0], mask[1], images, MASK_FEATURES, protocol),
    )


def _drawn(subject: str, first: Path, clean: CocoFile, pairs: MaskPairs, seed: int) -> MaskPairs:
    """Second drawings of the same objects by a benchmark or a recipe."""
    if Path(subject).is_dir():
        return _of_benchmark(load(subject), clean, pairs)
    with tempfile.TemporaryDirectory(prefix="benchmark-n-realism-") as folder:
        made = make(
            "custom",
            recipe=RecipeOptions(subject),
            seed=seed,
            out=Path(folder) / "made",
            source=SourceOptions(annotations=first),
            execution=Execution(workers=1),
        )
        return _of_benchmark(made, clean, pairs)


def _of_benchmark(benchmark: Benchmark, clean: CocoFile, pairs: MaskPairs) -> MaskPairs:
    """The benchmark's masks of the pairs' objects, without those of IoU below .5 or deleted."""
    noisy = benchmark.noisy()
    told = benchmark.manifest(["annotation_id", "source_id"]).to_pydict()
    published = dict(zip(told["source_id"], told["annotation_id"], strict=True))
    place = {identity: row for row, identity in enumerate(noisy.annotation_ids.tolist())}
    if not set(pairs.ids.tolist()) <= set(published):
        raise InputError(
            f"{benchmark.path.name}: not made from {clean.path.name}: its manifest lacks "
            f"annotation {min(set(pairs.ids.tolist()) - set(published))}"
        )
    rows = [k for k, i in enumerate(pairs.ids.tolist()) if published[i] in place]
    kept = pairs.take(np.array(rows, np.intp))
    masks = masks_of(noisy, [place[published[i]] for i in kept.ids.tolist()])
    drawn = MaskPairs(kept.ids, kept.images, kept.held_out, kept.clean, tuple(rles_to_crops(masks)))
    same = overlapping(list(drawn.clean), list(drawn.noisy))
    return drawn.take(np.flatnonzero(same))


def _pictures(pairs: MaskPairs, drawn: Mapping[str, MaskPairs]) -> list[dict[str, CropMask]]:
    """Objects of middling and large size that all drew, spread over the sizes."""
    by_id = {
        name: dict(
            zip(each.ids.tolist(), each.clean if name == CONTROL else each.noisy, strict=True)
        )
        for name, each in drawn.items()
    }
    shared = set.intersection(*(set(each) for each in by_id.values()))
    rows = [k for k, i in enumerate(pairs.ids.tolist()) if i in shared]
    rows.sort(key=lambda k: (pairs.clean[k].area, k))
    chosen = [rows[int(share * (len(rows) - 1))] for share in _SHARES] if rows else []
    return [
        {"first person": pairs.clean[k]}
        | {name: each[int(pairs.ids[k])] for name, each in by_id.items()}
        for k in dict.fromkeys(chosen)
    ]


_SHARES = (0.4, 0.55, 0.65, 0.75, 0.82, 0.88, 0.93, 0.97)
