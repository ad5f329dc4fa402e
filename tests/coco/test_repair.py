"""Records that are not as they should be: read as pycocotools does, mended, or refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pycocotools.coco import COCO

import benchmark_n
from benchmark_n.cli import run
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.reading import KINDS
from benchmark_n.errors import InputError, UsageError
from benchmark_n.masks.segmentation import CUT
from tests import making, samples
from tests.conftest import SHARED

REPAIR, STRICT = ReadOptions(repair=True), ReadOptions(strict=True)
CASES = SHARED.parent / "cases"
GOOD = samples.SQUARE[0]


def masks(coco: CocoFile) -> list[np.ndarray[Any, Any]]:
    from pycocotools import mask as coco_mask

    return [coco_mask.decode(rle) for rle in masks_of(coco, range(len(coco)))]


def oracle(path: Path) -> list[np.ndarray[Any, Any]]:
    coco = COCO(str(path))
    return [coco.annToMask(annotation) for annotation in coco.dataset["annotations"]]


def with_segmentation(folder: Path, segmentation: Any, **fields: Any) -> Path:
    data = samples.document()
    data["annotations"][1].update(segmentation=segmentation, **fields)
    return samples.write(folder, data)


@pytest.fixture
def case() -> Path:
    path = CASES / "07-short-polygons" / "a-good-and-two-points.json"
    if not path.is_file():
        pytest.skip(f"no sample at {path}")
    return path


def test_the_case_is_read_as_pycocotools_reads_it(case: Path) -> None:
    coco = read_coco(case)
    for own, theirs in zip(masks(coco), oracle(case), strict=True):
        assert np.array_equal(own, theirs)
    assert coco.repairs.counts == {"short_polygons": 1}
    assert list(coco.repairs.ids["short_polygons"]) == [1]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_benchmark_of_the_case_records_the_repair(
    case: Path, tmp_path: Path, workers: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Masks are read in other processes; the account of them is not lost there."""
    made = making.make("custom", "hard", annotations=case, out=tmp_path / "b", workers=workers)
    recipe = yaml.safe_load((made.path / "recipe.yaml").read_text())
    assert recipe["source"]["repairs"] == {"short_polygons": 1}
    assert caplog.text.count("polygons of fewer than three points: 1 (first: 1): left out") == 1
    assert made.verify() == []


def test_all_ways_of_making_a_benchmark_record_repairs(case: Path, tmp_path: Path) -> None:
    images = CASES / "images"
    data = json.loads(case.read_text())
    there = {image["id"] for image in data["images"] if (images / image["file_name"]).is_file()}
    for section, key in (("images", "id"), ("annotations", "image_id")):
        data[section] = [record for record in data[section] if record[key] in there]
    path = samples.write(tmp_path, data)
    weak = making.make(
        "custom", None, annotations=path, images=images, weak="box", out=tmp_path / "w", workers=1
    )
    assert weak.recipe["source"]["repairs"] == {"short_polygons": 1}
    pair = benchmark_n.import_pair(path, path, out=tmp_path / "p", match="id")
    assert pair.recipe["source"]["repairs"] == {"short_polygons": 1}
    assert pair.recipe["noisy_source"]["repairs"] == {"short_polygons": 1}


def test_clean_files_record_nothing(tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document())
    made = making.make("custom", "hard", annotations=path, out=tmp_path / "b", workers=1)
    assert set(made.recipe["source"]) == {"file", "sha256"}
    for options in (REPAIR, STRICT):
        coco = read_coco(path, options)
        assert not coco.repairs.ids
        assert [bytes(raw) for raw in coco.annotations] == [
            bytes(raw) for raw in read_coco(path).annotations
        ]


@pytest.mark.parametrize("part", [[], [3, 4], [3, 4, 20, 20], [30.5, 5, 31, 5]])
def test_short_parts_add_nothing(tmp_path: Path, part: list[float]) -> None:
    """After the good part pycocotools reads them too; before it, it fails, and nothing changes."""
    path = with_segmentation(tmp_path, [GOOD, part])
    expected = oracle(path)
    for name, segmentation in (("after", [GOOD, part]), ("before", [part, GOOD])):
        folder = tmp_path / name
        folder.mkdir()
        coco = read_coco(with_segmentation(folder, segmentation))
        for own, theirs in zip(masks(coco), expected, strict=True):
            assert np.array_equal(own, theirs)
        assert coco.repairs.counts == {"short_polygons": 1}


@pytest.mark.parametrize("segmentation", [[[3, 4, 20, 20]], [[3, 4], []], [[5, 5, 5, 5], [1, 2]]])
def test_nothing_but_short_parts(tmp_path: Path, segmentation: Any) -> None:
    path = with_segmentation(tmp_path, segmentation)
    with pytest.raises(InputError, match=r"annotation 8: polygon with \d points"):
        masks_of(read_coco(path), [1])
    coco = read_coco(path, REPAIR)
    assert coco.annotation_ids.tolist() == [7, 9]
    assert coco.repairs.counts == {"short_polygons": 1, "without_area": 1}
    assert [r["id"] for r in coco.section("annotations")] == [7, 9]


def test_repair_drops_masks_without_a_pixel(tmp_path: Path) -> None:
    data = samples.document()
    data["annotations"][0]["segmentation"] = [[5, 5, 5, 5, 5, 5]]
    data["annotations"][1]["segmentation"] = {"size": [48, 64], "counts": [48 * 64]}
    path = samples.write(tmp_path, data)
    assert len(read_coco(path)) == 3
    coco = read_coco(path, REPAIR)
    assert coco.annotation_ids.tolist() == [9]
    assert coco.repairs.counts == {"without_area": 2}


@pytest.mark.parametrize(
    ("box", "kept"), [([5, 5, 10, 0], False), (None, False), ([5, 5, 10, 3], True)]
)
def test_boxes_alone_are_annotations(tmp_path: Path, box: Any, kept: bool) -> None:
    forms: dict[str, list[Any]] = {"none": [], "parts": [[], []]}
    for name, empty in forms.items():
        folder = tmp_path / name
        folder.mkdir()
        coco = read_coco(with_segmentation(folder, empty, bbox=box), REPAIR)
        assert (8 in coco.annotation_ids.tolist()) == kept


def test_repair_clips_to_the_image(tmp_path: Path) -> None:
    """A rectangle from -10 to 20 in x and from 30 to 58 in y, in an image of 64x48 px."""
    outside = [[-10, 30, 20, 30, 20, 58, -10, 58]]
    path = with_segmentation(tmp_path, outside, bbox=[-10, 30, 30, 28])
    coco = read_coco(path, REPAIR)
    record = json.loads(bytes(coco.annotations[1]))
    assert (record["bbox"], record["area"]) == ([0, 30, 20, 18], 360)
    assert np.array_equal(masks(coco)[1], oracle(path)[1])
    assert coco.repairs.counts == {"clipped": 1, "cut_by_border": 1}


@pytest.mark.parametrize("options", [ReadOptions(), REPAIR])
@pytest.mark.parametrize(("beyond", "cut"), [(0, 0), (0.2, 0), (1, 1), (30, 1), (200, 1)])
def test_masks_cut_by_the_border_are_counted(
    tmp_path: Path, beyond: float, cut: int, options: ReadOptions
) -> None:
    """A rectangle of which `beyond` of 40 + `beyond` columns lie beyond the right border."""
    right = 64 + beyond
    coco = read_coco(with_segmentation(tmp_path, [[24, 0, right, 0, right, 48, 24, 48]]), options)
    masks_of(coco, range(len(coco)))
    assert coco.repairs.counts.get(CUT, 0) == cut


def test_a_mask_cut_by_the_border_is_told_by_every_reader(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sizes swapped as by EXIF: 60 of 100 columns are beyond, 2,400 of 4,000 px."""
    data = samples.document()
    data["images"][0].update(width=40, height=100)
    data["annotations"][0]["segmentation"] = [[0, 10, 100, 10, 100, 50, 0, 50]]
    data["annotations"][1]["segmentation"] = [[1, 1, 20, 2, 9, 20]]
    path = samples.write(tmp_path, data)
    results = tmp_path / "dets.json"
    results.write_text(
        json.dumps([{"image_id": 1, "category_id": 1, "score": 1, "segmentation": [GOOD]}])
    )
    words = "lose more than 1 % of their area beyond the image: 1 (first: 7)"
    out = ["--out", str(tmp_path / "out"), "--overwrite"]
    elsewhere = ["--out", str(tmp_path / "results")]
    for command in (
        ["make", "--annotations", str(path), "--tier", "clean", "--workers", "1", *out],
        ["import", "--clean", str(path), "--noisy", str(path), *out],
        ["eval", "--ground-truth", str(path), "--predictions", str(results), *elsewhere],
    ):
        for flags in ([], ["--repair"]):
            assert run([*command, *flags]) == 0
            assert caplog.text.count(words) == (2 if command[0] == "import" else 1), command
            caplog.clear()
        capsys.readouterr()
        assert run([*command, "--strict"]) == 1
        assert words in capsys.readouterr().err


NUMBERS = [
    ("images", {"id": 1.0}),
    ("images", {"width": 64.0, "height": 48.0}),
    ("categories", {"id": 1.0}),
    ("annotations", {"id": 7.0}),
    ("annotations", {"image_id": 1.0, "category_id": 1.0}),
]
CROWDS = [("1", True), ("0", False)]


@pytest.mark.parametrize(("section", "fields"), NUMBERS)
@pytest.mark.parametrize("form", [float, str])
def test_whole_numbers_of_another_form(
    tmp_path: Path, section: str, fields: dict[str, Any], form: Any
) -> None:
    data = samples.document()
    plain = read_coco(samples.write(tmp_path, data, "plain.json"))
    written = {name: form(int(v)) if form is str else form(v) for name, v in fields.items()}
    data[section][0].update(written)
    path = samples.write(tmp_path, data)
    if form is str:
        with pytest.raises(InputError, match="expected a whole number: `repair=True` reads it"):
            read_coco(path)
    with pytest.raises(InputError):
        read_coco(path, STRICT)
    coco = read_coco(path, REPAIR if form is str else ReadOptions())
    assert coco.images == plain.images
    assert coco.categories == plain.categories
    assert list(coco.records()) == list(plain.records())
    assert [type(r["id"]) for r in coco.section("images")] == [int, int]
    assert coco.repairs.counts == {"whole_numbers": 1}


@pytest.mark.parametrize(("flag", "crowd"), CROWDS)
def test_flags_of_crowds_in_quotes(tmp_path: Path, flag: str, crowd: bool) -> None:
    data = samples.document()
    data["annotations"][0]["iscrowd"] = flag
    path = samples.write(tmp_path, data)
    with pytest.raises(InputError, match=r"iscrowd is .* `repair=True` reads it"):
        read_coco(path)
    coco = read_coco(path, REPAIR)
    assert coco.crowd.tolist() == [crowd, False, False]
    assert [record["iscrowd"] for record in coco.records()] == [int(crowd), 0, 0]


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("images", {"id": 10**400}),
        ("images", {"height": "48", "id": None}),
        ("categories", {"id": "7" * 5000}),
        ("annotations", {"segmentation": 5}),
        ("annotations", {"segmentation": "x"}),
        ("annotations", {"segmentation": [5]}),
        ("annotations", {"segmentation": {"a": 1}}),
    ],
)
def test_nonsense_is_one_line(tmp_path: Path, section: str, fields: dict[str, Any]) -> None:
    data = samples.document()
    data[section][0].update(fields)
    path = samples.write(tmp_path, data)
    for options in (REPAIR, STRICT):
        with pytest.raises(InputError) as told:
            read_coco(path, options)
        assert len(str(told.value)) < 300


@pytest.mark.parametrize("value", ["1.5", "one", "", "1e3", "٣", " 1", "0x1", 1.5, None, "9" * 30])
def test_what_is_no_whole_number_is_never_guessed(tmp_path: Path, value: Any) -> None:
    for section in ("images", "categories", "annotations"):
        data = samples.document()
        data[section][0]["id"] = value
        for options in (ReadOptions(), REPAIR, STRICT):
            with pytest.raises(InputError):
                read_coco(samples.write(tmp_path, data), options)


def test_a_byte_order_mark_is_stripped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = samples.write(tmp_path, samples.document())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    coco = read_coco(path)
    assert len(coco) == 3
    assert coco.repairs.counts == {"byte_order_mark": 1}
    assert "instances.json: a UTF-8 byte-order mark" in caplog.text
    with pytest.raises(InputError, match="byte-order mark"):
        read_coco(path, STRICT)
    made = making.make("custom", "clean", annotations=path, out=tmp_path / "b", workers=1)
    assert made.annotations.read_bytes()[:1] == b"{"


@pytest.mark.parametrize(
    "segmentation", [[GOOD, [1, 2]], [[5, 5, 5, 5, 5, 5]], [[24, 0, 99, 0, 99, 48, 24, 48]]]
)
def test_strict_refuses_in_one_line(tmp_path: Path, segmentation: Any) -> None:
    with pytest.raises(InputError, match=r"^instances\.json: .*: 1 \(first: 8\): refused") as told:
        read_coco(with_segmentation(tmp_path, segmentation), STRICT)
    assert "\n" not in str(told.value)


def test_both_ways_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="exclude one another"):
        ReadOptions(repair=True, strict=True)


def test_what_cannot_be_mended_is_refused(tmp_path: Path) -> None:
    for segmentation, words in (
        ([[1, 2, 3, 4, 5, 6, 7]], "7 coordinates"),
        ({"size": [1, 1], "counts": "04"}, "RLE size"),
        ([[1, 2, 3, 4, 5, 1e9]], "far outside"),
    ):
        path = with_segmentation(tmp_path, segmentation)
        for options in (REPAIR, STRICT):
            with pytest.raises(InputError, match=words):
                read_coco(path, options)


def test_a_repaired_file_needs_no_repair(tmp_path: Path) -> None:
    """`strict` finds nothing wrong with what `repair` makes of a file with a fault of each kind."""
    data = samples.document()
    data["images"][0]["id"] = "1"
    data["annotations"][0]["segmentation"] = [GOOD, [1, 2], []]
    data["annotations"][1].update(segmentation=[[50, 30, 90, 30, 90, 90]], id="8")
    data["annotations"][2]["segmentation"] = [[1, 1, 1, 1, 1, 1]]
    path = samples.write(tmp_path, data)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    coco = read_coco(path, REPAIR)
    assert set(coco.repairs.counts) == set(KINDS)
    mended = {name: json.loads(bytes(raw)) for name, raw in coco.sections.items()}
    again = read_coco(samples.write(tmp_path, copy.deepcopy(mended), "again.json"), STRICT)
    assert list(again.records()) == list(coco.records())
    assert len(COCO(str(tmp_path / "again.json")).getAnnIds()) == 2


def test_every_kind_is_in_the_table_of_the_docs() -> None:
    page = Path(__file__).parents[2] / "docs" / "repairs.md"
    text = page.read_text()
    assert all(f"`{kind}`" in text for kind in KINDS)
