"""Exports of annotation tools as they come: a folder or a ZIP archive that holds a COCO file.

Such as CVAT's ``task.zip`` (``annotations/instances_default.json`` and ``images/``), Roboflow's
folders (``train/_annotations.coco.json`` beside its pictures), or COCO's own archives. One file of
several is named by its path below the folder or archive: ``task.zip/annotations/one.json``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from benchmark_n.errors import InputError, did_you_mean
from benchmark_n.files.archives import member_names, unpack_members
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.json_yaml import JSON_FAULTS
from benchmark_n.files.provenance import file_digest

_PICTURES = (*(".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif"), ".ppm", ".pgm")
_DEEPEST = 4  # folders below an export's in which its annotations are looked for
# Files that tools put beside those of the instances.
_OTHERS = ("captions_", "person_keypoints_", "panoptic_", "image_info_", "stuff_")
_DIGITS = 16


@dataclass(frozen=True)
class Export:
    """What was found: the COCO file, and the folder of its pictures where they came with it."""

    annotations: Path
    images: Path | None = None


class _Named(msgspec.Struct):
    file_name: str | None = None


class _Images(msgspec.Struct):
    images: list[_Named]


def open_export(path: Path | str) -> Export:
    """The COCO file that a path stands for, and its pictures where it is an export with some.

    Parameters
    ----------
    path
        A file, which is taken as it is; a folder; a ZIP archive, which is unpacked into the cache;
        or a file in one of these.

    Raises
    ------
    InputError
        No COCO file or several of them, or an archive that is broken, too large, or leads out of
        its own folder.

    Examples
    --------
    >>> open_export("instances.json").annotations.name
    'instances.json'
    """
    path = Path(path)
    annotations = annotation_file(path)
    if annotations == path:
        return Export(path)
    root = path if path.is_dir() else annotations.parent
    archive = _archive(path)
    if archive is not None:
        root = _cache_of(archive)
        pictures = [n for n in member_names(archive) if n.lower().endswith(_PICTURES)]
        unpack_members(archive, [name for name in pictures if _is_plain(name)], root)
    return Export(annotations, _images_of(annotations, root))


def annotation_file(path: Path) -> Path:
    """The COCO file that a path stands for, as `open_export` finds it; no picture is unpacked."""
    archive = _archive(path)
    if archive is not None:
        inner = path.relative_to(archive).as_posix()
        names = [n for n in member_names(archive) if n.lower().endswith(".json") and _is_plain(n)]
        name = _choose(names, path, None if inner == "." else inner)
        unpack_members(archive, [name], _cache_of(archive))
        return _cache_of(archive) / name
    if not path.is_dir():
        return path
    found = (file for depth in range(_DEEPEST) for file in path.glob("*/" * depth + "*.json"))
    names = [file.relative_to(path).as_posix() for file in found]
    return path / _choose([name for name in names if _is_plain(name)], path, None)


def archive_member(path: Path) -> tuple[Path, str] | None:
    """The archive that an annotation file lies in, and its name there; None outside of one."""
    archive = _archive(path)
    if archive is None:
        return None
    return archive, annotation_file(path).relative_to(_cache_of(archive)).as_posix()


def annotation_place(path: Path) -> Path:
    """Where the COCO file lies that a path stands for: in an archive, its path through that."""
    inside = archive_member(path)
    return annotation_file(path) if inside is None else inside[0] / inside[1]


def _archive(path: Path) -> Path | None:
    """The archive that the path is, or lies in."""
    for place in (path, *path.parents):
        if place.is_file():
            return place if zipfile.is_zipfile(place) else None
    return None


def _cache_of(archive: Path) -> Path:
    return cache_folder() / "exports" / file_digest(archive)[:_DIGITS]


def _is_plain(name: str) -> bool:
    """No hidden file or folder, such as those that macOS puts into archives."""
    return not any(
        (part.startswith(".") and part not in (".", "..")) or part == "__MACOSX"
        for part in PurePosixPath(name).parts
    )


def _choose(names: Iterable[str], path: Path, wanted: str | None) -> str:
    """The one file, or the one of instances; which there are, where that is not clear."""
    known = sorted(names)
    if wanted is not None:
        if wanted not in known:
            raise InputError(f"{path}: not in the archive: {did_you_mean(wanted, known)}")
        return wanted
    of_instances = [n for n in known if not PurePosixPath(n).name.startswith(_OTHERS)]
    for chosen in (known, of_instances):
        if len(chosen) == 1:
            return chosen[0]
    if not known:
        raise InputError(f"{path}: no JSON file in it, expected a COCO file (*.json)")
    listed = ", ".join(str(path / name) for name in (of_instances or known)[:_DIGITS])
    raise InputError(f"{path}: {len(known)} JSON files, expected one: name one of {listed}")


def _images_of(annotations: Path, root: Path) -> Path | None:
    """The folder in which the first picture lies that the file names."""
    try:
        document = msgspec.json.decode(
            annotations.read_bytes().lstrip(b"\xef\xbb\xbf"), type=_Images
        )
    except (OSError, *JSON_FAULTS):
        return None
    name = next((image.file_name for image in document.images if image.file_name), None)
    if name is None:
        return None
    split = annotations.stem.rpartition("_")[2]
    places = [annotations.parent, root]
    places += [place / "images" for place in tuple(places)]
    places += [root / split, root / "images" / split]
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        relative = Path(relative.name)
    return next((place for place in places if (place / relative).is_file()), None)
