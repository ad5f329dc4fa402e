"""The published recipes against what the authors' two scripts did to the same annotations.

The table of IoUs was measured by running the scripts (``released_noise``); none of it is ours.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from scipy import stats

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.noise.base import SpatialNoise
from benchmark_n.noise.chunks import chunks
from benchmark_n.noise.class_confusion import ClassConfusion
from benchmark_n.noise.engine import Engine
from benchmark_n.noise.plan import decide, draw_noises, resolve
from benchmark_n.noise.recipe import Recipe, load_recipe
from benchmark_n.runtime.random_streams import Stream
from tests.conftest import shared_file

FIRST, SECOND = "noise_annotations.py", "noise_annotations_v2.py"
TIERS = ("easy", "mid", "hard")
NOISES = ("approximation", "localization", "scale")
SEEDS = range(1, 6)
ERRORS = 4.5  # standard errors, as in test_statistics


@cache
def table() -> dict[str, NDArray[np.generic]]:
    path = shared_file("released_noise/reference_iou.parquet")
    return {name: np.array(values) for name, values in pq.read_table(path).to_pydict().items()}


def released(script: str, tier: str, noise: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Annotation ids and IoUs of one noise."""
    rows = table()
    kept = (rows["script"] == script) & (rows["tier"] == tier) & (rows["noise"] == noise)
    return rows["annotation_id"][kept].astype(np.int64), rows["iou"][kept].astype(np.float64)


@pytest.fixture(scope="module")
def coco(val2014: Path) -> CocoFile:
    return read_coco(val2014)


def ious(recipe: Recipe, coco: CocoFile, seed: int) -> dict[int, float]:
    """IoU of every annotation that is left, by id."""
    recipe = resolve(recipe, coco)
    engine = Engine(
        recipe.noises, seed, coco.path.name, 0.02, may_empty=recipe.empty_masks == "allowed"
    )
    found: dict[int, float] = {}
    work = chunks(recipe, coco, decide(recipe, coco, seed), coco.annotation_ids, 300)
    for chunk in work:
        _, columns = engine(chunk)
        values = zip(columns["source_id"], columns["iou"], strict=True)
        found |= {identity: iou for identity, iou in values if iou is not None}
    return found


def alone(name: str, noise: str, **parameters: object) -> Recipe:
    """The recipe's one noise, on every instance."""
    changes = {f"{noise}.{key}": value for key, value in parameters.items()}
    changes |= {"scheme": "independent", f"{noise}.probability": 1.0}
    return load_recipe(name, only=[noise], overrides=changes)


@pytest.mark.parametrize("noise", ["approximation", "scale"])
@pytest.mark.parametrize("tier", TIERS)
def test_the_first_scripts_masks_themselves(tier: str, noise: str, coco: CocoFile) -> None:
    """What has no draw but a coin is not only like the script's: nearly every mask is the same."""
    ids, theirs = released(FIRST, tier, noise)
    settings = [{"operation": "dilate"}, {"operation": "erode"}] if noise == "scale" else [{}]
    options = []
    for parameters in settings:
        ours = ious(alone(f"reference-{tier}", noise, **parameters), coco, 1)
        options.append(np.array([ours[i] for i in ids.tolist()]))
    nearest = np.abs(np.array(options) - theirs).min(axis=0)
    assert (nearest < 1e-6).mean() >= 0.995


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("tier", TIERS)
def test_the_first_scripts_distribution(tier: str, noise: str, coco: CocoFile) -> None:
    """Of the instances that the script drew, each as often as it did: five seeds pooled."""
    ids, theirs = released(FIRST, tier, noise)
    pooled = []
    for seed in SEEDS:
        ours = ious(alone(f"reference-{tier}", noise), coco, seed)
        pooled += [ours[i] for i in ids.tolist()]
    statistic = stats.ks_2samp(pooled, theirs).statistic
    assert statistic <= 0.03
    vanished = (np.array(pooled) == 0).mean() - (theirs == 0).mean()
    assert abs(vanished) < ERRORS * np.sqrt(0.06 * 0.94 / len(theirs))


@pytest.mark.parametrize("noise", ["all", *NOISES])
@pytest.mark.parametrize("tier", TIERS)
def test_the_second_scripts_distribution(tier: str, noise: str, coco: CocoFile) -> None:
    _, theirs = released(SECOND, tier, noise)
    name = f"paper-{tier}"
    recipe = load_recipe(name, only=NOISES) if noise == "all" else alone(name, noise)
    pooled = [iou for seed in SEEDS for iou in ious(recipe, coco, seed).values()]
    statistic = stats.ks_2samp(pooled, theirs).statistic
    assert statistic <= 0.05
    error = ERRORS * np.sqrt(0.12 * 0.88 / len(theirs))
    assert abs((np.array(pooled) == 0).mean() - (theirs == 0).mean()) < error


def test_the_old_tiers_are_told_apart(coco: CocoFile) -> None:
    """The guard sees a departure: plain Douglas-Peucker on corners, as the first version has it."""
    ids, theirs = released(FIRST, "hard", "approximation")
    ours = ious(alone("hard-v1", "approximation"), coco, 1)
    assert stats.ks_2samp([ours[i] for i in ids.tolist()], theirs).statistic > 0.15


@pytest.mark.parametrize(
    ("tier", "spatial", "flips"), [("easy", 0.2, 0.2), ("mid", 0.25, 0.3), ("hard", 0.3, 0.4)]
)
def test_rates(tier: str, spatial: float, flips: float) -> None:
    """The scripts' rates, section 2.4's and Table 10's; `released_noise` counts the first's."""
    first, paper, sparse, script = (
        load_recipe(f"{prefix}{tier}") for prefix in ("reference-", "paper-", "", "paper-script-")
    )
    rates = {
        recipe.name: {noise.name: noise.probability for noise in recipe.noises}
        for recipe in (first, paper, sparse, script)
    }
    once, always = dict.fromkeys(NOISES, spatial), dict.fromkeys(NOISES, 1.0)
    assert rates[first.name] == {**once, "class_confusion": flips}
    assert rates[paper.name] == {**always, "class_confusion": flips, "deletion": 0.05}
    assert rates[sparse.name] == {**once, "class_confusion": flips, "deletion": 0.05}
    assert rates[script.name] == {**always, "class_confusion": 0.05, "deletion": 0.05}
    assert [n.name for n in paper.noises[:3]] == list(NOISES)
    assert (first.scheme, paper.scheme) == ("one-spatial", "independent")
    counts = {noise: len(released(FIRST, tier, noise)[0]) for noise in ("none", *NOISES)}
    total = sum(counts.values())
    drawn = draw_noises(first, np.arange(100_000), 1)
    for noise in NOISES:
        error = np.sqrt(spatial * (1 - spatial) * (1 / total + 1e-5))
        assert abs(counts[noise] / total - drawn[noise].mean()) < ERRORS * error


def test_scopes(coco: CocoFile) -> None:
    """The first script flips over all categories, the same one too; the paper inside a group."""
    categories = coco.categories
    for name, whole in (("reference-hard", True), ("paper-hard", False), ("hard", False)):
        confusion = next(
            n for n in resolve(load_recipe(name), coco).noises if isinstance(n, ClassConfusion)
        )
        candidates = confusion.candidates(categories)
        for i, category in categories.items():
            own = {
                j
                for j, c in categories.items()
                if whole or c.supercategory == category.supercategory
            }
            assert set(candidates.groups[i]) == own
        assert candidates.include_same is whole
    flipped = decide(load_recipe("reference-hard"), coco, 1).noisy_category_ids
    changed = (flipped != coco.category_ids)[~coco.crowd].mean()
    rate = 0.4 * (1 - 1 / len(categories))
    assert abs(changed - rate) < ERRORS * np.sqrt(rate * (1 - rate) / 830)


MEANS = {"easy": (5, 2, 3), "mid": (10, 3, 5), "hard": (15, 4, 7)}
SPREADS = {"easy": (2.5, 0.5, 1), "mid": (2.5, 0.5, 1), "hard": (10, 2, 4)}


@pytest.mark.parametrize("name", ["paper-", ""])
@pytest.mark.parametrize("tier", TIERS)
def test_drawn_parameters(tier: str, name: str) -> None:
    """Rectified normal numbers, the kernel cut to a whole one: their distribution functions."""
    count = 20_000
    noises = [n for n in load_recipe(f"{name}{tier}").noises if isinstance(n, SpatialNoise)]
    keys = ("tolerance", "sigma", "kernel")
    for noise, key, mean, sd in zip(noises, keys, MEANS[tier], SPREADS[tier], strict=True):
        draws = np.array([noise.draw(Stream(1, noise.name, i))[key] for i in range(count)])
        grid = np.arange(0, mean + 4 * sd) if key == "kernel" else np.linspace(0, mean + 4 * sd, 50)
        shift = 1 if key == "kernel" else 0  # at most k after the cut means below k + 1
        expected = stats.norm.cdf(grid + shift, mean, sd)
        found = np.array([(draws <= value).mean() for value in grid])
        assert np.abs(found - expected).max() < 1.95 / np.sqrt(count)
