"""Grounding DINO out of transformers: boxes of names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from benchmark_n.coco.images import Pixels
from benchmark_n.nets.pretrained import load_pretrained, model_revision
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.weak.segmenters.base import Match
from benchmark_n.weak.segmenters.pretrained import (
    import_torch,
    on_device,
)


class GroundingDino:
    """A grounding model by hub name or folder.

    All names of an image go into one text, separated by full stops, as the model was trained; into
    several where they are more than it can read. A box belongs to the name whose words it scores
    highest. Of boxes that overlap much, whatever their names, the lower ones go.
    """

    def __init__(self, spec: str, device: str) -> None:
        self._torch = import_torch("text prompts")
        library = import_extra("transformers", "weak", "text prompts")
        self._nms = import_extra("torchvision.ops", "weak", "text prompts").nms
        kind = library.AutoModelForZeroShotObjectDetection
        self._network = on_device(load_pretrained(kind, spec), device)
        self._processor = load_pretrained(library.AutoProcessor, spec)
        self.name = spec.rstrip("/").rpartition("/")[2]
        self.revision = model_revision(spec, self._network.config)

    def find(
        self, pixels: Pixels, names: Sequence[str], threshold: float, nms_iou: float
    ) -> list[Match]:
        """Boxes of the names in an image, uint8 RGB (height, width, 3), best first.

        Parameters
        ----------
        threshold
            Least score.
        nms_iou
            Of two boxes of a greater IoU the one of the lower score goes.
        """
        parts = [self._found(pixels, some, threshold) for some in self._readable(names)]
        found = [match for part in parts for match in part]
        if not found:
            return []
        torch = self._torch
        corners = [[x, y, x + w, y + h] for x, y, w, h in (match.box for match in found)]
        scores = torch.tensor([match.score for match in found])
        kept = self._nms(torch.tensor(corners), scores, nms_iou).tolist()
        return [found[i] for i in kept]

    def _readable(self, names: Sequence[str]) -> Iterator[list[str]]:
        """The names in groups that the model can read at once."""
        most = int(self._network.config.max_text_len)
        group: list[str] = []
        for name in names:
            if group and len(self._tokens([*group, name])) > most:
                yield group
                group = []
            group.append(name)
        if group:
            yield group

    def _tokens(self, names: Sequence[str]) -> list[int]:
        ids: list[int] = self._processor.tokenizer(text_of(names))["input_ids"]
        return ids

    def _found(self, pixels: Pixels, names: Sequence[str], threshold: float) -> list[Match]:
        inputs = self._processor(images=pixels, text=text_of(names), return_tensors="pt")
        inputs = inputs.to(self._network.device)
        weights = next(self._network.parameters())
        inputs["pixel_values"] = inputs["pixel_values"].to(weights.dtype)
        with self._torch.inference_mode():
            output = self._network(**inputs)
        chances = output.logits[0].float().sigmoid().cpu()
        stop = self._processor.tokenizer.convert_tokens_to_ids(".")
        places = name_places(inputs["input_ids"][0].tolist(), stop, len(names))
        scores = self._torch.stack([chances[:, where].amax(1) for where in places], 1)
        best, which = scores.max(1)
        height, width = pixels.shape[:2]
        centres = output.pred_boxes[0].float().cpu()
        return [
            Match(names[int(which[i])], _box(centres[i].tolist(), height, width), float(best[i]))
            for i in self._torch.nonzero(best > threshold)[:, 0].tolist()
        ]


def text_of(names: Sequence[str]) -> str:
    """The names as one text, in lower case, each followed by a full stop.

    >>> text_of(["Cat", "fire hydrant"])
    'cat. fire hydrant.'
    """
    return " ".join(f"{name.lower().replace('.', ' ').strip()}." for name in names)


def name_places(ids: Sequence[int], stop: int, count: int) -> list[list[int]]:
    """Token positions of each of `count` names: what lies between the full stops.

    >>> name_places([101, 7, 1012, 8, 9, 1012, 102], 1012, 2)
    [[1], [3, 4]]
    """
    places: list[list[int]] = [[]]
    for place, token in enumerate(ids[1:-1], start=1):
        if token == stop:
            places.append([])
        else:
            places[-1].append(place)
    return places[:count]


def _box(box: Any, height: int, width: int) -> tuple[float, float, float, float]:
    """Centre and size as shares of the image to [x, y, width, height] px inside it."""
    x, y, w, h = box
    left, top = max((x - w / 2) * width, 0.0), max((y - h / 2) * height, 0.0)
    right, bottom = min((x + w / 2) * width, width), min((y + h / 2) * height, height)
    return left, top, max(right - left, 1.0), max(bottom - top, 1.0)
