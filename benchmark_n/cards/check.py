"""Check that a benchmark and its card agree with each other, file by file and word by word."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmark_n.benchmark import Benchmark, layout
from benchmark_n.benchmark.summary import summarise
from benchmark_n.cards.card import CROISSANT, README, card_facts, render, write_table
from benchmark_n.cards.leakage import LEAKAGE, leakage_faults
from benchmark_n.cards.page import read_licence
from benchmark_n.coco import CocoFile
from benchmark_n.datasets.ownership import recorded_terms
from benchmark_n.errors import InputError
from benchmark_n.files.provenance import file_digest
from benchmark_n.tables.manifest import rows_digest


def check_card(benchmark: Benchmark, card: Path | str | None = None) -> list[str]:
    """What is not as it should be with a benchmark and its card; empty when all is well.

    The benchmark's files against its checksums, all files against the hashes of the Croissant
    file, the summary against the manifest, the card's table against what it was made from, and the
    card's texts against what they would be if written now.

    The leak audit is done again: what tells of the errors without being marked is a fault.

    Parameters
    ----------
    card
        The card's folder; by default the benchmark's own.

    Raises
    ------
    InputError
        There is no card.
    """
    folder = benchmark.path if card is None else Path(card)
    for name in (README, CROISSANT):
        if not (folder / name).is_file():
            raise InputError(f"{folder}: no card there: {name} is missing")
    faults = [f"{name}: not what {layout.CHECKSUMS} says" for name in benchmark.verify()]
    faults += _wrong_hashes((folder, benchmark.path))
    if faults:
        return faults
    coco = benchmark.noisy()
    faults = _wrong_summary(benchmark, coco) + leakage_faults(benchmark, coco, folder)
    return faults + (_wrong_card(benchmark, coco, folder) if (folder / LEAKAGE).is_file() else [])


def _wrong_hashes(roots: tuple[Path, Path]) -> list[str]:
    try:
        listed = json.loads((roots[0] / CROISSANT).read_bytes())["distribution"]
        named = [(str(entry["contentUrl"]), str(entry["sha256"])) for entry in listed]
    except (ValueError, KeyError, TypeError):
        return [f"{CROISSANT}: not a Croissant file that lists its files with their SHA-256"]
    faults = []
    for path, digest in named:
        found = next((root / path for root in roots if (root / path).is_file()), None)
        if found is None:
            faults.append(f"{path}: named in {CROISSANT}, but missing")
        elif file_digest(found) != digest:
            faults.append(f"{path}: SHA-256 is not the one in {CROISSANT}")
    return faults


def _wrong_summary(benchmark: Benchmark, coco: CocoFile) -> list[str]:
    made = json.loads(json.dumps(summarise(benchmark.path / layout.MANIFEST, coco.categories)))
    if made != {key: value for key, value in benchmark.summary.items() if key in made}:
        return [f"{layout.SUMMARY}: does not agree with {layout.MANIFEST}"]
    return []


def _wrong_card(benchmark: Benchmark, coco: CocoFile, folder: Path) -> list[str]:
    licence = read_licence(folder / README)
    terms = recorded_terms(benchmark.recipe)
    if terms.licence == "unknown" and licence is not None:
        try:
            terms = recorded_terms(benchmark.recipe, licence)
        except InputError as fault:
            return [f"{README}: {fault}"]
    faults = []
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "card").mkdir()
        table = write_table(coco, Path(name), terms)
        if table is not None:
            path = table.relative_to(name)
            if rows_digest(table) != rows_digest(folder / path):
                faults.append(f"{path}: not the rows that this benchmark has")
    facts = card_facts(benchmark, coco, folder, terms)
    for file, text in render(facts, (folder, benchmark.path)).items():
        if (folder / file).read_text(encoding="utf-8") != text:
            faults.append(f"{file}: not the card that this benchmark has")
    return faults
