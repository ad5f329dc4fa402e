"""Pictures out of files that may have come from anywhere, none larger than it may be.

A hundred kilobytes can hold a picture of a thousand million pixels. So its size is read from the
header first, which decodes nothing; every picture that the package reads goes through here.
"""

from __future__ import annotations

import io
import mmap
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark_n.errors import InputError
from benchmark_n.files.limits import MAX_PIXELS, limit

# All that Pillow raises for files that are no whole images of a sensible size.
PICTURE_FAULTS = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, EOFError, OverflowError),
    *(struct.error, zlib.error, IndexError, AttributeError, RuntimeError, MemoryError),
)
# What OpenCV reads too, but for WebP, for which Pillow sets aside the whole picture.
_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "SUN", "AVIF")
# EXIF's tag of the orientation, and those of its values that swap width and height.
_ORIENTATION = 0x0112
TURNED = (5, 6, 7, 8)

# Held while standard error is put aside.
_ERRORS = threading.Lock()


def read_picture(path: Path, flags: int = cv2.IMREAD_COLOR) -> NDArray[Any] | None:
    """The pixels of a picture as `cv2.imread` gives them; None where it cannot be read.

    Raises
    ------
    InputError
        It has more pixels than `limit(MAX_PIXELS)`; nothing is decoded then.
    """
    try:
        return decode_picture(map_file(path), path, flags)
    except (OSError, ValueError):
        return None


def decode_picture(data: Any, path: Path, flags: int = cv2.IMREAD_COLOR) -> NDArray[Any] | None:
    """The same of a file's bytes; `path` is what messages call it."""
    try:
        picture_size(data, path)
    except PICTURE_FAULTS:
        return None
    try:
        with _unheard():
            return cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None


@contextmanager
def _unheard() -> Iterator[None]:
    """Keep what OpenCV and its decoders write about a broken picture from the user's terminal.

    They write to the process's standard error itself; the caller has its own line for the picture.
    """
    with _ERRORS:
        try:
            kept = os.dup(2)
        except OSError:  # there is none
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def picture_size(data: Any, path: Path) -> tuple[int, int]:
    """(height, width) px that a picture's header states, before it is turned.

    Parameters
    ----------
    data
        The file, as bytes or mapped.

    Raises
    ------
    InputError
        More than `limit(MAX_PIXELS)` pixels.
    PICTURE_FAULTS
        No picture.
    """
    width, height = _webp_size(data) or _pillow_size(data)
    most = limit(MAX_PIXELS)
    if width * height > most:
        raise InputError(
            f"{path}: cannot be read: {width}x{height} px, expected at most {most} pixels "
            f"(`{MAX_PIXELS}` allows more)"
        )
    return height, width


def exif_orientation(path: Path) -> int:
    """How a picture's EXIF data say that it is to be turned, 1 to 8; 1 where they do not."""
    try:
        data: Any = map_file(path)
        with _any_size(), Image.open(data, formats=["JPEG", "PNG", "TIFF", "WEBP"]) as image:
            value = image.getexif().get(_ORIENTATION, 1)
    except PICTURE_FAULTS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def map_file(path: Path) -> mmap.mmap:
    """A file's bytes, of which no more is in memory than is looked at.

    From a plain file, Pillow would set aside as much as a header says that there is.

    Raises
    ------
    OSError, ValueError
        It cannot be read, is no plain file, or empty.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file")
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _pillow_size(data: Any) -> tuple[int, int]:
    file: Any = data if isinstance(data, mmap.mmap) else io.BytesIO(data)
    file.seek(0)
    Image.init()
    known = [name for name in _FORMATS if name in Image.OPEN]
    with _any_size(), Image.open(file, formats=known) as image:
        return image.size


@contextmanager
def _any_size() -> Iterator[None]:
    """Pillow has limits of its own, which warn and cannot be told apart from other faults."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata, which nothing here looks at
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _webp_size(data: Any) -> tuple[int, int] | None:
    """(width, height) of a WebP file; None for other files.

    https://developers.google.com/speed/webp/docs/riff_container and RFC 6386, 9.1.
    """
    head = bytes(data[:30])
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    if len(head) < 30:
        raise ValueError("a WebP file that is cut off")
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError(f"a WebP file of kind {kind!r}")
