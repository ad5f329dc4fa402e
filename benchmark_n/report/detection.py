"""The page about one detector's findings: a single HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmark_n.benchmark import Benchmark
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.units import units_line
from benchmark_n.detection.result import DetectionResult
from benchmark_n.evaluators.label_errors.curves import precision_recall_curves
from benchmark_n.report import figures
from benchmark_n.report.confusions import (
    confusions,
    further_suspects,
    true_categories,
    true_confusions,
)
from benchmark_n.report.detection_tables import (
    frequency_rows,
    graded_line,
    measure_rows,
    part_rows,
)
from benchmark_n.report.gallery import RARE, make_cards, worst
from benchmark_n.report.images import image_statistics
from benchmark_n.report.pages import LEGEND, MEASURES, page_template
from benchmark_n.report.quality import predicted_dice
from benchmark_n.tables.manifest_schema import BOX, EXTRA, MERGED

TOP = 200


def render_report(
    detection: DetectionResult, *, benchmark: Benchmark | None = None, top: int = TOP
) -> str:
    """The HTML page.

    Parameters
    ----------
    benchmark
        Where the truth is, if there is one.
    top
        Number of suspects in the gallery.
    """
    manifest = None if benchmark is None else benchmark.manifest()
    truth = None if manifest is None else _truth(manifest, detection)
    of = {} if manifest is None else true_categories(manifest, detection)
    rows = worst(detection.scores, top)
    cards = make_cards(rows, detection.evidence, detection.coco, detection.images, truth, of)
    matrices = [made for made in (confusions(detection), true_confusions(detection, of)) if made]
    suspects, unlisted = further_suspects(detection, cards, of) if matrices else ([], 0)
    source = detection.coco.path.name if benchmark is None else benchmark.path.name
    return page_template("detection.html").render(
        detection=detection,
        title=f"{detection.detector} on {source}",
        headers=[name for _, name, _ in MEASURES],
        measures=measure_rows(detection.result, detection.detector),
        legend=LEGEND,
        graded=graded_line(detection.result),
        told=", ".join(detection.provenance["told"]),
        parts=part_rows(detection.result),
        confusions=matrices,
        suspects=suspects,
        unlisted=unlisted,
        frequencies=frequency_rows(detection.result),
        verification=detection.result.verification if detection.result else "",
        figures=_figures(detection, manifest),
        cards=cards,
        models=_models(detection),
        kinds=sorted({card.kind for card in cards}),
        categories=sorted({card.category for card in cards}),
        rare=RARE,
        rare_flags=_rare_flags(detection),
        units=_units(detection),
    )


def _units(detection: DetectionResult) -> str:
    """What the intervals resample, and whether that is little."""
    if detection.result is None:
        return ""
    settings = detection.result.settings
    line = units_line(settings["group_by"], settings["groups"])
    return f"{line[0].upper()}{line[1:]}."


def write_report(
    detection: DetectionResult, path: Path, *, benchmark: Benchmark | None = None, top: int = TOP
) -> None:
    """Write the page to `path`."""
    path.write_text(render_report(detection, benchmark=benchmark, top=top), encoding="utf-8")


def _models(detection: DetectionResult) -> str:
    """Names of the models whose saliency is shown."""
    sources = detection.provenance["evidence"]
    return next((s.get("backbone", "") for s in sources if s["evidence"] == "saliency"), "its own")


def _rare_flags(detection: DetectionResult) -> int:
    """Flagged annotations in categories of fewer than `RARE` annotations."""
    counts = np.bincount(detection.evidence.labels, minlength=len(detection.evidence.category_ids))
    rare = counts[detection.evidence.labels] < RARE
    ids = pa.array(detection.evidence.annotation_ids[rare])
    rows = detection.scores.filter(
        pc.and_(pc.equal(detection.scores["kind"], "any"), detection.scores["flagged"])
    )
    return int(pc.sum(pc.is_in(rows["annotation_id"], value_set=ids)).as_py() or 0)


def _figures(detection: DetectionResult, manifest: Any) -> list[tuple[str, str]]:
    """(description, data URI) of each figure that there is data for."""
    made = []
    if manifest is not None and detection.result is not None:
        curves = precision_recall_curves(detection.scores, manifest, spatial=detection.result.truth)
        if curves:
            chance = {k: r.measures.get("prevalence") for k, r in detection.result.kinds.items()}
            picture = figures.precision_recall(curves, chance)
            made.append(("Precision against recall; dotted: chance", picture))
    scatter = predicted_dice(detection.evidence, manifest)
    if scatter is not None:
        made.append(("Dice coefficient of each mask: predicted and true", scatter))
    made += [
        (plot.title, figures.densities(plot.title, plot.edges, plot.counts, plot.curves))
        for plot in detection.plots
    ]
    scores = _scores_by_annotation(detection)
    evidence = detection.evidence
    if scores is None:
        return made
    if evidence.embeddings is not None and len(evidence) > 2:
        picture = figures.embedding_map(evidence.embeddings, scores)
        made.append(("Each annotation's features, coloured by its score", picture))
    ids, statistics = image_statistics(detection.coco, detection.images, evidence.image_ids)
    if ids:
        means = np.array([scores[evidence.image_ids == i].mean() for i in ids])
        picture = figures.image_statistics(statistics, means)
        made.append(("Each image: does the score follow what the picture is like?", picture))
    return made


def _scores_by_annotation(detection: DetectionResult) -> Any:
    rows = detection.scores.filter(pc.equal(detection.scores["kind"], "any"))
    if not len(rows):
        return None
    values = dict(zip(rows["annotation_id"].to_pylist(), rows["score"].to_pylist(), strict=True))
    return np.array([values.get(i, 0.0) for i in detection.evidence.annotation_ids.tolist()])


def _truth(manifest: Any, detection: DetectionResult) -> Mapping[int, str]:
    """Annotation id to what was done to it."""
    columns = ["annotation_id", "origin", "deleted", "category_id", "noisy_category_id", "iou"]
    columns += [name for name in ("measured_on",) if name in manifest.column_names]
    labels = category_labels(detection.coco.categories)
    truth = {}
    for row in manifest.select(columns).to_pylist():
        if not row["deleted"]:
            truth[row["annotation_id"]] = _done(row, labels)
    return truth


def _done(row: dict[str, Any], labels: Mapping[int, str]) -> str:
    if row["origin"] in EXTRA:
        return "wrong: no such instance"
    if row["origin"] == MERGED:
        return "wrong: several instances drawn as one"
    parts = []
    if row["category_id"] != row["noisy_category_id"]:
        parts.append(f"is {labels[row['category_id']]}")
    if row["iou"] is not None and row["iou"] < 1:
        iou = row["iou"]
        if row.get("measured_on") == BOX:
            parts.append(f"box changed, IoU {iou:.2f}")
            return "wrong: " + ", ".join(parts)
        parts.append(f"mask changed, IoU {iou:.2f}, DSC {2 * iou / (1 + iou):.2f}")
    return "wrong: " + ", ".join(parts) if parts else "right"
