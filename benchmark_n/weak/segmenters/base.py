"""What a prompt is, and what a model has to do with it.

Other packages add segmenters through the entry point group ``benchmark_n.segmenters``: a name to a
function of (argument, device) that returns a `Segmenter`. On the command line the argument follows
the name after a colon, as in ``transformers:facebook/sam-vit-huge``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from benchmark_n.coco.images import Pixels
from benchmark_n.errors import UsageError
from benchmark_n.masks import CropMask
from benchmark_n.runtime.registry import Registry

PARTS = ("box", "point", "mask")
DEFAULT = "grabcut"
Box = tuple[float, float, float, float]

SEGMENTERS = Registry(
    "segmenter",
    "benchmark_n.segmenters",
    {
        "grabcut": "benchmark_n.weak.segmenters.grabcut:make_grabcut",
        "box-fill": "benchmark_n.weak.segmenters.shapes:make_box_fill",
        "ellipse": "benchmark_n.weak.segmenters.shapes:make_ellipse",
        "medsam-lite": "benchmark_n.weak.segmenters.medsam_lite:make_medsam_lite",
        "transformers": "benchmark_n.weak.segmenters.sam:make_transformers",
    },
)


@dataclass(frozen=True)
class Prompt:
    """What a model is told of one instance.

    Parameters
    ----------
    box
        x, y, width, height in px; the pixel in column c covers [c, c + 1).
    point
        x, y in px, where a pixel's centre has whole coordinates.
    mask
        A sketch of the instance.
    """

    box: Box | None = None
    point: tuple[float, float] | None = None
    mask: CropMask | None = None


class Segmenter(Protocol):
    """A promptable model.

    Attributes
    ----------
    name, revision
        The model and the version of its weights or code, for the manifest.
    needs
        Parts of a prompt (``"box"``, ``"point"``, ``"mask"``) of which it needs one or more.
    in_workers
        Whether every worker process may have its own: light models without weights.
    """

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    @property
    def needs(self) -> tuple[str, ...]: ...

    @property
    def in_workers(self) -> bool: ...

    def set_image(self, pixels: Pixels) -> None:
        """Take in an image, uint8 RGB (height, width, 3)."""

    def segment(self, prompts: Sequence[Prompt]) -> tuple[list[CropMask], list[float | None]]:
        """A mask, empty where the model finds nothing, and the model's own score of each prompt."""


@lru_cache(maxsize=2)
def load_segmenter(spec: str, device: str = "cpu") -> Segmenter:
    """The segmenter of ``NAME`` or ``NAME:ARGUMENT``; once in a process.

    Raises
    ------
    InputError
        An unknown name, a missing extra, or weights that cannot be loaded.
    """
    name, _, argument = spec.partition(":")
    made: Any = SEGMENTERS.load(name)(argument, device)
    segmenter: Segmenter = made
    return segmenter


def check_argument(name: str, argument: str) -> None:
    """Raise a `UsageError` if a segmenter that takes no argument was given one."""
    if argument:
        raise UsageError(f"segmenter {name} takes no argument, but got '{argument}'")


@dataclass(frozen=True)
class Match:
    """A box (px) that a category's name led to, with the model's score."""

    name: str
    box: Box
    score: float


class Grounder(Protocol):
    """A model that finds names in an image."""

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    def find(
        self, pixels: Pixels, names: Sequence[str], threshold: float, nms_iou: float
    ) -> list[Match]:
        """Boxes of the names in an image, uint8 RGB (height, width, 3)."""
