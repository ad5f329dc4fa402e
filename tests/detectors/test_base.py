"""Names, options, needs, and a detector of another package."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from benchmark_n.detectors.base import (
    DETECTORS,
    build_detector,
    choices,
    detector_names,
    run_detector,
    told_to,
)
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence import Evidence
from benchmark_n.evidence.caveats import told_by_evidence
from tests.detectors.samples import evidence

PLUGIN = '''
"""A detector of another package: the larger the instance, the more suspect."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from benchmark_n.detectors import Evidence, annotation_scores


@dataclass
class Large:
    name: ClassVar[str] = "large"
    kinds: ClassVar[tuple[str, ...]] = ("spatial",)
    needs: ClassVar[tuple[str, ...]] = ()
    reference: ClassVar[str] = "none"

    limit: float = 0.5
    scores_: Any = field(default=None, init=False)

    def fit(self, evidence: Evidence) -> "Large":
        areas = evidence.boxes[:, 2] * evidence.boxes[:, 3]
        scores = areas / max(areas.max(), 1)
        self.scores_ = annotation_scores(evidence, "spatial", scores, scores > self.limit)
        return self
'''


def test_every_detector_says_what_it_is() -> None:
    for name in DETECTORS.names():
        kind = DETECTORS.load(name)
        assert kind.name == name
        assert set(kind.kinds) <= {"class", "spatial", "spurious", "missing"}
        assert kind.reference
        assert "References" in kind.__doc__ or name == "random"
        read = {*kind.needs, *choices(kind)}
        assert read <= set(kind.fit.__globals__["Evidence"].__dataclass_fields__)


def test_unknown_names_and_options_are_refused_with_a_suggestion() -> None:
    with pytest.raises(InputError, match="did you mean 'cleanlab'"):
        detector_names("cleanlap")
    with pytest.raises(InputError, match="did you mean 'filter_by'"):
        build_detector("cleanlab", {"filter": "both"})
    with pytest.raises(InputError, match="cleanlab: Invalid enum value"):
        build_detector("cleanlab", {"filter_by": "all of it"})
    with pytest.raises(UsageError, match="name a detector"):
        detector_names(" ,")


def test_names_are_kept_in_order_and_once() -> None:
    assert detector_names("random, cleanlab,random") == ["random", "cleanlab"]
    assert detector_names("all") == DETECTORS.names()


def test_lacking_evidence_is_one_line_that_says_what_to_give() -> None:
    with pytest.raises(InputError, match=r"'cleanlab' needs pred_probs \(`evidence=\['crops'\]`"):
        run_detector(build_detector("cleanlab"), evidence([0, 1]))


def test_evidence_of_another_length_is_refused() -> None:
    with pytest.raises(InputError, match="pred_probs is of 3 annotations, expected 2"):
        evidence([0, 1], pred_probs=np.ones((3, 3)))


def test_a_detector_of_another_package_is_found_by_its_entry_point(tmp_path: Path) -> None:
    package, target = tmp_path / "package", tmp_path / "site"
    package.mkdir()
    (package / "large_detector.py").write_text(PLUGIN)
    (package / "setup.cfg").write_text(
        "[metadata]\nname = large-detector\nversion = 1\n[options]\npy_modules = large_detector\n"
        "[options.entry_points]\nbenchmark_n.detectors =\n    large = large_detector:Large\n"
    )
    (package / "setup.py").write_text("from setuptools import setup\nsetup()\n")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command = [
        *pip,
        "--no-build-isolation",
        "--no-cache-dir",
        "--target",
        str(target),
        str(package),
    ]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        pytest.skip(f"pip cannot install here: {installed.stderr[-200:]}")
    path = os.pathsep.join([str(target), *sys.path])
    listed = subprocess.run(
        [sys.executable, "-m", "benchmark_n", "detectors"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert any(line.split() == ["large", "spatial", "none"] for line in listed.stdout.splitlines())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("usdnl", ()),
        ("sample_weights", ("a clean subset",)),
        ("quality_sentinel", ()),  # its evidence says: weights and a self-fit are told otherwise
        ("consensus", ("further annotators' labels",)),
        ("cleanlab", ()),
        ("random", ()),
    ],
)
def test_detectors_say_what_they_are_told(name: str, told: tuple[str, ...]) -> None:
    assert told_to(build_detector(name)) == told


@pytest.mark.parametrize("name", DETECTORS.names())
def test_a_detector_declares_what_it_reads(name: str) -> None:
    """By its source: what it says it was told is of what it declares."""
    kind = type(build_detector(name))
    said = {*kind.needs, *choices(kind), *getattr(kind, "may_read", ())}
    optional = {one.name for one in fields(Evidence) if one.default is None}
    read = set(re.findall(r"(?<![.\w])evidence\.(\w+)", Path(inspect.getfile(kind)).read_text()))
    assert read & optional - {"folds", "masks"} <= said


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"trained_on": "clean"}, ("clean labels",)),
        ({"trained_on": "unknown"}, ("not known",)),
        ({"trained_on": "noisy-oof"}, ()),
        ({"trained_on": "other", "told": ["seen"]}, ("seen",)),
    ],
)
def test_evidence_says_what_its_models_are_told(
    source: dict[str, object], told: tuple[str, ...]
) -> None:
    given = replace(evidence([1, 2]), provenance={"sources": [source, source]})
    assert told_by_evidence(given) == told


def test_what_is_told_for_a_field_is_told_to_its_readers_alone() -> None:
    source = {"trained_on": "noisy-in-sample", "told_for": {"dropped": ["noise rate"]}}
    given = replace(evidence([1, 2]), provenance={"sources": [source]})
    assert told_by_evidence(given, ("dropped",)) == ("noise rate",)
    assert told_by_evidence(given, ("dynamics", "copy_dynamics")) == ()
