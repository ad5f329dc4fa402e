"""What a format is to the fuzzer, and the runs that go over all of them."""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmark_n.errors import BenchmarkNError
from tests.fuzzing.watchdog import Examine

LARGEST = 1 << 20  # bytes of an input
_HEAVY = ("torch", "safetensors.torch", "SimpleITK", "matplotlib.figure")


@dataclass(frozen=True)
class Format:
    """A kind of input.

    Parameters
    ----------
    prepare
        Puts valid files into an empty folder, which all inputs start from.
    write
        Puts an input into an empty folder, out of the valid files in another.
    read
        Hands the input to the package, which may write into the second folder alone.
    bombs
        Inputs with a name, tried before all others.
    share
        How many inputs of each hundred are of this format.
    """

    name: str
    prepare: Callable[[Path], None]
    write: Callable[[Random, Path, Path], None]
    read: Callable[[Path, Path], None]
    share: int
    bombs: Mapping[str, Callable[[Path, Path], None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """An input: a bomb by its name, or the input of this number."""

    format: str
    number: int = 0
    bomb: str = ""


def plan(formats: Mapping[str, Format], count: int) -> list[Case]:
    """`count` cases: all bombs, then the formats by their shares."""
    cases = [Case(f.name, bomb=bomb) for f in formats.values() for bomb in f.bombs]
    shares = [name for f in formats.values() for name in [f.name] * f.share]
    Random(0).shuffle(shares)
    rest = (Case(shares[i % len(shares)], i) for i in range(count - len(cases)))
    return [*cases, *rest][:count]


def prepare(formats: Mapping[str, Format], root: Path) -> None:
    """Valid files of all formats, a folder each."""
    for kind in formats.values():
        (root / kind.name).mkdir(parents=True)
        kind.prepare(root / kind.name)


def start(table: Callable[[], Mapping[str, Format]], valid: Path, seed: int) -> Examine:
    """What a process does: import all that is needed, then examine one case after another."""
    os.environ |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    formats = table()
    for module in _HEAVY:
        importlib.import_module(module)
    own = Path(tempfile.mkdtemp(dir=valid.parent))
    os.environ["BENCHMARK_N_CACHE"] = str(own / "cache")
    for kind in formats.values():  # imports are not to be counted as an input's memory
        examine(formats, valid, own, seed, Case(kind.name, -1))
    return lambda case: examine(formats, valid, own, seed, case)


def examine(
    formats: Mapping[str, Format], valid: Path, own: Path, seed: int, case: Case
) -> tuple[str, str]:
    """Write the input, read it, and look whether anything was written elsewhere."""
    kind = formats[case.format]
    with tempfile.TemporaryDirectory(dir=own) as name:
        source, out = Path(name) / "in" / "deep" / "er", Path(name) / "out"
        source.mkdir(parents=True)
        out.mkdir()
        try:
            write_case(kind, source, valid / kind.name, seed, case)
        except BenchmarkNError as error:  # the package had a part in writing it
            return "refused", str(error)
        before = _files(Path(name), out)
        if any(size > LARGEST for size, _ in before.values()):
            return "finding", "the fuzzer wrote an input of more than 1 MB"
        try:
            kind.read(source, out)
            result = ("accepted", "")
        except BenchmarkNError as error:
            result = ("refused", str(error))
        except Exception as error:
            result = ("finding", _where(error))
        strayed = _files(Path(name), out).keys() - before.keys()
        return ("finding", f"wrote {sorted(strayed)[0]}") if strayed else result


def write_case(kind: Format, source: Path, valid: Path, seed: int, case: Case) -> None:
    """Put the case's input into the folder `source`."""
    if case.bomb:
        kind.bombs[case.bomb](source, valid)
    else:
        kind.write(Random(f"{seed}/{case.format}/{case.number}"), source, valid)


def _files(root: Path, without: Path) -> dict[str, tuple[int, int]]:
    found = (p for p in root.rglob("*") if p.is_file() and not p.is_relative_to(without))
    return {str(p): (p.lstat().st_size, p.lstat().st_mtime_ns) for p in found}


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "/tests/" not in f.filename]
    own = [
        f
        for f in ours
        if "benchmark_n" in f.filename
        or "/detectors/" in f.filename
        or "/evaluators/" in f.filename
    ]
    last = (own or ours or list(frames))[-1]
    text = " ".join(str(error).split())
    place = f"{Path(last.filename).name}:{last.lineno} {last.name}"
    return f"{type(error).__name__} at {place}: {text:.200}"
