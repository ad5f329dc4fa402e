"""Backbones of transformers by hub name or local folder, such as DINOv2, ViT, ResNet or CLIP."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels
from benchmark_n.nets.pretrained import load_image_model, model_name, model_revision
from benchmark_n.runtime.optional_imports import import_extra

SIZE = 224
_BATCH = 16


class TransformersBackbone:
    """Backbone ``transformers:NAME``.

    The feature is the embedding of the image where the model has one (CLIP, SigLIP), else the
    class token, of convolutional networks the average of the last map.
    """

    in_workers = False
    size = SIZE

    def __init__(self, spec: str, device: str) -> None:
        what = f"backbone transformers:{spec}"
        self._network, self._processor = load_image_model("AutoModel", spec, device, what)
        self._torch = import_extra("torch", "weak", what)
        self._device = device
        self.name = model_name(spec)
        self.version = model_revision(spec, self._network.config)

    def describe(self, crops: Pixels, masks: Pixels) -> NDArray[np.float32]:
        """Features float32 (n, D) of crops (n, size, size, 3)."""
        batches = (crops[i : i + _BATCH] for i in range(0, len(crops), _BATCH))
        return np.concatenate([self._batch(batch) for batch in batches])

    def _batch(self, crops: Pixels) -> NDArray[np.float32]:
        inputs = self._processor(images=list(crops), return_tensors="pt").to(self._device)
        with self._torch.inference_mode():
            if hasattr(self._network, "get_image_features"):
                said = self._network.get_image_features(**inputs)
                said = getattr(said, "pooler_output", said)
            else:
                last = self._network(**inputs).last_hidden_state
                said = last.mean((2, 3)) if last.ndim == 4 else last[:, 0]
        values: NDArray[np.float32] = said.float().cpu().numpy()
        return values


def make_transformers(argument: str, device: str) -> TransformersBackbone:
    """``transformers:NAME``."""
    return TransformersBackbone(argument, device)
