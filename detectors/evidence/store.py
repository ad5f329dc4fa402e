"""Evidence as a directory: ``arrays.npz``, Parquet tables and ``evidence.json``; never pickle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark_n.benchmark.staging import staged
from benchmark_n.detectors.evidence.evidence import PER_ANNOTATION, Evidence, InstanceSet
from benchmark_n.errors import InputError
from benchmark_n.masks import Rle
from benchmark_n.npy_files import read_npz
from benchmark_n.plain_files import read_json

VERSION = 1
_META, _ARRAYS, _ANNOTATIONS = "evidence.json", "arrays.npz", "annotations.parquet"
_SETS = ("predictions", "annotators")
# What columns and arrays of other types, lengths or names come to.
_FAULTS = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)


class _Meta(msgspec.Struct):
    """What is kept of evidence beside its arrays and tables."""

    evidence_version: int
    category_names: list[str]
    annotations: str
    provenance: dict[str, Any]


def evidence_key(**inputs: Any) -> str:
    """A name for evidence made from these plain values: a hash over all of them."""
    text = json.dumps({"evidence_version": VERSION, **inputs}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def annotations_digest(evidence: Evidence) -> str:
    """SHA-256 of the annotations: ids, categories and masks."""
    digest = hashlib.sha256()
    for array in (evidence.annotation_ids, evidence.image_ids, evidence.labels):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(json.dumps([evidence.category_ids.tolist(), evidence.category_names]).encode())
    for mask in evidence.masks:
        height, width = mask["size"]
        digest.update(b"%d %d %s\n" % (height, width, mask["counts"]))
    return digest.hexdigest()


def save_evidence(evidence: Evidence, folder: Path) -> None:
    """Write `evidence` into `folder`, which appears whole or not at all."""
    with staged(folder, overwrite=True, marker=_META) as stage:
        arrays = {n: getattr(evidence, n) for n in PER_ANNOTATION}
        np.savez(
            stage / _ARRAYS,
            allow_pickle=False,
            category_ids=evidence.category_ids,
            boxes=evidence.boxes,
            **{name: array for name, array in arrays.items() if array is not None},
        )
        columns = {
            "annotation_id": evidence.annotation_ids,
            "image_id": evidence.image_ids,
            "label": evidence.labels,
            **_rle_columns(evidence.masks),
        }
        pq.write_table(pa.table(columns), stage / _ANNOTATIONS)
        for name in _SETS:
            instances = getattr(evidence, name)
            if instances is not None:
                pq.write_table(_instance_table(instances), stage / f"{name}.parquet")
        meta = {
            "evidence_version": VERSION,
            "category_names": list(evidence.category_names),
            "annotations": annotations_digest(evidence),
            "provenance": dict(evidence.provenance),
        }
        (stage / _META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")


def load_evidence(folder: Path, *, of: Evidence | None = None) -> Evidence:
    """Read what `save_evidence` wrote.

    Parameters
    ----------
    of
        The annotations it has to be about.

    Raises
    ------
    InputError
        Not evidence, of another version, or of other annotations than `of`.
    """
    meta = read_json(folder / _META, "evidence", _Meta)
    if meta.evidence_version != VERSION:
        raise InputError(
            f"{folder}: evidence of version {meta.evidence_version}, expected {VERSION}"
        )
    arrays: dict[str, Any] = read_npz(folder / _ARRAYS)
    try:
        table = _read_table(folder / _ANNOTATIONS)
        sets: dict[str, Any] = {name: _read_instances(folder / f"{name}.parquet") for name in _SETS}
        evidence = Evidence(
            annotation_ids=table["annotation_id"].to_numpy(),
            image_ids=table["image_id"].to_numpy(),
            labels=table["label"].to_numpy(),
            category_names=tuple(meta.category_names),
            masks=_rles(table),
            provenance=meta.provenance,
            **arrays,
            **sets,
        )
        digest = annotations_digest(evidence)
    except (*_FAULTS, pa.ArrowException) as error:
        raise InputError(f"{folder}: cannot read the evidence: {error!s:.200}") from None
    if digest != meta.annotations:
        raise InputError(f"{folder}: damaged evidence: not the annotations that it was made of")
    if of is not None and digest != annotations_digest(of):
        raise InputError(f"{folder}: evidence of other annotations than those of this file")
    return evidence


def _read_table(path: Path) -> Any:
    table = pq.read_table(path)
    table.validate(full=True)
    return table


def _rle_columns(masks: tuple[Rle, ...]) -> dict[str, Any]:
    return {
        "height": [mask["size"][0] for mask in masks],
        "width": [mask["size"][1] for mask in masks],
        "counts": pa.array([mask["counts"].decode() for mask in masks], pa.string()),
    }


def _rles(table: Any) -> tuple[Rle, ...]:
    columns = (table[name].to_pylist() for name in ("height", "width", "counts"))
    return tuple(
        {"size": [height, width], "counts": counts.encode()}
        for height, width, counts in zip(*columns, strict=True)
    )


def _instance_table(instances: InstanceSet) -> Any:
    return pa.table(
        {
            "image_id": instances.image_ids,
            "label": instances.labels,
            "score": instances.scores,
            **{name: instances.boxes[:, i] for i, name in enumerate("xywh")},
            **_rle_columns(instances.masks),
            "annotator": instances.annotators,
        }
    )


def _read_instances(path: Path) -> InstanceSet | None:
    if not path.is_file():
        return None
    table = _read_table(path)
    boxes = np.stack([table[name].to_numpy() for name in "xywh"], axis=1)
    return InstanceSet(
        image_ids=table["image_id"].to_numpy(),
        labels=table["label"].to_numpy(),
        scores=table["score"].to_numpy(),
        boxes=boxes,
        masks=_rles(table),
        annotators=table["annotator"].to_numpy(),
    )
