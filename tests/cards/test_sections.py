"""What a card says beyond its counts: each part against what it is made from."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import README, card_facts, render, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.floors import measure_floors
from benchmark_n.cards.licences import licence_rows
from benchmark_n.cards.pictures import SAMPLE
from benchmark_n.cards.publish import plan_upload
from benchmark_n.cards.realism import load_realism, realism_text
from benchmark_n.cards.recipe_card import render_recipe_card
from benchmark_n.datasets import DATASETS
from benchmark_n.datasets.ownership import recorded_terms
from benchmark_n.noise.recipe import load_recipe
from benchmark_n.weak.recipe import load_weak_recipe
from tests import making
from tests.conftest import REPOSITORY, SAMPLES, shared_file

# Of Gebru et al. (2021), in their order.
QUESTIONS = (
    *("Motivation", "Composition", "Collection", "Preprocessing", "Uses", "Distribution"),
    "Maintenance",
)


def text_of(benchmark: Benchmark) -> str:
    return (benchmark.path / README).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_floors_are_those_of_the_manifest(carded: Benchmark) -> None:
    rows = [row for row in carded.manifest().to_pylist() if not row["deleted"]]
    wrong = {
        "class": [row["category_id"] != row["noisy_category_id"] for row in rows],
        "spatial": [row["boundary_iou"] < 0.9 for row in rows],
    }
    wrong["any"] = [a or b for a, b in zip(*wrong.values(), strict=True)]
    small_first = [-row["noisy_area"] for row in rows]
    found = {row.kind: row for row in measure_floors(carded, carded.noisy())}
    assert set(found) == set(wrong)
    for kind, flags in wrong.items():
        row, share = found[kind], np.mean(flags)
        assert (row.annotations, row.errors) == (len(rows), sum(flags))
        assert row.flag_everything == pytest.approx(2 * share / (1 + share))
        oracle = average_precision_score(flags, small_first)
        assert row.auprc["area"] == pytest.approx(oracle, abs=0.03)
        figures = rf"\| {kind} \| {len(rows)} \| {share:.2f} \| {row.flag_everything:.2f} \|"
        assert re.search(figures, section(text_of(carded), "Floors"))


def test_floors_of_some_images_say_so(carded: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for a third of the annotations, every third image is measured."""
    whole = section(text_of(carded), "Floors")
    assert "one image in" not in whole
    rows = [row for row in carded.manifest().to_pylist() if not row["deleted"]]
    limit = -(-len(rows) // 3)
    monkeypatch.setattr("benchmark_n.cards.floors.MEASURED", limit)
    monkeypatch.setattr("benchmark_n.cards.sections.MEASURED", limit)
    third = sorted({row["image_id"] for row in rows})[::3]
    measured = sum(row["image_id"] in third for row in rows)
    coco = carded.noisy()
    floors = measure_floors(carded, coco)
    assert {row.stride for row in floors} == {3}
    assert {row.annotations for row in floors} == {measured}
    facts = card_facts(carded, coco, carded.path, recorded_terms(carded.recipe))
    told = section(render(facts, (carded.path,))[README], "Floors")
    assert f"more than {limit:,} annotations: what follows was measured on one image in 3" in told
    assert "\n\n\n" not in told


def test_no_floors_where_no_detector_is_measured(tmp_path: Path, val2014: Path) -> None:
    made = making.make(
        "coco", "easy", annotations=val2014, masks="keep", out=tmp_path / "kept", workers=1
    )
    write_card(made)
    assert "Not measured: no detector" in section(text_of(made), "Floors")
    assert check_card(made) == []


def test_the_snippet_loads_the_published_folder(carded: Benchmark, tmp_path: Path) -> None:
    plan = plan_upload(carded, "someone/scenes-n")
    for path, file in plan.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(file.read_bytes())
    snippet = section(text_of(carded), "Load it").split("```python\n")[1].split("```")[0]
    told = f"{snippet}\nprint(len(noisy.anns), len(clean), int(truth['deleted'].sum()))\n"
    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    summary = carded.summary
    left = summary["annotations"] - summary["deleted"]
    counts = f"{left} {summary['annotations']} {summary['deleted']}"
    assert done.stdout.splitlines()[-1] == counts


def test_a_sample_shows_the_pictures_that_are_ours(carded: Benchmark) -> None:
    assert f"]({SAMPLE})" in text_of(carded)
    picture = cv2.imread(str(carded.path / SAMPLE))
    assert picture is not None
    colours = np.unique(picture.reshape(-1, 3), axis=0)
    # Outlines and words on grey have some tens; a picture fills the palette.
    assert len(colours) == 256
    assert SAMPLE in plan_upload(carded, "someone/name").files


def test_a_sample_shows_no_pixel_of_others(tmp_path: Path) -> None:
    """COCO's annotations may be passed on, its photographs not."""
    source = shared_file(SAMPLES["coco128"])
    root = tmp_path / "coco"
    (root / "annotations").mkdir(parents=True)
    (root / "annotations" / "instances_train2017.json").write_bytes(source.read_bytes())
    drawn = []
    for name in ("without", "with"):
        if name == "with":
            (root / "train2017").symlink_to(source.parent / "images", target_is_directory=True)
        made = making.make("coco", "hard", root=root, out=tmp_path / name, workers=1)
        assert (made.images is not None) == (name == "with")
        write_card(made)
        assert "The picture itself is not part of this dataset." in text_of(made)
        drawn.append((made.path / SAMPLE).read_bytes())
    assert drawn[0] == drawn[1]


def test_no_sample_where_the_truth_is_kept(guarded: Benchmark, tmp_path: Path) -> None:
    sealed = making.make(
        "scenes", "hard", seed=None, sealed=True, num_images=6, out=tmp_path / "s", workers=1
    )
    write_card(sealed)
    assert check_card(sealed) == []
    for benchmark in (guarded, sealed):
        assert SAMPLE not in text_of(benchmark)
        assert not (benchmark.path / SAMPLE).exists()
        (benchmark.path / SAMPLE).write_bytes(b"of an earlier card")
        assert SAMPLE not in plan_upload(benchmark, "someone/name").files
        (benchmark.path / SAMPLE).unlink()
    assert "benchmark.clean()" not in section(text_of(sealed), "Load it")
    assert "no: its owner keeps it" in section(text_of(sealed), "Terms")
    assert "COCO(" not in section(text_of(guarded), "Load it")


@pytest.mark.parametrize(
    ("name", "annotations", "images", "commercial"),
    [
        ("scenes", "yes, no attribution needed", "yes, no attribution needed", "yes"),
        ("coco", "yes, with attribution", "as their own licences say", "yes"),
        (
            "cityscapes",
            "no: they stay with you",
            "as their own licences say",
            "as the licence says",
        ),
        ("camus", "no: they stay with you", "as their own licences say", "no"),
    ],
)
def test_licences(name: str, annotations: str, images: str, commercial: str) -> None:
    dataset = DATASETS.load(name)
    rows = licence_rows(dataset.terms, dataset)
    assert (rows[0]["passed_on"], rows[0]["commercial"]) == (annotations, commercial)
    assert rows[3]["passed_on"] == images
    assert {row["licence"] for row in rows[2::2]} == {"apache-2.0"}


def test_realism_is_what_the_page_says() -> None:
    page = (REPOSITORY / "docs" / "realism.md").read_text()
    assert f"`{load_realism().protocol}`" in page
    for one in load_realism().measured:
        figures = " | ".join(f"{m:.3f} ({a:.2f} to {b:.2f})" for m, a, b in (one.pair, one.mask))
        shown = figures.replace("0.", ".")
        rows = [line for line in page.splitlines() if line.startswith(f"| `{one.recipe}`, ")]
        assert any(row.endswith(f"{shown} |") for row in rows), one.recipe
        assert load_recipe(one.recipe).version == one.version, one.recipe


def test_realism_is_told_of_the_recipe_that_was_measured_alone(carded: Benchmark) -> None:
    assert "with AUROC 0.969 (0.96 to 0.98)" in section(text_of(carded), "Realism")
    changed = dict(carded.recipe, noises={"scale": {"probability": 1.0}})
    weak = load_weak_recipe("wan-easy").to_dict()
    assert "realism" not in realism_text(weak, "wan-easy.yaml")
    for other in (weak, changed, dict(carded.recipe, version=3), dict(carded.recipe, name="mine")):
        assert realism_text(other, "recipe.yaml").startswith("It was not measured")


@pytest.mark.parametrize(
    "changes",
    [
        {"scheme": "one-spatial"},
        {"empty_masks": "allowed"},
        {"boxes": "keep"},
        {"where": {"scale": {"category": ["person"]}}},
        {"noise_versions": {"scale": 2}},
    ],
)
def test_realism_is_of_the_whole_recipe(changes: dict[str, Any]) -> None:
    hard = load_recipe("hard").to_dict()
    assert "with AUROC 0.969" in realism_text(hard, "hard.yaml")
    assert "with AUROC 0.969" in realism_text(hard | {"description": "", "provenance": {}}, "a")
    assert realism_text(hard | changes, "hard.yaml").startswith("It was not measured")


def test_realism_depends_on_the_order_of_noises_and_on_no_category() -> None:
    hard = load_recipe("hard").to_dict()
    turned = dict(reversed(hard["noises"].items()))
    assert realism_text(hard | {"noises": turned}, "a").startswith("It was not measured")
    confused = hard["noises"] | {"class_confusion": {"probability": 0.1}}
    assert "with AUROC 0.969" in realism_text(hard | {"noises": confused}, "a")


def test_no_realism_of_a_weak_recipe_that_has_the_name_of_a_measured_one() -> None:
    weak = {"name": "hard", "version": 2, "prompt": {"kind": "box"}}
    expected = "It was not measured how well a model's drawings are told from a person's."
    assert realism_text(weak, "recipe.yaml") == expected


def test_the_datasheet_has_every_section(carded: Benchmark) -> None:
    coco = DATASETS.load("coco")
    recipe = render_recipe_card("COCO-N", coco, {"easy": load_recipe("easy").to_dict()})
    for text in (text_of(carded), recipe):
        told = section(text, "Datasheet")
        assert tuple(re.findall(r"^\*\*(\w+)\*\*$", told, re.M)) == QUESTIONS
        assert len(re.findall(r"^\* \*.+\?\* .+$", told, re.M)) >= 12
        assert section(text, "Misuse").count("\n* **") >= 4
        assert "| part | licence |" in section(text, "Terms")
        assert section(text, "Load it")
    deleted = carded.summary["deleted"]
    assert f"{deleted:,} annotations are missing" in text_of(carded)
    assert layout.MANIFEST in section(text_of(carded), "Files")
