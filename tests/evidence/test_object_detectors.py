"""Detectors by name, through their real loading code, against their libraries' own answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence.detections.base import make_object_detector
from benchmark_n.evidence.detections.centernet import boxes_of_sides
from benchmark_n.evidence.detections.nanodet import boxes_of_level, letterbox
from tests.evidence.detection_models import LABELS, save_detr, save_rt_detr, save_torchvision
from tests.nets.scene_picture import scene_picture
from tests.users_cache import use_packaged

PICTURE = scene_picture(96, 80)
SSD = "ssdlite320_mobilenet_v3_large"


@pytest.mark.parametrize("save", [save_detr, save_rt_detr])
def test_answers_are_those_of_transformers(save: Callable[[Path], Path], tmp_path: Path) -> None:
    """The library keeps the best category of each query (DETR) or the best of all (RT-DETR)."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    folder = save(tmp_path / "model")
    model = transformers.AutoModelForObjectDetection.from_pretrained(folder).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder)
    with torch.inference_mode():
        answer = model(**processor(images=PICTURE, return_tensors="pt"))
    sizes = [PICTURE.shape[:2]]
    (expected,) = processor.post_process_object_detection(answer, 0.0, target_sizes=sizes)

    detector = make_object_detector(f"transformers:{folder}")
    assert detector.categories == tuple(LABELS.values())
    assert detector.name == "transformers:model"
    found = detector.locate(PICTURE)
    assert found.probs.shape == (9, 3)
    for score, label, box in zip(
        *(expected[k] for k in ("scores", "labels", "boxes")), strict=True
    ):
        near = np.abs(found.boxes - box.numpy()).max(axis=1) < 1e-3
        assert np.abs(found.probs[near, int(label)] - float(score)).min() < 1e-6
    if save is save_detr:
        best = found.probs.max(axis=1)
        assert np.sort(best) == pytest.approx(np.sort(expected["scores"].numpy()), abs=1e-6)


@pytest.mark.parametrize("name", [SSD, "fasterrcnn_mobilenet_v3_large_320_fpn"])
def test_answers_are_those_of_torchvision(name: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "weights.safetensors"
    network = save_torchvision(path, name, ["cat", "dog"])
    heads = getattr(network, "roi_heads", network)
    heads.score_thresh, heads.detections_per_img = 0.01, 300
    image = torch.from_numpy(PICTURE).permute(2, 0, 1).float() / 255
    with torch.inference_mode():
        (expected,) = network([image])
    detector = make_object_detector(f"torchvision:{name}@{path}")
    assert detector.categories == ("", "cat", "dog")
    found = detector.locate(PICTURE)
    assert len(found.boxes) == len(expected["boxes"]) > 5
    np.testing.assert_allclose(found.boxes, expected["boxes"], atol=1e-4)
    places = np.arange(len(found.boxes))
    np.testing.assert_allclose(found.probs[places, expected["labels"]], expected["scores"])
    assert (np.count_nonzero(found.probs, axis=1) == 1).all()


def test_mask_rcnn_gives_masks_too(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    coco_mask = pytest.importorskip("pycocotools.mask")
    path = tmp_path / "weights.pth"
    network = save_torchvision(path, "maskrcnn_resnet50_fpn")
    network.roi_heads.score_thresh, network.roi_heads.detections_per_img = 0.01, 100
    with torch.inference_mode():
        (expected,) = network([torch.from_numpy(PICTURE).permute(2, 0, 1).float() / 255])
    detector = make_object_detector(f"mask-rcnn:{path}")
    assert detector.name == "torchvision:maskrcnn_resnet50_fpn"
    assert (len(detector.categories), detector.categories[1]) == (91, "person")
    found = detector.locate(PICTURE)
    assert found.masks is not None
    assert len(found.masks) == len(expected["masks"]) > 5
    for mask, values in zip(found.masks, expected["masks"], strict=True):
        np.testing.assert_array_equal(coco_mask.decode(mask), values[0].numpy() > 0.5)


def test_versions_are_of_the_weights(tmp_path: Path) -> None:
    paths = [tmp_path / f"{categories[0]}.safetensors" for categories in (["cat"], ["dog"])]
    for path in paths:
        save_torchvision(path, SSD, [path.stem])
    first, second = (make_object_detector(f"torchvision:{SSD}@{path}") for path in paths)
    assert first.name == second.name
    assert first.version != second.version


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("yolo", "unknown object detector 'yolo'"),
        ("nanodet:big", "'nanodet' takes no name, but got 'nanodet:big'"),
        ("torchvision", "'torchvision' needs a name: torchvision:NAME"),
        ("torchvision:resnet18", "no such detector, expected one of .*fasterrcnn"),
        (f"torchvision:{SSD}@none.pth", "none.pth: no such file of weights"),
        ("mask-rcnn:none.pth", "none.pth: no such file of weights"),
        ("transformers:./none", "no such folder"),
    ],
)
def test_what_cannot_be_loaded_is_one_line(name: str, line: str) -> None:
    pytest.importorskip("torchvision")
    pytest.importorskip("transformers")
    with pytest.raises(InputError, match=line) as error:
        make_object_detector(name)
    assert "\n" not in str(error.value)


def test_weights_of_something_else_are_one_line(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match=r"cannot be loaded: Error.* in loading state_dict"):
        make_object_detector(f"torchvision:{SSD}@{path}")
    pytest.importorskip("safetensors.torch").save_file(
        {"a": torch.zeros(1)}, tmp_path / "w.safetensors"
    )
    with pytest.raises(InputError, match="no categories in its metadata"):
        make_object_detector(f"torchvision:{SSD}@{tmp_path / 'w.safetensors'}")


def test_no_such_device_is_refused() -> None:
    with pytest.raises(UsageError, match="device must be one of auto, cpu, cuda"):
        make_object_detector("nanodet", "tpu")


@pytest.mark.parametrize(("height", "width"), [(100, 50), (60, 832), (416, 416)])
def test_letterbox(height: int, width: int) -> None:
    picture = np.full((height, width, 3), (10, 20, 30), np.uint8)
    values, scale = letterbox(picture)
    assert scale == 416 / max(height, width)
    inside = values[: round(height * scale), : round(width * scale)]
    colour = (np.array([30, 20, 10]) - [103.53, 116.28, 123.675]) / [57.375, 57.12, 58.395]
    np.testing.assert_allclose(inside, np.broadcast_to(colour, inside.shape), atol=1e-5)
    assert values.size - np.count_nonzero(values) == values.size - inside.size


def test_boxes_of_a_level_are_means_of_the_distances() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (169, 44)).astype(np.float32)
    boxes = boxes_of_level(logits, 32)
    for cell in (0, 12, 13, 168):
        weights = np.exp(logits[cell].reshape(4, 11).astype(float))
        left, top, right, bottom = (weights / weights.sum(1, keepdims=True)) @ np.arange(11) * 32
        x, y = (cell % 13 + 0.5) * 32, (cell // 13 + 0.5) * 32
        expected = [x - left, y - top, x + right, y + bottom]
        assert boxes[cell] == pytest.approx(expected, abs=1e-3)


def test_boxes_of_sides() -> None:
    sides = np.zeros((128, 128, 4), np.float32)
    sides[3, 5] = [1, 2, 30, 40]
    boxes = boxes_of_sides(sides)
    assert boxes[3 * 128 + 5].tolist() == [5 * 4 - 1, 3 * 4 - 2, 5 * 4 + 30, 3 * 4 + 40]
    assert boxes[127].tolist() == [508, 0, 508, 0]


@pytest.mark.parametrize("name", ["nanodet", "centernet"])
def test_packaged_detectors_find_what_people_drew(
    name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of the large objects of pictures that they were not trained on."""
    from benchmark_n.coco import read_coco
    from benchmark_n.coco.pixels import read_rgb
    from benchmark_n.evidence import annotation_evidence
    from benchmark_n.evidence.detections.boxes import support
    from tests.conftest import shared_file

    pytest.importorskip("torch")
    use_packaged(monkeypatch, name)
    coco = read_coco(shared_file("coco_mini/instances_val.json"))
    given: Any = annotation_evidence(coco)
    detector = make_object_detector(name)
    right = []
    for image_id in list(coco.images)[:12]:
        image = coco.images[image_id]
        found = detector.locate(
            read_rgb(shared_data / "coco_mini" / "images" / str(image.file_name), image)
        )
        large = (given.image_ids == image_id) & (given.boxes[:, 2:].min(axis=1) > 80)
        boxes = given.boxes[large].astype(float)
        boxes[:, 2:] += boxes[:, :2]
        right += (support(found, boxes).argmax(axis=1) == given.labels[large]).tolist()
    assert len(right) >= 20
    assert np.mean(right) > 0.6
