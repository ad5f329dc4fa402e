"""How an annotation file is read, and the account of what was not read as it stands.

``docs/repairs.md`` has a fault a line: what each way of reading does with it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from benchmark_n.errors import UsageError
from benchmark_n.masks.segmentation import CUT, SHORT

_log = logging.getLogger(__name__)
BYTE_ORDER_MARK, NUMBERS = "byte_order_mark", "whole_numbers"
NO_AREA, CLIPPED = "without_area", "clipped"
# Kinds to what is wrong with records of each, and what becomes of them.
KINDS = {
    BYTE_ORDER_MARK: ("a UTF-8 byte-order mark, which is no JSON", "stripped"),
    NUMBERS: ('ids or sizes like 1.0 or "2"', "read as whole numbers"),
    SHORT: ("polygons of fewer than three points", "left out"),
    NO_AREA: ("annotations without area", "dropped"),
    CLIPPED: ("masks or boxes beyond the image", "clipped"),
    CUT: ("masks that lose more than 1 % of their area beyond the image", "cut at its border"),
}
_MOST_IDS = 5


@dataclass(frozen=True)
class ReadOptions:
    """What is done with records that are not as they should be.

    Parameters
    ----------
    repair
        Mend what can be: polygons of fewer than three points and annotations without area are
        dropped, masks and boxes clipped to the image, numbers in quotes read.
    strict
        Refuse whatever would not be read exactly as it stands.
    crowds_as_instances
        Read every annotation of ``iscrowd`` 1 as an instance, its ``iscrowd`` 0, as CVAT's brush
        masks are.

    Raises
    ------
    UsageError
        Both of them.

    Examples
    --------
    >>> ReadOptions(repair=True).strict
    False
    """

    repair: bool = False
    strict: bool = False
    crowds_as_instances: bool = False

    def __post_init__(self) -> None:
        if self.repair and self.strict:
            raise UsageError("`repair` and `strict` exclude one another: give one")

    def recorded(self) -> dict[str, bool]:
        """The options that change what is read, those that are set alone."""
        names = ("repair", "crowds_as_instances")
        return {name: True for name in names if getattr(self, name)}


@dataclass
class Repairs:
    """What of a file was not read as it stands: kinds, with the ids of the records concerned.

    A record counts once for a kind, however often it is read.

    Examples
    --------
    >>> repairs = Repairs()
    >>> repairs.add("short_polygons", 7)
    >>> repairs.counts
    {'short_polygons': 1}
    >>> repairs.line("short_polygons")
    'polygons of fewer than three points: 1 (first: 7)'
    """

    ids: dict[str, dict[object, None]] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def add(self, kind: str, identity: object) -> None:
        """A record of a kind of `KINDS`."""
        self.ids.setdefault(kind, {})[identity] = None

    @property
    def counts(self) -> dict[str, int]:
        """Kind to the number of records, in the order of `KINDS`."""
        return {kind: len(self.ids[kind]) for kind in KINDS if kind in self.ids}

    def line(self, kind: str) -> str:
        """What is wrong with the records of a kind, their count and the first ids."""
        first = ", ".join(str(i) for i in list(self.ids[kind])[:_MOST_IDS])
        more = ", …" if len(self.ids[kind]) > _MOST_IDS else ""
        return f"{KINDS[kind][0]}: {len(self.ids[kind])} (first: {first}{more})"

    def tell(self, name: str) -> None:
        """Warn of each kind once; `name` is the file's."""
        for kind in self.counts:
            if kind not in self._told:
                self._told.add(kind)
                _log.warning("%s: %s: %s", name, self.line(kind), KINDS[kind][1])

    def recorded(self) -> dict[str, dict[str, int]]:
        """``repairs`` with the counts, for a recipe or a result; nothing where there are none."""
        return {"repairs": self.counts} if self.ids else {}
