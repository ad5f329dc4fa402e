"""Read a benchmark directory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.fields import put_back, split_annotation
from benchmark_n.benchmark.local import local_folders
from benchmark_n.benchmark.stored import Environment, read_recipe
from benchmark_n.benchmark.withheld import Withheld, read_withheld
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.annotation_masks import standardise
from benchmark_n.coco.read import parse_coco
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import InputError, UsageError, annotation_fault
from benchmark_n.files.json_yaml import JSON_FAULTS, read_json
from benchmark_n.files.provenance import file_digest
from benchmark_n.masks import SegmentationError
from benchmark_n.tables.manifest import keeps_source_ids, read_manifest, rows_digest
from benchmark_n.tables.manifest_schema import ORIGINALS, SOURCE

_NOTHING = b"{}"


@dataclass(frozen=True)
class Benchmark:
    """A benchmark directory: everything an evaluation needs.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> benchmark = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> rows = benchmark.manifest(["annotation_id", "iou"])  # what was done to each annotation
    >>> rows.num_rows, round(sum(rows["iou"].to_pylist()) / rows.num_rows, 2)
    (26, 0.72)
    >>> len(benchmark.clean()), benchmark.verify()  # the source's annotations; files not as made
    (26, [])
    """

    path: Path

    @cached_property
    def recipe(self) -> dict[str, Any]:
        """The resolved recipe, with seed, source and noise versions."""
        return read_recipe(self.path / layout.RECIPE)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Counts per noise and size, IoU quantiles, class confusions."""
        return read_json(self.path / layout.SUMMARY, "summary", dict[str, Any])

    @cached_property
    def environment(self) -> Environment:
        """Versions of what the benchmark was made with."""
        return read_json(self.path / layout.ENVIRONMENT, "environment", Environment)

    @cached_property
    def leaks(self) -> tuple[str, ...]:
        """What of the published file tells of its errors, and was let: ``ids``, or nothing."""
        stated = tuple(self.recipe.get("leak", ()))
        ids = "ids" not in stated and keeps_source_ids(self.path / layout.MANIFEST)
        return (*stated, "ids") if ids else stated

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
        """Where the images lie on this machine, if `make` was told, and told here."""
        return self._folders["images"]

    @property
    def val_images(self) -> Path | None:
        """Where the images of the validation labels lie on this machine, if `make` knew."""
        return self._folders["val_images"]

    @cached_property
    def _folders(self) -> dict[str, Path | None]:
        return local_folders(self.path)

    def manifest(self, columns: Sequence[str] | None = None) -> Any:
        """The manifest as a `pyarrow.Table`; by default without what is long."""
        return read_manifest(self.path / layout.MANIFEST, columns)

    @cached_property
    def withheld(self) -> Withheld:
        """What of the source's images, categories and sections is not published."""
        return read_withheld(self.path)

    def noisy(self) -> CocoFile:
        """The noisy annotations."""
        return read_coco(self.annotations)

    def clean(self) -> CocoFile:
        """The clean annotations in the benchmark's encoding, rebuilt from it alone.

        They have the source's ids, come in their order, and have all fields of the source, those
        that are not published too. With whatever noise, seed or key the source was made into a
        benchmark, the bytes are the same.

        Raises
        ------
        InputError
            Annotations and manifest that do not belong together.
        """
        noisy = self.noisy()
        records = b",\n".join(record for _, record in sorted(self._clean_records(noisy)))
        sections = self.withheld.put_back(noisy.sections)
        sections["annotations"] = b"[\n" + records + b"\n]"
        body = b",".join(b'"%s":%s' % (k.encode(), bytes(v)) for k, v in sections.items())
        return parse_coco(b"{" + body + b"}\n", self.annotations)

    def _clean_records(self, noisy: CocoFile) -> Iterator[tuple[int, bytes]]:
        """The source's ids and records, in the manifest's order."""
        masks = self.recipe["masks"]
        survivors = dict(zip(noisy.annotation_ids.tolist(), noisy.annotations, strict=True))
        keep = self.recipe.get("keep_fields", ())
        columns = ["annotation_id", "source_id", "image_id", "origin", *ORIGINALS]
        for batch in self.manifest(columns).to_batches(max_chunksize=1 << 14):
            for identity, source_id, image_id, origin, record, withheld in zip(
                *(column.to_pylist() for column in batch.columns), strict=True
            ):
                if origin != SOURCE:
                    continue
                image = noisy.images.get(image_id)
                if image is None or (record is None and identity not in survivors):
                    raise annotation_fault(
                        self.path / layout.MANIFEST, identity, f"is not in {noisy.path.name}"
                    )
                size = image.height, image.width
                try:
                    if record is None:
                        fields = split_record(survivors[identity])
                        further = split_record(withheld or _NOTHING)
                        yield source_id, join_record(fields, {"id": source_id, **further})
                        continue
                    clean = standardise(record, *size, masks, identity=source_id)
                    yield source_id, put_back(*split_annotation(clean, keep))
                except (SegmentationError, KeyError, ValueError, *JSON_FAULTS) as error:
                    raise annotation_fault(
                        self.path / layout.MANIFEST, identity, f"clean_record or withheld: {error}"
                    ) from None

    def moved(self, path: Path) -> Benchmark:
        """This benchmark under the name that its directory gets, with what it says of itself now.

        Whoever reports it tells what was written here, whatever takes that name later.
        """
        there = Benchmark(path)
        vars(there).update(recipe=self.recipe, summary=self.summary)
        return there

    def verify(self) -> list[str]:
        """Files whose bytes, or rows, are not those of the checksums; empty when all is well."""
        faults, known = [], self._known_names()
        text = (self.path / layout.CHECKSUMS).read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            if line.startswith(layout.ROWS_LINE):
                if rows_digest(self.path / layout.MANIFEST) != line.removeprefix(layout.ROWS_LINE):
                    faults.append(layout.MANIFEST)
                continue
            digest, _, name = line.partition("  ")
            if name not in known or file_digest(self.path / name) != digest:
                faults.append(name)
        return faults

    def _known_names(self) -> set[str]:
        """The files of the directory by their names there: what checksums can be of."""
        found = (path for path in self.path.rglob("*") if path.is_file())
        return {path.relative_to(self.path).as_posix() for path in found}


def open_benchmark(path: Path | str) -> Benchmark:
    """Open the benchmark directory at `path`.

    Raises
    ------
    InputError
        There is no benchmark there.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> _ = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> open_benchmark("hard").recipe["name"]
    'hard'
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
