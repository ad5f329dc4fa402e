"""Write the benchmark of a whole file out of those of its parts."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.directory import Benchmark
from benchmark_n.benchmark.fields import COUNT_FIELDS, joined_section, recount
from benchmark_n.benchmark.local import local_entries
from benchmark_n.benchmark.stored_parts import StoredPart
from benchmark_n.benchmark.summary import summarise
from benchmark_n.benchmark.withheld import Withheld, write_withheld
from benchmark_n.benchmark.writer import write_checksums
from benchmark_n.coco import CocoFile
from benchmark_n.coco.file import Buffer
from benchmark_n.coco.parts import raw_records, whole_section
from benchmark_n.coco.reading import Repairs
from benchmark_n.coco.write import CocoStream
from benchmark_n.files.json_yaml import dump_yaml
from benchmark_n.files.provenance import file_digest
from benchmark_n.tables.arrow_columns import to_numpy
from benchmark_n.tables.manifest import ManifestWriter, open_manifest

_BLOCK = 1 << 16
Parts = Sequence[tuple[Benchmark, StoredPart]]


def write_joined(folder: Path, parts: Parts, recipe: Mapping[str, Any]) -> None:
    """Fill `folder` with the benchmark of all `parts`, in their order; they are checked already.

    Parameters
    ----------
    recipe
        That they share, without part and repairs.
    """
    first = parts[0][0]
    files = [benchmark.noisy() for benchmark, _ in parts]
    withheld = _withheld(parts, files)
    name = f"{layout.ANNOTATIONS}/{files[0].path.name}"
    (folder / name).parent.mkdir()
    sums = {name: _write_annotations(folder / name, files, _sections(parts, files, withheld))}
    if withheld:
        write_withheld(withheld, folder)
        sums[layout.WITHHELD] = file_digest(folder / layout.WITHHELD)
    if first.clean_val is not None:
        shutil.copyfile(first.clean_val, folder / layout.CLEAN_VAL)
        sums[layout.CLEAN_VAL] = file_digest(first.clean_val)
    rows = _write_manifest(folder / layout.MANIFEST, parts)
    source = {**recipe["source"], **_repairs(parts).recorded()}
    text = dump_yaml({**recipe, "source": source})
    (folder / layout.RECIPE).write_text(text, encoding="utf-8")
    sums[layout.RECIPE] = file_digest(folder / layout.RECIPE)
    summary = summarise(folder / layout.MANIFEST, files[0].categories)
    summary["skipped"] = first.summary["skipped"]
    text = json.dumps(summary, indent=2) + "\n"
    (folder / layout.SUMMARY).write_text(text, encoding="utf-8")
    shutil.copyfile(first.path / layout.ENVIRONMENT, folder / layout.ENVIRONMENT)
    write_checksums(folder, sums, rows)
    local = local_entries(folder, {"images": first.images, "val_images": first.val_images})
    (folder / layout.LOCAL).write_text(dump_yaml(local), encoding="utf-8")


def _write_annotations(
    path: Path, files: Sequence[CocoFile], sections: Mapping[str, Buffer]
) -> str:
    """All records in the order of their ids; the file's SHA-256."""
    records = [record for file in files for record in file.annotations]
    order = np.argsort(np.concatenate([file.annotation_ids for file in files]))
    stream = CocoStream(path, sections)
    with stream:
        for start in range(0, len(order), _BLOCK):
            places = order[start : start + _BLOCK].tolist()
            stream.write(bytes(records[place]) for place in places)
    return stream.digest


def _write_manifest(path: Path, parts: Parts) -> str:
    """All rows in the order of their ids; their digest."""
    table = pa.concat_tables(
        open_manifest(benchmark.path / layout.MANIFEST).read() for benchmark, _ in parts
    )
    order = np.argsort(to_numpy(table["annotation_id"]))
    with ManifestWriter(path, table.schema) as writer:
        for start in range(0, len(order), _BLOCK):
            writer.append(table.take(pa.array(order[start : start + _BLOCK])))
    return writer.digest


def _sections(parts: Parts, files: Sequence[CocoFile], withheld: Withheld) -> dict[str, Buffer]:
    """Those of the whole file: images in its order, categories counted over all parts."""
    sections: dict[str, Buffer] = dict(files[0].sections)
    before, records = [""] * parts[0][1].images, [b""] * parts[0][1].images
    for (_, part), file in zip(parts, files, strict=True):
        raws = raw_records(file.sections["images"])
        for place, text, raw in zip(part.places, part.before, raws, strict=True):
            before[place], records[place] = text, bytes(raw)
    sections["images"] = (
        joined_section(records)
        if withheld.images
        else whole_section(records, before, parts[0][1].after)
    )
    counts: dict[str, Counter[int]] = {}
    for name in COUNT_FIELDS:
        if name in withheld_names(withheld):
            counts[name] = Counter()
            for file in files:
                for category in file.section("categories"):
                    counts[name][category["id"]] += category.get(name, 0)
    if counts:
        sections["categories"] = recount(sections["categories"], counts)[0]
    return sections


def withheld_names(withheld: Withheld) -> set[str]:
    """Names of the fields of categories that are withheld."""
    return {name for fields in withheld.categories for name in fields}


def _withheld(parts: Parts, files: Sequence[CocoFile]) -> Withheld:
    """What is withheld of all images, in the whole file's order; of the rest all say the same."""
    places: dict[bytes, int] = {}
    for (_, part), file in zip(parts, files, strict=True):
        ids = (str(image).encode() for image in file.images)
        places |= dict(zip(ids, part.places, strict=True))
    images = [fields for benchmark, _ in parts for fields in benchmark.withheld.images]
    images.sort(key=lambda fields: places[bytes(fields["id"])])
    same = parts[0][0].withheld
    return Withheld(images, same.categories, same.sections)


def _repairs(parts: Parts) -> Repairs:
    """What of the whole file was not read as it stands."""
    repairs = Repairs()
    for _, part in parts:
        for kind, ids in part.repairs.items():
            for identity in ids:
                repairs.add(kind, identity)
    return repairs
