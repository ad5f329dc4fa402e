"""The recipe of a calibration, and what of it the pairs hardly tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark_n.generation.contour_fit import Fit
from benchmark_n.generation.event_rates import EventRates, event_noises
from benchmark_n.generation.label_rates import LabelRates

_DIGITS = 4
# An interval this many times as wide as its lower end, or this wide, tells little.
_WIDEST_RATIO, _WIDEST = 6.0, 0.8
_EXPONENTS = ("growth", "length_growth", "clicks_growth")


def calibrated_recipe(
    name: str,
    fit: Fit,
    given: Mapping[str, Any],
    share: float,
    rates: LabelRates,
    events: EventRates,
    seen: tuple[int, int],
) -> dict[str, Any]:
    """The recipe in its YAML form."""
    fitted = {key: round(value, _DIGITS) for key, value in fit.values.items()}
    noises: dict[str, dict[str, Any]] = {
        "contour": {"probability": round(share, _DIGITS), **given, **fitted}
    }
    basis = f"{seen[0]} objects of {seen[1]} images"
    provenance = {"contour.probability": f"share of masks that differ, {basis}"}
    provenance |= {f"contour.{key}": "given, not fitted" for key in given}
    for key, (low, high) in fit.intervals.items():
        provenance[f"contour.{key}"] = (
            f"calibrated, 95 % {low:.3g} to {high:.3g}{_there(fit, key)} ({basis})"
        )
    if rates.confusion is not None and rates.confusion > 0:
        noises["class_confusion"] = {"probability": round(rates.confusion, _DIGITS), "scope": "all"}
        provenance["class_confusion.probability"] = f"calibrated, of {rates.matched} pairs"
        provenance["class_confusion.scope"] = "ours"
    further, sources = event_noises(events, rates)
    noises |= further
    provenance |= sources
    return {
        "name": name,
        "version": 1,
        "description": f"Noise as in annotations that were drawn twice: {basis}.",
        "scheme": "independent",
        "noises": noises,
        "provenance": provenance,
    }


def _there(fit: Fit, name: str) -> str:
    """What a parameter that goes with the area is at the objects' median area."""
    if name not in fit.typical:
        return ""
    value, low, high = fit.typical[name]
    return f"; {value:.3g} px, {low:.3g} to {high:.3g}, at {fit.area:.0f} px²"


def unidentified(fit: Fit) -> list[str]:
    """A line for each parameter whose interval tells little, or that is at its bound.

    Strengths and the length count at the objects' median area: at 1 px², where recipes state them,
    they go with the exponents.
    """
    lines = []
    for name, (low, high) in fit.intervals.items():
        where = ""
        if name in fit.typical:
            _, low, high = fit.typical[name]
            where = f" px at {fit.area:.0f} px²"
        found = f"95 % {low:.3g} to {high:.3g}{where}"
        wide = high - low > _WIDEST if name in _EXPONENTS else high > _WIDEST_RATIO * max(low, 1e-9)
        if name in fit.bounded:
            end = f"the search ended at its bound, {fit.values[name]:.3g}"
            lines.append(f"contour.{name} is hardly identified: {end}")
        elif wide and name != "offset_mean":
            lines.append(f"contour.{name} is hardly identified: {found}")
    return lines
