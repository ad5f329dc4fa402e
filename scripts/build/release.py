"""Fill in the digests of a release whose data are at hand.

    python scripts/build/release.py [--release 1.0] [--data ../shared/data] [--only NAME]

Makes the benchmarks as `benchmark-n verify` does, and writes into the release's file the versions
of the recipes and the SHA-256 of sources and outputs as they are now; each that was another before
is told. What is not here stays as it is, unless its recipe is another now: its digests are then not
yet verified. Of a release that is frozen no digest changes: those that were not yet verified are
filled in, and where any other would be another nothing is written.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import msgspec

from benchmark_n.cards.release import NOT_VERIFIED, Entry, read_release, release_path
from benchmark_n.errors import InputError
from benchmark_n.experiments.release_checks import NOT_HERE, BenchmarkCheck
from benchmark_n.experiments.verify_release import recipe_of, verify_release
from benchmark_n.files.atomic import write_whole
from benchmark_n.files.json_yaml import dump_yaml
from benchmark_n.runtime.execution import Execution

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", "../shared/data"))


def blank(entry: Entry) -> Entry:
    """The entry with the recipe as it is now and no digest, so that all seeds are made."""
    recipe, clean = recipe_of(entry), entry.clean
    if clean is not None:
        clean = msgspec.structs.replace(clean, sha256=NOT_VERIFIED)
    return msgspec.structs.replace(
        entry,
        recipe=recipe.name,
        version=recipe.version,
        noisy=msgspec.structs.replace(entry.noisy, sha256=NOT_VERIFIED),
        clean=clean,
        outputs=dict.fromkeys(entry.outputs, NOT_VERIFIED),
    )


def filled(before: Entry, check: BenchmarkCheck) -> Entry:
    """The entry with what was made; where its data are not here, with the recipe as it is now.

    Digests of another recipe or version are dropped: nobody has verified them of this one.

    Raises
    ------
    InputError
        It could not be made.
    """
    if check.state == NOT_HERE:
        recipe, version = check.entry.recipe, check.entry.version
        if (before.recipe, before.version) == (recipe, version):
            return before
        outputs = dict.fromkeys(before.outputs, NOT_VERIFIED)
        return msgspec.structs.replace(before, recipe=recipe, version=version, outputs=outputs)
    if check.reason:
        raise InputError(f"{before.name}: {check.reason}")
    clean = before.clean
    if clean is not None and check.clean is not None:
        clean = msgspec.structs.replace(clean, sha256=check.clean)
    return msgspec.structs.replace(
        check.entry,
        clean=clean,
        noisy=msgspec.structs.replace(before.noisy, sha256=check.source),
        outputs={one.seed: one.found for one in check.seeds},
    )


def adds_alone(before: Entry, after: Entry) -> bool:
    """Whether recipe and digests are as they were, but for those that were not yet verified."""
    pairs: list[tuple[object, object]] = [
        ((before.recipe, before.version), (after.recipe, after.version)),
        (before.noisy.sha256, after.noisy.sha256),
        *((one, after.outputs[seed]) for seed, one in before.outputs.items()),
    ]
    if before.clean is not None and after.clean is not None:
        pairs.append((before.clean.sha256, after.clean.sha256))
    return all(known in (NOT_VERIFIED, now) for known, now in pairs)


def told(before: Entry, after: Entry, check: BenchmarkCheck) -> str:
    """What became of an entry, in words."""
    if check.state != NOT_HERE:
        return "as before" if after == before else "written anew"
    if after == before:
        return check.state
    return (
        f"{check.state}: recipe {before.recipe}, version {before.version}, is now {after.recipe}, "
        f"version {after.version}: its digests are {NOT_VERIFIED}"
    )


def build(path: Path, data: Path, only: list[str], workers: int | None) -> None:
    """Make what is chosen and write the file anew, its head of comments kept."""
    release = read_release(path)
    chosen = {entry.name for entry in release.chosen(only)}
    before = {entry.name: entry for entry in release.benchmarks}
    blanks = [blank(entry) for entry in release.benchmarks if entry.name in chosen]
    entries = dict(before)
    for check in verify_release(
        msgspec.structs.replace(release, benchmarks=blanks), data, execution=Execution(workers)
    ):
        name = check.entry.name
        entries[name] = filled(before[name], check)
        print(f"{name}: {told(before[name], entries[name], check)}", file=sys.stderr)
    others = [name for name in before if not adds_alone(before[name], entries[name])]
    if release.frozen and others:
        raise InputError(
            f"{path}: frozen on {release.frozen}: {', '.join(others)} would be another, nothing "
            "is written"
        )
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    head = "".join(line for line in lines if line.startswith("#"))
    written = msgspec.structs.replace(release, benchmarks=list(entries.values()))
    text = head + dump_yaml(msgspec.to_builtins(written))
    write_whole(path, text.encode())


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--release", default="1.0")
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    path = release_path(arguments.release)
    build(path, arguments.data, arguments.only, arguments.workers)


if __name__ == "__main__":
    main()
