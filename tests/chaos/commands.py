"""The commands that are killed: what they work on, what they write, and how they are run again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from tests.chaos.processes import run_command

Digests = Mapping[str, str]
_SETTINGS = ("-q", "--seed", "3")


@dataclass(frozen=True)
class Command:
    """A command that writes into a folder of its own.

    Parameters
    ----------
    arguments
        Of the command, for the folder it works in.
    output
        What it writes in that folder.
    again
        Arguments to add when it is run again after a fault.
    finished
        A file of the output without which it is plainly not finished; empty where the output is
        there whole or not at all.
    prepare
        Puts what the command changes into its folder.
    scratch
        Patterns of what is no result (checkpoints that the next run goes on from, logs).
    workers
        Whether processes of its own do the work.
    """

    name: str
    arguments: Callable[[Path], list[str]]
    output: str = "out"
    again: tuple[str, ...] = ()
    finished: str = ""
    prepare: Callable[[Path], None] = lambda folder: None
    scratch: tuple[str, ...] = ()
    workers: bool = False

    def digests(self, folder: Path) -> Digests:
        """Path to SHA-256 of all files of the output; empty where there is none."""
        root = folder / self.output
        found = (path for path in sorted(root.rglob("*")) if path.is_file())
        names = {path.relative_to(root).as_posix(): path for path in found}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in names.items()
            if not any(fnmatch(name, pattern) for pattern in self.scratch)
        }

    def looks_finished(self, folder: Path) -> bool:
        """Whether a user would take the output for a result."""
        return (folder / self.output / self.finished).exists()


def blobs(path: Path, count: int) -> Path:
    """A COCO file of `count` annotations, ten an image, with the masks that noise changes."""
    rng = np.random.default_rng(5)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    annotations = []
    for number in range(count):
        centre, radius = rng.uniform(60, 200, 2), rng.uniform(15, 50, 24)
        ring = centre + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        annotations.append(
            {
                "id": number + 1,
                "image_id": number // 10 + 1,
                "category_id": number % 4 + 1,
                "segmentation": [ring.round(1).ravel().tolist()],
                "iscrowd": 0,
            }
        )
    document = {
        "images": [
            {"id": i + 1, "height": 256, "width": 256, "file_name": f"{i}.png"}
            for i in range(-(-count // 10))
        ],
        "annotations": annotations,
        "categories": [{"id": i + 1, "name": f"c{i}", "supercategory": "one"} for i in range(4)],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def make_command(root: Path, count: int, workers: int) -> Command:
    """`make` in one process or in two."""
    path = blobs(root / "blobs.json", count)
    return Command(
        "make" if workers == 1 else "make, two workers",
        lambda folder: [
            *("make", "--dataset", "custom", "--tier", "hard", "--annotations", str(path)),
            *("--out", str(folder / "out"), "--workers", str(workers), *_SETTINGS),
        ],
        workers=workers > 1,
    )


def weak_command(root: Path, images: int) -> Command:
    """`make` of a weak tier, by a segmenter of no time, in two processes."""
    return Command(
        "make, weak",
        lambda folder: [
            *("make", "--dataset", "scenes", "--num-images", str(images), "--tier", "wan-easy"),
            *("--segmenter", "ellipse"),
            *("--out", str(folder / "out"), "--workers", "2", *_SETTINGS),
        ],
        workers=True,
    )


def eval_command(root: Path, images: int) -> Command:
    """`eval` of cleanlab on drawn images, with evidence by the backbone that needs no weights."""
    benchmark = root / "scenes"
    made = [
        *("make", "--dataset", "scenes", "--num-images", str(images), "--tier", "hard"),
        *("--out", str(benchmark), "--workers", "1", *_SETTINGS),
    ]
    _must(made, root)
    return Command(
        "eval",
        lambda folder: [
            *("eval", str(benchmark), "--detector", "cleanlab", "--backbone", "hog"),
            *("--evidence-dir", str(folder / "evidence"), "--out", str(folder / "out")),
            *("--workers", "2", "-q"),
        ],
        finished="cleanlab/results.json",  # a folder for each detector is what appears whole
        workers=True,
    )


def train_command(root: Path, patients: int) -> Command:
    """`train` of a small U-Net on drawn hearts."""
    benchmark = root / "phantom"
    made = [
        *("make", "--dataset", "phantom", "--num-images", str(patients), "--tier", "easy"),
        *("--out", str(benchmark), "--workers", "1", *_SETTINGS),
    ]
    _must(made, root)
    return Command(
        "train",
        lambda folder: [
            *("train", str(benchmark), "--model", "tiny-unet", "--work-dir", str(folder / "out")),
            *("--cfg-option", "size=32", "--cfg-option", "epochs=3", "--device", "cpu", "-q"),
        ],
        again=("--resume",),
        finished="results.json",
        scratch=("last.pt",),
    )


def train_mmdet_command(root: Path) -> Command:
    """`train` of one of MMDetection's models on drawn shapes, two epochs of two steps."""
    import benchmark_n.mmdet.plugins  # noqa: F401  loaded before all forks, as torch is
    from tests.mmdet.samples import FAST, small_benchmark

    benchmark = small_benchmark(root / "small").path
    settings = [word for item in FAST.items() for word in ("--cfg-option", "{}={}".format(*item))]
    return Command(
        "train, MMDetection",
        lambda folder: [
            *("train", str(benchmark), "--model", "tiny-mask-rcnn", "--init", "none"),
            *("--work-dir", str(folder / "out"), "--device", "cpu", "-q", *settings),
        ],
        again=("--resume",),
        finished="results.json",
        scratch=("epoch_*.pth", "last_checkpoint", "tiny-mask-rcnn.py", "20*"),
    )


def review_command(root: Path) -> Command:
    """`review import`, which appends to a trail and writes a corrected file."""
    from tests.review.samples import decide, exported

    folder = root / "review"
    folder.mkdir()
    exported(folder)

    def copy_review(place: Path) -> None:
        shutil.copytree(folder / "review", place / "review")

    words = {7: "remove", 9: "accept", 10: "accept", 8: "keep"}
    decide(folder, {i: {"decision": word, "who": "a"} for i, word in words.items()})
    return Command(
        "review import",
        lambda place: [
            *("review", "import", str(place / "review"), "--when", "2026-01-01"),
            *("--decisions", str(folder / "filled.csv"), "-q"),
        ],
        output="review",
        finished="corrected.json",
        prepare=copy_review,
    )


def _must(arguments: list[str], root: Path) -> None:
    ended = run_command(arguments, root / "log")
    if ended.code:
        raise RuntimeError(ended.error)
