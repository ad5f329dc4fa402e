"""SAM, SAM 2, SlimSAM and MedSAM out of transformers, by hub name or local folder.

References
----------
.. [1] Kirillov et al.: Segment Anything, ICCV 2023. Ravi et al.: SAM 2, 2024.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.images import Pixels
from benchmark_n.errors import InputError, UsageError
from benchmark_n.masks import CropMask
from benchmark_n.nets.pretrained import load_pretrained, model_name, model_revision
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.weak.segmenters.base import Prompt
from benchmark_n.weak.segmenters.pretrained import (
    BATCH,
    import_torch,
    logits_to_crops,
    on_device,
)

# Model type in a configuration to the classes of model and processor.
_KINDS = {
    "sam": ("SamModel", "SamProcessor"),
    "sam2": ("Sam2Model", "Sam2Processor"),
    "sam2_video": ("Sam2Model", "Sam2Processor"),
}
# Mask prompts are logits: so sure is a sketch of its pixels.
_SKETCH_LOGIT = 10.0


class HubSam:
    """Segmenter ``transformers:NAME``.

    The image is embedded once; its prompts are decoded in batches. Of the three masks that the
    model gives for each prompt, the one with the best score is kept, as the authors of the
    benchmark do.
    """

    needs = ("box", "point", "mask")
    in_workers = False

    def __init__(self, spec: str, device: str) -> None:
        self._torch = import_torch("segmenter transformers")
        library = import_extra("transformers", "weak", "segmenter transformers")
        config = load_pretrained(library.AutoConfig, spec)
        if config.model_type not in _KINDS:
            raise InputError(
                f"model '{spec}' is of type {config.model_type}, "
                f"expected one of {', '.join(_KINDS)}"
            )
        model, processor = (getattr(library, name) for name in _KINDS[config.model_type])
        self._network = on_device(load_pretrained(model, spec), device)
        self._processor = load_pretrained(processor, spec)
        self.name = model_name(spec)
        self.revision = model_revision(spec, self._network.config)
        self._frame: Any = None
        self._embedding: Any = None

    def set_image(self, pixels: Pixels) -> None:
        """Embed an image, uint8 RGB."""
        self._frame = self._processor(images=pixels, return_tensors="pt")
        values = self._tensor(self._frame["pixel_values"])
        with self._torch.inference_mode():
            self._embedding = self._network.get_image_embeddings(values)

    def segment(self, prompts: Sequence[Prompt]) -> tuple[list[CropMask], list[float | None]]:
        """The best of three masks for each prompt, and the model's estimate of its IoU."""
        masks: list[CropMask] = []
        scores: list[float | None] = []
        # A sketch is of one prompt: the decoder takes a single dense prompt for an image.
        size = 1 if any(prompt.mask is not None for prompt in prompts) else BATCH
        for start in range(0, len(prompts), size):
            with self._torch.inference_mode():
                logits, estimates = self._decode(prompts[start : start + size])
            masks += logits_to_crops(logits)
            scores += estimates.float().cpu().numpy().astype(float).tolist()
        return masks, scores

    def _decode(self, prompts: Sequence[Prompt]) -> tuple[Any, Any]:
        """Logits (n, height, width) and scores (n,)."""
        output = self._network(
            image_embeddings=self._embedding, multimask_output=True, **self._inputs(prompts)
        )
        scores = output.iou_scores[0]
        best = scores.argmax(1)
        each = self._torch.arange(len(prompts), device=best.device)
        low = output.pred_masks[0][each, best][:, None].float()
        sizes = {
            key: self._frame[key]
            for key in ("original_sizes", "reshaped_input_sizes")
            if key in self._frame
        }
        logits = self._processor.post_process_masks([low], binarize=False, **sizes)[0]
        return logits[:, 0], scores[each, best]

    def _inputs(self, prompts: Sequence[Prompt]) -> dict[str, Any]:
        """The model's inputs for some prompts, in the frame of the embedded image."""
        height, width = self._frame["original_sizes"][0].tolist()
        new_height, new_width = self._resized()
        scale = np.array([new_width / width, new_height / height])
        inputs = {}
        points = [prompt.point for prompt in prompts if prompt.point is not None]
        boxes = [prompt.box for prompt in prompts if prompt.box is not None]
        if points:
            inputs["input_points"] = self._tensor(np.array(points)[None, :, None, :] * scale)
        if boxes:
            x, y, w, h = np.array(boxes).T
            corners = np.stack([x, y, x + w, y + h], 1) * np.tile(scale, 2)
            inputs["input_boxes"] = self._tensor(corners[None])
        if prompts[0].mask is not None:
            inputs["input_masks"] = self._tensor(self._sketch(prompts[0].mask)[None, None])
        return inputs

    def _resized(self) -> tuple[int, int]:
        """Height and width of the image inside the model's input."""
        key = "reshaped_input_sizes"
        known = self._frame[key][0] if key in self._frame else self._frame["pixel_values"].shape[2:]
        return int(known[0]), int(known[1])

    def _sketch(self, mask: CropMask) -> NDArray[np.float32]:
        """A mask prompt as logits in the prompt encoder's frame, float32 (s, s)."""
        side = 4 * int(self._network.prompt_encoder.image_embedding_size[0])
        height, width = self._frame["pixel_values"].shape[2:]
        new_height, new_width = self._resized()
        rows, columns = round(new_height * side / height), round(new_width * side / width)
        small = cv2.resize(mask.full(), (columns, rows), interpolation=cv2.INTER_AREA)
        frame = np.full((side, side), -_SKETCH_LOGIT, np.float32)
        frame[:rows, :columns][small > 0] = _SKETCH_LOGIT
        return frame

    def _tensor(self, values: Any) -> Any:
        weights = next(self._network.parameters())
        return self._torch.as_tensor(values, dtype=weights.dtype, device=weights.device)


def make_transformers(argument: str, device: str) -> HubSam:
    """Segmenter ``transformers:NAME``: a name on the hub, or a folder.

    Examples
    --------
    >>> HubSam.needs  # one or more of these
    ('box', 'point', 'mask')
    >>> make_transformers("", "cpu")  # such as "facebook/sam-vit-huge", or a folder
    Traceback (most recent call last):
        ...
    benchmark_n.errors.UsageError: segmenter transformers needs a model: ...
    """
    if not argument:
        raise UsageError("segmenter transformers needs a model: transformers:NAME or a folder")
    return HubSam(argument, device)
