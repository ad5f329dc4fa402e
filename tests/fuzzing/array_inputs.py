"""Arrays in ``.npz`` and ``.npy``, evidence, weights and checkpoints."""

from __future__ import annotations

import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq

from benchmark_n.coco import read_coco
from benchmark_n.datasets.base import DATASETS
from benchmark_n.datasets.labelmaps.convert import convert
from benchmark_n.datasets.request import Request
from benchmark_n.detection.detect import detect
from benchmark_n.evidence.annotations import annotation_evidence
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.evidence.store import _digest, load_evidence, save_evidence
from benchmark_n.files.provenance import file_digest
from tests import samples
from tests.fuzzing.formats import Format
from tests.fuzzing.tables import strange_table
from tests.fuzzing.values import damaged, json_bytes, nested, to_json

# Written into the working directory if it is unpickled; the fuzzer looks for it.
PWNED = Path("pwned-by-a-pickle")


class _Evil:
    """What runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (open, (str(PWNED), "w"))  # type: ignore[return-value]


def _npy(shape: Any, kind: str = "|u1", data: bytes = b"") -> bytes:
    """A ``.npy`` file whose header says whatever it says."""
    text = f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


_SHAPES = (
    "(1000000000,)",
    "(4, 8, 8)",
    "(-1, 8)",
    "(0,)",
    "()",
    "(2**40,)",
    "'x'",
    "(4,)",
    "(" * 90,
)
_KINDS = ("|u1", "<i8", "<f8", "|O", "<U9", "|V8", "<c16", "|b1", "x", "<M8[s]")


def _some_npy(rng: Random, original: bytes) -> bytes:
    if rng.random() < 0.5:
        return damaged(original, rng)
    return _npy(rng.choice(_SHAPES), rng.choice(_KINDS), original[128:])


def _strange_zip(rng: Random, path: Path) -> None:
    """One member of a zip file replaced, renamed or left out; or the bytes damaged."""
    with zipfile.ZipFile(path) as box:
        members = {name: box.read(name) for name in box.namelist()}
    name = rng.choice(sorted(members))
    how = rng.randrange(5)
    if how <= 2:
        members[name] = _some_npy(rng, members[name])
    elif how == 3:
        members[rng.choice(["../../../../x.npy", "labels.npy", "y"])] = members.pop(name)
    with zipfile.ZipFile(path, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as box:
        for member, data in members.items():
            box.writestr(member, data)
    if rng.random() < 0.3:
        path.write_bytes(damaged(path.read_bytes(), rng))


def _prepare_classes(folder: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (4, 8, 8), np.uint8)
    np.savez(folder / "data.npz", train_images=images, train_labels=np.array([0, 1, 0, 1]))
    for name in ("cat", "dog"):
        (folder / "train" / name).mkdir(parents=True)
        for suffix in ("png", "jpg"):
            cv2.imwrite(str(folder / "train" / name / f"a.{suffix}"), images[0])


def _write_classes(rng: Random, folder: Path, valid: Path) -> None:
    if rng.random() < 0.6:
        shutil.copy(valid / "data.npz", folder)
        _strange_zip(rng, folder / "data.npz")
        return
    shutil.copytree(valid / "train", folder / "train")
    path = rng.choice(sorted((folder / "train").rglob("a.*")))
    path.write_bytes(damaged(path.read_bytes(), rng))


def _read_classes(folder: Path, out: Path) -> None:
    root = folder / "data.npz" if (folder / "data.npz").is_file() else folder
    convert(DATASETS.load("imagefolder"), out / "made.json", Request(root, "train", workers=1))


def _npz(**members: bytes) -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_DEFLATED) as box:
            for name, data in members.items():
                box.writestr(f"{name}.npy", data)

    return write


_LABELS = _npy("(4,)", "<i8", np.array([0, 1, 0, 1]).tobytes())
_PICKLE = _npy("(1,)", "|O") + pickle.dumps(np.array([_Evil()], object))


def _zeros(folder: Path, valid: Path) -> None:
    """Eight hundred megabytes of zeros in less than one."""
    with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as box:
        box.writestr("train_labels.npy", _LABELS)
        with box.open("train_images.npy", "w") as member:
            member.write(_npy("(4, 14000, 14000)"))
            for _ in range(784):
                member.write(bytes(10**6))


def _many_labels(folder: Path, valid: Path) -> None:
    with zipfile.ZipFile(folder / "data.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as box:
        with box.open("train_labels.npy", "w") as member:
            member.write(_npy("(110000000,)", "<i8"))
            for _ in range(880):
                member.write(bytes(10**6))
        box.writestr("train_images.npy", _npy("(4, 8, 8)", data=bytes(256)))


CLASS_BOMBS = {
    "header of 10^9 images": _npz(
        train_images=_npy("(1000000000, 1000, 1000)"), train_labels=_LABELS
    ),
    "header of 10^18 labels": _npz(
        train_images=_npy("(4, 8, 8)", data=bytes(256)), train_labels=_npy("(10**18,)", "<i8")
    ),
    "pickle of images": _npz(train_images=_PICKLE, train_labels=_LABELS),
    "pickle of labels": _npz(train_images=_npy("(4, 8, 8)", data=bytes(256)), train_labels=_PICKLE),
    "packed zeros": _zeros,
    "packed labels": _many_labels,
}


def _prepare_evidence(folder: Path) -> None:
    path = samples.write(folder, samples.document())
    base = annotation_evidence(read_coco(path))
    probs = np.full((3, 3), 1 / 3, np.float32)
    np.save(folder / "pred_probs.npy", probs)
    np.save(folder / "annotation_ids.npy", base.annotation_ids)
    made = replace(base, pred_probs=probs, provenance={"evidence": "files", "trained_on": "x"})
    save_evidence(made, folder / "kept")


def _write_evidence(rng: Random, folder: Path, valid: Path) -> None:
    shutil.copytree(valid, folder, dirs_exist_ok=True)
    name = rng.choice(["arrays.npz", "annotations.parquet", "evidence.json", "npy", "npy"])
    path = folder / "kept" / name
    if name == "npy":
        path = folder / rng.choice(["pred_probs.npy", "annotation_ids.npy"])
        path.write_bytes(_some_npy(rng, path.read_bytes()))
    elif name == "arrays.npz":
        _strange_zip(rng, path)
    elif name == "annotations.parquet":
        strange_table(pq.read_table(path), rng, path)
    else:
        path.write_bytes(json_bytes(json.loads(path.read_bytes()), rng))
        return
    if rng.random() < 0.7:  # else the digests say at once that it is damaged
        _reseal(folder / "kept")


def _reseal(folder: Path) -> None:
    """Digests of what lies there, as whoever damaged it on purpose would write them."""
    meta = json.loads((folder / "evidence.json").read_bytes())
    meta["files"] = {name: file_digest(folder / name) for name in meta["files"]}
    meta["digest"] = _digest(meta)
    (folder / "evidence.json").write_text(json.dumps(meta))


def _read_evidence(folder: Path, out: Path) -> None:
    base = annotation_evidence(read_coco(folder / "instances.json"))
    load_evidence(folder / "kept", of=base)
    detect(
        folder / "instances.json",
        None,
        "disagreement",
        evidence=EvidenceOptions((f"files:{folder}",), evidence_dir=out / "evidence"),
    )


def _kept(name: str, data: bytes) -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        shutil.copytree(valid, folder, dirs_exist_ok=True)
        (folder / name).write_bytes(data)
        if name == "kept/arrays.npz":
            _reseal(folder / "kept")

    return write


EVIDENCE_BOMBS = {
    "pickle": _kept("pred_probs.npy", _PICKLE),
    "plain pickle": _kept("pred_probs.npy", pickle.dumps(_Evil())),
    "pickle in the store": _kept("kept/arrays.npz", pickle.dumps(_Evil())),
    "header of 10^9 rows": _kept("pred_probs.npy", _npy("(1000000000, 1000)", "<f4")),
    "header of 10^9 ids": _kept("annotation_ids.npy", _npy("(1000000000,)", "<i8")),
    "nested": _kept("kept/evidence.json", str(nested(200_000)).encode()),
}

_WEIGHTS, _CHECKPOINT, _SENTINEL = "weights.safetensors", "last.pt", "sentinel.safetensors"
_NAMES = ("cat", "dog")


def _model() -> Any:
    from torch import nn

    return nn.Linear(2, 2)


def _prepare_weights(folder: Path) -> None:
    import torch

    from benchmark_n.detectors.quality_sentinel.weights import _resource
    from benchmark_n.nets.weights import save_weights

    model = _model()
    save_weights(model, folder / _WEIGHTS, _NAMES)
    torch.save({"network": model.state_dict(), "epoch": 1}, folder / _CHECKPOINT)
    # Its header alone, which is what an attacker writes; the tensors are cut off.
    header = _resource(None).read_bytes()[: 1 << 18]
    (folder / _SENTINEL).write_bytes(header)


def _write_weights(rng: Random, folder: Path, valid: Path) -> None:
    name = rng.choice([_WEIGHTS, _WEIGHTS, _CHECKPOINT, _SENTINEL])
    data = (valid / name).read_bytes()
    if name == _CHECKPOINT:
        path = folder / name
        path.write_bytes(data)
        _strange_checkpoint(rng, path)
        return
    length = struct.unpack("<Q", data[:8])[0]
    if rng.random() < 0.6:
        header = json_bytes(json.loads(data[8 : 8 + length]), rng)
        stated = len(header) if rng.random() < 0.9 else rng.choice([0, 2**40, 2**64 - 1])
        data = struct.pack("<Q", stated) + header + data[8 + length :]
    else:
        data = damaged(data, rng)
    (folder / name).write_bytes(data[:1_000_000])


def _strange_checkpoint(rng: Random, path: Path) -> None:
    with zipfile.ZipFile(path) as box:
        members = {name: box.read(name) for name in box.namelist()}
    name = rng.choice(sorted(members))
    if rng.random() < 0.2:
        members[name] = pickle.dumps(_Evil())
    elif rng.random() < 0.7:
        members[name] = damaged(members[name], rng)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as box:
        for member, content in members.items():
            box.writestr(member, content)


def _refuse_pickles(read: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    """The reader, and a look whether it unpickled anything."""

    def checked(folder: Path, out: Path) -> None:
        try:
            read(folder, out)
        finally:
            if PWNED.exists():
                PWNED.unlink()
                raise AssertionError("a pickle was loaded")

    return checked


def _read_weights(folder: Path, out: Path) -> None:
    from benchmark_n.detectors.quality_sentinel.weights import load_sentinel, refuse_in_sample
    from benchmark_n.nets.weights import load_weights
    from benchmark_n.training.unet.ventricles import _restore

    if (folder / _WEIGHTS).is_file():
        load_weights(_model(), folder / _WEIGHTS, _NAMES)
    if (folder / _SENTINEL).is_file():
        refuse_in_sample(folder / _SENTINEL, "scenes", 0)
        load_sentinel(folder / _SENTINEL)
    if (folder / _CHECKPOINT).is_file():
        _restore({"network": _model()}, folder / _CHECKPOINT)


def _safetensors(header: str, length: int | None = None) -> bytes:
    text = header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text


def _put(name: str, data: bytes) -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        (folder / name).write_bytes(data)

    return write


_HUGE = '{"weight":{"dtype":"F32","shape":[1000000000,1000000000],"data_offsets":[0,4]}}'
WEIGHT_BOMBS = {
    "tensor of 10^18": _put(_WEIGHTS, _safetensors(_HUGE)),
    "header of 2^60 bytes": _put(_WEIGHTS, _safetensors("{}", 2**60)),
    "nested header": _put(_WEIGHTS, _safetensors(str(nested(200_000)))),
    "nested categories": _put(
        _WEIGHTS,
        _safetensors(to_json({"__metadata__": {"categories": "[" * 200_000}})),
    ),
    "nested settings": _put(
        _SENTINEL,
        _safetensors(to_json({"__metadata__": {"benchmark-n": "[" * 200_000}})),
    ),
    "pickle as weights": _put(_WEIGHTS, pickle.dumps(_Evil())),
    "pickle as sentinel": _put(_SENTINEL, pickle.dumps(_Evil())),
    "pickle as checkpoint": _put(_CHECKPOINT, pickle.dumps(_Evil())),
}


FORMATS = (
    Format(
        "classes", _prepare_classes, _write_classes, _refuse_pickles(_read_classes), 6, CLASS_BOMBS
    ),
    Format(
        "evidence",
        _prepare_evidence,
        _write_evidence,
        _refuse_pickles(_read_evidence),
        6,
        EVIDENCE_BOMBS,
    ),
    Format(
        "weights", _prepare_weights, _write_weights, _refuse_pickles(_read_weights), 5, WEIGHT_BOMBS
    ),
)
