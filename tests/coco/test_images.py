"""Where images may lie."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from benchmark_n.coco import Image
from benchmark_n.coco.images import image_files, image_path, read_rgb
from benchmark_n.errors import InputError


def test_images_lie_in_their_folder(tmp_path: Path) -> None:
    assert image_path(tmp_path, Image(1, 2, 2, "a/b.png")) == tmp_path / "a" / "b.png"


@pytest.mark.parametrize(
    "name", ["../x.png", "a/../../x.png", "/data/local-files/?d=..", "a\x00b", "x" * 300]
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="image 7: file_name"):
        image_path(tmp_path, Image(7, 2, 2, name))


ELSEWHERE = [
    "/etc/passwd",
    "C:\\photos\\passwd",
    "photos\\passwd",
    "//server/share/passwd",
    "/data/local-files/?d=photos/passwd",
    "/data/local-files/?d=photos%2Fpasswd",
    "http://localhost:8080/data/local-files/?d=C%3A%5Cphotos%5Cpasswd",
    "..\\..\\passwd",
]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_names_of_another_machine_are_looked_for_in_the_folder(tmp_path: Path, name: str) -> None:
    assert image_path(tmp_path, Image(7, 2, 2, name)) == tmp_path / "passwd"


@pytest.mark.parametrize("name", ["a b.png", "a/b.png", "?d=a.png", "a%20b.png", "été.png"])
def test_other_names_stay(tmp_path: Path, name: str) -> None:
    assert image_path(tmp_path, Image(7, 2, 2, name)) == tmp_path / name


def test_names_of_another_machine_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).touch()
    images = {1: Image(1, 2, 2, "a.png"), 2: Image(2, 2, 2, "/mnt/b.png")}
    for _ in range(2):
        found = image_files(tmp_path, images, np.array([1, 2]))
    assert found == {1: tmp_path / "a.png", 2: tmp_path / "b.png"}
    assert caplog.text.count("1 of 2 file names are paths of another place") == 1


def test_one_file_is_not_read_for_two_images(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    images = {1: Image(1, 2, 2, "x\\a.png"), 2: Image(2, 2, 2, "y\\a.png")}
    with pytest.raises(InputError, match=r"images 1 and 2 are both a\.png"):
        image_files(tmp_path, images, np.array([1, 2]))


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_swapped_sizes_name_the_orientation(tmp_path: Path, orientation: int) -> None:
    """A picture of 30x20 px whose record has 20x30, or the size before it is turned."""
    path = tmp_path / "a.jpg"
    exif = Picture.Exif()
    exif[0x0112] = orientation
    Picture.new("RGB", (30, 20)).save(path, exif=exif)
    pixels = cv2.imread(str(path))
    assert pixels is not None
    height, width = pixels.shape[:2]
    turned = orientation in (6, 8)
    assert (height, width) == ((30, 20) if turned else (20, 30))
    assert read_rgb(path, Image(1, height, width)).shape == (height, width, 3)
    words = f"EXIF orientation {orientation} turns it" if turned else "width and height are swapped"
    with pytest.raises(InputError, match=words):
        read_rgb(path, Image(1, width, height))
    with pytest.raises(InputError, match=r"but its record says 7x9$"):
        read_rgb(path, Image(1, 9, 7))
