"""Download the annotations of datasets that anybody may download; say how to get the others."""

from __future__ import annotations

import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path

from benchmark_n.datasets.base import Archive, Dataset
from benchmark_n.datasets.open import check_split, default_root
from benchmark_n.errors import InputError
from benchmark_n.files.archives import unpack_member
from benchmark_n.files.cache import cache_folder
from benchmark_n.runtime.progress import Progress


@dataclass(frozen=True)
class Fetched:
    """The annotation files that are in place now, and what is left for the user to do.

    `digests` maps each archive to its SHA-256, for those whose publisher states no checksum.
    """

    files: tuple[Path, ...]
    steps: tuple[str, ...]
    digests: dict[str, str]


def fetch(
    dataset: Dataset,
    split: str | None = None,
    root: Path | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Download and unpack a dataset's annotation archives under its root.

    Parameters
    ----------
    split
        One split; by default training and validation. Files that are there stay as they are.
    progress
        Called with (bytes done, bytes in all).

    Raises
    ------
    InputError
        No connection, or an archive that is not the published one; nothing is unpacked then.
    """
    place = root or default_root(dataset)
    if not dataset.archives:
        return Fetched((), dataset.steps, {})
    splits = dataset.splits[:2] if split is None else (check_split(dataset, split),)
    files: dict[Path, None] = {}
    digests: dict[str, str] = {}
    for archive in {dataset.archives[name].url: dataset.archives[name] for name in splits}.values():
        missing = [name for name in archive.members if not (place / name).is_file()]
        if missing:
            path = _download(archive, progress)
            _unpack(path, missing, place)
            if archive.checksum is None:
                digests[archive.url] = _digest(path)
        files |= dict.fromkeys(place / name for name in archive.members)
    return Fetched(tuple(files), dataset.steps[1:], digests)


def _download(archive: Archive, progress: Progress | None) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(progressbar=_Bar(progress) if progress else False)
    name = archive.url.rpartition("/")[2]
    try:
        path = pooch.retrieve(
            archive.url,
            archive.checksum,
            fname=name,
            path=cache_folder() / "archives",
            downloader=downloader,
        )
    except requests.RequestException as error:
        text = " ".join(str(error).split())
        raise InputError(f"{archive.url}: cannot be downloaded: {text:.160}") from None
    except ValueError:
        raise InputError(
            f"{archive.url}: the download has another checksum than the published "
            f"{archive.checksum}: try again later"
        ) from None
    except OSError as error:
        raise InputError(f"{archive.url}: cannot be kept in the cache: {error}") from None
    return Path(path)


def _unpack(archive: Path, members: list[str], root: Path) -> None:
    """Each member appears under its name when it is complete."""
    try:
        with zipfile.ZipFile(archive) as box:
            for member in members:
                unpack_member(box, member, root / member)
    except KeyError:
        raise InputError(f"{archive.name}: no {member} in the archive") from None
    except (zipfile.BadZipFile, OSError) as error:
        archive.unlink(missing_ok=True)
        raise InputError(f"{archive.name}: cannot be unpacked under {root}: {error}") from None


def _digest(path: Path) -> str:
    import pooch

    return str(pooch.file_hash(str(path)))


class _Bar:
    """What pooch expects of a progress bar, over a `Progress` function."""

    def __init__(self, progress: Progress) -> None:
        self.total = 0
        self._done = 0
        self._progress = progress

    def update(self, count: int) -> None:
        self._done += count
        self._progress(self._done, self.total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Nothing to close."""
