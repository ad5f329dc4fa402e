"""Write a benchmark: records and rows go in chunk by chunk, files and checksums come out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.local import local_entries
from benchmark_n.benchmark.summary import summarise
from benchmark_n.coco import CocoFile
from benchmark_n.coco.images import warn_of_turned
from benchmark_n.coco.write import CocoStream
from benchmark_n.files.json_yaml import dump_yaml
from benchmark_n.files.provenance import environment, file_digest
from benchmark_n.tables.manifest import ManifestWriter, Rows


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
        The resolved recipe with seed and source; the account of what was not read as it stands is
        added to the source.
    images, val_images
        Where the images and those of the validation labels lie on this machine; kept apart, in a
        file that is never published.
    clean_val
        Clean validation labels to go with the benchmark.
    skipped
        What the conversion of the dataset left out as bad, for the summary.
    """
    name = f"{layout.ANNOTATIONS}/{coco.path.name}"
    annotations_digest, rows_digest = _write_parts(folder, name, coco, parts, schema)
    sums = {name: annotations_digest}
    if clean_val is not None:
        shutil.copyfile(clean_val, folder / layout.CLEAN_VAL)
        sums[layout.CLEAN_VAL] = file_digest(clean_val)
    source = {**recipe["source"], **coco.repairs.recorded()}
    _write_text(folder / layout.RECIPE, dump_yaml({**recipe, "source": source}))
    coco.repairs.tell(coco.path.name)
    warn_of_turned(coco, images)
    sums[layout.RECIPE] = file_digest(folder / layout.RECIPE)
    summary = summarise(folder / layout.MANIFEST, coco.categories)
    summary["skipped"] = [dict(entry) for entry in skipped]
    _write_text(folder / layout.SUMMARY, json.dumps(summary, indent=2) + "\n")
    _write_text(folder / layout.ENVIRONMENT, json.dumps(environment(), indent=2) + "\n")
    _write_text(folder / layout.CHECKSUMS, _checksums(sums, rows_digest))
    local = local_entries(folder, {"images": images, "val_images": val_images})
    _write_text(folder / layout.LOCAL, dump_yaml(local))


def _write_parts(
    folder: Path, name: str, coco: CocoFile, parts: Iterable[tuple[list[bytes], Rows]], schema: Any
) -> tuple[str, str]:
    """Annotation file and manifest, and the digests of the file and of the rows."""
    (folder / name).parent.mkdir()
    stream = CocoStream(folder / name, coco.sections)
    with stream, ManifestWriter(folder / layout.MANIFEST, schema) as manifest:
        for records, rows in parts:
            stream.write(records)
            manifest.write(rows)
    return stream.digest, manifest.digest


def _checksums(sums: Mapping[str, str], rows: str) -> str:
    lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
    return "".join(lines) + f"{layout.ROWS_LINE}{rows}\n"


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
