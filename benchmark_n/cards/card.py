"""Write the card of a benchmark."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmark_n.benchmark import Benchmark, layout
from benchmark_n.cards.croissant import render_croissant
from benchmark_n.cards.facts import (
    Artefact,
    Facts,
    artefact,
    gather_facts,
)
from benchmark_n.cards.leakage import LEAKAGE, read_leakage, write_leakage
from benchmark_n.cards.markdown import render_markdown
from benchmark_n.cards.pictures import draw_pictures, draw_sample
from benchmark_n.cards.tables import write_annotations
from benchmark_n.coco import CocoFile
from benchmark_n.datasets.ownership import recorded_terms
from benchmark_n.datasets.terms import Terms
from benchmark_n.errors import InputError

README, CROISSANT = layout.CARD_README, layout.CROISSANT
ANNOTATIONS_TABLE = "card/annotations.parquet"


def write_card(
    benchmark: Benchmark, out: Path | str | None = None, *, licence: str | None = None
) -> list[Path]:
    """Write the data card of a benchmark: `README`, `CROISSANT`, pictures and, where the source's
    terms let annotations be passed on, a table of them.

    Parameters
    ----------
    out
        Folder to write to; by default the benchmark's own, which is then fit to be published.
    licence
        For data of the user's own, whose licence the benchmark's recipe does not tell.

    Returns
    -------
    list
        What was written.

    Raises
    ------
    InputError
        The benchmark's files are not those of its checksums, or the extra ``hub`` is missing.
    """
    faults = benchmark.verify()
    if faults:
        raise InputError(
            f"{benchmark.path.name}: {faults[0]} is not what SHA256SUMS says: no card is written"
        )
    target = benchmark.path if out is None else Path(out)
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target, prefix=".card-") as folder:
            stage = Path(folder)
            _fill(benchmark, stage, licence)
            return _move(stage, target)
    except OSError as error:
        raise InputError(f"{target}: writing failed: {error.strerror or error}") from None


def _fill(benchmark: Benchmark, stage: Path, licence: str | None) -> None:
    (stage / "card").mkdir()
    coco = benchmark.noisy()
    terms = recorded_terms(benchmark.recipe, licence)
    write_table(coco, stage, terms)
    write_leakage(benchmark, coco, stage)
    facts = card_facts(benchmark, coco, stage, terms)
    draw_pictures(facts, stage)
    if facts.has_sample:
        draw_sample(benchmark, facts, stage)
    for name, text in render(facts, (stage, benchmark.path)).items():
        (stage / name).write_text(text, encoding="utf-8")


def write_table(coco: CocoFile, folder: Path, terms: Terms) -> Path | None:
    """The table of the annotations; None, and no table, where they may not be passed on."""
    if not terms.shareable:
        return None
    path = folder / ANNOTATIONS_TABLE
    write_annotations(coco, path)
    return path


def card_facts(benchmark: Benchmark, coco: CocoFile, folder: Path, terms: Terms) -> Facts:
    """What the card says; its table, where it has one, and its leak audit lie in `folder`."""
    files = published_files(benchmark, folder, terms)
    return gather_facts(benchmark, coco, files, terms, read_leakage(folder))


def render(facts: Facts, roots: Sequence[Path]) -> dict[str, str]:
    """`README` and `CROISSANT`; the files that they describe lie in one of `roots`."""
    return {README: render_markdown(facts), CROISSANT: render_croissant(facts, roots)}


def published_files(benchmark: Benchmark, card: Path, terms: Terms) -> tuple[Artefact, ...]:
    """What goes with the card: all of the benchmark, or nothing that has a row an annotation.

    Draws and overlaps tell sizes, and ids may tell classes: of annotations that may not be passed
    on, only the recipe goes, with figures over all of them.
    """
    root = benchmark.path
    common = (
        artefact(root, layout.RECIPE, "every parameter with its provenance, seed and source"),
        artefact(root, layout.CHECKSUMS, "checksums of annotations, recipe and manifest rows"),
        artefact(root, layout.ENVIRONMENT, "versions of the libraries"),
        artefact(card, LEAKAGE, "what the labels alone tell of the errors"),
    )
    if not terms.shareable:
        return common
    noisy = str(benchmark.annotations.relative_to(root))
    clean = [layout.CLEAN_VAL] if benchmark.clean_val is not None else []
    # That of a sealed benchmark is the secret itself.
    truth = [] if benchmark.recipe.get("sealed") else [layout.MANIFEST]
    withheld = [layout.WITHHELD] if benchmark.withheld and truth else []
    return (
        *(artefact(root, path, "what was done to every annotation") for path in truth),
        artefact(card, ANNOTATIONS_TABLE, "the noisy annotations as a table"),
        artefact(root, noisy, "the noisy annotations, COCO JSON"),
        *(artefact(root, path, "clean validation labels, COCO JSON") for path in clean),
        *(artefact(root, path, "fields that the noisy file lacks") for path in withheld),
        artefact(root, layout.SUMMARY, "counts of what was done"),
        *common,
    )


def _move(stage: Path, target: Path) -> list[Path]:
    """Put all files in their place, the one that vouches for the others last."""
    paths = [p.relative_to(stage) for p in sorted(stage.rglob("*")) if p.is_file()]
    paths.sort(key=lambda path: path == Path(CROISSANT))
    (target / "card").mkdir(exist_ok=True)
    for path in paths:
        os.replace(stage / path, target / path)
    return [target / path for path in paths]
