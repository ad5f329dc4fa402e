"""Exports of tools as they come: folders and archives with a COCO file in them."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.coco.exports import open_export
from benchmark_n.errors import InputError
from benchmark_n.files.cache import cache_folder
from tests import making, samples

DOCUMENT = json.dumps(samples.document()).encode()
PICTURE = b"a picture"
# Name of the annotations, and the folder of the pictures, in exports of tools.
LAYOUTS = {
    "CVAT": ("annotations/instances_default.json", "images"),
    "CVAT, subset": ("annotations/instances_train.json", "images/train"),
    "Roboflow": ("_annotations.coco.json", "."),
    "Roboflow, split": ("train/_annotations.coco.json", "train"),
    "Label Studio": ("result.json", "images"),
    "COCO": ("annotations/instances_val2017.json", "val2017"),
}


def write_folder(root: Path, layout: str) -> tuple[Path, Path]:
    """An export as a folder: its annotations and its pictures."""
    name, images = LAYOUTS[layout]
    annotations, pictures = root / name, root / images
    for folder in (annotations.parent, pictures):
        folder.mkdir(parents=True, exist_ok=True)
    annotations.write_bytes(DOCUMENT)
    for image in ("a.png", "b.png"):
        (pictures / image).write_bytes(PICTURE)
    return annotations, pictures


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in files.items():
            box.writestr(name, data)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders(tmp_path: Path, layout: str) -> None:
    annotations, pictures = write_folder(tmp_path / "export", layout)
    found = open_export(tmp_path / "export")
    assert found.annotations == annotations
    assert found.images is not None
    assert found.images.samefile(pictures)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_archives(tmp_path: Path, layout: str) -> None:
    write_folder(tmp_path / "export", layout)
    archive = Path(shutil.make_archive(str(tmp_path / "task"), "zip", tmp_path / "export"))
    for _ in range(2):
        found = open_export(archive)
        assert found.annotations.read_bytes() == DOCUMENT
        assert found.images is not None
        assert (found.images / "a.png").read_bytes() == PICTURE
    inner = open_export(archive / LAYOUTS[layout][0])
    assert inner == found
    assert len(read_coco(archive)) == 3


def test_a_file_is_taken_as_it_is(tmp_path: Path) -> None:
    annotations, _ = write_folder(tmp_path, "Roboflow")
    assert open_export(annotations).images is None


def test_annotations_alone_unpack_no_picture(tmp_path: Path) -> None:
    files = {"annotations.json": DOCUMENT, "images/a.png": PICTURE, "images/only-here.png": b"x"}
    read_coco(write_archive(tmp_path / "x.zip", files))
    assert not list(cache_folder().rglob("only-here.png"))


def test_one_of_several_is_asked_for(tmp_path: Path) -> None:
    names = ["a/instances_train.json", "a/instances_val.json", "a/captions_val.json"]
    archive = write_archive(tmp_path / "x.zip", dict.fromkeys(names, DOCUMENT))
    with zipfile.ZipFile(archive) as box:
        box.extractall(tmp_path / "x")
    for path in (archive, tmp_path / "x"):
        with pytest.raises(InputError, match=r"3 JSON files, expected one: name one of ") as told:
            open_export(path)
        assert str(path / names[0]) in str(told.value)
        assert "captions" not in str(told.value)
        assert open_export(path / names[1]).annotations.name == "instances_val.json"


def test_instances_are_chosen_among_coco_s_own(tmp_path: Path) -> None:
    names = ["instances_val.json", "captions_val.json", "person_keypoints_val.json"]
    archive = write_archive(tmp_path / "x.zip", dict.fromkeys(names, DOCUMENT))
    assert open_export(archive).annotations.name == "instances_val.json"


def test_what_macos_adds_is_left_out(tmp_path: Path) -> None:
    files = {"in.json": DOCUMENT, "__MACOSX/._in.json": b"\x00", "._in.json": b"\x00"}
    assert len(read_coco(write_archive(tmp_path / "x.zip", files))) == 3


@pytest.mark.parametrize("name", ["../in.json", "a/../../in.json", "/tmp/in.json", "a/../in.json"])
def test_nothing_is_written_outside(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / "x.zip", {name: DOCUMENT})
    with pytest.raises(InputError, match="leads out of the archive's folder"):
        open_export(archive)
    pictures = {"in.json": DOCUMENT, name.replace(".json", ".png"): PICTURE}
    with pytest.raises(InputError, match="leads out of the archive's folder"):
        open_export(write_archive(tmp_path / "y.zip", pictures))


def test_links_come_out_as_plain_files(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.json")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as box:
        box.writestr(link, "/etc/hostname")
    found = open_export(tmp_path / "x.zip")
    assert not found.annotations.is_symlink()
    assert found.annotations.read_text() == "/etc/hostname"


def test_archives_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = write_archive(tmp_path / "x.zip", {"in.json": b" " * 10**6 + DOCUMENT})
    monkeypatch.setenv("BENCHMARK_N_MAX_UNPACKED_BYTES", str(10**6))
    with pytest.raises(InputError, match=r"unpacks to \d+ bytes, expected at most 1000000"):
        open_export(archive)
    monkeypatch.setenv("BENCHMARK_N_MAX_UNPACKED_BYTES", str(2 * 10**6))
    assert len(read_coco(archive)) == 3


def test_broken_archives_are_one_line(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "x.zip", {"in.json": DOCUMENT * 50})
    data = archive.read_bytes()
    for broken in (data[:60] + b"\x00" * 20 + data[80:], data[:-40], data[:10]):
        path = tmp_path / "broken.zip"
        path.write_bytes(broken)
        with pytest.raises(InputError) as told:
            read_coco(path)
        assert str(told.value).isprintable()


@pytest.mark.parametrize("empty", ["folder", "archive"])
def test_exports_without_annotations(tmp_path: Path, empty: str) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    path = folder if empty == "folder" else write_archive(tmp_path / "x.zip", {"a.txt": b"0 1"})
    with pytest.raises(InputError, match="no JSON file in it"):
        open_export(path)


def test_a_benchmark_of_an_export(tmp_path: Path) -> None:
    write_folder(tmp_path / "export", "CVAT")
    archive = Path(shutil.make_archive(str(tmp_path / "task"), "zip", tmp_path / "export"))
    made = making.make("custom", "hard", annotations=archive, out=tmp_path / "b", workers=1)
    plain = making.make(
        "custom",
        "hard",
        annotations=tmp_path / "export" / "annotations" / "instances_default.json",
        out=tmp_path / "plain",
        workers=1,
    )
    assert made.annotations.read_bytes() == plain.annotations.read_bytes()
    assert made.recipe == plain.recipe
    assert made.images is not None
    assert (made.images / "a.png").read_bytes() == PICTURE
    assert plain.images is None


def test_the_other_commands_open_exports(tmp_path: Path) -> None:
    write_folder(tmp_path / "export", "CVAT")
    archive = shutil.make_archive(str(tmp_path / "task"), "zip", tmp_path / "export")
    results = tmp_path / "dets.json"
    detection = {"image_id": 1, "category_id": 1, "bbox": [10, 10, 30, 30], "score": 1}
    results.write_text(json.dumps([detection]))
    out = ["-q", "--out", str(tmp_path / "out")]
    assert run(["eval", "--ground-truth", archive, "--predictions", str(results), *out]) == 0
    assert (
        run(
            [
                "import",
                "--clean",
                archive,
                "--noisy",
                str(tmp_path / "export"),
                *out[:2],
                str(tmp_path / "pair"),
            ]
        )
        == 0
    )
