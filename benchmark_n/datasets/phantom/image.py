"""Label map and echo image of a phantom patient: speckle in a sector, attenuation and shadows.

Speckle is made where a scanner makes it, on beams (angle x depth): complex noise through a point
spread function that widens with depth, times the echogenicity of the tissue, log-compressed; then
the beams are laid out as a sector.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark_n.datasets.phantom.body import Grid, Patient

HEIGHT, WIDTH = 512, 480
# Echo amplitudes of what lies outside, in the ventricle, the myocardium and the atrium.
_ECHO = np.array([0.13, 0.02, 0.38, 0.025], np.float32)
_HALF_ANGLE = math.radians(42)
_BEAMS, _SAMPLES = 192, 512
_APEX_DEPTH = 20.0
_RANGE_DB = 48.0
_GAIN_DB = {"Good": 0.0, "Medium": -3.0, "Poor": -7.0}


def heart_grid(patient: Patient, view: str) -> tuple[Grid, Grid]:
    """Each pixel centre's distance across the long axis and height over the mitral plane, mm.

    Both arrays have shape (HEIGHT, WIDTH). The apex lies in the middle near the top, at the same
    place in ED and ES up to the shortening of the axis: the mitral plane is fixed.
    """
    dx, dy = patient.spacing
    tilt, length = patient.tilts[view], patient.ventricles["ED"].length
    wall = patient.walls["ED"]
    x0 = WIDTH * dx / 2 - math.sin(tilt) * length / 2
    y0 = _APEX_DEPTH + wall + math.cos(tilt) * length
    x = (np.arange(WIDTH) + 0.5) * dx - x0
    y = (np.arange(HEIGHT) + 0.5) * dy - y0
    across = x[None, :] * math.cos(tilt) + y[:, None] * math.sin(tilt)
    height = x[None, :] * math.sin(tilt) - y[:, None] * math.cos(tilt)
    return across, height


def draw_labels(patient: Patient, view: str, instant: str) -> NDArray[np.uint8]:
    """The label map (HEIGHT, WIDTH): 1 left ventricle, 2 myocardium, 3 left atrium.

    A pixel belongs to what holds its centre.
    """
    across, height = heart_grid(patient, view)
    ventricle, wall = patient.ventricles[instant], patient.walls[instant]
    half, length = patient.atrium
    # An ellipse a little longer than the atrium, cut off by the mitral plane and at its far end.
    inside = (height + length / 2) ** 2 * (1 / (0.55 * length) ** 2) + across**2 * (1 / half**2)
    labels = np.zeros(across.shape, np.uint8)
    labels[(inside <= 1) & (height < 0) & (height > -length)] = 3
    labels[ventricle.grown(wall).inside(across, height, view)] = 2
    labels[ventricle.inside(across, height, view)] = 1
    return labels


def draw_image(patient: Patient, labels: NDArray[np.uint8], seed: list[int]) -> NDArray[np.uint8]:
    """The echo image (HEIGHT, WIDTH), grey values, of a label map."""
    rng = np.random.default_rng(seed)
    to_beam, to_sample, in_sector, x_map, y_map = _sector(patient.spacing)
    tissue = _ECHO[cv2.remap(labels, x_map, y_map, cv2.INTER_NEAREST)]
    beams = _speckle(rng) * _texture(rng) * tissue * _shadow(rng)
    decibel = 20 * np.log10(beams + 1e-6) + _attenuation() + _GAIN_DB[patient.quality]
    grey = np.clip(255 * (decibel + _RANGE_DB) / _RANGE_DB, 0, 255).astype(np.float32)
    image = cv2.remap(grey, to_beam, to_sample, cv2.INTER_LINEAR)
    image[~in_sector] = 0
    return np.rint(image).astype(np.uint8)


@lru_cache(maxsize=4)
def _sector(spacing: tuple[float, float]) -> tuple[NDArray[Any], ...]:
    """Maps from pixels to beams and back, and which pixels lie in the sector."""
    dx, dy = spacing
    centre, depth = WIDTH * dx / 2, HEIGHT * dy - 2
    x = (np.arange(WIDTH) + 0.5)[None, :] * dx - centre
    y = (np.arange(HEIGHT) + 0.5)[:, None] * dy
    angle, radius = np.arctan2(x, y), np.hypot(x, y)
    to_beam = ((angle / _HALF_ANGLE + 1) / 2 * (_BEAMS - 1)).astype(np.float32)
    to_sample = (radius / depth * (_SAMPLES - 1)).astype(np.float32)
    inside = (np.abs(angle) <= _HALF_ANGLE) & (radius <= depth) & (radius >= 3)
    angles = np.linspace(-_HALF_ANGLE, _HALF_ANGLE, _BEAMS)[None, :]
    radii = np.linspace(0, depth, _SAMPLES)[:, None]
    x_map = ((radii * np.sin(angles) + centre) / dx - 0.5).astype(np.float32)
    y_map = (radii * np.cos(angles) / dy - 0.5).astype(np.float32)
    return to_beam, to_sample, inside, x_map, y_map


def _speckle(rng: np.random.Generator) -> NDArray[np.float32]:
    """Amplitudes of fully developed speckle, (samples, beams), mean about 1."""
    parts = rng.standard_normal((2, _SAMPLES, _BEAMS), dtype=np.float32)
    smooth = [cv2.GaussianBlur(part, (0, 0), sigmaX=1.2, sigmaY=1.6) for part in parts]
    amplitude: NDArray[np.float32] = np.hypot(smooth[0], smooth[1])
    amplitude /= amplitude.mean()
    return amplitude


def _texture(rng: np.random.Generator) -> NDArray[np.float32]:
    """Slow changes of brightness, by a factor of about 1.5 either way."""
    coarse = rng.normal(0, 0.4, (12, 9)).astype(np.float32)
    fine = cv2.resize(coarse, (_BEAMS, _SAMPLES), interpolation=cv2.INTER_CUBIC)
    return np.exp(fine).astype(np.float32, copy=False)


def _shadow(rng: np.random.Generator) -> NDArray[np.float32]:
    """One or two ribs: beams that lose most of their amplitude from some depth on."""
    factor = np.ones((_SAMPLES, _BEAMS), np.float32)
    beams = np.arange(_BEAMS)[None, :]
    depths = np.arange(_SAMPLES)[:, None]
    for _ in range(int(rng.integers(1, 3))):
        side = rng.choice([rng.uniform(0, 0.3), rng.uniform(0.7, 1)]) * _BEAMS
        width, start = rng.uniform(6, 16), rng.uniform(20, 160)
        beam = np.exp(-0.5 * ((beams - side) / width) ** 2)
        factor *= (1 - 0.9 * beam * (depths > start)).astype(np.float32)
    return factor


def _attenuation() -> NDArray[np.float32]:
    """Loss with depth that the gain does not make up for, dB, (samples, 1)."""
    return np.linspace(4, -9, _SAMPLES, dtype=np.float32)[:, None]
