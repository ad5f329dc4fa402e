"""Which image of one file is which of another: by file name and size, by id without names."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark_n.coco.file import CocoFile, Image
from benchmark_n.errors import InputError

# Folders of a name that are compared; deeper ones only where the whole names agree.
_DEEPEST = 32
_BY_IDS = "`match='all-ids'` goes by ids alone"
_SAME = "expected two files about the same images and categories"


@dataclass(frozen=True)
class ImageJoin:
    """Id in the second file to id in the first, and what it went by."""

    ids: Mapping[int, int]
    by: str


def join_images(first: CocoFile, second: CocoFile, *, by_id: bool = False) -> ImageJoin:
    """Find the images of `second` in `first`.

    By as much of the file names as agrees for all, read from their ends: the whole name, or the
    base name with some folders or none. An image is joined by id where it has no file name, or
    that of the same id has none.

    Parameters
    ----------
    by_id
        By id alone, whatever the names.

    Raises
    ------
    InputError
        An image of `second` that `first` lacks, that could be several there, or that is of
        another size.
    """
    named = (
        {}
        if by_id
        else {i: _parts(image) for i, image in second.images.items() if _named(image, first)}
    )
    here = {i: _parts(image) for i, image in first.images.items() if image.file_name}
    ids, by = _by_name(first, second, here, named) if named else ({}, "id")
    taken = set(ids.values())
    for identity in second.images:
        if identity in named:
            continue
        if identity not in first.images or identity in taken:
            raise InputError(
                f"{second.path.name}: image id {identity} is not in {first.path.name}: {_SAME}"
            )
        ids[identity] = identity
    if named and len(named) < len(second.images):
        by += " and id"
    _check_sizes(first, second, ids)
    return ImageJoin(ids, by)


def _named(image: Image, first: CocoFile) -> bool:
    """Whether an image is to be found by its name."""
    there = first.images.get(image.id)
    return bool(image.file_name) and (there is None or bool(there.file_name))


def _parts(image: Image) -> tuple[str, ...]:
    """Folders and base name; of a name that Windows wrote, too."""
    name = unicodedata.normalize("NFC", str(image.file_name)).replace("\\", "/")
    return tuple(part for part in name.split("/") if part not in ("", "."))


def _by_name(
    first: CocoFile,
    second: CocoFile,
    here: Mapping[int, tuple[str, ...]],
    named: Mapping[int, tuple[str, ...]],
) -> tuple[dict[int, int], str]:
    depth = _depth(here.values(), named.values())
    known = Counter(name[-depth:] for name in here.values())
    wanted = Counter(name[-depth:] for name in named.values())
    place = {name[-depth:]: identity for identity, name in here.items()}
    strange = [i for i, name in named.items() if name[-depth:] not in known]
    if strange:
        count = f" ({len(strange)} such)" if len(strange) > 1 else ""
        raise InputError(
            f"{second.path.name}: image {strange[0]} '{_shown(second, strange[0])}' is not in "
            f"{first.path.name}{count}: {_SAME}; {_BY_IDS}"
        )
    for coco, counts, names in ((first, known, here), (second, wanted, named)):
        twice = [i for i, n in names.items() if counts[n[-depth:]] > 1 and n[-depth:] in wanted]
        if twice:
            same = names[twice[0]][-depth:]
            other = next(i for i in twice[1:] if names[i][-depth:] == same)
            raise InputError(
                f"{coco.path.name}: images {twice[0]} '{_shown(coco, twice[0])}' and {other} "
                f"'{_shown(coco, other)}' cannot be told apart by file name, nor their partners in "
                f"{(second if coco is first else first).path.name}: expected each name once, or "
                f"equal folders; {_BY_IDS}"
            )
    return {i: place[name[-depth:]] for i, name in named.items()}, _by(depth, named.values())


def _depth(known: Iterable[tuple[str, ...]], wanted: Iterable[tuple[str, ...]]) -> int:
    """How many parts from the end all wanted names share with known ones; 1 where none does."""
    here, there = set(known), set(wanted)
    whole: int = max(map(len, (*here, *there)), default=1)
    depths = [whole, *range(min(whole - 1, _DEEPEST), 0, -1)]
    shared = ({n[-d:] for n in there} <= {n[-d:] for n in here} for d in depths)
    return next((d for d, all_known in zip(depths, shared, strict=True) if all_known), 1)


def _by(depth: int, names: Iterable[tuple[str, ...]]) -> str:
    if depth >= max(map(len, names)):
        return "file name"
    return "base name" if depth == 1 else f"the last {depth} parts of the file name"


def _shown(coco: CocoFile, identity: int) -> str:
    return f"{coco.images[identity].file_name!s:.80}"


def _check_sizes(first: CocoFile, second: CocoFile, ids: Mapping[int, int]) -> None:
    pairs = [(second.images[i], first.images[j]) for i, j in ids.items()]
    other = [(a, b) for a, b in pairs if (a.width, a.height) != (b.width, b.height)]
    if not other:
        return
    image, there = other[0]
    count = f" ({len(other)} such)" if len(other) > 1 else ""
    turned = all((a.width, a.height) == (b.height, b.width) for a, b in other)
    raise InputError(
        f"{second.path.name}: image {image.id} '{image.file_name!s:.80}' is {image.width}x"
        f"{image.height} px, but {there.width}x{there.height} px in {first.path.name}{count}: "
        f"masks of {'turned' if turned else 'resized'} pictures cannot be compared, expected one "
        "size"
    )
