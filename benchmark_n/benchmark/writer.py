"""Write a benchmark: records and rows go in chunk by chunk, files and checksums come out."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from benchmark_n._version import __version__
from benchmark_n.benchmark import layout
from benchmark_n.benchmark.local import local_entries
from benchmark_n.benchmark.manifest import ManifestWriter, Rows
from benchmark_n.benchmark.summary import summarise
from benchmark_n.coco import CocoFile
from benchmark_n.coco.write import CocoStream

_LIBRARIES = ("numpy", "opencv-python", "pycocotools", "pyarrow", "msgspec", "joblib", "pyyaml")


def write_benchmark(
    folder: Path,
    coco: CocoFile,
    parts: Iterable[tuple[list[bytes], Rows]],
    schema: Any,
    recipe: Mapping[str, Any],
    *,
    images: Path | None = None,
    clean_val: Path | None = None,
    val_images: Path | None = None,
    skipped: Sequence[Mapping[str, str]] = (),
) -> None:
    """Fill `folder` with a benchmark made from `coco`.

    Parameters
    ----------
    parts
        Noisy records and manifest rows, in the order of the clean file.
    schema
        The manifest's Arrow schema.
    recipe
        The resolved recipe with seed and source, written as it is.
    images, val_images
        Where the images and those of the validation labels lie on this machine; kept apart, in a
        file that is never published.
    clean_val
        Clean validation labels to go with the benchmark.
    skipped
        What the conversion of the dataset left out as bad, for the summary.
    """
    name = f"{layout.ANNOTATIONS}/{coco.path.name}"
    (folder / layout.ANNOTATIONS).mkdir()
    stream = CocoStream(folder / name, coco.sections)
    with stream, ManifestWriter(folder / layout.MANIFEST, schema) as manifest:
        for records, rows in parts:
            stream.write(records)
            manifest.write(rows)
    sums = {name: stream.digest}
    if clean_val is not None:
        shutil.copyfile(clean_val, folder / layout.CLEAN_VAL)
        sums[layout.CLEAN_VAL] = file_digest(clean_val)
    _write_text(folder / layout.RECIPE, dump_yaml(recipe))
    sums[layout.RECIPE] = file_digest(folder / layout.RECIPE)
    summary = summarise(folder / layout.MANIFEST, coco.categories)
    summary["skipped"] = [dict(entry) for entry in skipped]
    _write_text(folder / layout.SUMMARY, json.dumps(summary, indent=2) + "\n")
    _write_text(folder / layout.ENVIRONMENT, json.dumps(environment(), indent=2) + "\n")
    _write_text(folder / layout.CHECKSUMS, _checksums(sums, manifest.digest))
    local = local_entries(folder, {"images": images, "val_images": val_images})
    _write_text(folder / layout.LOCAL, dump_yaml(local))


def _checksums(sums: Mapping[str, str], rows: str) -> str:
    lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
    return "".join(lines) + f"{layout.ROWS_LINE}{rows}\n"


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def dump_yaml(data: Mapping[str, Any]) -> str:
    """YAML in the order of the mapping."""
    return str(yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100))


def environment(further: Sequence[str] = ()) -> dict[str, Any]:
    """Versions of what the output may depend on; not part of any checksum.

    Parameters
    ----------
    further
        Packages beyond those that every benchmark depends on.
    """
    return {
        "benchmark-n": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": {library: _library_version(library) for library in (*_LIBRARIES, *further)},
    }


def _library_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
