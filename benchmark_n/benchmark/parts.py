"""The parts of a benchmark as the one benchmark that the whole file would be."""

from __future__ import annotations

import glob
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import layout
from benchmark_n.benchmark.directory import Benchmark, open_benchmark
from benchmark_n.benchmark.joining import write_joined
from benchmark_n.benchmark.seal import Seal, read_seal
from benchmark_n.benchmark.stored_parts import StoredPart, read_part
from benchmark_n.coco.parts import numbers_of
from benchmark_n.errors import InputError
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.kept_folders import make_sealed

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Opened:
    """A directory and what it says of itself."""

    benchmark: Benchmark
    part: StoredPart
    recipe: dict[str, Any]
    seal: Seal | None


def load(path: Path | str | Sequence[Path | str]) -> Benchmark:
    """Open the benchmark directory at `path`, or several that are the parts of one.

    Parameters
    ----------
    path
        A directory; or a pattern such as ``"parts/*"``, or a list of directories, that are all
        parts of one benchmark (`SourceOptions.part`). These are put together once, in the cache:
        annotations, manifest and recipe are those of the benchmark of the whole file, byte for
        byte.

    Raises
    ------
    InputError
        There is no benchmark there; a part that is missing, there twice, damaged, or made from
        another file, recipe or seed than the first.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> for number in (1, 2):
    ...     part = SourceOptions(num_images=3, part=(number, 2))
    ...     _ = make("scenes", "hard", source=part, out=f"parts/{number}")
    >>> len(load("parts/*").manifest(["iou"]))
    26
    """
    if isinstance(path, Path | str):
        if Path(path).exists() or not glob.has_magic(str(path)):
            return open_benchmark(path)
        folders = [Path(name) for name in sorted(glob.glob(str(path)))]
    else:
        folders = [Path(each) for each in path]
    if not folders:
        raise InputError(f"{path}: no directory there, expected the parts of a benchmark")
    return _joined(_checked([_open(folder) for folder in folders]))


def _open(folder: Path) -> _Opened:
    benchmark = open_benchmark(folder)
    part = read_part(folder)
    recipe = {**benchmark.recipe, "source": dict(benchmark.recipe["source"])}
    stated = recipe["source"].pop("part", None)
    recipe["source"].pop("repairs", None)
    if stated != part.part:
        raise InputError(f"{folder}: {layout.PART} is of part {part.part}, the recipe of {stated}")
    seal = folder / layout.SEAL
    return _Opened(benchmark, part, recipe, read_seal(seal) if seal.is_file() else None)


def _checked(parts: Sequence[_Opened]) -> list[_Opened]:
    """The parts in their order, all of one benchmark, each there once."""
    first = parts[0]
    count = numbers_of(first.part.part)[1]
    found: dict[int, _Opened] = {}
    for one in parts:
        fault = _difference(first, one)
        if fault is not None:
            raise InputError(
                f"{one.benchmark.path}: {fault} in {first.benchmark.path}: expected parts of one "
                "benchmark"
            )
        number, own_count = numbers_of(one.part.part)
        other = found.setdefault(number, one)
        if own_count != count:
            raise InputError(
                f"{one.benchmark.path}: part {one.part.part}, but {first.benchmark.path} is part "
                f"{first.part.part}: expected one number of parts"
            )
        if other is not one:
            raise InputError(
                f"{one.benchmark.path}: part {one.part.part} is {other.benchmark.path} too, "
                "expected each once"
            )
    lacking = [str(number) for number in range(1, count + 1) if number not in found]
    if lacking:
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        raise InputError(
            f"{first.benchmark.path.parent}: part {', '.join(lacking[:5])}{more} of {count} is "
            f"missing, {len(found)} are there: make it with `part`"
        )
    return [found[number] for number in sorted(found)]


def _difference(first: _Opened, other: _Opened) -> str | None:
    """The first thing that two recipes, or seals, say differently; None where they agree."""
    for name in dict.fromkeys([*first.recipe, *other.recipe]):
        one, two = first.recipe.get(name), other.recipe.get(name)
        if isinstance(one, dict) and isinstance(two, dict) and one != two:
            inner = next(k for k in [*one, *two] if one.get(k) != two.get(k))
            name, one, two = f"{name}.{inner}", one.get(inner), two.get(inner)
        if one != two:
            return f"{name} is {two!r:.60}, but {one!r:.60}"
    return None if first.seal == other.seal else f"{layout.SEAL} is another than"


def _joined(parts: Sequence[_Opened]) -> Benchmark:
    """The benchmark of all parts, in the cache."""
    paths = [one.benchmark.path for one in parts]
    environments = {str(one.benchmark.environment) for one in parts}
    if len(environments) > 1:
        _log.warning(
            "%s: parts were made in %d environments: that of the first is told",
            *(paths[0].parent, len(environments)),
        )
    sums = [(path / layout.CHECKSUMS).read_text(encoding="utf-8") for path in paths]
    key = hashlib.sha256("\n".join(sums).encode()).hexdigest()
    number = parts[0].part.part.replace("/", "of")
    name = paths[0].resolve().name.removesuffix(f"-part{number}")
    folder = cache_folder() / "parts" / key[:16] / name

    def fill(stage: Path) -> None:
        for one in parts:
            damaged = one.benchmark.verify()
            if damaged:
                raise InputError(
                    f"{one.benchmark.path}: {damaged[0]} is not what {layout.CHECKSUMS} says: make "
                    "the part again"
                )
        write_joined(stage, [(one.benchmark, one.part) for one in parts], parts[0].recipe)

    make_sealed(folder, {"parts": key}, fill, layout.RECIPE)
    return open_benchmark(folder)
