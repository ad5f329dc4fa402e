"""Calibration on simulated pairs of known parameters, its rates, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from benchmark_n.cli import run
from benchmark_n.coco import read_coco
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evaluators.realism.pairs import MaskPairs, pair_masks
from benchmark_n.generation.calibrate import calibrate
from benchmark_n.generation.calibrated_recipe import unidentified
from benchmark_n.generation.contour_fit import PARAMETERS, fit_of
from benchmark_n.generation.label_rates import logistic_line
from benchmark_n.generation.moment_search import within
from benchmark_n.generation.simulated_moments import measure_redrawn, redraw
from benchmark_n.masks import CropMask
from benchmark_n.noise.contour import Contour
from benchmark_n.noise.recipe import load_recipe
from tests import making

TRUTH: dict[str, Any] = {
    **{"offset_mean": 0.05, "offset_sd": 0.1, "shift_sd": 0.07, "roughness": 0.12, "growth": 0.25},
    **{"quality_sd": 0.3, "length": 1.0, "length_growth": 0.3, "clicks": 1.4, "clicks_sd": 0.3},
}


def drawn_twice(folder: Path, images: int, **noises: Any) -> tuple[Path, Path]:
    """Scenes' clean file, and a second one whose noise is known."""
    recipe = folder / "truth.yaml"
    recipe.write_text(json.dumps({"noises": noises}))
    made = making.make("scenes", recipe=recipe, num_images=images, out=folder / "made", workers=1)
    assert made.images is not None
    clean = made.images.parent / "annotations" / "instances_train.json"
    return clean, made.annotations


def test_known_parameters_are_found_again(tmp_path: Path) -> None:
    """Strength at the objects' size within a third of the truth, rates within their error."""
    contour = {"probability": 1.0, "tail": 4.0, **TRUTH}
    clean, noisy = drawn_twice(tmp_path, 90, contour=contour, deletion={"probability": 0.1})
    found = calibrate(clean, [noisy], replicates=60)
    area = 400.0
    strength = found.fit.values["roughness"] * area ** found.fit.values["growth"]
    assert strength == pytest.approx(0.12 * area**0.25, rel=1 / 3)
    n = found.rates.clean
    assert abs(found.rates.missing - 0.1) < 4.5 * (0.09 / n) ** 0.5
    assert found.recipe["noises"]["contour"]["probability"] == pytest.approx(1, abs=0.02)


def test_command_writes_a_recipe_for_make(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean, noisy = drawn_twice(tmp_path, 60, contour={"probability": 0.4, **TRUTH})
    out = tmp_path / "team.yaml"
    arguments = ["--clean", str(clean), "--noisy", str(noisy), "--out", str(out)]
    assert run(["calibrate", *arguments, "--replicates", "10", "--set", "tail=6", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    recipe = load_recipe(out)
    assert recipe.name == "team"
    assert recipe.to_dict()["noises"]["contour"]["tail"] == 6
    assert recipe.to_dict()["noises"]["contour"]["probability"] == pytest.approx(0.4, abs=0.12)
    assert "of the masks are equal" in captured.err
    assert set(told["contour"]) == set(PARAMETERS)
    assert (recipe.provenance or {})["contour.tail"] == "given, not fitted"


def test_few_objects_are_refused(tmp_path: Path) -> None:
    clean, noisy = drawn_twice(tmp_path, 6, contour={"probability": 1.0, **TRUTH})
    with pytest.raises(InputError, match="differ in the fitting half, expected 50 or more"):
        calibrate(clean, [noisy])
    with pytest.raises(InputError, match="0 objects of 50 px² or more"):
        calibrate(clean, [clean])
    with pytest.raises(UsageError, match="give one by `noisy`"):
        calibrate(clean, [])
    with pytest.raises(UsageError, match="contour's growth is fitted"):
        calibrate(clean, [clean], settings={"growth": 0.2})
    with pytest.raises(InputError, match=r"contour\.tail is 1\.0"):
        calibrate(clean, [noisy], settings={"tail": 1.0})


def test_fitted_images_are_not_held_out(tmp_path: Path) -> None:
    clean, noisy = drawn_twice(tmp_path, 30, contour={"probability": 1.0, **TRUTH})
    pairs, _ = pair_masks(read_coco(clean), read_coco(noisy))
    fitting, held = pairs.half(held_out=False), pairs.half(held_out=True)
    assert len(fitting) + len(held) == len(pairs)
    assert not set(fitting.images.tolist()) & set(held.images.tolist())


def test_redrawn_masks_of_little_overlap_are_no_pairs() -> None:
    """As in the join of real files: a mask moved out of place is of another object."""
    clean = tuple(CropMask.from_full(np.pad(np.ones((20, 20), bool), 40)) for _ in range(12))
    ids = np.arange(12)
    pairs = MaskPairs(ids, ids, np.zeros(12, bool), clean, clean)
    far = Contour(1.0, shift_sd=6.0)
    rows = measure_redrawn(pairs, far, seed=3)
    for row, mask, again in zip(rows, clean, redraw(pairs, far, seed=3), strict=True):
        a, b = (each.window(0, 0, 100, 100).pixels > 0 for each in (mask, again))
        assert np.isfinite(row[0]) == ((a & b).sum() >= 0.5 * (a | b).sum())
    assert 0 < np.isfinite(rows[:, 0]).sum() < 12


def test_sizes_at_the_objects_area_undo_the_exponents() -> None:
    """Closed form: the values that the search had, before they are stated for 1 px²."""
    theta = np.array([0.3, -0.4, -0.8, -0.2, 0.25, -0.9, 2.0, 0.4, 2.7, 0.9, -1.0])
    fit = fit_of(theta, np.stack([theta, theta]), (7.0, 2.6), 0.5)
    assert fit.area == pytest.approx(np.exp(7.0))
    expected = dict(offset_mean=0.3, offset_sd=np.exp(-0.4), shift_sd=np.exp(-0.8))
    expected |= dict(roughness=np.exp(-0.2), length=np.exp(2.0))
    for name, value in expected.items():
        assert fit.typical[name] == pytest.approx((value,) * 3)
    assert fit.values["roughness"] == pytest.approx(np.exp(-0.2) / np.exp(7.0) ** 0.25)


def test_what_is_hardly_identified_is_told() -> None:
    """A parameter at its bound, and a strength whose interval at the objects' size is wide."""
    theta = np.array([0.3, -0.4, -0.8, -0.2, 0.25, -0.9, 2.0, 9.0, 2.7, 0.9, -1.0])
    theta = within(theta)
    around = np.tile(theta, (40, 1))
    assert unidentified(fit_of(theta, around, (7.0, 2.6), 0.5)) == [
        "contour.length_growth is hardly identified: the search ended at its bound, 0.8"
    ]
    around[:, 1] = np.linspace(-2, 2, 40)
    around[:, 4] = 0.25 + np.linspace(-0.2, 0.2, 40)
    told = unidentified(fit_of(theta, around, (7.0, 2.6), 0.5))
    assert told[0].startswith("contour.offset_sd is hardly identified: 95 % 0.1")
    assert told[0].endswith(" px at 1097 px²")
    assert len(told) == 2


def test_logistic_line_is_that_of_another_library() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(7, 2, 3000)
    hit = rng.random(3000) < 1 / (1 + np.exp(1.5 + 0.5 * (x - 7)))
    found = logistic_line(x, hit)
    assert found is not None
    model = LogisticRegression(C=1e6, tol=1e-8).fit(x[:, None] - x.mean(), hit)
    assert found[:2] == pytest.approx((model.intercept_[0], model.coef_[0, 0]), abs=1e-3)
    assert logistic_line(x, np.zeros(3000, bool)) is None
