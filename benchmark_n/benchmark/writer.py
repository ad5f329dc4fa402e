"""Write a benchmark: records and rows go in chunk by chunk, files and checksums come out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.local import local_entries
from benchmark_n.benchmark.stored_parts import write_part
from benchmark_n.benchmark.summary import summarise
from benchmark_n.benchmark.withheld import write_withheld
from benchmark_n.benchmark.withholding import Withholding
from benchmark_n.coco import CocoFile
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.images import warn_of_turned
from benchmark_n.coco.write import CocoStream
from benchmark_n.files.json_yaml import dump_yaml, read_json
from benchmark_n.files.provenance import environment, file_digest
from benchmark_n.tables.manifest import ManifestWriter, Rows

Part = tuple[list[bytes], Rows]


def _nobody(_: Sequence[bytes]) -> None:
    """Watch nothing."""


def write_benchmark(
    folder: Path,
    coco: CocoFile,
    parts: Iterable[Part],
    schema: Any,
    recipe: Mapping[str, Any],
    *,
    images: Path | None = None,
    clean_val: Path | None = None,
    val_images: Path | None = None,
    skipped: Sequence[Mapping[str, str]] = (),
    watch: Callable[[Sequence[bytes]], None] = _nobody,
) -> Mapping[str, Buffer]:
    """Fill `folder` with a benchmark made from `coco`.

    Parameters
    ----------
    parts
        Noisy records with all their fields, and manifest rows, in the order of the clean file.
    schema
        The manifest's Arrow schema.
    recipe
        The resolved recipe with seed and source, to which the account of what was not read as it
        stands is added; further fields that its ``keep_fields`` does not name are kept beside the
        manifest.
    images, val_images
        Where the images and those of the validation labels lie on this machine; kept apart, in a
        file that is never published.
    clean_val, skipped
        Clean validation labels to go with it, and what the dataset's conversion left out as bad.
    watch
        Called with the published records as they pass.

    Returns the sections of the published file but for its annotations.
    """
    name = f"{layout.ANNOTATIONS}/{coco.path.name}"
    withholding = Withholding(coco, recipe.get("keep_fields", ()))
    parts = _watched(withholding, parts, watch)
    sums, rows_digest = _write_parts(folder, name, withholding, parts, schema)
    if clean_val is not None:
        shutil.copyfile(clean_val, folder / layout.CLEAN_VAL)
        sums[layout.CLEAN_VAL] = file_digest(clean_val)
    source = {**recipe["source"], **coco.repairs.recorded()}
    sums |= _describe(folder, coco, {**recipe, "source": source}, skipped)
    warn_of_turned(coco, images)
    write_checksums(folder, sums, rows_digest)
    local = local_entries(folder, {"images": images, "val_images": val_images})
    _write_text(folder / layout.LOCAL, dump_yaml(local))
    return withholding.sections


def _describe(
    folder: Path,
    coco: CocoFile,
    recipe: Mapping[str, Any],
    skipped: Sequence[Mapping[str, str]],
) -> dict[str, str]:
    """Write recipe, part, summary and environment, and tell what was not read as it stands.

    Returns the digests of the first two.
    """
    coco.repairs.tell(coco.path.name)
    _write_text(folder / layout.RECIPE, dump_yaml(recipe))
    summary = summarise(folder / layout.MANIFEST, coco.categories)
    summary["skipped"] = [dict(entry) for entry in skipped]
    _write_text(folder / layout.SUMMARY, json.dumps(summary, indent=2) + "\n")
    _write_text(folder / layout.ENVIRONMENT, json.dumps(environment(), indent=2) + "\n")
    if coco.part is not None:
        write_part(folder, coco.part, coco.repairs)
    names = (layout.RECIPE,) if coco.part is None else (layout.PART, layout.RECIPE)
    return {name: file_digest(folder / name) for name in names}


def _watched(
    withholding: Withholding, parts: Iterable[Part], watch: Callable[[Sequence[bytes]], None]
) -> Iterator[Part]:
    """Published records and the rows that go with them."""
    for records, rows in parts:
        published, told = withholding.publish(records, rows)
        watch(published)
        yield published, told


def add_to_summary(folder: Path, **entries: Any) -> None:
    """Put further entries at the end of the summary of the benchmark in `folder`."""
    path = folder / layout.SUMMARY
    summary = read_json(path, "summary", dict[str, Any])
    _write_text(path, json.dumps({**summary, **entries}, indent=2) + "\n")


def _write_parts(
    folder: Path,
    name: str,
    withholding: Withholding,
    parts: Iterable[Part],
    schema: Any,
) -> tuple[dict[str, str], str]:
    """Annotations, manifest and withheld fields; the files' digests, and that of the rows."""
    (folder / name).parent.mkdir()
    stream = CocoStream(folder / name, withholding.sections)
    with stream, ManifestWriter(folder / layout.MANIFEST, schema) as manifest:
        for records, rows in parts:
            stream.write(records)
            manifest.write(rows)
        withholding.finish(stream)
    sums = {name: stream.digest}
    if withholding.withheld:
        write_withheld(withholding.withheld, folder)
        sums[layout.WITHHELD] = file_digest(folder / layout.WITHHELD)
    withholding.tell()
    return sums, manifest.digest


def write_checksums(folder: Path, sums: Mapping[str, str], rows: str) -> None:
    """Write the digests of files, by their names, and that of the manifest's rows."""
    lines = [f"{digest}  {name}\n" for name, digest in sums.items()]
    text = "".join(lines) + f"{layout.ROWS_LINE}{rows}\n"
    _write_text(folder / layout.CHECKSUMS, text)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
