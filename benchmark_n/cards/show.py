"""One image of a benchmark, clean against noisy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from benchmark_n.benchmark import Benchmark
from benchmark_n.cards.pixels import read_pixels, shrunk
from benchmark_n.coco import CocoFile
from benchmark_n.coco.annotation_masks import masks_of
from benchmark_n.coco.boxes import box_mask, box_of
from benchmark_n.coco.images import named_folder
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.lacking_masks import with_masks
from benchmark_n.errors import InputError, UsageError
from benchmark_n.masks import CropMask, rle_to_crop
from benchmark_n.masks.contours import find_contours
from benchmark_n.tables.manifest_schema import SOURCE

_UNTOUCHED, _CHANGED, _DELETED = "#117733", "#d95f02", "#c00000"
FORMATS = (".png", ".pdf", ".svg", ".jpg")
_PANEL = 5.0  # inches
Masks = dict[int, CropMask]


def show(
    benchmarks: Benchmark | Sequence[Benchmark],
    out: Path | str,
    *,
    image_id: int | None = None,
    images: Path | str | None = None,
) -> int:
    """Draw an image with clean contours and, beside it, those of each benchmark.

    Untouched instances are green, changed and added ones orange, deleted ones dashed red; a changed
    category is named. Without an `image_id` the image with the most changed annotations is taken.

    The picture is looked for in the folder `images`, by default the one that `make` recorded, and
    is grey where it is not at hand.

    Returns the image's id.

    Raises
    ------
    UsageError
        No benchmark, or a file of none of the `FORMATS`.
    InputError
        An image that the benchmark does not have, or benchmarks of different sources.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> show(benchmark, "scene.png"), Path("scene.png").read_bytes()[1:4]
    (2, b'PNG')
    """
    many = [benchmarks] if isinstance(benchmarks, Benchmark) else list(benchmarks)
    _check(many, Path(out))
    figure, chosen = draw(many, image_id, named_folder(images) or many[0].images)
    figure.savefig(out, dpi=90)
    return chosen


def draw(
    benchmarks: Sequence[Benchmark], image_id: int | None = None, images: Path | None = None
) -> tuple[Figure, int]:
    """The picture of `show`, and the image's id; grey where the folder `images` lacks the image."""
    clean = benchmarks[0].clean()
    chosen = _busiest_image(benchmarks[-1]) if image_id is None else image_id
    if chosen not in clean.images:
        raise InputError(f"{benchmarks[0].path.name}: no image {chosen}")
    image = clean.images[chosen]
    pixels = read_pixels(images, image)
    size = (_PANEL * (1 + len(benchmarks)), _PANEL * image.height / image.width + 0.6)
    figure = Figure(figsize=size, layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, 1 + len(benchmarks), squeeze=False)[0]
    masks = image_masks(clean, chosen)
    _panel(axes[0], pixels, "clean")
    for mask in masks.values():
        _contour(axes[0], mask, _UNTOUCHED)
    for axis, benchmark in zip(axes[1:], benchmarks, strict=True):
        _panel(axis, pixels, _title(benchmark, chosen))
        _noisy_panel(axis, benchmark, chosen, masks)
    return figure, chosen


def _check(benchmarks: Sequence[Benchmark], out: Path) -> None:
    if not benchmarks:
        raise UsageError("no benchmark to show, expected one or more")
    if out.suffix.lower() not in FORMATS:
        raise UsageError(f"`out` is {out}, expected a name that ends in {', '.join(FORMATS)}")
    sources = {benchmark.recipe["source"]["sha256"] for benchmark in benchmarks}
    if len(sources) > 1:
        raise InputError("the benchmarks have different sources, expected one clean file")


def _busiest_image(benchmark: Benchmark) -> int:
    columns = ["image_id", "deleted", "iou", "category_id", "noisy_category_id", "origin"]
    rows = benchmark.manifest(columns).to_pylist()
    counts: dict[int, int] = {}
    for row in rows:
        changed = row["deleted"] or (row["iou"] is not None and row["iou"] < 1)
        changed = changed or row["category_id"] != row["noisy_category_id"]
        changed = changed or row["origin"] != SOURCE
        counts[row["image_id"]] = counts.get(row["image_id"], 0) + bool(changed)
    if not counts:
        raise InputError(f"{benchmark.path.name}: there is nothing to show: no annotations")
    return max(counts, key=lambda image_id: (counts[image_id], -image_id))


def _title(benchmark: Benchmark, image_id: int) -> str:
    """The recipe's name; of weak annotations, how often the model's outline is the better one.

    Better than the annotation's polygon means: it lies on stronger edges of the image.
    """
    name = str(benchmark.recipe["name"])
    if "segmenter" not in benchmark.recipe:
        return name
    table = benchmark.manifest(["image_id", "weak_edge_ratio"]).drop_null()
    here = table.filter(pc.equal(table["image_id"], image_id))
    counts = [
        f"{pc.sum(pc.greater(part['weak_edge_ratio'], 1.0)).as_py() or 0} of {len(part)}"
        for part in (here, table)
    ]
    return (
        f"{name}, {benchmark.recipe['segmenter']['name']}\n"
        f"better on edges: {counts[0]} here, {counts[1]} in all"
    )


def image_masks(coco: CocoFile, image_id: int) -> Masks:
    """Annotation id to mask for the non-crowd annotations of an image; a box without a mask."""
    there = coco.take(np.flatnonzero((coco.image_ids == image_id) & ~coco.crowd))
    ids, image = there.annotation_ids.tolist(), coco.images[image_id]
    masks = [
        masks_of(there, [i])[0] if has else box_mask(box_of(there, i), image.height, image.width)
        for i, has in enumerate(with_masks(there).tolist())
    ]
    return {identity: rle_to_crop(mask) for identity, mask in zip(ids, masks, strict=True)}


def _panel(axis: Axes, pixels: NDArray[np.uint8], title: str) -> None:
    height, width = pixels.shape[:2]
    axis.imshow(shrunk(pixels), extent=(-0.5, width - 0.5, height - 0.5, -0.5))
    axis.set_title(title, fontsize=10)
    axis.set_axis_off()


def _noisy_panel(axis: Axes, benchmark: Benchmark, image_id: int, clean: Masks) -> None:
    noisy = benchmark.noisy()
    masks = image_masks(noisy, image_id)
    columns = ["annotation_id", "source_id", "origin", "image_id", "iou", "crowd"]
    columns += ["category_id", "noisy_category_id"]
    table = benchmark.manifest(columns).to_pylist()
    for row in (row for row in table if row["image_id"] == image_id and not row["crowd"]):
        identity = row["annotation_id"]
        there = identity in masks
        source_id = row["source_id"]
        known = row["noisy_category_id"] in noisy.categories if there else source_id in clean
        if not known:
            raise InputError(
                f"{benchmark.path.name}: annotation {identity}: the manifest says other than the "
                "annotation files, expected a benchmark whose checksums hold"
            )
        if not there:
            _contour(axis, clean[source_id], _DELETED, dashed=True)
            continue
        renamed = row["category_id"] != row["noisy_category_id"]
        changed = renamed or row["origin"] != SOURCE or row["iou"] is None or row["iou"] < 1
        _contour(axis, masks[identity], _CHANGED if changed else _UNTOUCHED)
        if renamed:
            _name(axis, masks[identity], noisy, row)


def _contour(axis: Axes, mask: CropMask, colour: str, dashed: bool = False) -> None:
    for part in find_contours(mask):
        for contour in part:
            points = np.concatenate([contour[:, 0, :], contour[:1, 0, :]])
            style = (0, (4, 3)) if dashed else "-"
            axis.plot(
                points[:, 0],
                points[:, 1],
                color=colour,
                linestyle=style,
                linewidth=1.8,
                path_effects=[withStroke(linewidth=3.4, foreground="white")],
            )


def _name(axis: Axes, mask: CropMask, noisy: CocoFile, row: dict[str, Any]) -> None:
    labels = category_labels(noisy.categories)
    old = labels.get(row["category_id"], row["origin"])
    text = f"{old} → {labels[row['noisy_category_id']]}"
    x, y, w, h = mask.bbox
    box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
    axis.text(x + w / 2, y + h / 2, text, fontsize=7, ha="center", va="center", bbox=box)
