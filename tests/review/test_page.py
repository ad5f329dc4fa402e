"""The page that people decide on, by real clicks and keys in a browser."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from benchmark_n.review import export_review, import_decisions
from tests.browser import Tab, browse, needs_chromium
from tests.review import samples
from tests.samples import annotation, document, write

pytestmark = needs_chromium
# The pairs of colours that WCAG 2.1 wants to differ by 4.5 in text of this size.
LEAST_CONTRAST = 4.5
SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


@pytest.fixture
def review(tmp_path: Path) -> Path:
    """Suspects 7 (cat → dog?), 9 (another mask), 10 (a cat is missing) and 8 (dog → cat?)."""
    samples.exported(tmp_path, "page")
    return tmp_path / "review"


@pytest.fixture
def tab(tmp_path: Path, review: Path) -> Iterator[Tab]:
    (tmp_path / "browser").mkdir()
    with browse(tmp_path / "browser") as opened:
        opened.open((review / "decide.html").as_uri())
        yield opened


def download(tab: Tab, tmp_path: Path) -> Path:
    """Press the button, and wait for the file."""
    path = tmp_path / "browser" / "decisions.json"
    tab.click("#save")
    end = time.monotonic() + 20
    while not path.is_file() or not path.read_text():
        assert time.monotonic() < end, tab.text("#said")
        time.sleep(0.05)
    return path


def name_reviewer(tab: Tab, name: str = "anna") -> None:
    tab.click("#who")
    tab.type(name)
    tab.click("h1")


def test_keys_decide_and_the_corrected_file_is_what_was_decided(
    tab: Tab, review: Path, tmp_path: Path
) -> None:
    name_reviewer(tab)
    assert tab.text("#heading") == "cat → dog?"
    tab.key("a")
    assert tab.text("#heading") == "person: another mask?"
    tab.key("a")
    assert tab.text("#heading") == "missing: cat?"
    tab.key("k")
    tab.key("c")
    tab.type("per")
    tab.key("Enter")
    assert tab.text("#progress-text") == "4 of 4 decided"
    file = download(tab, tmp_path)
    decided = {one["annotation_id"]: one for one in json.loads(file.read_text())["decisions"]}
    assert {i: (d["decision"], d.get("category")) for i, d in decided.items()} == {
        7: ("accept", None),
        9: ("accept", None),
        10: ("keep", None),
        8: ("relabel", "person"),
    }
    assert all(one["who"] == "anna" and 0 < one["ms"] < 60_000 for one in decided.values())
    done = import_decisions(review, file)
    assert done.undecided == 0
    after = samples.corrected(tmp_path)["annotations"]
    assert [one["category_id"] for one in after] == [2, 3, 3]
    found = coco_mask.decode(coco_mask.frPyObjects(after[2]["segmentation"], 60, 50))
    wanted = coco_mask.decode(coco_mask.frPyObjects(samples.SUGGESTED, 60, 50))
    assert (found[..., 0] == wanted).all()


def test_buttons_skip_remove_and_undo(tab: Tab, review: Path, tmp_path: Path) -> None:
    tab.click('[data-action="remove"]')
    assert tab.text("#heading") == "person: another mask?"
    tab.click('[data-action="undecided"]')
    assert tab.text("#progress-text") == "1 of 4 decided, 1 skipped"
    assert tab.value("document.querySelector('[data-action=\"remove\"]').disabled")  # a proposal
    tab.key("x")
    assert "nothing to remove" in tab.text("#said")
    tab.key("z")
    assert tab.text("#heading") == "person: another mask?"
    tab.click("#undo")
    assert tab.text("#heading") == "cat → dog?"
    assert tab.text("#progress-text") == "0 of 4 decided"
    assert tab.value("document.querySelector('#undo').disabled")
    tab.key("x")
    tab.click("#why")
    tab.type("is s a k?")  # letters that decide elsewhere
    assert tab.text("#progress-text") == "1 of 4 decided"
    tab.click("#save")
    assert tab.text("#said") == "Who decided? Your name goes with the decisions."
    assert tab.value("document.activeElement.id") == "who"
    tab.type("ben")
    file = download(tab, tmp_path)
    decided = json.loads(file.read_text())["decisions"]
    assert [(d["annotation_id"], d["decision"], d.get("why"), d["who"]) for d in decided] == [
        (7, "remove", None, "ben"),
        (9, "undecided", "is s a k?", "ben"),
    ]
    assert import_decisions(review, file).actions == {"remove": 1}
    assert [one["id"] for one in samples.corrected(tmp_path)["annotations"]] == [8, 9]


def test_sections_of_the_guideline_are_opened_and_stay_open(tmp_path: Path) -> None:
    rules = "# Rules v3\n## Dogs <b>and</b> cats\nWhiskers.\n\n<i>Tails.</i>\n## Outlines\n"
    (tmp_path / "rules.md").write_text(rules)
    samples.exported(tmp_path, "page", guideline=str(tmp_path / "rules.md"))
    with browse(tmp_path) as tab:
        tab.open((tmp_path / "review" / "decide.html").as_uri())
        shown = "Array.from(document.querySelectorAll('#sections summary'), (s) => s.innerText)"
        assert tab.value(shown) == ["Section 1 Dogs <b>and</b> cats"]
        assert "May not match guideline v3, section 1." in tab.text("#reasons")
        tab.click("#sections summary")
        assert tab.text("#sections p") == "Whiskers.\n\n<i>Tails.</i>"
        assert [one for one in tab.value(CONTRASTS) if one[0] < LEAST_CONTRAST] == []
        tab.key("ArrowRight")
        assert tab.value(shown) == ["Section 2 Outlines"]
        assert not tab.value("document.querySelector('#sections details').open")
        tab.key("ArrowLeft")
        assert tab.value("document.querySelector('#sections details').open")


def test_what_would_change_nothing_is_not_decided(tab: Tab) -> None:
    tab.key("c")
    tab.type("cat")
    tab.key("Enter")
    assert tab.text("#said") == "It is cat already: keep says so."
    assert tab.text("#progress-text") == "0 of 4 decided"
    tab.key("c")
    assert tab.value("document.querySelector('#names').firstChild.textContent") == "dog"
    tab.key("Escape")
    assert tab.value("document.querySelector('#categories').open") is False


def test_decisions_and_the_name_are_there_after_a_reload(tab: Tab, review: Path) -> None:
    name_reviewer(tab)
    tab.key("k")
    tab.open("about:blank")
    tab.open((review / "decide.html").as_uri())
    assert tab.text("#progress-text") == "1 of 4 decided"
    assert tab.value("document.querySelector('#who').value") == "anna"
    assert tab.text("#heading") == "person: another mask?"  # the first that is open
    tab.key("ArrowLeft")
    assert tab.text("#state").startswith("kept by anna, ")


def test_another_run_begins_anew(tab: Tab, tmp_path: Path) -> None:
    tab.key("k")
    table = samples.scores(tmp_path / "more.parquet", samples.ROWS)
    more: dict[str, Any] = {"annotations": tmp_path / "instances.json", "images": tmp_path}
    export_review([table], "page", tmp_path / "other", guideline="v4", **more)
    tab.open((tmp_path / "other" / "decide.html").as_uri())
    assert tab.text("#progress-text") == "0 of 4 decided"


def test_the_list_is_filtered_sorted_and_searched(tab: Tab) -> None:
    tab.key("k")
    tab.click("summary")

    def choose(name: str, value: str) -> str:
        tab.value(
            f"(() => {{ const s = document.querySelector('#{name}'); s.value = '{value}';"
            "s.dispatchEvent(new Event('change')); })()"
        )
        return tab.text("#count")

    assert choose("status", "decided") == "1 of 4 listed"
    assert choose("status", "open") == "3 of 4 listed"
    assert choose("kind", "spatial") == "1 of 4 listed"
    assert tab.text("#heading") == "person: another mask?"
    assert choose("kind", "") == "3 of 4 listed"
    assert choose("status", "") == "4 of 4 listed"
    assert choose("category", "dog") == "2 of 4 listed"
    assert choose("category", "") == "4 of 4 listed"
    tab.key("/")
    tab.type("b.png")
    assert tab.text("#count") == "2 of 4 listed"
    tab.key("Escape")
    tab.value("document.querySelector('#text').value = ''")
    assert choose("sort", "category") == "4 of 4 listed"
    headings = []
    for _ in range(4):
        tab.key("ArrowLeft")
    for _ in range(4):
        headings.append(tab.text("#heading"))
        tab.key("ArrowRight")
    assert headings == ["cat → dog?", "missing: cat?", "dog → cat?", "person: another mask?"]
    tab.click("#same")  # of person's picture
    assert tab.text("#count") == "2 of 4 listed"


def test_the_grid_is_gone_through_by_arrows_and_decided_in(tab: Tab) -> None:
    tab.click("#views")
    cards = "Array.from(document.querySelectorAll('.card'), (c) => c.innerText)"
    assert len(tab.value(cards)) == 4
    tab.wait("Array.from(document.images).every((i) => i.complete && i.naturalWidth === 160)")
    tab.key("ArrowRight")
    tab.key("k")
    assert "kept" in tab.value(cards)[1]
    assert tab.value("document.activeElement.id") == "card-10"
    tab.key("ArrowLeft")
    tab.key("Enter")
    assert tab.text("#heading") == "person: another mask?"
    alts = tab.value("Array.from(document.querySelectorAll('.card img'), (i) => i.alt)")
    assert alts == [
        "cat → dog? in a.png",
        "person: another mask? in b.png",
        "missing: cat? in b.png",
        "dog → cat? in a.png",
    ]


def view_box(tab: Tab) -> list[float]:
    text = tab.value("document.querySelector('#view').getAttribute('viewBox')")
    return [float(value) for value in text.split()]


def test_the_picture_is_zoomed_and_moved(tab: Tab) -> None:
    x, y, width, height = view_box(tab)
    tab.key("9")
    whole = view_box(tab)
    assert whole[2] >= 64 or whole[3] >= 48  # the whole picture, px
    assert whole[0] <= 0 or whole[1] <= 0
    tab.key("0")
    assert view_box(tab) == [x, y, width, height]
    at = tab.place("#view")
    tab.mouse("mouseWheel", *at, deltaX=0, deltaY=-400, button="none")
    tab.wait("Number(document.querySelector('#view').getAttribute('viewBox').split(' ')[2]) < 40")
    near = view_box(tab)
    assert near[2] == pytest.approx(width / math.e, rel=1e-6)
    # What is under the pointer, here the middle, stays there.
    assert near[0] + near[2] / 2 == pytest.approx(x + width / 2, abs=0.1)
    tab.mouse("mousePressed", *at)
    tab.mouse("mouseMoved", at[0] + 50, at[1], button="left", buttons=1)
    tab.mouse("mouseReleased", at[0] + 50, at[1])
    moved = view_box(tab)
    wide = tab.value("document.querySelector('#view').clientWidth")
    assert near[0] - moved[0] == pytest.approx(50 * near[2] / wide)
    tab.click("#farther")
    assert view_box(tab)[2] == pytest.approx(1.4 * near[2])


def test_masks_are_put_on_and_off(tab: Tab) -> None:
    seen = "getComputedStyle(document.querySelector('#{}')).display"
    tab.key("1")
    assert tab.value(seen.format("given")) == "none"
    tab.click("#show-given")
    assert tab.value(seen.format("given")) != "none"
    tab.key("2")
    assert tab.value(seen.format("suggested")) == "none"


def test_names_that_are_attacks_are_text(tmp_path: Path) -> None:
    evil = '</script><script>document.title="broken"</script><img src=x onerror=alert(1)>\u2028x'
    data = document()
    data["categories"][1]["name"] = evil
    data["images"][0]["file_name"] = "<b>a.png"
    path = write(tmp_path, data)
    table = samples.scores(tmp_path / "scores.parquet", [samples.row(7, "class", 1.0, category=2)])
    more: dict[str, Any] = {"annotations": path, "guideline": evil}
    export_review([table], "page", tmp_path / "review", **more)
    with browse(tmp_path) as tab:
        tab.open((tmp_path / "review" / "decide.html").as_uri())
        # Where white space is shown as one sign, as innerText does.
        assert tab.text("#heading").split() == f"cat → {evil}?".split()
        assert tab.value("document.title") == "Decide: instances.json"
        tab.key("c")
        assert tab.value("document.querySelector('#names').firstChild.textContent") == evil


@pytest.mark.parametrize("size", list(SIZES))
def test_the_first_suspect_is_above_the_fold_and_figures_are_below(
    review: Path, tmp_path: Path, size: str
) -> None:
    width, height = SIZES[size]
    with browse(tmp_path, width=width, height=height) as tab:
        tab.open((review / "decide.html").as_uri())
        bottoms = {
            name: tab.value(f"document.querySelector('{name}').getBoundingClientRect().bottom")
            for name in ("#view", "#heading", ".actions")
        }
        assert all(bottom <= height for bottom in bottoms.values()), bottoms
        assert tab.value("document.querySelector('#figures').getBoundingClientRect().top") > height
        assert tab.value("document.documentElement.scrollWidth <= window.innerWidth")
        assert tab.value("document.querySelector('#photo').getAttribute('href')")


CONTRASTS = """(() => {
  const channel = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) =>
    0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) { return colour; }
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility()) { continue; }
    const one = light(numbers(getComputedStyle(element).color)), other = light(behind(element));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    found.push([ratio, walker.currentNode.textContent.trim().slice(0, 30)]);
  }
  return found;
})()"""


def test_texts_have_contrast(tab: Tab) -> None:
    tab.click("summary")
    tab.key("k")
    found = tab.value(CONTRASTS)
    tab.key("g")
    found += tab.value(CONTRASTS)
    assert len(found) > 60
    assert [one for one in found if one[0] < LEAST_CONTRAST] == []


def test_tab_goes_through_the_controls_as_they_are_seen(tab: Tab) -> None:
    tab.key("k")  # so that there is something to undo
    where = []
    while True:
        tab.key("Tab")
        name = tab.value(
            "(({id, dataset, tagName}) => id || dataset.action || tagName)(document.activeElement)"
        )
        if name in where:
            break
        where.append(name)
    start = where.index("who")
    where = where[start:] + where[:start]
    assert [name for name in where if name != "BODY"] == [
        *("who", "views", "save", "SUMMARY", "view", "show-given", "show-suggested"),
        *("closer", "farther", "fit", "whole"),
        *("accept", "keep", "relabel", "remove", "undecided", "undo"),
        *("previous", "next", "why", "same"),
    ]


def test_every_control_has_a_name(tab: Tab) -> None:
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "checkbox", "combobox", "textbox", "searchbox", "image", "listbox"}
    controls = [n for n in nodes if not n["ignored"] and n["role"]["value"] in roles]
    assert len(controls) > 15
    assert [n for n in controls if not n.get("name", {}).get("value")] == []


def random_mask(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Blobs and single pixels, also at the border."""
    height, width = rng.integers(1, 40, 2)
    noise = cv2.GaussianBlur(rng.random((height, width)), (0, 0), rng.choice([0.3, 1.0, 3.0]))
    return np.asfortranarray(noise > np.quantile(noise, rng.random())).view(np.uint8)


def unit_edges(mask: NDArray[np.uint8]) -> set[tuple[int, int, int, int]]:
    """The edges between a pixel of the mask and one that is not, each of length 1."""
    height, width = mask.shape
    padded = np.pad(mask, 1)
    found = set()
    for y in range(height + 1):
        for x in range(width + 1):
            if padded[y, x + 1] != padded[y + 1, x + 1]:
                found.add((x, y, x + 1, y))
            if padded[y + 1, x] != padded[y + 1, x + 1]:
                found.add((x, y, x, y + 1))
    return found


def edges_of_path(path: str) -> list[tuple[int, int, int, int]]:
    """The pieces of length 1 of a path of M, h1 and V."""
    found = []
    for part in path.split("M")[1:]:
        vertical = "V" in part
        start, end = part.split("V" if vertical else "h")
        x, y = (int(value) for value in start.split())
        if vertical:
            found += [(x, k, x, k + 1) for k in range(y, int(end))]
        else:
            assert end == "1"
            found.append((x, y, x + 1, y))
    return found


def test_outlines_are_those_of_the_masks_to_the_pixel(tab: Tab) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        mask = random_mask(rng)
        rle = coco_mask.encode(mask)
        height = mask.shape[0]
        script = f"Masks.paths({json.dumps(rle['counts'].decode())}, {height})"
        paths = tab.value(script)
        if not mask.any():
            assert paths is None
            continue
        edges = edges_of_path(paths["line"])
        assert len(edges) == len(set(edges))
        assert set(edges) == unit_edges(mask)
        assert paths["box"] == [int(value) for value in coco_mask.toBbox(rle)]
        cells = np.zeros_like(mask)
        for part in paths["fill"].split("M")[1:]:
            start, end = part.removesuffix("h-1z").split("h1V")
            x, y = (int(value) for value in start.split())
            cells[y : int(end), x] += 1
        assert (cells == mask).all()


def test_five_thousand_suspects_are_quick(tmp_path: Path) -> None:
    """Generous bounds: the figures are in the documentation."""
    data = document()
    data["images"] = [{"id": 1, "width": 640, "height": 480, "file_name": "a.png"}]
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 400, (5000, 2)).tolist()
    data["annotations"] = [
        annotation(i + 1, 1, segmentation=[[x, y, x + 60, y + 5, x + 30, y + 70]])
        for i, (x, y) in enumerate(corners)
    ]
    path = write(tmp_path, data)
    rows = [samples.row(i + 1, "class", i / 5000, category=2) for i in range(5000)]
    table = samples.scores(tmp_path / "scores.parquet", rows)
    export_review([table], "page", tmp_path / "review", annotations=path, top=5000)
    page = tmp_path / "review" / "decide.html"
    assert page.stat().st_size < 30_000_000
    with browse(tmp_path) as tab:
        start = time.monotonic()
        tab.open(page.as_uri())
        assert time.monotonic() - start < 10
        tab.key("g")
        assert tab.value("document.querySelectorAll('.card').length") < 500
        tab.key("g")
        start = time.monotonic()
        for _ in range(20):
            tab.key("k")
        assert tab.text("#progress-text") == "20 of 5000 decided"
        assert time.monotonic() - start < 10
