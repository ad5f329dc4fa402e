"""What Get started and the how-tos tell a reader to type runs, and prints what they say.

Blocks of ``sh`` and ``python`` are run, and ``text`` after one is what it prints; others are
not: they need a network, a GPU, data of others, or long.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmark_n.detectors.base import DETECTORS, choices, told_to
from benchmark_n.evidence.collect import automatic_sources
from benchmark_n.noise.recipe import load_recipe
from tests import making
from tests.docs.pages import DOCS, RUN, blocks, follow, same, steps

HEADINGS = ("Get started", "How to")
# Pages whose blocks other tests run.
ELSEWHERE = {*DOCS.glob("write-a-*.md"), *(DOCS / "tracks").glob("*.md")}


def listed(heading: str) -> list[Path]:
    """The pages below a heading of the index."""
    _, _, after = (DOCS / "index.md").read_text().partition(f"## {heading}\n")
    names = re.findall(r"\(([\w/-]+\.md)\)", after.partition("\n## ")[0])
    return [DOCS / name for name in dict.fromkeys(names)]


PAGES = [page for heading in HEADINGS for page in listed(heading)]
RUNNING = [page for page in PAGES if steps(page)]


@pytest.fixture(scope="module")
def own_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's own file, pictures and a colleague's second drawing of it: 24 drawn pictures."""
    folder = tmp_path_factory.mktemp("own")
    clean = making.make("scenes", "clean", num_images=24, out=folder / "scenes", workers=1)
    assert clean.images is not None
    shutil.copytree(clean.images, folder / "photos")
    source = clean.images.parent / "annotations" / "instances_train.json"
    shutil.copy(source, folder / "my.json")
    shutil.rmtree(clean.path)
    return folder


@pytest.mark.parametrize("page", RUNNING, ids=lambda page: str(page.stem))
def test_the_page_from_top_to_bottom(
    page: Path, own_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(own_file, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    follow(page)
    if page.stem == "quickstart":
        assert_quickstart(page, tmp_path)


def assert_quickstart(page: Path, place: Path) -> None:
    """The page's files are there, and it says the number that pandas counts."""
    assert (place / "scene.png").read_bytes()[:4] == b"\x89PNG"
    assert len(list((place / "results").rglob("report.html"))) == 1
    table = pq.read_table(place / "benchmarks/my-n-hard-seed1/manifest.parquet").to_pandas()
    wrong = ((~table.deleted) & (table.iou < 0.9)).sum()
    assert f"{wrong} of {len(table)} masks" in page.read_text()


def test_the_index_has_the_pages() -> None:
    assert {"quickstart", "noise-my-file", "joint", "review", "calibration"} <= {
        page.stem for page in RUNNING + PAGES
    }


def test_what_says_that_it_runs_is_run() -> None:
    """No page has a block of a language that runs, but those that are followed."""
    others = set(DOCS.rglob("*.md")) - set(PAGES) - ELSEWHERE
    assert [page.name for page in others if any(blocks(page, kind) for kind in RUN)] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```sh\nbenchmark-n recipes no-such\n```\n", "no-such"),
        (
            "```sh\nbenchmark-n recipes sym-5 --json\n```\n\n```text\nsym-5\n```\n",
            "this was printed",
        ),
        ("```sh\ncurl example.org\n```\n", "no command of ours"),
        ("```python\nassert 1 == 2, 'a line of Python'\n```\n", "a line of Python"),
    ],
)
def test_a_page_that_says_otherwise_is_seen(text: str, fault: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(AssertionError, match=fault):
        follow(page)


def test_outputs_are_compared_up_to_spaces_and_ellipses() -> None:
    assert same("a  b ... d\n", "a b c\nd\n")
    assert not same("a b d\n", "a b c\n")


def test_every_detector_is_listed_with_what_it_is() -> None:
    page = (DOCS / "choose-a-detector.md").read_text()
    table = page.partition("## All of them")[2].partition("## Cost")[0]
    split = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    rows = {cells[0].strip("`"): cells[1:] for cells in split if cells and "`" in cells[0]}
    assert list(rows) == list(DETECTORS.builtin)
    for name, (finds, reads, told, evidence) in rows.items():
        kind = DETECTORS.load(name)
        assert finds == ", ".join(kind.kinds), name
        assert reads == ", ".join([*kind.needs, *filter(None, [" or ".join(choices(kind))])]), name
        assert all(word in told for word in told_to(kind)), name
        made = automatic_sources(frozenset((*kind.needs, *choices(kind))))
        assert all(f"`{source}`" in evidence for source in made), name


@pytest.mark.parametrize("tier", ["easy", "mid", "hard"])
def test_the_tiers_have_the_numbers_of_the_page(tier: str) -> None:
    """Probability first, then what the noise is drawn with; more than those the recipe has not."""
    page = (DOCS / "noise-my-file.md").read_text()
    (header,) = re.findall(r"^\| noise \|.*$", page, re.MULTILINE)
    place = [cell.strip() for cell in header.split("|")].index(tier)
    fields = {
        "approximation": ("probability", "tolerance", "sd"),
        "localization": ("probability", "sigma", "sd"),
        "scale": ("probability", "kernel", "sd"),
        "class_confusion": ("probability",),
        "deletion": ("probability",),
    }
    noises = {noise.name: noise for noise in load_recipe(tier).noises}
    assert list(noises) == list(fields)
    for name, parameters in fields.items():
        (row,) = re.findall(rf"^\| {name.replace('_', ' ')} \|.*$", page, re.MULTILINE)
        said = [float(number) for number in re.findall(r"[\d.]+", row.split("|")[place])]
        assert said == [getattr(noises[name], one) for one in parameters], name
