"""Evidence as a directory: ``arrays.npz``, Parquet tables and ``evidence.json``; never pickle."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmark_n.errors import InputError
from benchmark_n.evidence.evidence import PER_ANNOTATION, Evidence
from benchmark_n.evidence.store_detections import detection_arrays, read_detections
from benchmark_n.evidence.store_tables import instance_table, read_instances, rle_columns, rles
from benchmark_n.files.atomic import staged
from benchmark_n.files.json_yaml import read_json
from benchmark_n.files.npy import read_npz
from benchmark_n.files.parquet import read_parquet
from benchmark_n.files.provenance import file_digest

VERSION = 3
_META, _ARRAYS, _ANNOTATIONS = "evidence.json", "arrays.npz", "annotations.parquet"
_SETS = ("predictions", "annotators")
_DETECTIONS = "detections.npz"
_FILES = (_ARRAYS, _ANNOTATIONS, _DETECTIONS, *(f"{name}.parquet" for name in _SETS))
# What columns and arrays of other types, lengths or names come to.
_FAULTS = (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
_log = logging.getLogger(__name__)


class _StoreMetadata(msgspec.Struct):
    """What is kept of evidence beside its arrays and tables.

    `files` are the SHA-256 of these by their names, `made_of` is `evidence_key`'s, and `digest` is
    over all other fields.
    """

    evidence_version: int
    category_names: list[str]
    supercategories: list[str]
    annotations: str
    made_of: str
    provenance: dict[str, Any]
    files: dict[str, str]
    digest: str


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


def save_evidence(evidence: Evidence, folder: Path, made_of: str = "") -> None:
    """Write `evidence` into `folder`, which appears whole or not at all.

    Parameters
    ----------
    made_of
        `evidence_key` of what it was made from.
    """
    known = _META if (folder / _META).is_file() else _ARRAYS
    with staged(folder, overwrite=True, marker=known) as stage:
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
            **rle_columns(evidence.masks),
        }
        pq.write_table(pa.table(columns), stage / _ANNOTATIONS)
        for name in _SETS:
            instances = getattr(evidence, name)
            if instances is not None:
                pq.write_table(instance_table(instances), stage / f"{name}.parquet")
        if evidence.detections is not None:
            arrays = detection_arrays(evidence.detections)
            np.savez(stage / _DETECTIONS, allow_pickle=False, **arrays)
        meta = {
            "evidence_version": VERSION,
            "category_names": list(evidence.category_names),
            "supercategories": list(evidence.supercategories),
            "annotations": annotations_digest(evidence),
            "made_of": made_of,
            "provenance": dict(evidence.provenance),
            "files": {path.name: file_digest(path) for path in sorted(stage.iterdir())},
        }
        meta = json.loads(json.dumps(meta))  # as it will be read
        meta["digest"] = _digest(meta)
        (stage / _META).write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")


def kept_evidence(folder: Path, of: Evidence, made_of: str) -> Evidence | None:
    """The evidence in a folder of the cache; None, and a warning, where it is not to be trusted.

    Raises
    ------
    InputError
        Something else lies there, which is not to be replaced.
    """
    if not folder.exists():
        return None
    if not any((folder / name).is_file() for name in (_META, _ARRAYS)):
        raise InputError(f"{folder}: holds no evidence, expected nothing else there: remove it")
    try:
        return load_evidence(folder, of=of, made_of=made_of)
    except InputError as fault:
        _log.warning("%s: the evidence is made again", fault)
        return None


def load_evidence(
    folder: Path, *, of: Evidence | None = None, made_of: str | None = None
) -> Evidence:
    """Read what `save_evidence` wrote; large arrays are mapped from the file, read-only.

    Parameters
    ----------
    of
        The annotations it has to be about.
    made_of
        `evidence_key` of what it has to be made from.

    Raises
    ------
    InputError
        Not evidence, of another version, damaged, of other annotations than `of`, or made from
        something else.
    """
    meta = read_json(folder / _META, "evidence", _StoreMetadata)
    if meta.evidence_version != VERSION:
        raise InputError(
            f"{folder}: evidence of version {meta.evidence_version}, expected {VERSION}"
        )
    _check_digests(folder, meta)
    arrays: dict[str, Any] = read_npz(folder / _ARRAYS, mapped=True)
    try:
        table = read_parquet(folder / _ANNOTATIONS)
        sets: dict[str, Any] = {name: read_instances(folder / f"{name}.parquet") for name in _SETS}
        evidence = Evidence(
            annotation_ids=table["annotation_id"].to_numpy(),
            image_ids=table["image_id"].to_numpy(),
            labels=table["label"].to_numpy(),
            category_names=tuple(meta.category_names),
            supercategories=tuple(meta.supercategories),
            masks=rles(table),
            provenance=meta.provenance,
            detections=read_detections(folder / _DETECTIONS),
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
    if made_of is not None and meta.made_of != made_of:
        raise InputError(f"{folder}: evidence made from other inputs than these")
    return evidence


def _digest(meta: Mapping[str, Any]) -> str:
    """SHA-256 of all fields but itself."""
    rest = {name: value for name, value in meta.items() if name != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _check_digests(folder: Path, meta: _StoreMetadata) -> None:
    if meta.digest != _digest(msgspec.structs.asdict(meta)):
        raise InputError(f"{folder}: damaged evidence: {_META} is not what was written")
    for name in _FILES:
        path = folder / name
        if path.is_file() != (name in meta.files):
            raise InputError(f"{folder}: damaged evidence: the files are not those of {_META}")
        if path.is_file() and file_digest(path) != meta.files[name]:
            raise InputError(f"{folder}: damaged evidence: {name} is not what was written")
