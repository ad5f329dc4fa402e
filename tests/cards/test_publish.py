"""Publishing: what goes, what must not, and that nothing goes without a token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import ANNOTATIONS_TABLE, CROISSANT, README, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.leakage import LEAKAGE
from benchmark_n.cards.pictures import SAMPLE
from benchmark_n.cards.publish import TOKEN, plan_upload, publish
from benchmark_n.errors import InputError, UsageError
from tests import making, samples
from tests.cards.staging import stage_files

CARD = {README, CROISSANT, LEAKAGE, "card/iou.png", "card/confusion.png"}
RECIPE = {layout.RECIPE, layout.CHECKSUMS, layout.ENVIRONMENT}


def test_plan_of_a_free_source(carded: Benchmark) -> None:
    plan = plan_upload(carded, "someone/scenes-n")
    annotations = str(carded.annotations.relative_to(carded.path))
    tables = {layout.MANIFEST, ANNOTATIONS_TABLE, annotations, layout.CLEAN_VAL, layout.SUMMARY}
    assert set(plan.files) == CARD | RECIPE | tables | {SAMPLE}
    assert layout.LOCAL not in plan.files
    assert plan.size == sum((carded.path / path).stat().st_size for path in plan.files)


def test_a_guarded_source_gives_no_label_away(guarded: Benchmark, tmp_path: Path) -> None:
    plan = plan_upload(guarded, "someone/cityscapes-n")
    assert set(plan.files) == CARD | RECIPE
    stage_files(plan, tmp_path)
    sent = b"".join((tmp_path / path).read_bytes() for path in plan.files)
    for record in json.loads(guarded.annotations.read_text())["annotations"][:20]:
        assert record["segmentation"]["counts"].encode() not in sent


def test_withheld_fields_go_with_the_truth_or_not_at_all(tmp_path: Path) -> None:
    source = samples.write(tmp_path, samples.with_further_fields(samples.document()))
    for licence, withheld in (("cc-by-4.0", {layout.WITHHELD}), (None, set())):
        out = tmp_path / str(licence)
        benchmark = making.make(
            "custom", "hard", annotations=source, out=out, licence=licence, workers=1
        )
        write_card(benchmark)
        plan = plan_upload(benchmark, "someone/own")
        assert set(plan.files) & {layout.WITHHELD} == withheld


def test_the_card_names_fields_that_were_passed_on_and_how(tmp_path: Path) -> None:
    source = samples.write(tmp_path, samples.with_further_fields(samples.document()))
    options: dict[str, Any] = {
        "annotations": source,
        "keep_fields": ["guideline", "annotator"],
        "workers": 1,
    }
    benchmark = making.make("custom", "hard", out=tmp_path / "b", **options)
    write_card(benchmark)
    assert check_card(benchmark) == []
    text = (benchmark.path / README).read_text()
    assert "were passed on here: `guideline`, `annotator`." in text
    assert "--keep-fields guideline --keep-fields annotator" in text
    again = making.make(
        "custom", recipe=benchmark.path / layout.RECIPE, out=tmp_path / "again", **options
    )
    sums = [(b.path / layout.CHECKSUMS).read_text() for b in (benchmark, again)]
    assert sums[0] == sums[1]


@pytest.mark.parametrize("name", ["noslash", "a/b/c", "a b/c", "../x/y", ""])
def test_names_of_repositories(carded: Benchmark, name: str) -> None:
    with pytest.raises(UsageError, match="expected USER/NAME"):
        plan_upload(carded, name)


def test_no_plan_for_a_stale_card(copied: Benchmark) -> None:
    (copied.path / README).write_text("# Other", encoding="utf-8")
    with pytest.raises(InputError, match="write the card again"):
        plan_upload(copied, "someone/name")


def test_publishing_needs_a_token(carded: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(InputError, match=f"set {TOKEN}"):
        publish(plan_upload(carded, "someone/name"))


def test_the_token_is_never_told(carded: Benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "hf_notarealtoken")
    # An address that nothing listens on: the request fails at once, without a network.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError, match="someone/name: the Hub refused") as caught:
        publish(plan_upload(carded, "someone/name"))
    assert "notarealtoken" not in str(caught.value)
