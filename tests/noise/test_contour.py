"""Contour noise on discs, whose offsets have closed forms, and what holds of any mask."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, mask_iou
from benchmark_n.masks.distance import signed_distances
from benchmark_n.noise import redrawing
from benchmark_n.noise.base import NotApplied
from benchmark_n.noise.clicks import click, level_set
from benchmark_n.noise.contour import Contour
from benchmark_n.noise.recipe import build_noise
from benchmark_n.runtime.random_streams import Stream
from tests import making

COUNT = 400
RADIUS = 40


def disc(radius: float = RADIUS, size: int = 200) -> CropMask:
    rows, columns = np.indices((size, size)) - (size - 1) / 2
    return CropMask.from_full(np.hypot(rows, columns) <= radius)


def contour(**parameters: Any) -> Contour:
    noise = build_noise("contour", {"probability": 1.0, "clicks": 20.0, **parameters})
    assert isinstance(noise, Contour)
    return noise


def redrawn(noise: Contour, mask: CropMask, count: int = COUNT) -> list[CropMask]:
    streams = [Stream(1, "contour", number) for number in range(count)]
    return [noise.apply(mask, noise.draw(stream)) for stream in streams]


def radius_of(mask: CropMask) -> float:
    return math.sqrt(mask.area / math.pi)


def test_without_strength_the_outline_stays() -> None:
    for radius in (3, 8, 40):
        mask = disc(radius)
        assert mask_iou(mask, redrawn(contour(), mask, 1)[0]) > 1 - 0.6 / radius


@pytest.mark.parametrize("offset", [-6.0, -1.5, 0.5, 4.0])
def test_an_offset_changes_the_radius_by_itself(offset: float) -> None:
    mask = disc()
    found = radius_of(redrawn(contour(offset_mean=offset), mask, 1)[0])
    assert abs(found - radius_of(mask) - offset) < 0.35


def test_strength_grows_with_the_area() -> None:
    """An exponent of 1/2 makes offsets a share of the side, so that radii stay in proportion."""
    noise = contour(offset_mean=0.08, growth=0.5)
    for radius in (15, 30, 60):
        ratio = radius_of(redrawn(noise, disc(radius), 1)[0]) / radius
        assert abs(ratio - 1 - 0.08 * math.sqrt(math.pi)) < 0.02


def test_offsets_have_their_mean_and_spread() -> None:
    """Mean within 4.5 standard errors; Student's t by Kolmogorov and Smirnov at level 1e-3."""
    draws = [
        contour(offset_mean=1.0, offset_sd=2.0, tail=5.0).draw(Stream(3, "contour", i))
        for i in range(4000)
    ]
    values = (np.array([drawn["offset"] for drawn in draws]) - 1) / 2
    assert stats.kstest(values * math.sqrt(5 / 3), stats.t(5).cdf).statistic < 1.95 / 4000**0.5
    radii = [radius_of(mask) for mask in redrawn(contour(offset_mean=1.0, offset_sd=2.0), disc())]
    assert abs(np.mean(radii) - RADIUS - 1) < 4.5 * 2 / COUNT**0.5 + 0.2


def test_quality_has_mean_one_and_its_spread() -> None:
    draws = [contour(quality_sd=0.5).draw(Stream(3, "contour", i)) for i in range(4000)]
    quality = np.array([drawn["quality"] for drawn in draws])
    assert stats.kstest((np.log(quality) + 0.125) / 0.5, "norm").statistic < 1.95 / 4000**0.5


def test_shifts_move_the_centre() -> None:
    masks = redrawn(contour(shift_sd=2.0), disc())
    centres = np.array(
        [[np.nonzero(m.full())[axis].mean() for axis in (0, 1)] for m in masks[:200]]
    )
    spread = (centres - 99.5).std(axis=0)
    assert np.abs(spread / 2 - 1).max() < 4.5 / math.sqrt(2 * 200)


def test_roughness_and_length_are_those_along_the_outline() -> None:
    """Radii at even angles: their spread, and their correlation as the field's at the chord."""
    noise = contour(roughness=1.5, length=8.0)
    masks, angles = redrawn(noise, disc(60, 260), 250), np.arange(180) * 2 * math.pi / 180
    radii = np.array([_radii(mask.full(), angles) for mask in masks]) - 60
    assert abs(radii.std() / 1.5 - 1) < 0.1
    for steps in (2, 4, 8, 16):
        found = (radii * np.roll(radii, steps, axis=1)).mean() / radii.var()
        assert abs(found - _correlation(2 * 60 * math.sin(steps * math.pi / 180), 8.0)) < 0.08


def _radii(mask: np.ndarray[Any, Any], angles: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    along = np.arange(0, 120, 0.25)
    rows = np.rint(129.5 + np.outer(np.sin(angles), along)).astype(int)
    columns = np.rint(129.5 + np.outer(np.cos(angles), along)).astype(int)
    radii: np.ndarray[Any, Any] = mask[rows, columns].sum(axis=1) * 0.25
    return radii


def _correlation(distance: float, length: float) -> float:
    from scipy.interpolate import BSpline

    from benchmark_n.noise.random_field import SCALES

    septic = BSpline.basis_element(np.arange(-4, 5), extrapolate=False)
    return sum(
        share * float(np.nan_to_num(septic(distance / (spacing * length)))) / float(septic(0))
        for share, spacing in SCALES
    )


def test_clicks_bound_the_vertices() -> None:
    """Few clicks on a disc give the area of a polygon inscribed in it."""
    mask = disc(60, 260)
    found = redrawn(contour(clicks=0.6), mask, 1)[0]
    full = redrawn(contour(clicks=20.0), mask, 1)[0]
    assert 0.8 < found.area / full.area < 0.995


@pytest.mark.parametrize("wanted", [8, 20, 45, 90])
def test_as_many_clicks_as_wanted(wanted: int) -> None:
    """Within a sixth on wavy discs, whose outlines have detail at every scale."""
    rows, columns = np.indices((160, 160)) - 79.5
    angle, far = np.arctan2(rows, columns), np.hypot(rows, columns)
    waves = sum(np.cos(k * angle + k * k) / k for k in range(2, 30))
    rings = level_set((50 + 8 * waves - far).astype(np.float32), 1)
    found = sum(len(ring) for ring, _ in click(rings, wanted))
    assert abs(math.log(found / wanted)) < 1 / 6


@pytest.mark.parametrize("evenness", [0.3, 0.7])
def test_clicks_between_corners_are_even(evenness: float) -> None:
    """Of an ellipse with a notch: as many as wanted, of the outline's points, every one once.

    Between two corners the steps differ by one point of the outline at most, and the longest step
    is no longer than twice what the further clicks would have on the whole outline.
    """
    rows, columns = np.indices((160, 160)) - 79.5
    inside = 60 - np.hypot(1.4 * rows, columns + 8 * (np.abs(rows) < 12))
    rings = level_set(inside.astype(np.float32), 1)
    [(ring, _)] = rings
    [(clicked, _)] = click(rings, 40, evenness)
    [(corners, _)] = click(rings, 40 * (1 - evenness))
    places = {tuple(point): place for place, point in enumerate(ring.tolist())}
    at = [places[tuple(point)] for point in clicked.tolist()]
    known = sorted(places[tuple(point)] for point in corners.tolist())
    assert len(at) == len(set(at))
    assert set(known) <= set(at)
    assert abs(len(at) - 40) <= 40 / 6
    longest = 0
    for first, last in zip(known, [*known[1:], known[0] + len(ring)], strict=True):
        between = [(place - first) % len(ring) for place in at]
        steps = np.diff(sorted({*(k for k in between if k < last - first), last - first}))
        assert np.ptp(steps) <= 1
        longest = max(longest, int(steps.max()))
    assert longest <= 2 * len(ring) / (len(at) - len(corners))


def test_a_part_is_left_out_or_taken_in() -> None:
    mask = disc()
    parts = {"part": 1.0, "part_size": 0.2}
    assert all(m.area < mask.area for m in redrawn(contour(**parts, part_out=1.0), mask, 30))
    assert all(m.area > mask.area for m in redrawn(contour(**parts, part_out=0.0), mask, 30))
    assert all(mask_iou(m, mask) > 0.6 for m in redrawn(contour(**parts), mask, 30))


def test_smooth_redrawing_rounds_corners_off() -> None:
    square = np.zeros((120, 120), np.uint8)
    square[30:90, 30:90] = 1
    mask = CropMask.from_full(square)
    found = redrawn(contour(smoothing=0.15), mask, 1)[0].full()
    assert not found[30, 30]
    assert found[31:89, 60].all()


def test_the_border_of_the_image_is_no_outline() -> None:
    """A mask cut off by the border reaches it after any offset: nobody draws along the border."""
    full = np.zeros((100, 120), np.uint8)
    full[60:, 40:80] = 1
    mask = CropMask.from_full(full)
    for offset in (-5.0, 5.0):
        found = redrawn(contour(offset_mean=offset), mask, 1)[0].full()
        assert found[-1, 60]
        assert found[:, 60].sum() == pytest.approx(40 + offset, abs=1)


def test_the_crop_of_a_mask_does_not_matter() -> None:
    noise = contour(offset_sd=1, shift_sd=1, roughness=1, part=0.5, part_size=0.05)
    mask = disc(20, 90)
    for number in range(20):
        drawn = noise.draw(Stream(2, "contour", number))
        plain, grown = noise.apply(mask, drawn), noise.apply(mask.grown(17), drawn)
        np.testing.assert_array_equal(plain.full(), grown.full())


@pytest.mark.parametrize("part", [0.0, 1.0])
@pytest.mark.parametrize("side", [50, 130])
def test_distances_far_from_the_outline_do_not_matter(
    side: int, part: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All distances computed, and only those around the outline: the same drawings.

    Discs in the middle and cut off by the image's border, with a hole; strengths from a fraction
    of a pixel to more than the cheap distances reach.
    """
    rows, columns = np.indices((side, side)) - (side - 1) / 2
    masks = []
    for shift in (0, side // 3):
        far = np.hypot(rows, columns + shift)
        masks.append(CropMask.from_full((far <= side / 3) & (far > side / 12)))
    noises = [
        contour(roughness=strength, offset_sd=strength, part=part, part_size=0.2, clicks=3.0)
        for strength in (0.1, 0.8, 3.0)
    ]
    drawn = [(noise, mask) for noise in noises for mask in masks]
    near = [redrawn(noise, mask, 15) for noise, mask in drawn]
    monkeypatch.setattr(redrawing, "NEAREST", -1)
    for (noise, mask), found in zip(drawn, near, strict=True):
        for one, other in zip(found, redrawn(noise, mask, 15), strict=True):
            np.testing.assert_array_equal(one.full(), other.full())


@pytest.mark.parametrize("part", [0.0, 3.0])
def test_distances_are_whole_where_the_outline_meets_the_border(part: float) -> None:
    """An outline that is moved over the array's border, beside which its neighbours are taken."""
    mask = np.zeros((60, 60), np.uint8)
    mask[4:30, 5:40] = 1
    found = redrawing.displaced(mask, redrawing.Displacement(6.0, part, 0.5, None), 0)
    moved = found - signed_distances(mask) - np.float32(6)
    assert np.abs(moved[32:, 46:]).max() < 1e-4
    assert moved.max() == pytest.approx(part, abs=1e-4)


def test_a_mask_too_small_for_its_offset_is_not_emptied(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, offset_mean=-20.0)
    made = making.make("scenes", recipe=recipe, num_images=4, out=tmp_path / "a", workers=1)
    reasons = made.manifest(["contour_reason"]).to_pydict()["contour_reason"]
    assert set(reasons) & {"nothing_drawn", "would_empty"}


def _recipe(folder: Path, **parameters: float) -> Path:
    path = folder / "one.yaml"
    path.write_text(json.dumps({"noises": {"contour": {"probability": 1.0, **parameters}}}))
    return path


def test_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, offset_sd=1.0, shift_sd=1.0, roughness=1.0, part=0.3, quality_sd=0.4)
    files = []
    for workers, size in ((1, 500), (2, 7)):
        out = tmp_path / str(workers)
        made = making.make(
            "scenes", recipe=recipe, num_images=12, out=out, workers=workers, chunk_size=size
        )
        files.append(made.annotations.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tail", 2.0),
        ("length", 0.0),
        ("growth", 1.5),
        ("part", 1.1),
        ("roughness", -1.0),
        ("clicks", 0.0),
        ("evenness", 1.5),
    ],
)
def test_impossible_parameters_are_refused(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"contour.{name} is {value}"):
        contour(**{name: value})


@pytest.mark.parametrize("shape", [(40, 60), (3, 200)])
def test_a_mask_of_the_whole_image_has_no_outline_to_redraw(shape: tuple[int, int]) -> None:
    mask = CropMask.from_full(np.ones(shape, np.uint8))
    noise = contour(offset_sd=0.5, roughness=0.5, part=1.0, part_size=0.2)
    assert all(mask_iou(one, mask) > 0.5 for one in redrawn(noise, mask, 40))


def test_what_an_earlier_noise_left_empty_is_left_so() -> None:
    empty = CropMask.from_full(np.zeros((20, 30), np.uint8))
    noise = contour(offset_sd=1.0, growth=-0.5)
    with pytest.raises(NotApplied, match="empty_mask"):
        noise.apply(empty, noise.draw(Stream(1, "contour", 1)))
