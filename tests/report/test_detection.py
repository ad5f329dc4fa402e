"""The page of a detector: what it holds, what it must not, and how a browser takes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmark_n import Benchmark
from benchmark_n.coco import read_coco
from benchmark_n.detection.detect import detect
from benchmark_n.detection.result import DetectionResult
from benchmark_n.detection.score import evaluate_detectors
from benchmark_n.evaluators.label_errors.curves import precision_recall_curves
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.report.detection import render_report
from benchmark_n.report.detection_tables import frequency_rows
from benchmark_n.report.gallery import suggested_mask
from benchmark_n.report.images import image_statistics
from tests.evaluators.test_label_errors import CLASS, manifest, table
from tests.samples import annotation, document, write

EVIL = '"><script>document.title="broken"</script>\'&</option><img src=x onerror=alert(1)>'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> DetectionResult:
    """Scores by chance of a file whose names are attacks."""
    folder = tmp_path_factory.mktemp("page")
    data = document()
    data["categories"][0]["name"] = EVIL
    data["images"][0]["file_name"] = "<b>a.png"
    data["annotations"] += [annotation(20 + i, 1) for i in range(30)]
    for record in data["images"]:
        pixels = np.full((record["height"], record["width"], 3), 90, np.uint8)
        cv2.imwrite(str(folder / record["file_name"]), pixels)
    path = write(folder, data)
    arrays = folder / "arrays"
    arrays.mkdir()
    ids = np.array([record["id"] for record in data["annotations"]])
    np.save(arrays / "annotation_ids.npy", ids)
    rng = np.random.default_rng(0)
    np.save(arrays / "pred_probs.npy", rng.dirichlet(np.ones(3), len(ids)))
    np.save(arrays / "embeddings.npy", rng.normal(size=(len(ids), 6)))
    (one,) = detect(
        path,
        folder,
        "disagreement",
        evidence=EvidenceOptions((f"files:{arrays}",), evidence_dir=folder / "kept"),
    )
    return one


class Collector(HTMLParser):
    """Tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_names_are_text_and_nothing_is_fetched(found: DetectionResult) -> None:
    page = render_report(found)
    parser = Collector()
    parser.feed(page)
    assert sum(tag == "script" for tag, _ in parser.tags) == 1
    for tag, attributes in parser.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:"), (tag, attributes)
    assert EVIL not in page
    assert not re.search(r"https?://", page)
    options = [a for tag, a in parser.tags if tag == "div" and a.get("class") == "card"]
    assert EVIL in {attributes["data-category"] for attributes in options}


def test_the_page_holds_figures_cards_and_marks_of_rare_categories(found: DetectionResult) -> None:
    page = render_report(found, top=12)
    assert page.count('class="card"') == 12
    assert page.count("data:image/png") == 2
    assert page.count("data:image/jpeg") == 12
    assert "rare category" in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
def test_a_browser_runs_the_page_without_errors(found: DetectionResult, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    # The script puts its faults where the dumped document shows them.
    trap = '<script>window.onerror = (m) => { document.title = "fault: " + m; };</script>'
    probe = (
        '<script>const k = document.getElementById("category"); k.selectedIndex = 1;'
        'k.dispatchEvent(new Event("change"));</script>'
    )
    text = render_report(found).replace("<head>", f"<head>{trap}", 1)
    page.write_text(text.replace("</body>", f"{probe}</body>"), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--window-size=390,800", f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    home = {**os.environ, "HOME": str(tmp_path)}  # where it would leave files of its own
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=home
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None
    assert title.group(1) == "disagreement on instances.json"
    shown = re.search(r'id="count"[^>]*>(\d+) shown', done.stdout)
    assert shown is not None
    assert 0 < int(shown.group(1)) < done.stdout.count('class="card"')


def test_curves_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_curve

    recall, precision = precision_recall_curves(table("class", CLASS), manifest())["class"]
    wrong = [False, True, False, False, True, False]
    theirs = precision_recall_curve(wrong, list(CLASS.values()))
    np.testing.assert_allclose(recall, theirs[1][-2::-1])
    np.testing.assert_allclose(precision, theirs[0][-2::-1])


def test_a_suggestion_that_nests_without_end_is_none() -> None:
    assert suggested_mask("[" * 100_000, 48, 64) is None


def test_a_picture_of_one_row_has_statistics(tmp_path: Path) -> None:
    data = document()
    data["images"][0].update(width=6000, height=1)
    cv2.imwrite(str(tmp_path / "a.png"), np.full((1, 6000), 100, np.uint8))
    coco = read_coco(write(tmp_path, data))
    ids, values = image_statistics(coco, tmp_path, np.array([1]))
    assert ids == [1]
    assert {name: value.tolist() for name, value in values.items()} == {
        "brightness": [100.0],
        "blur": [-0.0],
        "entropy": [-0.0],
    }


def test_flags_stand_beside_errors_by_frequency_of_the_category(scenes_hard: Benchmark) -> None:
    scoring = LabelErrorOptions(bootstrap=2)
    (one,) = evaluate_detectors(scenes_hard, "random", scoring=scoring)
    rows = scenes_hard.manifest().to_pandas()
    rows = rows[~rows.deleted & ~rows.crowd].set_index("annotation_id")
    sizes = rows.groupby("noisy_category_id").size()
    number = sizes[rows.noisy_category_id].to_numpy()
    flags = one.scores.to_pandas()
    flags = flags[(flags.kind == "class") & flags.flagged].annotation_id
    flagged = rows.index.isin(flags)
    wrong = (rows.category_id != rows.noisy_category_id).to_numpy()
    expected = []
    for low, high, name in ((1, 10, "1 to 9"), (10, 100, "10 to 99"), (100, 1000, "100 to 999")):
        own = (number >= low) & (number < high)
        count = int(((sizes >= low) & (sizes < high)).sum())
        if count:
            figures = (int(part.sum()) for part in (own, flagged & own, wrong & own))
            expected.append(("class", name, count, *figures))
    assert [row for row in frequency_rows(one) if row[0] == "class"] == expected
    page = render_report(one, benchmark=scenes_hard)
    assert "Flags by how frequent the category is" in page
    assert all(f"<td>{row[4]}</td><td>{row[5]}</td>" in page for row in expected)
