"""What the page may not tell: which suspects are planted, sampled, or listed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmark_n.review import SampleOptions, read_state
from tests.browser import browse, needs_chromium
from tests.review import mixed, samples

KINDS = ("category", "mask", "missing", "not said")
# What detectors' scores, flags and names would say in the texts of the page.
TELLING = re.compile(r"cleanlab|planted|hidden|sampl|decoy|detector|[Ff]lagged|score", re.I)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty suspects and three proposals, an audit sample, planted errors and decoys."""
    folder = tmp_path_factory.mktemp("hidden")
    sampling = SampleOptions(audit_sample=40, plant=12, seed=5)
    mixed.exported(folder, sampling, proposals=3, to="page")
    return folder / "review"


def _classes(review: Path) -> dict[int, str]:
    """Item to what it is, which is private."""
    private = mixed.private(review.parent)
    planted = {one["annotation_id"]: one["decoy"] for one in private["planted"]}
    found = {}
    for one in samples.page_data(review)["items"]:
        kind = "sampled" if str(one["id"]) in private["sampled"] else "listed"
        if one["id"] in planted:
            kind = "decoy" if planted[one["id"]] else "error"
        found[one["id"]] = kind
    return found


def test_the_page_says_the_same_of_what_is_mixed_in(review: Path) -> None:
    items = samples.page_data(review)["items"]
    classes = _classes(review)
    assert {kind: list(classes.values()).count(kind) for kind in sorted(set(classes.values()))} == {
        "decoy": 12,
        "error": 12,
        "listed": 40,
        "sampled": 40,
    }
    told = {(one["score"], one["detector"], one["flagged"], *one) for one in items}
    assert len(told) == 1
    assert next(iter(told))[:3] == (None, None, False)
    # The kind is what can be seen: a missing object, another category, another mask.
    for one in items:
        wanted = "class" if one["suggested"] else "spatial" if one["other"] else "any"
        assert one["kind"] == ("missing" if one["proposal"] else wanted)
        assert not [text for text in one["reasons"] if TELLING.search(text)]
    # Sentences of one kind are of one form, whatever the item is.
    forms: dict[str, set[tuple[str, ...]]] = {}
    for one in items:
        if one["kind"] == "class" and not one["other"]:
            texts = tuple(re.sub("cat|dog|cow", "*", text) for text in one["reasons"])
            forms.setdefault(classes[one["id"]], set()).add(texts)
    assert len(forms) >= 3
    assert {frozenset(form) for form in forms.values()} == {frozenset({("Looks like *, not *.",)})}


def test_the_order_and_the_ids_of_the_page_are_drawn(review: Path) -> None:
    classes = _classes(review)
    places = [i for i, kind in enumerate(classes.values()) if kind != "listed"]
    middle, count = (len(classes) - 1) / 2, len(classes)
    assert abs(sum(places) / len(places) - middle) < 4 * count / (12 * len(places)) ** 0.5
    data = samples.page_data(review)
    proposals = [one["id"] for one in data["items"] if one["proposal"]]
    assert proposals == list(range(601, 601 + len(proposals)))
    # Images come up as their items do, and nothing else of the page's data is of the sample.
    firsts = list(dict.fromkeys(one["image"] for one in data["items"]))
    assert firsts == list(range(len(firsts)))
    assert not TELLING.search(json.dumps({k: v for k, v in data.items() if k != "items"}))


@needs_chromium
def test_no_score_and_no_detector_is_seen(review: Path, tmp_path: Path) -> None:
    with browse(tmp_path) as tab:
        tab.open((review / "decide.html").as_uri())
        assert tab.text("#score") == "1 of 104, in an order that was drawn"
        tab.key("k")
        assert tab.text("#score") == "2 of 104, in an order that was drawn"
        tab.key("g")
        cards = tab.value("Array.from(document.querySelectorAll('.card'), (c) => c.innerText)")
        assert len(cards) >= 60
        states = {card.split("\n")[-1] for card in cards}
        assert states <= {f"{kind} {state}" for kind in KINDS for state in ("open", "kept")}


def test_a_review_of_suspects_alone_says_it_all(tmp_path: Path) -> None:
    samples.exported(tmp_path, "page")
    items = samples.page_data(tmp_path / "review")["items"]
    assert [(one["detector"], one["score"]) for one in items] == [
        ("cleanlab", score) for score in (0.9, 0.8, 0.6, 0.2)
    ]
    assert items[0]["reasons"][0] == "Looks like dog, not cat, to cleanlab."
    assert not read_state(tmp_path / "review").private.planted
