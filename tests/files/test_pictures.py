"""Pictures: the same pixels as OpenCV's own reader, and none that is too large."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.coco.images import read_rgb
from benchmark_n.datasets.labelmaps.images import image_size, read_label_map
from benchmark_n.detectors.quality_sentinel.crops import read_pixels
from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.limits import MAX_PIXELS
from benchmark_n.files.pictures import map_file, picture_size, read_picture
from benchmark_n.report.images import image_statistics
from tests import making, samples
from tests.fuzzing.photo_inputs import HUGE, black_png
from tests.fuzzing.picture_inputs import png
from tests.review.samples import ROWS, scores

HEIGHT, WIDTH = 37, 53
SUFFIXES = ("png", "jpg", "bmp", "tiff", "webp", "gif", "jp2", "ppm", "ras", "avif")
FLAGS = (cv2.IMREAD_COLOR, cv2.IMREAD_GRAYSCALE, cv2.IMREAD_UNCHANGED)


def pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_pixels_are_those_of_opencv(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    try:
        written = cv2.imwrite(str(path), pixels())
    except cv2.error:
        written = False
    if not written:
        pytest.skip(f"this OpenCV writes no {suffix}")
    for flags in FLAGS:
        expected = cv2.imread(str(path), flags)
        assert expected is not None
        found = read_picture(path, flags)
        assert found is not None
        np.testing.assert_array_equal(found, expected)
    assert picture_size(map_file(path), path) == (HEIGHT, WIDTH)


def test_a_picture_that_is_turned_is_turned(tmp_path: Path) -> None:
    image = Image.fromarray(pixels())
    exif = image.getexif()
    exif[0x112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    for flags in FLAGS:
        found = read_picture(tmp_path / "a.jpg", flags)
        expected = cv2.imread(str(tmp_path / "a.jpg"), flags)
        assert found is not None
        assert expected is not None
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\0\0MM\0*"}], ids=str)
def test_sizes_of_webp_are_those_of_pillow(options: dict[str, Any], tmp_path: Path) -> None:
    for size in ((1, 1), (16383, 2), (53, 37)):
        file = io.BytesIO()
        Image.new("RGB", size, (9, 8, 7)).save(file, "WEBP", **options)
        assert picture_size(file.getvalue(), tmp_path) == size[::-1]


def test_what_is_no_picture_is_none(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("no picture")
    (tmp_path / "cut.webp").write_bytes(b"RIFF\0\0\0\0WEBP")
    os.mkfifo(tmp_path / "fifo")
    for name in ("empty", "text", "cut.webp", "fifo", "missing", "."):
        assert read_picture(tmp_path / name) is None


def test_the_limit_is_the_pixels_and_can_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), pixels())
    monkeypatch.setenv(MAX_PIXELS, str(HEIGHT * WIDTH))
    assert read_picture(path) is not None
    monkeypatch.setenv(MAX_PIXELS, str(HEIGHT * WIDTH - 1))
    with pytest.raises(
        InputError, match=rf"a.png: .*: {WIDTH}x{HEIGHT} px, expected at most 1960 p"
    ):
        read_picture(path)
    for text in ("x", "0", "-1", "1.5"):
        monkeypatch.setenv(MAX_PIXELS, text)
        with pytest.raises(UsageError, match=f"{MAX_PIXELS} is '{text}', expected a whole number"):
            read_picture(path)


def test_more_than_pillow_allows_may_be_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    data = png(20_000, 20_000, 8, 0, b"")
    with pytest.raises(InputError, match="expected at most 100000000 pixels"):
        picture_size(data, tmp_path)
    monkeypatch.setenv(MAX_PIXELS, "400000000")
    before = Image.MAX_IMAGE_PIXELS
    assert picture_size(data, tmp_path) == (20_000, 20_000)
    assert before == Image.MAX_IMAGE_PIXELS
    assert not recwarn.list


@pytest.mark.parametrize("kind", HUGE)
def test_a_huge_header_is_refused_by_every_reader(tmp_path: Path, kind: str) -> None:
    data = samples.document()
    name = f"a.{kind.partition(',')[0]}"
    for image in data["images"]:
        image["file_name"] = name
    (tmp_path / name).write_bytes(HUGE[kind]())
    assert (tmp_path / name).stat().st_size < 200_000
    coco = read_coco(samples.write(tmp_path, data))
    image = coco.images[1]
    path = tmp_path / name
    for read in (
        lambda: read_rgb(path, image),
        lambda: read_pixels(path, image, (-200.0, 200.0)),
        lambda: image_size(path),
        lambda: image_statistics(coco, tmp_path, coco.image_ids),
        lambda: read_label_map(path, 1),
    ):
        with pytest.raises(InputError, match=r"expected at most 100000000 pixels"):
            read()


_MEASURED = """
import sys
from benchmark_n.cli import run
code = run(sys.argv[1:])
with open("/proc/self/status") as file:
    (line,) = [line for line in file if line.startswith("VmHWM")]
print(line.split()[1])
sys.exit(code)
"""


def peak_kilobytes(*words: str) -> tuple[int, int, str]:
    """Exit code, most memory (kB) and stderr of a command in a process of its own."""
    command = [sys.executable, "-c", _MEASURED, *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return ended.returncode, int(ended.stdout.split()[-1]), ended.stderr


@pytest.mark.parametrize("command", ["show", "detect", "review export", "make"])
def test_a_huge_picture_takes_no_memory(tmp_path: Path, command: str) -> None:
    data = samples.document()
    for image in data["images"]:
        (tmp_path / image["file_name"]).write_bytes(black_png())
    path = samples.write(tmp_path, data)
    out, images = ["--out", str(tmp_path / "out")], ["--images", str(tmp_path)]
    annotations = ["--annotations", str(path)]
    words = [command, *annotations, *images, *out]
    if command == "show":
        making.make(
            "custom", "clean", annotations=path, images=tmp_path, out=tmp_path / "b", workers=1
        )
        words = ["show", str(tmp_path / "b"), "--out", str(tmp_path / "out.png")]
    elif command == "detect":
        words += ["--backbone", "hog", "--folds", "2", "--workers", "1", "-q"]
        words += ["--detector", "cleanlab"]
        words += ["--evidence-dir", str(tmp_path / "evidence")]
    elif command == "make":
        words += ["--dataset", "custom", "--weak", "box", "--workers", "1", "-q"]
    else:
        table = scores(tmp_path / "scores.parquet", ROWS)
        words = ["review", "export", *annotations, *images, *out]
        words += ["--scores", str(table), "--to", "csv"]
    code, memory, said = peak_kilobytes(*words)
    assert (code, len(said.splitlines())) == (1, 1), said
    assert "32000x32000 px, expected at most 100000000 pixels" in said
    assert memory < 300_000  # 6 GB before there was a limit; imports are half of it
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_option_reaches_the_workers(
    tmp_path: Path, workers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = samples.document()
    for image in data["images"]:
        blank = np.zeros((image["height"], image["width"], 3), np.uint8)
        cv2.imwrite(str(tmp_path / image["file_name"]), blank)
    words = ["make", "--dataset", "custom", "--weak", "box", "--segmenter", "box-fill", "-q"]
    words += ["--annotations", str(samples.write(tmp_path, data)), "--images", str(tmp_path)]
    words += ["--out", str(tmp_path / "out"), "--workers", workers]
    code, _, said = peak_kilobytes(*words, "--max-pixels", "100")
    assert code == 1
    assert "expected at most 100 pixels" in said
    assert MAX_PIXELS not in os.environ
    assert run([*words, "--max-pixels", "100000", "--workers", "1"]) == 0
    assert MAX_PIXELS not in os.environ


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tiff", ".bmp", ".jp2", ".ppm"])
def test_decoders_of_broken_pictures_are_not_heard(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """libpng, libjpeg and OpenCV write to the process's standard error themselves."""
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    _, whole = cv2.imencode(suffix, noise)
    data = whole.tobytes()
    half = len(data) // 2
    for place, broken in enumerate((data[:half], data[:half] + b"\x00\x11" * 40 + data[half:])):
        path = tmp_path / f"{place}{suffix}"
        path.write_bytes(broken)
        read_picture(path)
    assert capfd.readouterr() == ("", "")
    os.write(2, b"heard again")
    assert capfd.readouterr().err == "heard again"
