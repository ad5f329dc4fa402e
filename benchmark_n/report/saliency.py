"""Saliency maps over a crop, as small pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.coco.pixels import Pixels, crop

_TILE, _GAP = 96, 4  # px
_COLUMNS = 2
_QUALITY = 82
_FRAME = (29, 39, 51)  # RGB


def saliency_tiles(pixels: Pixels, box: NDArray[np.int64], maps: NDArray[Any]) -> str:
    """The maps (M, h, w), 0 to 1, over the crop of `box`, then what they have in common."""
    cut = crop(pixels, box, _TILE)
    tiles = [over(cut, one) for one in (*maps, maps.min(axis=0))]
    cv2.rectangle(tiles[-1], (0, 0), (_TILE - 1, _TILE - 1), _FRAME, 2)
    rows = -(-len(tiles) // _COLUMNS)
    step = _TILE + _GAP
    sheet = np.full((rows * step - _GAP, _COLUMNS * step - _GAP, 3), 255, np.uint8)
    for number, tile in enumerate(tiles):
        y, x = (step * place for place in divmod(number, _COLUMNS))
        sheet[y : y + _TILE, x : x + _TILE] = tile
    return jpeg_uri(sheet)


def over(cut: Pixels, heat: NDArray[Any]) -> Pixels:
    """A map (h, w), 0 to 1, in colours over a crop (S, S, 3) in grey."""
    side = cut.shape[0]
    large = cv2.resize(heat.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    levels = np.rint(255 * np.clip(large, 0, 1)).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(grey, 0.45, colours, 0.55, 0), np.uint8)


def agreement_text(row: Mapping[str, Any]) -> str:
    """d and α of a row of scores."""
    alpha = "no spatial evidence" if row["alpha"] is None else f"α {row['alpha']:.2f}"
    return f"d {int(row['d'])}, {alpha}"


def jpeg_uri(picture: Pixels) -> str:
    """An RGB picture as a JPEG inside an address."""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode()
