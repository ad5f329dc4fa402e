"""Sealed benchmarks: nobody makes or undoes them without the seal, and nothing else holds it."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n import Benchmark
from benchmark_n.benchmark import layout, seal
from benchmark_n.benchmark.published_ids import PublishedIds
from benchmark_n.cards.card import write_card
from benchmark_n.cards.check import check_card
from benchmark_n.cards.publish import plan_upload
from benchmark_n.cli import run
from benchmark_n.errors import InputError, UsageError
from benchmark_n.generation.options import Job, PublishOptions
from benchmark_n.noise.plan import decide, resolve
from benchmark_n.noise.recipe import load_recipe
from tests import making, samples
from tests.datasets.trees import CITYSCAPES_VALUES, street, write_cityscapes

SEAL: dict[str, Any] = {"key": "00112233445566778899aabbccddeeff", "seed": 6789012345678901234}
FORBIDDEN = (
    SEAL["key"],
    str(SEAL["seed"]),
    f"{SEAL['seed']:x}",
    repr(bytes.fromhex(SEAL["key"]))[2:-1],
)
TRIED = range(2001)


@pytest.fixture
def sealed_by(tmp_path: Path) -> Path:
    path = tmp_path / "seal.json"
    path.write_text(json.dumps(SEAL))
    return path


def make(out: Path, tier: str = "hard", **options: Any) -> Benchmark:
    return making.make("scenes", tier, seed=None, num_images=20, out=out, workers=1, **options)


def files(benchmark: Benchmark) -> dict[str, bytes]:
    """All files but ``local.yaml``, whose code is of this machine."""
    found = {p.relative_to(benchmark.path): p for p in benchmark.path.rglob("*") if p.is_file()}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in found.items()
        if name.as_posix() != layout.LOCAL
    }


@pytest.mark.parametrize("tier", ["hard", "wan-easy"])
def test_the_secret_is_in_one_file(
    tier: str, sealed_by: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = make(tmp_path / "made", tier, seal=sealed_by)
    contents = {**files(made), layout.LOCAL: (made.path / layout.LOCAL).read_bytes()}
    assert json.loads(contents.pop(layout.SEAL)) == SEAL
    assert stat.S_IMODE((made.path / layout.SEAL).stat().st_mode) == 0o600
    assert stat.S_IMODE((made.path / layout.SEAL).parent.stat().st_mode) == 0o700
    for secret in FORBIDDEN:
        assert not [name for name, data in contents.items() if str(secret).encode() in data]
        assert str(secret) not in caplog.text
    assert layout.SEAL not in (made.path / layout.CHECKSUMS).read_text()
    assert made.recipe["sealed"] is True
    assert "seed" not in made.recipe
    assert made.leaks == ()
    assert made.verify() == []


def test_nothing_that_is_printed_tells_the_secret() -> None:
    known = seal.Seal(bytes.fromhex(SEAL["key"]), SEAL["seed"])
    texts = (repr(known), repr(PublishedIds(known.key)), repr(Job(Path("x"), known)))
    assert not [text for text in texts for secret in FORBIDDEN if str(secret) in text]


@pytest.mark.parametrize("tier", ["hard", "wan-easy"])
def test_the_seal_makes_it_again(tier: str, tmp_path: Path) -> None:
    first = make(tmp_path / "first", tier, sealed=True)
    again = make(tmp_path / "again", tier, seal=first.path / layout.SEAL)
    other = make(tmp_path / "other", tier, sealed=True)
    assert files(again) == files(first)
    assert files(other)[layout.RECIPE] == files(first)[layout.RECIPE]
    for name in (layout.MANIFEST, layout.CHECKSUMS, layout.SEAL):
        assert files(other)[name] != files(first)[name]
    assert [bytes(r) for r in other.clean().annotations] == [
        bytes(r) for r in first.clean().annotations
    ]


def test_a_sealed_benchmark_is_replaced_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["make", "--dataset", "scenes", "--tier", "easy", "--num-images", "4", "--sealed"]
    assert run(command) == 0
    text = capsys.readouterr().out
    assert text.startswith("benchmarks/scenes-n-easy-sealed: ")
    assert "sealed (private/seal.json makes it again)" in text
    before = Path("benchmarks/scenes-n-easy-sealed", layout.SEAL).read_text()
    assert run([*command, "--overwrite"]) == 0
    assert Path("benchmarks/scenes-n-easy-sealed", layout.SEAL).read_text() != before
    assert run([*command, "--seed", "4"]) == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .endswith("--seed 4 is named, but that of a --sealed benchmark is secret")
    )


def ids_found(made: Benchmark, source_ids: Any) -> int:
    """How many of a seed's ids for these annotations are published, the best of `TRIED`."""
    published = made.noisy().annotation_ids
    return max(
        int(np.isin(PublishedIds.of_seed(seed).of(source_ids), published).sum()) for seed in TRIED
    )


def noise_found(made: Benchmark) -> float:
    """Correlation of the deletions with those that a seed gives, the best of `TRIED`.

    The attacker is even told which published annotation is which one of the source.
    """
    clean = made.clean()
    recipe = resolve(load_recipe("hard"), clean)
    rows = made.manifest(["source_id", "deleted"]).sort_by("source_id")
    deleted = rows["deleted"].to_numpy(zero_copy_only=False)
    drawn = (decide(recipe, clean, seed).deleted for seed in TRIED)
    return max(float(np.corrcoef(one, deleted)[0, 1]) for one in drawn if one.any())


def test_the_informed_attacker_stays_at_chance(sealed_by: Path, tmp_path: Path) -> None:
    """Code, recipe and all source ids are known, and 2,001 seeds are tried as keys and as seeds.

    A seed's 40 ids hit one of N published ones with a chance below 40 N / 2^53. Correlations of
    independent draws over N annotations go beyond 6 / sqrt(N) once in 10^9.
    """
    sealed, open_one = make(tmp_path / "sealed", seal=sealed_by), make(tmp_path / "open")
    source_ids = sealed.clean().annotation_ids
    count = len(source_ids)
    assert len(TRIED) * 40 * count / 2**53 < 1e-6
    assert ids_found(sealed, source_ids[:40]) == 0
    assert ids_found(open_one, source_ids[:40]) > 20
    assert noise_found(sealed) < 6 / count**0.5
    assert noise_found(open_one) == pytest.approx(1)


def test_card_and_publishing(sealed_by: Path, tmp_path: Path) -> None:
    pytest.importorskip("mlcroissant")
    made = make(tmp_path / "made", seal=sealed_by)
    write_card(made)
    card = (made.path / layout.CARD_README).read_text()
    assert "sealed: its seed and the key of its ids are secret" in card
    assert "--seal private/seal.json" in card
    assert "No noise was added" not in card
    assert "--seed" not in card
    assert check_card(made) == []
    plan = plan_upload(made, "someone/scenes-n")
    assert not {layout.SEAL, layout.MANIFEST} & set(plan.files)
    for path in plan.files.values():
        data = path.read_bytes()
        assert not [secret for secret in FORBIDDEN if str(secret).encode() in data]


@pytest.fixture
def streets(tmp_path: Path) -> Path:
    frames = {f"ulm_000000_00000{i}": street((400, 420), CITYSCAPES_VALUES, 7, i) for i in (1, 2)}
    write_cityscapes(tmp_path / "streets", "train", frames)
    return tmp_path / "streets"


def test_restricted_data_is_sealed_unless_a_seed_is_named(
    streets: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options: dict[str, Any] = {"root": streets, "workers": 1}
    sealed = making.make("cityscapes", "easy", seed=None, out=tmp_path / "a", **options)
    assert sealed.recipe["sealed"] is True
    assert (sealed.path / layout.SEAL).is_file()
    assert not [r for r in caplog.records if "the benchmark is open" in r.message]
    named = making.make("cityscapes", "easy", seed=5, out=tmp_path / "b", **options)
    assert named.recipe["seed"] == 5
    assert not (named.path / "private").exists()
    (line,) = [r.message for r in caplog.records if "the benchmark is open" in r.message]
    assert line.startswith("cityscapes: ")
    with pytest.raises(UsageError, match="name a `seed`"):
        making.make("cityscapes", "easy", seed=None, out=tmp_path / "c", keep_ids=True, **options)
    assert not (tmp_path / "c").exists()


def test_files_of_ones_own_are_not_sealed(streets: Path, tmp_path: Path) -> None:
    path = samples.write(tmp_path, samples.document())
    own = making.make("custom", "easy", seed=None, annotations=path, out=tmp_path / "own")
    assert own.recipe["seed"] == 1
    # By a guarded dataset's conventions it is most likely a file of it.
    like = making.make("cityscapes", "easy", seed=None, annotations=path, out=tmp_path / "like")
    assert like.recipe["sealed"] is True


@pytest.mark.parametrize("options", [{"sealed": True}, {"seal": "seal.json"}], ids=str)
def test_contradictions(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`seed` 1 is named"):
        making.make("scenes", "easy", seed=1, out=tmp_path / "x", **options)
    with pytest.raises(UsageError, match="`keep_ids` would tell"):
        PublishOptions(keep_ids=True, **options)


@pytest.mark.parametrize(
    "stored",
    [
        "{",
        "[]",
        "{}",
        '{"key": "00", "seed": 1}',
        '{"key": "00112233445566778899aabbccddeefg", "seed": 1}',
        '{"key": "00112233445566778899aabbccddeeff", "seed": -1}',
        '{"key": "00112233445566778899aabbccddeeff", "seed": 9223372036854775808}',
        '{"key": "00112233445566778899aabbccddeeff", "seed": "1"}',
    ],
)
def test_files_that_are_no_seal(stored: str, tmp_path: Path) -> None:
    path = tmp_path / "seal.json"
    path.write_text(stored)
    with pytest.raises(InputError, match=r"seal\.json: no seal") as caught:
        make(tmp_path / "made", seal=path)
    assert "00112233" not in str(caught.value)
    assert not (tmp_path / "made").exists()


def test_seals_are_drawn_anew() -> None:
    drawn = [seal.draw_seal() for _ in range(50)]
    assert len({one.key for one in drawn}) == len({one.seed for one in drawn}) == 50
    assert all(len(one.key) == 16 and 0 <= one.seed < 2**63 for one in drawn)


def test_an_open_benchmark_has_no_private_part(tmp_path: Path) -> None:
    made = make(tmp_path / "made")
    assert made.recipe["seed"] == 1
    assert not (made.path / "private").exists()
