"""Cards: read by the Hub's library, verified against the benchmark, the same bytes every time."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import DatasetCard

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout
from benchmark_n.cards.card import ANNOTATIONS_TABLE, CROISSANT, README, write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.facts import rebuild_command
from benchmark_n.cards.page import cell
from benchmark_n.datasets import DATASETS
from benchmark_n.datasets.ownership import recorded_terms
from benchmark_n.datasets.terms import LICENCES, users_terms
from benchmark_n.errors import InputError
from tests import making


def test_the_hubs_library_reads_the_card(carded: Benchmark) -> None:
    card = DatasetCard.load(carded.path / README)
    assert card.data.license == "cc0-1.0"
    assert card.data.task_ids == ["instance-segmentation"]
    assert card.data.source_datasets == ["original"]
    assert [config["data_files"] for config in card.data.configs or []] == [
        layout.MANIFEST,
        ANNOTATIONS_TABLE,
    ]
    text = (carded.path / README).read_text(encoding="utf-8")
    head = text.split("---\n")[1]
    assert yaml.safe_load(card.data.to_yaml()) == yaml.safe_load(head)


def test_numbers_are_the_manifests(carded: Benchmark) -> None:
    rows = carded.manifest().to_pylist()
    text = (carded.path / README).read_text(encoding="utf-8")
    counted = dict(re.findall(r"^\| ([a-z ,]+?) \| ([\d,]+)(?: \(.*\))? \|$", text, re.M))
    assert counted["instances"] == str(len(rows))
    assert counted["deleted"] == str(sum(row["deleted"] for row in rows))
    changed = sum(row["iou"] is not None and row["iou"] < 1 for row in rows)
    assert counted["mask changed"] == str(changed)
    drawn = dict(re.findall(r"^\| ([a-z ]+) \| \d+ \| (\d+) \| [\d.]+% \|", text, re.M))
    for noise in carded.recipe["noises"]:
        assert drawn[noise.replace("_", " ")] == str(sum(row[f"{noise}_applied"] for row in rows))


def test_the_paragraph_for_a_paper_names_the_bytes(carded: Benchmark) -> None:
    text = (carded.path / README).read_text(encoding="utf-8")
    (paragraph,) = re.findall(r"^> (We use .*)$", text, re.M)
    sums = (carded.path / layout.CHECKSUMS).read_text(encoding="utf-8").splitlines()
    noisy = next(line.split()[0] for line in sums if line.endswith(carded.annotations.name))
    recipe = hashlib.sha256((carded.path / layout.RECIPE).read_bytes()).hexdigest()
    source = carded.recipe["source"]["sha256"]
    for digest in (source, noisy, recipe):
        assert f"`{digest}`" in paragraph
    assert f"`{rebuild_command(carded)}`" in paragraph
    assert f"noise seed {carded.recipe['seed']}" in paragraph


def test_same_benchmark_same_card(carded: Benchmark, tmp_path: Path) -> None:
    written = write_card(carded, tmp_path / "again")
    for path in written:
        name = path.relative_to(tmp_path / "again")
        assert path.read_bytes() == (carded.path / name).read_bytes(), name


def test_annotations_table_holds_the_annotations(carded: Benchmark) -> None:
    table = pq.read_table(carded.path / ANNOTATIONS_TABLE).to_pylist()
    records = json.loads(carded.annotations.read_text())["annotations"]
    assert [row["id"] for row in table] == [record["id"] for record in records]
    for row, record in zip(table, records, strict=True):
        assert json.loads(row["segmentation"]) == record["segmentation"]
        assert [row[f"bbox_{p}"] for p in ("x", "y", "width", "height")] == record["bbox"]
        assert (row["area"], row["category_id"]) == (record["area"], record["category_id"])


def test_rebuild_command_makes_the_same_bytes(carded: Benchmark, tmp_path: Path) -> None:
    words = rebuild_command(carded).split()
    options = dict(zip(words[2::2], words[3::2], strict=True))
    again = making.make(
        options["--dataset"],
        recipe=carded.path / options["--recipe"],
        split=options["--split"],
        data_seed=int(options["--data-seed"]),
        num_images=int(options["--num-images"]),
        seed=int(options["--seed"]),
        out=tmp_path / options["--out"],
        workers=1,
    )
    sums = [(b.path / layout.CHECKSUMS).read_text() for b in (carded, again)]
    assert sums[0] == sums[1]


def test_a_sound_card_has_no_faults(carded: Benchmark, guarded: Benchmark) -> None:
    assert check_card(carded) == []
    assert check_card(guarded) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (README, "| images | 12 |", "| images | 13 |", "README.md: not the card"),
        (CROISSANT, "Testing", "Training", "croissant.json: not the card"),
        (layout.RECIPE, "seed: 1", "seed: 2", "recipe.yaml: not what SHA256SUMS says"),
        (layout.SUMMARY, '"spurious": 0', '"spurious": 1', "summary.json: SHA-256 is not"),
    ],
)
def test_a_spoiled_card_is_found(
    copied: Benchmark, name: str, old: str, new: str, words: str
) -> None:
    path = copied.path / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert words in " ".join(check_card(copied))


def test_a_missing_card_is_said(copied: Benchmark) -> None:
    (copied.path / README).unlink()
    with pytest.raises(InputError, match=r"no card there: README\.md is missing"):
        check_card(copied)


def test_no_card_for_a_spoiled_benchmark(copied: Benchmark) -> None:
    before = (copied.path / README).read_bytes()
    copied.annotations.write_text("{}")
    with pytest.raises(InputError, match="not what SHA256SUMS says"):
        write_card(copied)
    assert (copied.path / README).read_bytes() == before


def test_licence_of_ones_own_data(val2014: Path, tmp_path: Path) -> None:
    own = making.make("custom", "easy", annotations=val2014, out=tmp_path / "own", workers=1)
    write_card(own)
    assert DatasetCard.load(own.path / README).data.license == "unknown"
    assert not (own.path / ANNOTATIONS_TABLE).exists()
    write_card(own, tmp_path / "shared", licence="cc-by-4.0")
    assert DatasetCard.load(tmp_path / "shared" / README).data.license == "cc-by-4.0"
    assert check_card(own, tmp_path / "shared") == []


def test_licences() -> None:
    with pytest.raises(InputError, match="has terms of its own"):
        users_terms("mit", "coco", DATASETS.load("coco").terms)
    with pytest.raises(InputError, match="unknown licence 'cc-by'"):
        users_terms("cc-by", "custom", DATASETS.load("custom").terms)
    for name in DATASETS.names():
        terms = DATASETS.load(name).terms
        assert terms.licence in (*LICENCES, "other", "unknown")
        assert bool(terms.url) == (terms.licence != "unknown")


def test_text_of_files_stays_in_its_cell() -> None:
    assert cell("a|b\n# c <script>`x`") == "a\\|b # c \\<script>\\`x\\`"


def test_confusions_add_up(carded: Benchmark) -> None:
    from benchmark_n.cards.card import card_facts
    from benchmark_n.cards.pictures import confusion_matrix

    facts = card_facts(carded, carded.noisy(), carded.path, recorded_terms(carded.recipe))
    names, shares = confusion_matrix(facts)
    clean = Counter(
        row["category_id"] for row in carded.manifest().to_pylist() if not row["deleted"]
    )
    assert len(names) == len(clean)
    assert shares.sum(axis=1) == pytest.approx(1.0)


def test_the_card_counts_what_events_added(tmp_path: Path) -> None:
    made = making.make(
        "scenes", recipe="events-10", num_images=60, out=tmp_path / "events", workers=1
    )
    write_card(made)
    assert check_card(made) == []
    text = (made.path / "README.md").read_text()
    summary = made.summary
    assert f"| spurious annotations added | {summary['spurious']:,} |" in text
    assert f"| annotations of several instances drawn as one | {summary['merged']:,} |" in text
    assert f"| further parts of instances drawn in two | {summary['split']:,} |" in text
    for noise in ("absence", "merge", "split", "spurious", "box_mask"):
        counts = summary["noises"][noise]
        rate = f"{counts['applied'] / summary['instances']:.1%}"
        assert f"| {counts['applied']:,} | {rate} |" in text
