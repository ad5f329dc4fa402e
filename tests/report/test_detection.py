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

from benchmark_n.coco import read_coco
from benchmark_n.coco.pixels import GREY
from benchmark_n.detection.detect import detect
from benchmark_n.detection.result import DetectionResult
from benchmark_n.evaluators.label_errors.curves import precision_recall_curves
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.masks import CropMask
from benchmark_n.report import pages
from benchmark_n.report.detection import render_report
from benchmark_n.report.gallery import draw_suspect, suggested_mask
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


def title_of(page: str, probe: str, folder: Path) -> tuple[str, str]:
    """The title and the document that a browser of 390 px leaves, after a script at the end."""
    path = folder / "report.html"
    # The script puts its faults where the dumped document shows them.
    trap = '<script>window.onerror = (m) => { document.title = "fault: " + m; };</script>'
    text = page.replace("<head>", f"<head>{trap}", 1)
    path.write_text(text.replace("</body>", f"<script>{probe}</script></body>"), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--window-size=390,800", f"--user-data-dir={folder / 'profile'}", path.as_uri()]
    home = {**os.environ, "HOME": str(folder)}  # where it would leave files of its own
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=home
    )
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None
    return title.group(1), done.stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
def test_a_browser_runs_the_page_without_errors(found: DetectionResult, tmp_path: Path) -> None:
    probe = (
        'const k = document.getElementById("category"); k.selectedIndex = 1;'
        'k.dispatchEvent(new Event("change"));'
    )
    title, text = title_of(render_report(found), probe, tmp_path)
    assert title == "disagreement on instances.json"
    shown = re.search(r'id="count"[^>]*>(\d+) shown', text)
    assert shown is not None
    assert 0 < int(shown.group(1)) < text.count('class="card"')


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to open the page with")
def test_each_cell_of_the_matrix_opens_all_of_its_suspects(
    found: DetectionResult, tmp_path: Path
) -> None:
    probe = """
      const cells = Array.from(document.querySelectorAll("button.cell"));
      const seen = (name) => Array.from(document.querySelectorAll(name)).filter(
        (one) => !one.hidden && !one.parentElement.closest("[hidden]"));
      const bad = cells.filter((cell) => {
        cell.click();
        const open = [...seen(".card"), ...seen(".suspect")];
        return open.length !== Number(cell.textContent) || open.some((one) =>
          one.dataset.category !== cell.dataset.given
          || one.dataset.suggested !== cell.dataset.other);
      });
      document.getElementById("close").click();
      document.title = [cells.length, bad.length, seen(".card").length, seen(".suspect").length];
    """
    title, _ = title_of(render_report(found, top=12), probe, tmp_path)
    cells, bad, cards, lines = map(int, title.split(","))
    assert cells > 1
    assert (bad, cards, lines) == (0, 12, 0)


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


def test_crops_for_people_are_grey_beyond_the_picture() -> None:
    pixels = np.zeros((60, 60, 3), np.uint8)
    corner = np.zeros((60, 60), np.uint8)
    corner[:20, :20] = 1
    drawn = draw_suspect(pixels, CropMask.from_full(corner), None)
    assert (drawn[:10] == GREY).all()
    assert (drawn[:, :10] == GREY).all()


def test_all_pages_have_one_head() -> None:
    folder = Path(pages.__file__).parent / "templates"
    templates = sorted(path for path in folder.glob("*.html") if path.name != "base.html")
    assert len(templates) == 7
    for path in templates:
        text = path.read_text(encoding="utf-8")
        assert text.startswith('{% extends "base.html" %}')
        assert not re.search(r"<(html|head|body|style)\b", text)
        assert ":root" not in text
