"""What a noise is: parameters, a draw that the manifest records, and its application.

A noise is a frozen dataclass whose fields are its parameters. Spatial noises map a mask to a mask,
box noises the box of an annotation without a mask to a box; `ClassConfusion`, `Deletion` and
`Absence` act on the record, events (`benchmark_n.noise.events`) on the annotations of an image
together. Other packages add spatial and box noises through the entry point group
``benchmark_n.noises``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from benchmark_n.coco.boxes import RecordBox
from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask
from benchmark_n.masks.shape import Shape
from benchmark_n.runtime.random_streams import Stream
from benchmark_n.runtime.registry import Registry

NOISES = Registry(
    "noise",
    "benchmark_n.noises",
    {
        "approximation": "benchmark_n.noise.approximation:Approximation",
        "localization": "benchmark_n.noise.localization:Localization",
        "scale": "benchmark_n.noise.scale:Scale",
        "opening": "benchmark_n.noise.opening:Opening",
        "shift": "benchmark_n.noise.shift:Shift",
        "contour": "benchmark_n.noise.contour:Contour",
        "ellipse": "benchmark_n.noise.ellipse:Ellipse",
        "box_jitter": "benchmark_n.noise.box_jitter:BoxJitter",
        "class_confusion": "benchmark_n.noise.class_confusion:ClassConfusion",
        "deletion": "benchmark_n.noise.deletion:Deletion",
        "box_mask": "benchmark_n.noise.box_mask:BoxMask",
        "absence": "benchmark_n.noise.absence:Absence",
        "spurious": "benchmark_n.noise.spurious:Spurious",
        "merge": "benchmark_n.noise.merge:Merge",
        "split": "benchmark_n.noise.split:Split",
    },
)

# Kernels are made in full: this is far beyond any noise, and a megabyte.
LARGEST_KERNEL = 1025
# Distances beyond any image's side: coordinates that are moved by them stay whole numbers.
MOST_PIXELS = 1 << 16
Kind = Literal["spatial", "box", "category", "deletion", "event"]
Drawn = dict[str, Any]


class NotApplied(Exception):  # noqa: N818 - an outcome the manifest records, not a fault
    """A drawn noise leaves the instance as it is; the argument is the reason for the manifest."""


@dataclass(frozen=True)
class Noise:
    """Base of all noises.

    Attributes
    ----------
    name, version
        The name in recipes and manifests, and the number that changes when output bytes do.
    kind
        ``"spatial"``, ``"box"``, ``"category"``, ``"deletion"``, or ``"event"``: annotations
        added, or several drawn as one.
    columns
        What `draw` returns, name to Arrow type: manifest columns after ``<noise>_``.
    probability
        Chance that the noise is applied to an instance.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    kind: ClassVar[Kind] = "spatial"
    columns: ClassVar[Mapping[str, str]] = {}

    probability: float

    def __post_init__(self) -> None:
        self.require(0 <= self.probability <= 1, "probability", "a number from 0 to 1")

    def require(self, valid: bool, parameter: str, expected: str) -> None:
        """Raise an `InputError` that names the parameter unless `valid`."""
        if not valid:
            value = getattr(self, parameter)
            raise InputError(f"{self.name}.{parameter} is {value!r}, expected {expected}")


class DrawnNoise(Noise):
    """A noise that draws its parameters for each instance: of masks, or of boxes."""

    def draw(self, stream: Stream) -> Drawn:
        """Parameters for one instance, one for each of `columns`."""
        raise NotImplementedError


class SpatialNoise(DrawnNoise):
    """A noise that changes a mask."""

    @property
    def uses_polygons(self) -> bool:
        """Whether `reshape` goes by the annotation's polygons, where it has any."""
        return False

    def reshape(self, shape: Shape, drawn: Drawn) -> Shape:
        """What becomes of a mask and the polygons that it fills; `NotApplied` as for `apply`."""
        return Shape(self.apply(shape.mask, drawn))

    def apply(self, mask: CropMask, drawn: Drawn) -> CropMask:
        """The noisy mask, in any crop: a deterministic function of mask and parameters.

        Raises
        ------
        NotApplied
            The noise has nothing to work on; the mask stays.
        """
        raise NotImplementedError


class BoxNoise(DrawnNoise):
    """A noise that changes the box of an annotation without a mask."""

    kind: ClassVar[Kind] = "box"

    def apply(self, box: RecordBox, drawn: Drawn, height: int, width: int) -> RecordBox:
        """The noisy box in an image of height x width px, a function of box and parameters.

        Raises
        ------
        NotApplied
            The noise has nothing to work on, or would leave nothing; the box stays.
        """
        raise NotImplementedError


def rectified_normal(stream: Stream, label: str, mean: float, sd: float) -> float:
    """``max(0, X)`` with X ~ N(mean, sd^2), drawn for one instance."""
    return max(0.0, mean + sd * stream.normal(label)) if sd else mean


def odd_kernel(size: object) -> bool:
    """Whether a kernel side is an odd whole number of pixels, and no larger than makes sense."""
    if not isinstance(size, int) or isinstance(size, bool):
        return False
    return 0 < size <= LARGEST_KERNEL and size % 2 == 1
