"""Quality Sentinel from training to report, and the audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n.cli import group
from benchmark_n.coco import read_coco
from benchmark_n.detection.audit import audit
from benchmark_n.detectors import build_detector
from benchmark_n.detectors.quality_sentinel.settings import Settings
from benchmark_n.errors import InputError, UsageError
from benchmark_n.report.audit import write_audit
from benchmark_n.report.results_writer import write_detected
from benchmark_n.training.quality_sentinel import PairRequest, train_quality
from tests import making
from tests.detectors.samples import evidence

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")


@pytest.fixture(scope="module")
def images(scenes_hard: Benchmark) -> Path:
    """Folder of the drawn images."""
    assert scenes_hard.images is not None
    return scenes_hard.images


@pytest.fixture(scope="module")
def weights(scenes_clean: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of a training that is too short to be good."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("weights") / "w.safetensors"
    request = PairRequest(
        "custom", annotations=scenes_clean, images=images, rounds=2, unet_epochs=(1,)
    )
    settings = Settings(size=32, epochs=1, condition="one-hot")
    train_quality([request], out, settings=settings, execution=Execution(workers=1))
    return out


@pytest.fixture(scope="module")
def clean(scenes_clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clean annotations of twelve images, which have a patient and a sex."""
    coco = read_coco(scenes_clean)
    document = json.loads(scenes_clean.read_text())
    document["images"] = [
        {**record, "patient": f"p{i // 2}", "sex": "FM"[i // 2 % 2], "age": 40 + i}
        for i, record in enumerate(document["images"][:12])
    ]
    kept = {record["id"] for record in document["images"]}
    document["annotations"] = [a for a in document["annotations"] if a["image_id"] in kept]
    path = tmp_path_factory.mktemp("clean") / "clean.json"
    path.write_text(json.dumps(document))
    assert len(coco) > len(document["annotations"])
    return path


def test_scores_are_one_less_the_prediction() -> None:
    found = build_detector("quality_sentinel", {"threshold": 0.7})
    given = evidence([0, 1, 2], predicted_dsc=np.array([0.2, 0.75, 1.0], np.float32))
    rows = found.fit(given).scores_.to_pylist()
    assert [row["score"] for row in rows] == pytest.approx([0.8, 0.25, 0.0])
    assert [row["flagged"] for row in rows] == [True, False, False]
    with pytest.raises(InputError, match="from 0 to 1"):
        build_detector("quality_sentinel", {"threshold": 2.0})


def test_a_benchmark_is_scored_and_shown(
    scenes_hard: Benchmark, weights: Path, tmp_path: Path
) -> None:
    (found,) = benchmark_n.evaluate_detectors(
        scenes_hard,
        "quality_sentinel",
        evidence=EvidenceOptions(weights=weights, evidence_dir=tmp_path / "evidence"),
        scoring=LabelErrorOptions(bootstrap=2),
        execution=Execution(workers=1),
    )
    assert found.result is not None
    assert set(found.result.kinds) >= {"spatial"}
    write_detected(found, tmp_path / "out", benchmark=scenes_hard, top=5)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "predicted DSC" in page
    assert "Dice coefficient of each mask: predicted and true" in page


def test_the_training_pictures_are_refused(
    scenes_hard: Benchmark, weights: Path, tmp_path: Path
) -> None:
    from benchmark_n.detectors.quality_sentinel.weights import load_sentinel, save_sentinel

    assert scenes_hard.recipe["source"]["data_seed"] == 0
    path = tmp_path / "same.safetensors"
    save_sentinel(load_sentinel(weights), path, [{"dataset": "scenes", "data_seed": 0}])
    with pytest.raises(InputError, match="`in_sample=True`"):
        benchmark_n.evaluate_detectors(
            scenes_hard, "quality_sentinel", evidence=EvidenceOptions(weights=path)
        )
    found = benchmark_n.evaluate_detectors(
        scenes_hard,
        "quality_sentinel",
        evidence=EvidenceOptions(weights=path, in_sample=True, evidence_dir=tmp_path / "evidence"),
        scoring=LabelErrorOptions(bootstrap=2),
        execution=Execution(workers=1),
    )
    assert len(found) == 1


def test_the_weights_of_the_package(clean: Path, images: Path, tmp_path: Path) -> None:
    from benchmark_n.detectors.quality_sentinel.weights import SHIPPED, read_meta

    shipped = Path(benchmark_n.__file__).parent / "detectors" / "quality_sentinel" / SHIPPED
    assert shipped.stat().st_size < 20e6
    sources = read_meta(None)["sources"]
    assert {source["dataset"] for source in sources} == {"scenes", "phantom"}
    assert all(901 <= source["data_seed"] < 910 for source in sources)
    (right,) = audit([clean], [images], evidence_dir=tmp_path / "evidence")
    worse = making.make(
        "custom",
        "hard",
        annotations=clean,
        images=images,
        only=["localization"],
        overrides={"localization.probability": 1},
        out=tmp_path / "worse",
        workers=1,
    )
    (wrong,) = audit([worse.annotations], [images], evidence_dir=tmp_path / "evidence")
    assert right.predicted.mean() > wrong.predicted.mean() + 0.1


def test_audit_by_category_and_field(
    clean: Path, images: Path, weights: Path, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"weights": weights, "evidence_dir": tmp_path / "evidence"}
    (by_category,) = audit([clean], [images], **options)
    told = by_category.to_dict(lowest=3, highest=2)
    assert sum(part["annotations"] for part in told["groups"].values()) == told["annotations"]
    predicted = dict(
        zip(
            by_category.evidence.annotation_ids.tolist(),
            by_category.predicted.tolist(),
            strict=True,
        )
    )
    worst = [predicted[i] for i in told["selected"]["lowest"]]
    best = [predicted[i] for i in told["selected"]["highest"]]
    assert worst == sorted(predicted.values())[:3]
    assert best == sorted(predicted.values(), reverse=True)[:2]
    (by_sex,) = audit([clean], [images], by="sex", **options)
    (one,) = by_sex.comparisons
    assert (one.first, one.second, one.units) == ("sex F", "sex M", (3, 3))
    assert str(by_sex.units) == "6 patients by patient"
    (by_age,) = audit([clean], [images], by="age", **options)
    assert len(by_age.values_by_group()) == 3
    assert by_age.trend is not None
    assert by_age.trend.units == 6
    (in_two,) = audit([clean], [images], by="age", bins=2, **options)
    assert len(in_two.values_by_group()) == 2
    with pytest.raises(InputError, match="no field 'colour'"):
        audit([clean], [images], by="colour", **options)
    with pytest.raises(UsageError, match="2 folders"):
        audit([clean], [images, images], **options)
    write_audit([by_sex, by_age], tmp_path / "out")
    assert (tmp_path / "out" / "groups.png").read_bytes().startswith(b"\x89PNG")


def test_audit_by_a_field_that_the_benchmark_withholds(
    clean: Path, images: Path, weights: Path, tmp_path: Path
) -> None:
    document = json.loads(clean.read_text())
    for number, image in enumerate(document["images"]):
        image["guideline"] = f"v{number % 2}"
    (tmp_path / "source.json").write_text(json.dumps(document))
    source = tmp_path / "source.json"
    made = making.make("custom", "easy", annotations=source, out=tmp_path / "b", workers=1)
    assert "guideline" not in made.annotations.read_text()
    options: dict[str, Any] = {"weights": weights, "evidence_dir": tmp_path / "evidence"}
    (found,) = audit([made.annotations], [images], by="guideline", **options)
    assert set(found.values_by_group()) == {"guideline v0", "guideline v1"}


def test_audit_command(clean: Path, images: Path, weights: Path, tmp_path: Path) -> None:
    arguments = ["audit", "--annotations", str(clean), "--images", str(images), "--by", "sex"]
    arguments += ["--weights", str(weights), "--out", str(tmp_path / "out"), "-q"]
    arguments += ["--evidence-dir", str(tmp_path / "evidence")]
    done = CliRunner().invoke(group, arguments)
    assert done.exit_code == 0, done.output
    assert "sex F" in done.output
    assert "units: 6 patients by patient; intervals are approximate" in done.output
    again = CliRunner().invoke(group, [*arguments, "--json", "--lowest", "4"])
    assert len(json.loads(again.stdout)["audits"][0]["selected"]["lowest"]) == 4


def test_train_command(
    clean: Path, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "w.safetensors"
    arguments = ["train-quality", "--dataset", "custom", "--annotations", str(clean), "-q"]
    arguments += ["--images", str(images), "--epochs", "1", "--size", "32", "--rounds", "1"]
    arguments += ["--condition", "none", "--no-unet", "--workers", "1", "--out", str(out)]
    done = CliRunner().invoke(group, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["settings"]["size"] == 32
    assert out.is_file()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    absent = CliRunner().invoke(group, [*arguments, "--device", "cuda"])
    assert isinstance(absent.exception, InputError)
    both = CliRunner().invoke(group, [*arguments, "--dataset", "custom,scenes"])
    assert isinstance(both.exception, UsageError)
