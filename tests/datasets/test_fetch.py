"""Downloads from a real local server, and what is said where there is none."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmark_n.datasets.base import Archive, Dataset
from benchmark_n.datasets.cityscapes.adapter import CITYSCAPES
from benchmark_n.datasets.coco import COCO
from benchmark_n.datasets.fetch import fetch
from benchmark_n.datasets.lvis import LVIS
from benchmark_n.errors import InputError

MEMBERS = ("annotations/train.json", "annotations/val.json")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "www"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as box:
        for name in (*MEMBERS, "annotations/captions.json"):
            box.writestr(name, f'{{"name": "{name}"}}' * 1000)
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", folder
        running.shutdown()
        thread.join()


def dataset(url: str, checksum: str | None, members: tuple[str, ...] = MEMBERS) -> Dataset:
    archive = Archive(f"{url}/a.zip", members, checksum)
    return replace(COCO, archives=dict.fromkeys(COCO.splits, archive))


def test_downloads_checks_and_unpacks(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    digest = hashlib.md5((folder / "a.zip").read_bytes()).hexdigest()
    seen: list[tuple[int, int]] = []
    known = dataset(url, f"md5:{digest}")
    done = fetch(known, None, tmp_path / "coco", lambda now, total: seen.append((now, total)))
    assert [path.relative_to(tmp_path / "coco").as_posix() for path in done.files] == [*MEMBERS]
    assert done.files[0].read_text().startswith('{"name": "annotations/train.json"}')
    assert not (tmp_path / "coco" / "annotations" / "captions.json").exists()
    size = (folder / "a.zip").stat().st_size
    assert seen[-1] == (size, size)
    assert done.digests == {}
    (folder / "a.zip").unlink()
    assert fetch(known, "val2017", tmp_path / "coco").files == done.files  # nothing to download


def test_another_checksum_unpacks_nothing(server: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"another checksum than the published md5:0000"):
        fetch(dataset(server[0], "md5:" + "0" * 32), None, tmp_path / "coco")
    assert not (tmp_path / "coco").exists()


def test_without_a_published_checksum_the_digest_is_told(
    server: tuple[str, Path], tmp_path: Path
) -> None:
    url, folder = server
    done = fetch(dataset(url, None), None, tmp_path / "coco")
    expected = hashlib.sha256((folder / "a.zip").read_bytes()).hexdigest()
    assert done.digests == {f"{url}/a.zip": expected}


@pytest.mark.parametrize(
    ("members", "message"),
    [(("annotations/none.json",), r"a.zip: no annotations/none.json"), (MEMBERS, "unpacked")],
)
def test_bad_archives(
    server: tuple[str, Path], tmp_path: Path, members: tuple[str, ...], message: str
) -> None:
    url, folder = server
    if members == MEMBERS:
        (folder / "a.zip").write_bytes(b"no zip file")
    with pytest.raises(InputError, match=message):
        fetch(dataset(url, None, members), None, tmp_path / "coco")
    assert not list((tmp_path / "coco").rglob("*.json*"))


def test_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHMARK_N_CACHE", str(tmp_path / "cache"))
    with pytest.raises(InputError, match="cannot be downloaded") as caught:
        fetch(dataset("http://127.0.0.1:9", None), None, tmp_path / "coco")
    assert "\n" not in str(caught.value)


def test_where_a_login_is_wanted_there_are_steps(tmp_path: Path) -> None:
    done = fetch(CITYSCAPES, None, tmp_path)
    assert done.files == ()
    assert "register" in done.steps[0]


def test_archives_of_both_years_and_versions() -> None:
    assert COCO.archives["val2014"].members[1] == "annotations/instances_val2014.json"
    assert LVIS.archives["train-v0.5"].members == ("lvis_v0.5_train.json",)
    with pytest.raises(InputError, match="coco has no split 'train'"):
        fetch(COCO, "train")
