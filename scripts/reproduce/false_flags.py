"""What a detector flags although the benchmark says that it is right, to be looked at.

    python scripts/reproduce/false_flags.py --sample coco128 --out DIR

The 100 highest flags of `cleanlab` (backbone lite2) under the hard tier's class noise that are no
injected error go into DIR, which must lie outside the project: ``sheet-1.png`` and so on, 20 crops
each with the given and the suggested category, and ``rows.json`` with the ids of the source. What
was seen on them is in ``scripts/results/false-flags.json``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from detector_parts import SHARED

import benchmark_n
from benchmark_n import Benchmark, EvidenceOptions, Execution, LabelErrorOptions
from benchmark_n.coco.images import image_path
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.pixels import Pixels, read_rgb
from benchmark_n.masks import rle_to_crop, segmentation_to_rle

SAMPLES = {
    "coco128": ("coco128/instances_coco128.json", "coco128/images"),
    "coco_mini": ("coco_mini/instances_val.json", "coco_mini/images"),
}
ROOT = Path(__file__).parents[2]
COUNT, ON_A_SHEET, COLUMNS, SIDE, TEXT = 100, 20, 5, 230, 34
Row = dict[str, Any]


def benchmark_of(sample: str, out: Path) -> Benchmark:
    """Class noise of the hard tier's first version, seed 1."""
    annotations, images = (SHARED / name for name in SAMPLES[sample])
    return benchmark_n.make(
        "custom",
        "hard-v1",
        seed=1,
        out=out,
        source=benchmark_n.SourceOptions(
            annotations=annotations, images=next(iter(sorted(images.rglob("*.jpg")))).parent
        ),
        recipe=benchmark_n.RecipeOptions(only=["class_confusion"]),
        execution=Execution(workers=1),
    )


def false_flags(benchmark: Benchmark, evidence: Path) -> tuple[list[Row], int]:
    """The highest flags of annotations whose category was not changed, and how many there are."""
    (found,) = benchmark_n.evaluate_detectors(
        benchmark,
        "cleanlab",
        evidence=EvidenceOptions(backbone="lite2", evidence_dir=evidence),
        scoring=LabelErrorOptions(bootstrap=2),
        execution=Execution(workers=1),
    )
    names = ["annotation_id", "source_id", "crowd", "category_id", "noisy_category_id"]
    truth = {row["annotation_id"]: row for row in benchmark.manifest(names).to_pylist()}
    flagged = [
        {**row, **truth[row["annotation_id"]]}
        for row in found.scores.to_pylist()
        if row["kind"] == "class" and row["flagged"] and not truth[row["annotation_id"]]["crowd"]
    ]
    right = [row for row in flagged if row["category_id"] == row["noisy_category_id"]]
    right.sort(key=lambda row: (-row["score"], row["source_id"]))
    return right[:COUNT], len(right)


def crop(pixels: Pixels, segmentation: Any) -> Pixels:
    """The surroundings of a mask, with its outline, on white of `SIDE` px."""
    height, width = pixels.shape[:2]
    mask = rle_to_crop(segmentation_to_rle(segmentation, height, width))
    x, y, w, h = mask.bbox
    full = np.zeros((height, width), np.uint8)
    full[y : y + h, x : x + w] = mask.pixels
    reach = int(max(w, h) * 0.9) + 12
    rows = slice(max(y + h // 2 - reach, 0), y + h // 2 + reach)
    columns = slice(max(x + w // 2 - reach, 0), x + w // 2 + reach)
    shown, inside = pixels[rows, columns], full[rows, columns]
    scale = (SIDE - 6) / max(shown.shape[:2])
    shown = cv2.resize(shown, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(inside, shown.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, outlines, -1, (255, 60, 0), 1)
    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    canvas[: shown.shape[0], : shown.shape[1]] = shown
    return canvas


def write_sheets(benchmark: Benchmark, rows: list[Row], out: Path) -> None:
    """Sheets of crops with their numbers, given and suggested categories."""
    noisy, images = benchmark.noisy(), benchmark.images
    assert images is not None
    labels = category_labels(noisy.categories)
    records = {record["id"]: record for record in noisy.records()}
    height = SIDE + TEXT
    for start in range(0, len(rows), ON_A_SHEET):
        sheet = np.full((ON_A_SHEET // COLUMNS * height, COLUMNS * SIDE, 3), 255, np.uint8)
        for place, row in enumerate(rows[start : start + ON_A_SHEET]):
            image = noisy.images[row["image_id"]]
            pixels = read_rgb(image_path(images, image), image)
            y, x = place // COLUMNS * height, place % COLUMNS * SIDE
            segmentation = records[row["annotation_id"]]["segmentation"]
            sheet[y : y + SIDE, x : x + SIDE] = crop(pixels, segmentation)
            given, other = labels[row["category_id"]], labels.get(row["suggested_category"], "-")
            for line, text in enumerate((f"{start + place + 1} {given}", f"> {other}")):
                at = (x + 2, y + SIDE + 10 + 16 * line)
                cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1)
        path = out / f"sheet-{start // ON_A_SHEET + 1}.png"
        cv2.imwrite(str(path), sheet[..., ::-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", choices=list(SAMPLES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    if ROOT.resolve() in [out.resolve(), *out.resolve().parents]:
        parser.error(f"--out {out}: lies in the project, the pictures' licences keep them out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        benchmark = benchmark_of(parser.parse_args().sample, Path(folder) / "benchmark")
        rows, total = false_flags(benchmark, Path(folder) / "evidence")
        write_sheets(benchmark, rows, out)
    kept = [{"number": i, **row} for i, row in enumerate(rows, 1)]
    (out / "rows.json").write_text(json.dumps(kept, indent=1, default=str))
    print(f"{total} flags are no injected error, {len(rows)} of them are in {out}")


if __name__ == "__main__":
    main()
