"""Verified negatives, and flags by the frequency of categories, against plain counting."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from benchmark_n.evaluators.label_errors.evaluate import evaluate_label_errors
from benchmark_n.evaluators.label_errors.frequency import GROUPS, by_frequency
from tests.evaluators.test_label_errors import CLASS, ROWS, manifest, table

# Of the annotations that are counted (1 to 5 and 8), 2 and 5 have another category.
VERIFIED = {1: True, 2: True, 3: None, 4: False, 5: False, 6: True, 7: None, 8: True, 9: False}


def with_verified() -> pa.Table:
    column = pa.array([VERIFIED[row[0]] for row in ROWS], pa.bool_())
    return manifest().append_column("verified", column)


def test_all_errors_are_set_against_verified_annotations_alone() -> None:
    result = evaluate_label_errors(table("class", CLASS), with_verified())
    found = result.kinds["class"].verified
    assert found is not None
    kept = [1, 2, 5, 8]
    wrong, scores = [i in (2, 5) for i in kept], [CLASS[i] for i in kept]
    flags = np.array(scores) > 0.5
    assert found.measures["instances"] == 4
    assert found.measures["errors"] == 2
    assert found.measures["auprc"] == pytest.approx(metrics.average_precision_score(wrong, scores))
    assert found.measures["precision"] == pytest.approx(metrics.precision_score(wrong, flags))
    assert found.measures["recall"] == pytest.approx(metrics.recall_score(wrong, flags))
    assert found.floors["flag_everything"]["precision"] == 0.5
    assert list(result.tables) == ["any", "any, verified", "class", "class, verified"]
    assert result.to_dict()["kinds"]["class"]["verified"]["instances"] == 4
    assert result.settings["verified"] == 3
    assert result.verification.startswith("3 of the annotations are verified")


def test_all_annotations_count_beside_as_they_did() -> None:
    plain = evaluate_label_errors(table("class", CLASS), manifest())
    listed = evaluate_label_errors(table("class", CLASS), with_verified())
    assert plain.kinds["class"].measures == listed.kinds["class"].measures
    assert plain.kinds["class"].verified is None
    assert plain.to_dict()["kinds"]["class"]["verified"] is None
    assert "precision is a lower bound" in plain.verification
    assert plain.to_dict()["verification"] == plain.verification


def test_where_no_counted_annotation_is_verified_there_is_no_such_table() -> None:
    column = pa.array([row[0] in (6, 7) for row in ROWS])
    result = evaluate_label_errors(
        table("class", CLASS), manifest().append_column("verified", column)
    )
    assert list(result.tables) == ["any", "class"]
    assert result.verification.startswith("no annotation is verified")


def test_frequency_groups_are_those_of_counting() -> None:
    rng = np.random.default_rng(3)
    given = rng.zipf(1.6, 3000) % 97
    flagged, wrong = rng.random(3000) < 0.3, rng.random(3000) < 0.2
    counts = Counter(given.tolist())
    groups = by_frequency(given, flagged, wrong)
    assert 1 < len(groups) <= GROUPS
    assert sum(group.categories for group in groups) == len(counts)
    for group, following in pairwise(groups):
        assert group.largest < following.smallest
    for group in groups:
        own = [c for c, n in counts.items() if group.smallest <= n <= group.largest]
        rows = np.isin(given, own)
        assert group.categories == len(own)
        assert group.annotations == rows.sum()
        assert group.flagged == pytest.approx(flagged[rows].mean())
        assert group.wrong == pytest.approx(wrong[rows].mean())


def test_ten_categories_of_ten_sizes_are_ten_groups() -> None:
    given = np.repeat(np.arange(10), np.arange(1, 11))
    flagged = given < 3
    groups = by_frequency(given, flagged, ~flagged)
    assert [g.annotations for g in groups] == list(range(1, 11))
    assert [g.flagged for g in groups] == [1.0] * 3 + [0.0] * 7
    assert by_frequency(np.array([], int), np.array([], bool), np.array([], bool)) == ()


def test_results_of_class_errors_have_the_groups() -> None:
    found = evaluate_label_errors(table("class", CLASS), manifest()).kinds["class"]
    # Given category 1: annotations 1, 5, 8; category 2: 2, 3, 4.
    (group,) = found.by_frequency
    assert (group.categories, group.annotations) == (2, 6)
    assert group.wrong == pytest.approx(2 / 6)
    assert found.to_dict()["by_frequency"][0]["flagged"] == pytest.approx(2 / 6)
