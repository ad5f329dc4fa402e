"""Further annotators' files: found in the reviewed one by names, not by numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from benchmark_n import EvidenceOptions, detect
from benchmark_n.cli import run
from benchmark_n.errors import InputError, UsageError
from tests import samples
from tests.coco.joining.documents import document, renumbered
from tests.conftest import shared_case

BOXES = [(i, k % 3, [20 * k, 2 + 11 * i, 14, 8]) for i in range(4) for k in range(3)]


def drawn() -> Any:
    return document(["a.png", "b.png", "c.png", "d.png"], ["cat", "dog", "cow"], BOXES)


def flagged(given: Path, *annotators: Path, folder: Path, match: str = "auto") -> int:
    source = f"annotators:{','.join(map(str, annotators))}"
    options = EvidenceOptions((source,), evidence_dir=folder, match=match)
    (result,) = detect(given, None, "consensus", evidence=options)
    return int(pc.sum(result.scores["flagged"]).as_py())


@pytest.mark.parametrize("name", ["noisy-category-order", "noisy-renumbered-after-delete"])
def test_consensus_flags_no_export_that_numbers_anew(name: str, tmp_path: Path) -> None:
    files = [shared_case(f"16-pairs/{part}.json") for part in (name, "clean")]
    given, other = files if "delete" not in name else files[::-1]
    # The one deleted annotation was not drawn by the other; nothing else is told.
    # Of two annotators, since a tie with one stays with the given category.
    assert flagged(given, other, other, folder=tmp_path) == 2 * ("delete" in name)
    assert flagged(given, given, given, folder=tmp_path) == 0


@pytest.mark.parametrize(
    "second",
    [
        renumbered(drawn(), images={i: i - 1 for i in range(1, 5)}),
        renumbered(drawn(), categories={1: 3, 2: 1, 3: 2}, images={1: 2, 2: 1}),
        renumbered(drawn(), categories={1: 0, 2: 1, 3: 2}, annotations={1: 12, 12: 1}),
    ],
    ids=["images from 0", "permuted", "categories from 0"],
)
def test_consensus_flags_nothing_under_other_numbers(second: Any, tmp_path: Path) -> None:
    second["annotations"].reverse()
    given = samples.write(tmp_path, drawn(), "given.json")
    other = samples.write(tmp_path, second, "other.json")
    assert flagged(given, other, other, folder=tmp_path / "kept") == 0


def test_two_labels_of_one_object_are_told_apart(tmp_path: Path) -> None:
    """Each annotator drew the same mask twice, under two categories and in another order."""
    data = document(["a.png"], ["cup", "mug"], [(0, 0, [5, 5, 20, 20]), (0, 1, [5, 5, 20, 20])])
    given = samples.write(tmp_path, data, "given.json")
    data["annotations"].reverse()
    other = samples.write(tmp_path, data, "other.json")
    assert flagged(given, other, other, folder=tmp_path / "kept") == 0


def test_kept_evidence_is_of_the_images_it_was_joined_to(tmp_path: Path) -> None:
    other = samples.write(tmp_path, renumbered(drawn(), images={1: 2, 2: 1}), "other.json")
    given = samples.write(tmp_path, drawn(), "given.json")
    assert flagged(given, other, folder=tmp_path / "kept") == 0
    swapped = drawn()
    for image, name in zip(swapped["images"], ["d.png", "b.png", "c.png", "a.png"], strict=True):
        image["file_name"] = name
    given = samples.write(tmp_path, swapped, "given.json")
    assert flagged(given, other, folder=tmp_path / "kept") > 0


def test_how_they_were_joined_is_told_and_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = samples.write(tmp_path, drawn(), "given.json")
    second = drawn()
    del second["images"][3], second["annotations"][9:]
    other = samples.write(tmp_path, second, "other.json")
    arguments = ["detect", "--annotations", str(given), "--detector", "consensus", "--json"]
    arguments += ["--evidence", f"annotators:{other}", "--evidence-dir", str(tmp_path / "kept")]
    assert run([*arguments, "--out", str(tmp_path / "results")]) == 0
    told = capsys.readouterr()
    line = "other.json: matched: images by file name, categories by name; 1 image in the first file"
    assert line in told.err
    (evidence,) = json.loads(told.out)["detectors"][0]["provenance"]["evidence"]
    assert evidence["files"][0]["matched"]["images_lacking"] == 1
    kept = json.loads((tmp_path / "results" / "consensus" / "results.json").read_text())
    assert kept["provenance"]["evidence"] == [evidence]


def test_files_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = samples.write(tmp_path, drawn(), "given.json")
    second = drawn()
    for image in second["images"]:
        image["file_name"] = f"{image['id']}.png"
    other = samples.write(tmp_path, second, "other.json")
    arguments = ["detect", "--annotations", str(given), "--detector", "consensus"]
    arguments += ["--evidence", f"annotators:{other}", "--evidence-dir", str(tmp_path / "kept")]
    arguments += ["--out", str(tmp_path / "results")]
    assert run(arguments) == 1
    error = capsys.readouterr().err
    assert "other.json: image 1 '1.png' is not in given.json (4 such)" in error
    assert "--match all-ids goes by ids alone" in error
    assert run([*arguments, "--match", "all-ids"]) == 0
    for image in second["images"]:
        image |= {"width": 32, "height": 24}
    other = samples.write(tmp_path, second, "other.json")
    with pytest.raises(InputError, match="32x24 px, but 64x48 px in given"):
        flagged(given, other, folder=tmp_path / "kept", match="all-ids")
    with pytest.raises(UsageError, match="match must be"):
        EvidenceOptions(match="names")
