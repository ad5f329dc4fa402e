"""The audit sample: unmarked, stratified, and its estimates near the truth that we made."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from benchmark_n.cli import run
from benchmark_n.errors import InputError, UsageError
from benchmark_n.review import SampleOptions, import_decisions, judge, remaining
from tests.review import mixed, samples

LEAST = 33


def test_the_sample_is_of_what_is_not_listed(tmp_path: Path) -> None:
    review, _ = mixed.exported(tmp_path, SampleOptions(audit_sample=100, seed=1))
    private = mixed.private(tmp_path)
    sampled = {int(i): stratum for i, stratum in private["sampled"].items()}
    assert len(review.items) == 140
    assert private["strata"] == [200, 90, 90, 90, 90]
    assert Counter(sampled.values()) == {0: 36, 1: 16, 2: 16, 3: 16, 4: 16}
    listed = [i.annotation_id for i in review.items if i.annotation_id not in sampled]
    scores = {int(i): flags[0]["score"] for i, flags in private["flags"].items()}
    assert min(scores[i] for i in listed) >= max(scores[i] for i in sampled)
    means = [np.mean([scores[i] for i, s in sampled.items() if s == k]) for k in range(5)]
    assert means == sorted(means, reverse=True)


def test_nothing_that_reviewers_get_tells_them_apart(tmp_path: Path) -> None:
    mixed.exported(
        tmp_path, SampleOptions(audit_sample=60, plant=9, recipe=_recipe(tmp_path), seed=1)
    )
    private = mixed.private(tmp_path)
    mixed_in = {int(i) for i in private["sampled"]}
    mixed_in |= {one["annotation_id"] for one in private["planted"]}
    assert len(mixed_in) == 78
    rows = mixed.shown(tmp_path)
    for name in ("score", "detector", "flagged", "category_detector", "mask_detector"):
        told = {row[name] for row in rows if row["suggested_category"]}
        assert len(told) == 1, name
    # All other files but those in private/ say nothing of it either.
    for file in (tmp_path / "review").glob("*.*"):
        told = {"planted", "decoy", "sampled"} & set(_words(file))
        assert not told, file
    assert "cleanlab" not in _words(tmp_path / "review" / "decisions.csv")
    # The places of the mixed in items in the list are those of a random draw.
    places = [i for i, row in enumerate(rows) if int(row["annotation_id"]) in mixed_in]
    assert abs(np.mean(places) - (len(rows) - 1) / 2) < 4 * len(rows) / np.sqrt(12 * len(places))


def _words(file: Path) -> list[str]:
    return re.findall(r"[a-z]+", file.read_text())


def _recipe(folder: Path) -> str:
    path = folder / "swaps.yaml"
    path.write_text(mixed.CLASS_RECIPE)
    return str(path)


def test_the_draw_is_of_the_seed_alone(tmp_path: Path) -> None:
    drawn = []
    for number, seed in enumerate((1, 1, 2, None, None)):
        folder = tmp_path / str(number)
        folder.mkdir()
        mixed.exported(folder, SampleOptions(audit_sample=50, seed=seed))
        drawn.append(tuple(mixed.private(folder)["sampled"].items()))
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 4  # without a seed each review has a secret one of its own


def test_estimates_cover_the_truth_that_was_made(tmp_path: Path) -> None:
    """Of 40 sets with 60 errors in 600 annotations, reviewed by somebody who sees all errors.

    How often the intervals cover is measured beside them, on many more draws: this is the whole way
    from a list to a report.
    """
    covered: Counter[str] = Counter()
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        _, wrong = mixed.exported(folder, SampleOptions(audit_sample=100, seed=seed), seed=seed)
        import_decisions(folder / "review", mixed.decide(folder, mixed.by_the_truth), who="anna")
        left = remaining(folder / "review")
        assert left is not None
        assert (left.annotations, left.sampled_decided) == (600, 100)
        fixed = json.loads((folder / "review" / "corrected.json").read_text())
        still = sum(one["category_id"] != 1 for one in fixed["annotations"])
        listed = {int(i) for i in mixed.private(folder)["flags"]} - {
            int(i) for i in mixed.private(folder)["sampled"]
        }
        truth = {
            "error_rate": len(wrong) / 600,
            "error_rate_left": still / 600,
            "recall": len(wrong & listed) / len(wrong),
            "next_errors": _next(folder, wrong, listed),
        }
        for name, value in truth.items():
            low, high = getattr(left, name).interval
            covered[name] += low - 1e-9 <= value <= high + 1e-9
    # Of intervals that cover 95 of 100, fewer than LEAST cover of 40 in one series of a thousand.
    assert binom.cdf(LEAST - 1, 40, 0.95) <= 0.001 < binom.cdf(LEAST, 40, 0.95)
    assert all(count >= LEAST for count in covered.values()), covered


def _next(folder: Path, wrong: set[int], listed: set[int]) -> int:
    """Errors among the 200 annotations behind the list, by the scores."""
    from benchmark_n.tables.scores import read_scores

    rows = read_scores(folder / "scores.parquet").to_pylist()
    others = [row for row in rows if row["annotation_id"] not in listed]
    others.sort(key=lambda row: (-row["score"], row["annotation_id"]))
    return sum(row["annotation_id"] in wrong for row in others[:200])


def test_a_set_is_accepted_by_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mixed.exported(tmp_path, SampleOptions(audit_sample=560, seed=1), wrong=12)
    review = str(tmp_path / "review")
    assert run(["review", "report", review, "--max-error", "2%"]) == 1
    assert "nothing of the list is decided (40 annotations)" in capsys.readouterr().err
    path = mixed.decide(tmp_path, mixed.by_the_truth)
    import_decisions(tmp_path / "review", path, who="anna")
    assert run(["review", "report", review, "--max-error", "0%"]) == 0  # all was looked at
    text = capsys.readouterr().out
    row = next(line for line in text.splitlines() if line.startswith("wrong in the corrected"))
    assert row.split()[-3:] == ["0.00", "0.00", "0.00"]
    (other := tmp_path / "other").mkdir()
    mixed.exported(other, SampleOptions(audit_sample=100, seed=1), wrong=12)
    import_decisions(other / "review", mixed.decide(other, mixed.by_the_truth), who="anna")
    left = remaining(other / "review")
    assert left is not None
    high = left.error_rate_left.interval[1]
    review = str(other / "review")
    assert run(["review", "report", review, "--max-error", str(high + 1e-6)]) == 0
    assert run(["review", "report", review, "--max-error", f"{100 * high - 0.01}%"]) == 1
    found = capsys.readouterr()
    assert f"{100 * high:.1f} % of the corrected annotations may be wrong" in found.err
    assert "more than --max-error of" in found.err
    assert found.err.count("\n") == 1
    assert run(["review", "report", review, "--max-error", "much"]) == 2
    assert "expected as 2% or 0.02" in capsys.readouterr().err


def test_without_a_sample_nothing_is_estimated(tmp_path: Path) -> None:
    samples.exported(tmp_path)
    assert remaining(tmp_path / "review") is None
    assert run(["review", "report", str(tmp_path / "review"), "--max-error", "2%"]) == 1
    assert not (tmp_path / "review" / "private").exists()


def test_precision_is_of_the_list_alone(tmp_path: Path) -> None:
    """An audit sample changes nothing of what is said of the detectors."""
    found: list[Any] = []
    for name, options in (("with", SampleOptions(100, seed=4)), ("without", SampleOptions())):
        folder = tmp_path / name
        folder.mkdir()
        mixed.exported(folder, options)
        import_decisions(folder / "review", mixed.decide(folder, mixed.by_the_truth), who="anna")
        found.append(judge(folder / "review").precisions)
    assert found[0] == found[1]


def test_a_review_without_its_private_part_is_refused(tmp_path: Path) -> None:
    mixed.exported(tmp_path, SampleOptions(audit_sample=10))
    path = mixed.decide(tmp_path, mixed.by_the_truth)
    (tmp_path / "review" / "private" / "sample.json").unlink()
    with pytest.raises(InputError, match=r"sample.json: is missing: without it nobody knows"):
        import_decisions(tmp_path / "review", path, who="anna")
    for options in ({"audit_sample": -1}, {"plant": -1}, {"recipe": "hard"}):
        with pytest.raises(UsageError):
            SampleOptions(**options)
