"""How reasons become suspects."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmark_n.coco import read_coco
from benchmark_n.detection.joint.ambiguous import ambiguous_pairs
from benchmark_n.detection.joint.suspects import (
    CREDIT,
    MEASURED,
    measured_probability,
    rank_suspects,
)
from benchmark_n.detection.structure.result import Suspect as StructureSuspect
from benchmark_n.detection.structure.rules.base import RULES
from benchmark_n.tables.scores import Opinion, scores_table, with_opinions
from tests.detectors.samples import evidence
from tests.samples import document, write


def _table(kind: str, ids: list[int | None], scores: list[float], **columns: Any) -> Any:
    return scores_table(
        {
            "image_id": [1] * len(ids),
            "annotation_id": ids,
            "kind": [kind] * len(ids),
            "score": scores,
            "flagged": [False] * len(ids),
            **columns,
        }
    )


def _rank(tmp_path: Path, ambiguous: Any = None, structure: Any = None, **tables: Any) -> Any:
    found: Any = structure or SimpleNamespace(suspects=())
    return rank_suspects(read_coco(write(tmp_path, document())), tables, found, ambiguous or {})


def test_kinds_join_in_one_list(tmp_path: Path) -> None:
    ranked = _rank(
        tmp_path,
        posterior=_table("class", [7, 8], [0.5, 0.9], suggested_category=[2, 1]),
        unsupported=_table("spurious", [7, 8], [0.5, 0.001]),
        unannotated=_table("missing", [None, None], [0.8, 0.01], suggested_category=[3, 3]),
    )
    assert [(one.annotation_id, one.kind) for one in ranked] == [
        *((8, "class"), (None, "missing"), (7, "class")),
    ]
    assert [one.probability for one in ranked] == pytest.approx(
        [1 - 0.1 * (1 - 0.7 * 0.001), 0.8, 1 - 0.5 * (1 - 0.7 * 0.5)],
        abs=1e-4,  # as written
    )
    assert [one.suggested_category for one in ranked] == [1, 3, 2]
    assert (ranked[0].category, ranked[1].category) == (2, None)


def test_what_models_say_goes_with_the_suspect(tmp_path: Path) -> None:
    said = [[Opinion(model="a", category=2), Opinion(model="b", category=1)], None]
    table = with_opinions(_table("class", [7, 8], [0.5, 0.9], suggested_category=[2, 1]), said)
    ranked = _rank(tmp_path, posterior=table, unsupported=_table("spurious", [7], [0.9]))
    assert {one.annotation_id: list(one.opinions) for one in ranked} == {7: said[0], 8: []}


def test_a_faint_reason_suggests_nothing(tmp_path: Path) -> None:
    (one,) = _rank(
        tmp_path,
        posterior=_table("class", [7], [0.1], suggested_category=[2]),
        unsupported=_table("spurious", [7], [0.9]),
    )
    assert one.suggested_category is None


def test_of_an_ambiguous_one_both_are_named_and_nobody_is_called_wrong(tmp_path: Path) -> None:
    (one,) = _rank(
        tmp_path,
        {7: (1, 2)},
        posterior=_table("class", [7], [0.5], suggested_category=[2]),
    )
    assert (one.kind, one.between, one.suggested_category) == ("ambiguous", (1, 2), None)


def test_a_kind_that_overstates_is_credited_less(tmp_path: Path) -> None:
    (one,) = _rank(tmp_path, misplaced=_table("spatial", [7], [1.0]))
    assert one.probability == CREDIT["misplaced"]


def _finding(rule: str, kind: str | None, probability: float) -> StructureSuspect:
    return StructureSuspect(rule, "error", kind, probability, 1, (7, 8), 1, "IoU 0.99")


def test_rules_count_by_their_precision_on_files_as_published(tmp_path: Path) -> None:
    assert set(MEASURED) <= set(RULES.names())
    assert measured_probability(_finding("merged", "spatial", 0.9)) == 3 / 8
    assert measured_probability(_finding("duplicate", "spatial", 0.9)) == 0.9
    found = SimpleNamespace(
        suspects=(_finding("duplicate", "spatial", 0.9), _finding("area_mismatch", None, 0.9))
    )
    (one,) = _rank(tmp_path, structure=found)
    assert (one.annotation_id, one.reasons[0].what) == (7, "IoU 0.99")


def test_split_evidence_is_ambiguous_where_the_given_category_has_part_of_it() -> None:
    probs = np.array([[0.5, 0.45, 0.05], [0.05, 0.5, 0.45], [0.95, 0.05, 0], [0.4, 0.3, 0.3]])
    made = evidence([0, 0, 0, 0], pred_probs=probs.astype(np.float32))
    assert ambiguous_pairs(made) == {100: (10, 20)}
    swapped = evidence([1, 2, 0, 0], pred_probs=probs.astype(np.float32))
    assert ambiguous_pairs(swapped) == {100: (20, 10), 101: (30, 20)}
    assert ambiguous_pairs(evidence([0, 1])) == {}
