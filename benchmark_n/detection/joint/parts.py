"""What runs for the joint list: what fits the data, and why the rest is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from benchmark_n.coco import CocoFile
from benchmark_n.coco.images import image_path
from benchmark_n.coco.units import image_units
from benchmark_n.detectors.base import DETECTORS
from benchmark_n.evidence.detections.categories import (
    coco_names,
    map_categories,
    read_category_map,
)
from benchmark_n.evidence.detections.package import NAME, PACKAGED, folder_of
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.runtime.commands import command_line

# Detectors whose scores are probabilities that an annotation needs a change: the one of categories,
# which reads detections or features, and those that need detections.
OF_CATEGORIES = "posterior"
OF_DETECTIONS = ("unannotated", "unsupported", "misplaced")
PICTURES = "pictures"
STRUCTURE = "structure"
_SCALES = "its scores are of a scale of their own, not probabilities: ask for it by name"


@dataclass(frozen=True)
class Part:
    """Something that can look for errors.

    Parameters
    ----------
    name
        Of a detector; ``structure`` for the rules of `check`, ``pictures`` for whole pictures.
    runs
        Whether it does.
    why
        The reason, a line.
    """

    name: str
    runs: bool
    why: str


@dataclass(frozen=True)
class Choice:
    """What runs, and the evidence that it needs."""

    parts: tuple[Part, ...]
    evidence: EvidenceOptions

    @property
    def running(self) -> list[str]:
        """Names of what runs."""
        return [part.name for part in self.parts if part.runs]


@dataclass(frozen=True)
class _Source:
    """A kind of evidence: its sources, none where it cannot be made, and why."""

    sources: tuple[str, ...]
    why: str


def choose_parts(coco: CocoFile, images: Path | None, options: EvidenceOptions) -> Choice:
    """What fits the data.

    Parameters
    ----------
    images
        Folder of the images.
    options
        Sources that are named are taken as they are, and none is added.
    """
    pictures = _pictures(coco, images)
    detections, features = _named(options) or (
        _detections(coco, pictures, options),
        _features(coco, pictures, options),
    )
    of_categories = detections if detections.sources else features
    parts = [
        Part(STRUCTURE, True, "reads masks, boxes and categories alone"),
        Part(PICTURES, not pictures, pictures or "looks at whole pictures"),
        Part(OF_CATEGORIES, bool(of_categories.sources), of_categories.why),
        *(Part(name, bool(detections.sources), detections.why) for name in OF_DETECTIONS),
    ]
    chosen = {part.name for part in parts}
    parts += [Part(name, False, _SCALES) for name in DETECTORS.names() if name not in chosen]
    # Features take longer than detections, and say less of categories that detectors know.
    automatic = detections.sources or features.sources
    sources = options.sources or automatic
    return Choice(tuple(parts), replace(options, sources=sources))


def _named(options: EvidenceOptions) -> tuple[_Source, _Source] | None:
    """What the user asked for; None where nothing is."""
    if not options.sources:
        return None
    boxes = _of(options.sources, ("detections", "predictions"))
    others = _of(options.sources, ("features", "crops", "files"))
    return (
        _Source(boxes, f"reads {', '.join(boxes)}" if boxes else "no detections were asked for"),
        _Source(others, f"reads {', '.join(others)}" if others else "no features were asked for"),
    )


def _of(sources: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(one for one in sources if one.partition(":")[0] in names)


def _pictures(coco: CocoFile, images: Path | None) -> str:
    """Why the pictures cannot be looked at; empty where they can."""
    if images is None:
        return "no pictures: name their folder by `images`"
    used = [coco.images[i] for i in dict.fromkeys(coco.image_ids.tolist())]
    lacking = [
        image.file_name or f"image {image.id}"
        for image in used
        if not (image.file_name and image_path(images, image).is_file())
    ]
    if lacking:
        return f"{len(lacking)} of {len(used)} pictures are not there (first: {lacking[0]})"
    return ""


def _detections(coco: CocoFile, pictures: str, options: EvidenceOptions) -> _Source:
    """The packaged object detectors that were fetched."""
    if pictures:
        return _Source((), pictures)
    if find_spec("torch") is None:
        return _Source((), "object detectors need torch: run pip install '.[deep]' in the clone")
    fetched = [name for name in PACKAGED if folder_of(name).is_dir()]
    if not fetched:
        return _Source((), f"no object detector was fetched: {command_line('fetch', NAME)}")
    path = options.category_map
    chosen = {} if path is None else read_category_map(Path(path))
    names = [category.name for category in coco.categories.values()]
    known = map_categories(names, coco_names(), chosen).known
    if not known.any():
        return _Source((), "the object detectors know none of the categories: `category_map=FILE`")
    told = f"{int(known.sum())} of {len(names)} categories are known to {' and '.join(fetched)}"
    return _Source((f"detections:{','.join(fetched)}",), told)


def _features(coco: CocoFile, pictures: str, options: EvidenceOptions) -> _Source:
    """Heads on features of the annotations, trained on the file itself."""
    if pictures:
        return _Source((), pictures)
    units = image_units(coco, coco.image_ids[~coco.crowd], options.group_by)
    if len(units) < options.folds:
        return _Source((), f"{options.folds} folds need as many units, and there are {units}")
    return _Source(("features",), f"learns from the file itself, out of fold by {units}")
