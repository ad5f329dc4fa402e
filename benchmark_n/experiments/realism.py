"""Can noise be told from what a second person drew? A two-sample test beside its references."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.datasets import SourceOptions
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.realism.offsets import PAIR_FEATURES, pair_features
from benchmark_n.evaluators.realism.outlines import MASK_FEATURES, mask_features
from benchmark_n.evaluators.realism.pairs import SPLIT, MaskPairs, pair_masks
from benchmark_n.evaluators.realism.two_samples import Protocol, TwoSamples, tell_apart
from benchmark_n.experiments.second_drawings import CONTROL, choose_pictures, second_drawings
from benchmark_n.files.provenance import environment, file_digest
from benchmark_n.masks import CropMask
from benchmark_n.runtime.progress import Progress

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
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

    >>> realism("human-lvis-crowd", "A.json", "B.json").rows[1].pair.auroc  # doctest: +SKIP
    0.67

    Parameters
    ----------
    subject
        A recipe's name or YAML file, or a benchmark made from `first`.
    first, second, half
        COCO files of two people who drew the same images, and a half of these:
        ``"held-out"`` (what `calibrate` does not see), ``"fitting"`` or ``"all"``.
    seed, tiers
        Of recipes' noise, and recipes to compare with.

    Raises
    ------
    UsageError, InputError
        An unknown half, files or a benchmark that do not fit together, or no pair of masks.
    """
    first, second = Path(first), Path(second)
    clean, pairs, record = _people(first, second, half, reading)
    names = [str(subject), *(tier for tier in tiers if tier != str(subject))]
    drawn = {CONTROL: pairs.swapped()}
    source = SourceOptions(annotations=first, **asdict(reading))
    seen = _features(pairs)
    rows = []
    for done, name in enumerate([CONTROL, *names], 1):
        if name not in drawn:
            drawn[name] = second_drawings(name, source, clean, pairs, seed)
        images = (pairs.images, drawn[name].images)
        rows.append(_row(name, seen, _features(drawn[name]), images, protocol))
        if progress is not None:
            progress(done, len(names) + 1)
    provenance = _provenance(first, second, record, seed)
    pictures = choose_pictures(pairs, drawn)
    return Realism(rows, len(pairs), half, _told(protocol), provenance, pictures)


def _features(pairs: MaskPairs) -> tuple[Floats, Floats]:
    """What the two tests see of second drawings: of pairs, and of the second masks alone."""
    pair = [pair_features(a, b) for a, b in zip(pairs.clean, pairs.noisy, strict=True)]
    return np.array(pair), np.array([mask_features(mask) for mask in pairs.noisy])


def _row(
    name: str,
    real: tuple[Floats, Floats],
    other: tuple[Floats, Floats],
    images: tuple[Ints, Ints],
    protocol: Protocol,
) -> Row:
    """Both two-sample tests of real second drawings against other ones."""
    return Row(
        name,
        tell_apart(real[0], other[0], images, PAIR_FEATURES, protocol),
        tell_apart(real[1], other[1], images, MASK_FEATURES, protocol),
    )


def _provenance(first: Path, second: Path, matched: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return {
        "first": {"file": first.name, "sha256": file_digest(first)},
        "second": {"file": second.name, "sha256": file_digest(second)},
        "matched": matched,
        "noise_seed": seed,
        **environment(("scikit-learn",)),
    }


def _people(
    first: Path, second: Path, half: str, reading: ReadOptions
) -> tuple[CocoFile, MaskPairs, Mapping[str, Any]]:
    """The first person's file, the pairs of the half, and how the files were joined."""
    if half not in HALVES:
        raise UsageError(f"`half` is '{half}', expected one of {', '.join(HALVES)}")
    clean = read_coco(first, reading)
    pairs, matched = pair_masks(clean, read_coco(second, reading))
    if half != "all":
        pairs = pairs.half(held_out=half == "held-out")
    if not len(pairs):
        raise InputError(f"{second.name}: no mask of the {half} images is one of {first.name}'s")
    return clean, pairs, matched.record


def _told(protocol: Protocol) -> dict[str, Any]:
    return {**asdict(protocol), "digest": protocol.digest, "split": SPLIT}
