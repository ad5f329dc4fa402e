"""``local.yaml``: where images lie on this machine, believed only where this machine wrote it.

The file is never published, but an archive of the directory carries it. From there it could name
any folder of the machine that it is unpacked on, whose pictures would then be shown in pages and
crops. So it holds a code of its own content and of the benchmark's checksums, made with a secret
of the user's cache: without that nobody can write one, and none goes with another benchmark.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from benchmark_n.benchmark import layout
from benchmark_n.errors import InputError
from benchmark_n.files.cache import cache_folder, machine_key
from benchmark_n.files.json_yaml import read_yaml

FOLDERS = ("images", "val_images")
_MARK = "made_here"
_log = logging.getLogger(__name__)


def local_entries(benchmark: Path, folders: Mapping[str, Path | None]) -> dict[str, str | None]:
    """What ``local.yaml`` holds: absolute folders by the names in `FOLDERS`, and the code.

    The benchmark's checksums have to be there already.
    """
    named = {name: str(path.resolve()) if path else None for name, path in folders.items()}
    code = _code(benchmark, named, create=True)
    if code is None:
        _log.warning("%s: no secret can be kept there: images have to be named", cache_folder())
    return {**named, _MARK: code}


def local_folders(benchmark: Path) -> dict[str, Path | None]:
    """The folders that ``local.yaml`` names, where it was written here; else none, and a warning.

    Raises
    ------
    InputError
        It is no list of folders.
    """
    path = benchmark / layout.LOCAL
    entries = read_yaml(path, "list of folders") if path.is_file() else {}
    if not isinstance(entries, dict):
        raise InputError(f"{path}: {entries!r:.40}, expected folders by name")
    named = {name: _text(path, name, entries.get(name)) for name in FOLDERS}
    if any(named.values()) and not _is_ours(benchmark, named, entries.get(_MARK)):
        wanted = " and ".join(f"`{name}=DIR`" for name, place in named.items() if place)
        _log.warning(
            "%s: was not written by you on this machine for this benchmark, so the folders that "
            "it names are not looked into: name them by %s",
            path,
            wanted,
        )
        return dict.fromkeys(FOLDERS)
    return {name: Path(place) if place else None for name, place in named.items()}


def _text(path: Path, name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InputError(f"{path}: {name} is {value!r:.40}, expected a folder")
    return value


def _is_ours(benchmark: Path, named: Mapping[str, str | None], mark: object) -> bool:
    code = _code(benchmark, named, create=False)
    return code is not None and hmac.compare_digest(code.encode(), str(mark).encode())


def _code(benchmark: Path, named: Mapping[str, str | None], *, create: bool) -> str | None:
    key = machine_key(create=create)
    if key is None:
        return None
    sums = hashlib.sha256((benchmark / layout.CHECKSUMS).read_bytes()).hexdigest()
    text = json.dumps([sums, *(named.get(name) for name in FOLDERS)])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
