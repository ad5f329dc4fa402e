"""Verified annotations: noise strikes them alone, and the manifest says who they are."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from benchmark_n import Benchmark, SourceOptions, load
from benchmark_n.benchmark import layout
from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError, UsageError
from benchmark_n.generation.verified import verified_of
from benchmark_n.tables.manifest import read_manifest
from tests.making import make, source_records


@pytest.fixture(scope="module")
def half(scenes_clean: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[set[int], Path]:
    """Every other annotation, and their list."""
    ids = read_coco(scenes_clean).annotation_ids.tolist()[::2]
    path = tmp_path_factory.mktemp("list") / "verified.txt"
    path.write_text("\n".join(map(str, ids)) + "\n\n")
    return set(ids), path


def made(clean: Path, out: Path, **more: Any) -> Benchmark:
    return make(annotations=clean, recipe="hard", out=out, workers=1, **more)


def test_noise_strikes_verified_ones_alone_and_as_it_would_without(
    scenes_clean: Path, half: tuple[set[int], Path], tmp_path: Path
) -> None:
    ids, path = half
    everywhere = source_records(made(scenes_clean, tmp_path / "all"))
    clean = source_records(make(annotations=scenes_clean, recipe="clean", out=tmp_path / "clean"))
    only = made(scenes_clean, tmp_path / "only", verified=path)
    records = source_records(only)
    expected = {i: r for i, r in clean.items() if i not in ids}
    expected |= {i: r for i, r in everywhere.items() if i in ids}
    assert records == expected
    assert records != clean
    rows = only.manifest(["source_id", "verified"]).to_pylist()
    assert {row["source_id"] for row in rows if row["verified"]} == ids
    assert not any(row["verified"] is None for row in rows)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert only.recipe["verified"] == {"ids": len(ids), "sha256": sha256, "only": True}
    assert "verified" not in only.annotations.read_text()


def test_noise_may_strike_the_others_too(
    scenes_clean: Path, half: tuple[set[int], Path], tmp_path: Path
) -> None:
    plain = made(scenes_clean, tmp_path / "plain")
    both = made(scenes_clean, tmp_path / "both", verified=half[1], noise_unverified=True)
    assert both.annotations.read_bytes() == plain.annotations.read_bytes()
    assert sum(both.manifest(["verified"])["verified"].to_pylist()) == len(half[0])
    assert "verified" not in pq.read_schema(plain.path / layout.MANIFEST).names
    assert set(plain.manifest(["verified"])["verified"].to_pylist()) == {None}
    assert "verified" not in read_manifest(plain.path / layout.MANIFEST).column_names


def test_neither_workers_nor_chunks_change_the_column(
    scenes_clean: Path, half: tuple[set[int], Path], tmp_path: Path
) -> None:
    one = made(scenes_clean, tmp_path / "one", verified=half[1])
    other = make(
        annotations=scenes_clean,
        recipe="hard",
        out=tmp_path / "other",
        workers=2,
        chunk_size=7,
        verified=half[1],
    )
    assert one.manifest() == other.manifest()


def test_lists_have_directories_of_their_own(
    scenes_clean: Path,
    half: tuple[set[int], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {"annotations": scenes_clean, "recipe": "easy", "workers": 1}
    plain = make(**options)
    listed = make(**options, verified=half[1])
    assert plain.path != listed.path
    assert "verified" not in load(plain.path).recipe


def test_a_json_list_is_the_same(half: tuple[set[int], Path], tmp_path: Path) -> None:
    path = tmp_path / "ids.json"
    path.write_text(json.dumps(sorted(half[0])))
    lines, listed = verified_of(half[1]), verified_of(path)
    assert lines is not None
    assert listed is not None
    assert lines.ids.tolist() == listed.ids.tolist()
    assert verified_of(None) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("1\ntwo\n", "line 2 is 'two', expected an id"),
        ("1\n1\n", "id 1 occurs twice, expected each once"),
        ("\n", "no id in it"),
        ("[1, 1.5]", "no list of verified ids"),
        ("[1, true]", "no list of verified ids"),
        ("[" * 100_000, "no list of verified ids"),
        ("9" * 19, "does not fit in 64 bits"),
        ("9" * 5000, "does not fit in 64 bits"),
    ],
)
def test_faults_of_a_list_are_one_line(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "verified.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=fault) as caught:
        verified_of(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_list_of_another_file_is_refused(scenes_clean: Path, tmp_path: Path) -> None:
    path = tmp_path / "verified.txt"
    path.write_text(f"{read_coco(scenes_clean).annotation_ids[0]}\n987654321\n")
    with pytest.raises(InputError, match=r"annotation 987654321 is not in .* \(1 such of 2\)"):
        made(scenes_clean, tmp_path / "out", verified=path)
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="cannot read the verified ids"):
        made(scenes_clean, tmp_path / "out", verified=tmp_path / "none")


def test_what_does_not_go_together_is_refused(
    scenes_clean: Path, half: tuple[set[int], Path], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="`noise_unverified` is beside `verified`"):
        SourceOptions(noise_unverified=True)
    with pytest.raises(UsageError, match="`verified` is for recipes of noise"):
        make(
            annotations=scenes_clean,
            weak="box",
            segmenter="ellipse",
            out=tmp_path / "out",
            verified=half[1],
        )
