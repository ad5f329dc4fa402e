"""Given against suggested categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from benchmark_n.detection.detect import detect
from benchmark_n.detection.result import DetectionResult
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.report import confusions as of_page
from benchmark_n.report.confusions import (
    MOST_CATEGORIES,
    confusion_counts,
    confusions,
    further_suspects,
    true_confusions,
)
from benchmark_n.report.gallery import make_cards, worst
from tests.samples import annotation, document, write


def found(folder: Path, categories: int, count: int) -> DetectionResult:
    """What `disagreement` finds by random probabilities; no image is needed."""
    rng = np.random.default_rng(4)
    data = document()
    data["categories"] = [{"id": 10 * i + 1, "name": f"c{i}"} for i in range(categories)]
    data["annotations"] = [
        annotation(i + 1, 1, category_id=10 * int(rng.integers(categories)) + 1)
        for i in range(count)
    ]
    arrays = folder / "arrays"
    arrays.mkdir()
    np.save(arrays / "annotation_ids.npy", np.arange(1, count + 1))
    np.save(arrays / "pred_probs.npy", rng.dirichlet(np.ones(categories), count))
    (one,) = detect(
        write(folder, data),
        None,
        "disagreement",
        evidence=EvidenceOptions((f"files:{arrays}",), evidence_dir=folder / "kept"),
    )
    return one


def test_counts_are_those_of_scikit_learn(tmp_path: Path) -> None:
    one = found(tmp_path, 5, 120)
    rows = one.scores.to_pandas().query("kind == 'class' and flagged")
    given = {r["id"]: r["category_id"] for r in one.coco.records()}
    theirs = confusion_matrix(
        rows.annotation_id.map(given), rows.suggested_category, labels=[1, 11, 21, 31, 41]
    )
    np.testing.assert_array_equal(confusion_counts(one), theirs)
    made = confusions(one)
    assert made is not None
    assert made.names == ["c0", "c1", "c2", "c3", "c4"]
    assert made.counts == theirs.tolist()
    assert np.max(made.shades) == 1
    assert made.pairs[0][2] == theirs.max()
    assert made.left_out == 0


def test_of_many_categories_those_with_most_flags_are_shown(tmp_path: Path) -> None:
    one = found(tmp_path, 40, 400)
    counts = confusion_counts(one)
    made = confusions(one)
    assert made is not None
    flags = counts.sum(axis=0) + counts.sum(axis=1)
    shown = [int(name[1:]) for name in made.names]
    assert len(shown) == MOST_CATEGORIES == made.left_out
    assert flags[shown].min() >= np.delete(flags, shown).max()
    assert made.counts == counts[np.ix_(shown, shown)].tolist()


def test_without_flags_there_is_no_matrix(tmp_path: Path) -> None:
    one = found(tmp_path, 3, 1)
    assert confusions(one) is None or confusion_counts(one).sum() == 1


def test_counts_by_true_category_are_those_of_scikit_learn(tmp_path: Path) -> None:
    one = found(tmp_path, 5, 120)
    rng = np.random.default_rng(8)
    ids = [1, 11, 21, 31, 41]
    true = {i: f"c{rng.integers(5)}" for i in range(1, 121) if i % 10}  # others are spurious
    rows = one.scores.to_pandas().query("kind == 'class' and flagged")
    rows = rows[rows.annotation_id.isin(true)]
    given = {r["id"]: f"c{ids.index(r['category_id'])}" for r in one.coco.records()}
    names = [f"c{i}" for i in range(5)]
    theirs = confusion_matrix(
        rows.annotation_id.map(given), rows.annotation_id.map(true), labels=names
    )
    made = true_confusions(one, true)
    assert made is not None
    assert (made.other, made.names) == ("true", names)
    assert made.counts == theirs.tolist()
    assert true_confusions(one, {}) is None


def test_each_flag_has_a_card_or_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = found(tmp_path, 5, 120)
    flagged = one.scores.to_pandas().query("kind == 'class' and flagged")
    cards = make_cards(worst(one.scores, 15), one.evidence, one.coco, None)
    suspects, unlisted = further_suspects(one, cards, {})
    made = confusions(one)
    assert made is not None
    cells = np.zeros((5, 5), int)
    for given, other in [
        *((card.category, card.suggested) for card in cards if card.flagged),
        *((suspect.given, suspect.suggested) for suspect in suspects),
    ]:
        cells[made.names.index(given), made.names.index(other)] += 1
    assert cells.tolist() == made.counts
    assert cells.sum() == len(flagged)
    assert unlisted == 0
    monkeypatch.setattr(of_page, "MOST_SUSPECTS", 3)
    few, left = further_suspects(one, cards, {})
    assert few == suspects[:3]
    assert left == len(suspects) - 3
