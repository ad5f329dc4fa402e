"""Read a benchmark directory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.manifest import rows_digest
from benchmark_n.benchmark.records import standardise
from benchmark_n.benchmark.writer import file_digest
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.read import parse_coco
from benchmark_n.errors import InputError, UsageError


@dataclass(frozen=True)
class Benchmark:
    """A benchmark directory: everything an evaluation needs.

    >>> benchmark = load("benchmarks/coco-n-hard-seed1")  # doctest: +SKIP
    >>> benchmark.manifest(["annotation_id", "iou"]).to_pandas()  # doctest: +SKIP
    """

    path: Path

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """The resolved recipe, with seed, source and noise versions."""
        return dict(yaml.safe_load((self.path / layout.RECIPE).read_text(encoding="utf-8")))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Counts per noise and size, IoU quantiles, class confusions."""
        return dict(json.loads((self.path / layout.SUMMARY).read_text(encoding="utf-8")))

    @property
    def annotations(self) -> Path:
        """The noisy annotation file."""
        return self.path / layout.ANNOTATIONS / str(self.recipe["source"]["file"])

    @property
    def clean_val(self) -> Path | None:
        """The clean validation labels, where the dataset has a validation split."""
        path = self.path / layout.CLEAN_VAL
        return path if path.is_file() else None

    @property
    def images(self) -> Path | None:
        """Where the images lie on this machine, if `make` was told."""
        return self._local("images")

    @property
    def val_images(self) -> Path | None:
        """Where the images of the validation labels lie on this machine, if `make` knew."""
        return self._local("val_images")

    def _local(self, name: str) -> Path | None:
        path = self.path / layout.LOCAL
        local = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return Path(local[name]) if local.get(name) else None

    def manifest(self, columns: Sequence[str] | None = None) -> Any:
        """The manifest as a `pyarrow.Table`; all columns but by default not the clean records."""
        import pyarrow.parquet as pq

        path = self.path / layout.MANIFEST
        names = [n for n in pq.read_schema(path).names if n != "clean_record"]
        return pq.read_table(path, columns=list(columns) if columns is not None else names)

    def noisy(self) -> CocoFile:
        """The noisy annotations."""
        return read_coco(self.annotations)

    def clean(self) -> CocoFile:
        """The clean annotations in the benchmark's encoding, rebuilt from it alone.

        They equal, byte for byte, what tier ``clean`` writes for the same source.
        """
        noisy = self.noisy()
        records = b",\n".join(self._clean_records(noisy))
        sections = {**noisy.sections, "annotations": b"[\n" + records + b"\n]"}
        body = b",".join(b'"%s":%s' % (k.encode(), bytes(v)) for k, v in sections.items())
        return parse_coco(b"{" + body + b"}\n", self.annotations)

    def _clean_records(self, noisy: CocoFile) -> Iterator[bytes]:
        masks = self.recipe["masks"]
        survivors = dict(zip(noisy.annotation_ids.tolist(), noisy.annotations, strict=True))
        columns = ["annotation_id", "image_id", "origin", "clean_record"]
        for batch in self.manifest(columns).to_batches(max_chunksize=1 << 14):
            for identity, image_id, origin, record in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                image = noisy.images[image_id]
                if origin != "clean":
                    continue
                if record is None:
                    yield bytes(survivors[identity])
                else:
                    yield standardise(record, image.height, image.width, masks)

    def verify(self) -> list[str]:
        """Files whose bytes, or rows, are not those of the checksums; empty when all is well."""
        faults = []
        for line in (self.path / layout.CHECKSUMS).read_text(encoding="utf-8").splitlines():
            if line.startswith(layout.ROWS_LINE):
                if rows_digest(self.path / layout.MANIFEST) != line.removeprefix(layout.ROWS_LINE):
                    faults.append(layout.MANIFEST)
                continue
            digest, _, name = line.partition("  ")
            path = self.path / name
            if not path.is_file() or file_digest(path) != digest:
                faults.append(name)
        return faults


def load(path: Path | str) -> Benchmark:
    """Open the benchmark directory at `path`.

    Raises
    ------
    InputError
        There is no benchmark there.
    """
    path = Path(path)
    for name in (layout.RECIPE, layout.MANIFEST, layout.CHECKSUMS):
        if not (path / name).is_file():
            raise InputError(f"{path}: not a benchmark directory: {name} is missing")
    return Benchmark(path)


def newest_benchmark(folder: Path = Path("benchmarks")) -> Path:
    """The benchmark directory under `folder` that was made last.

    Raises
    ------
    UsageError
        There is none.
    """
    found = [path.parent for path in folder.glob(f"*/{layout.RECIPE}")]
    if not found:
        raise UsageError(f"no benchmark under {folder}/: name one, or make one first")
    return max(found, key=lambda path: (path / layout.RECIPE).stat().st_mtime_ns)
