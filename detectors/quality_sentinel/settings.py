"""How Quality Sentinel is built and trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from benchmark_n.errors import InputError

CONDITIONS = ("none", "one-hot", "text")
PAIRINGS = ("disjoint", "all")


@dataclass(frozen=True)
class Settings:
    """A training.

    Parameters
    ----------
    encoder
        ``small`` (from scratch), ``lite0``, ``lite1``, ``lite2`` or ``timm:NAME``.
    condition
        What the network is told of the category: ``none``, ``one-hot`` or ``text``.
    gray
        One channel of brightness and the mask, in place of red, green, blue and the mask.
    size
        Side of the crops, px.
    ranking, margin, pairing
        Weight (the paper's lambda) and margin (xi) of the ranking loss; ``disjoint`` pairs as the
        paper has them, or ``all`` assigned ones, as its released code.
    mask_loss
        Weight of the loss of the drawn true masks; 0, the paper's, for a network that draws none.
    bfloat16
        Train in half precision: faster where the processor has instructions for it.
    window
        (low, high) of the images' stored values, such as Hounsfield units; the paper's for CT is
        (-200, 200). None for pictures of 8 bits.
    resample
        Share of each category's annotations that the second stage keeps; None for one stage.
    """

    encoder: str = "small"
    condition: str = "text"
    gray: bool = False
    size: int = 128
    epochs: int = 6
    batch: int = 32
    rate: float = 2e-3
    ranking: float = 1.0
    margin: float = 1e-4
    pairing: str = "disjoint"
    mask_loss: float = 0.2
    bfloat16: bool = False
    window: tuple[float, float] | None = None
    resample: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        self._require(self.condition in CONDITIONS, "condition", f"one of {', '.join(CONDITIONS)}")
        self._require(self.pairing in PAIRINGS, "pairing", f"one of {', '.join(PAIRINGS)}")
        self._require(self.size >= 32 and self.size % 32 == 0, "size", "a multiple of 32 px")
        self._require(self.epochs >= 1, "epochs", "1 or more")
        self._require(self.batch >= 2, "batch", "2 or more")
        self._require(self.rate > 0, "rate", "more than 0")
        self._require(self.ranking >= 0, "ranking", "0 or more")
        self._require(self.mask_loss >= 0, "mask_loss", "0 or more")
        self._require(self.margin >= 0, "margin", "0 or more")
        rising = self.window is None or self.window[0] < self.window[1]
        self._require(rising, "window", "two rising numbers")
        share = self.resample is None or 0 < self.resample <= 1
        self._require(share, "resample", "a share above 0, at most 1")

    def _require(self, valid: bool, name: str, expected: str) -> None:
        if not valid:
            raise InputError(f"{name} is {getattr(self, name)!r}, expected {expected}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


# The paper's, and what ships: the margin is unpublished, its released code has 1e-4.
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": {
        "encoder": "timm:resnet50",
        "gray": True,
        "size": 256,
        "epochs": 30,
        "batch": 128,
        "rate": 1e-3,
        "mask_loss": 0.0,
    },
}


def named_settings(preset: str, **changes: Any) -> Settings:
    """The settings of a preset, with `changes`; a change of None is none.

    Raises
    ------
    InputError
        An unknown preset, or a value that a setting cannot have.
    """
    if preset not in PRESETS:
        raise InputError(f"unknown preset '{preset}', expected one of {', '.join(PRESETS)}")
    given = {name: value for name, value in changes.items() if value is not None}
    return Settings(**{**PRESETS[preset], **given})
