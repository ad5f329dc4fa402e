"""What comes back from a review: decisions in five formats, the review's own files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from benchmark_n.review import FORMATS as TOOLS
from benchmark_n.review import import_decisions, judge
from tests.fuzzing.formats import Format
from tests.fuzzing.values import damaged, json_bytes, nested

_FILES = {
    "csv": "decisions.csv",
    "cvat": "annotations.xml",
    "labelstudio": "export.json",
    "fiftyone": "labels.json",
    "page": "decided.json",
}
_WORDS = ("keep", "accept", "relabel", "redraw", "change", "remove", "undecided", "x", "")


def _prepare(folder: Path) -> None:
    """A review for each tool, with decisions filled in as the tool gives them back."""
    from tests.review.samples import exported, page_file

    for tool in TOOLS:
        (folder / tool).mkdir()
        exported(folder / tool, tool)
        review = folder / tool / "review"
        data = json.loads((review / "review.json").read_bytes())
        data["annotations"]["path"] = "instances.json"  # found beside it, wherever it is copied
        (review / "review.json").write_text(json.dumps(data))
    _fill_csv(folder / "csv" / "review" / "decisions.csv")
    xml = folder / "cvat" / "review" / "annotations.xml"
    xml.write_text(xml.read_text().replace('"decision">undecided', '"decision">keep'))
    labels = folder / "fiftyone" / "review" / "labels.json"
    labels.write_text(labels.read_text().replace('"undecided"', '"redraw"'))
    (folder / "labelstudio" / "review" / "export.json").write_text(json.dumps(_TASKS))
    decided: list[dict[str, Any]] = [{"annotation_id": 7, "decision": "accept"}]
    decided.append({"annotation_id": 8})
    page_file(folder / "page" / "review", decided).rename(
        folder / "page" / "review" / _FILES["page"]
    )


def _fill_csv(path: Path) -> None:
    import csv

    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, word in zip(rows, ("remove", "relabel", "accept", "keep"), strict=True):
        row |= {"decision": word, "category": "dog", "who": "a", "when": "2026-01-01"}
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


_TASKS = [
    {
        "id": 1,
        "data": {"annotation_id": 7},
        "annotations": [
            {
                "completed_by": 3,
                "updated_at": "2026-01-01T00:00:00Z",
                "result": [
                    {"from_name": "decision", "type": "choices", "value": {"choices": ["change"]}},
                    {"from_name": "why", "type": "textarea", "value": {"text": ["because"]}},
                    {
                        "from_name": "label",
                        "type": "polygonlabels",
                        "original_width": 64,
                        "original_height": 48,
                        "value": {
                            "points": [[10, 10], [50, 10], [50, 50]],
                            "polygonlabels": ["dog"],
                        },
                    },
                ],
            }
        ],
    }
]


def _write(rng: Random, folder: Path, valid: Path) -> None:
    tool = rng.choice(list(_FILES))
    shutil.copytree(valid / tool, folder, dirs_exist_ok=True)
    name = rng.choice([_FILES[tool]] * 5 + ["review.json"] * 2 + ["audit.jsonl"])
    path = folder / "review" / name
    if name == "audit.jsonl":
        import_decisions(
            folder / "review",
            folder / "review" / _FILES[tool],
            who="a",
            when="2026-01-01",
            annotations=folder / "instances.json",
        )
        lines = path.read_bytes().splitlines(keepends=True)
        lines[0] = json_bytes(json.loads(lines[0]), rng) + b"\n"
        path.write_bytes(b"".join(lines))
    elif name.endswith(".json"):
        path.write_bytes(json_bytes(json.loads(path.read_bytes()), rng))
    else:
        text = path.read_text()
        for _ in range(rng.randint(0, 2)):
            text = text.replace(rng.choice(_WORDS[:5]), rng.choice(_WORDS), 1)
        path.write_bytes(damaged(text.encode(), rng))


def _read(folder: Path, out: Path) -> None:
    """Imported into a copy, since a review is written to; then judged."""
    review = out / "review"
    shutil.copytree(folder / "review", review)
    decisions = next(
        folder / "review" / n for n in _FILES.values() if (folder / "review" / n).is_file()
    )
    import_decisions(
        review, decisions, who="a", when="2026-01-01", annotations=folder / "instances.json"
    )
    judge(review)


def _bomb(tool: str, data: str) -> Callable[[Path, Path], None]:
    def write(folder: Path, valid: Path) -> None:
        shutil.copytree(valid / tool, folder, dirs_exist_ok=True)
        (folder / "review" / _FILES[tool]).write_text(data)

    return write


_XML_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "hahahahahaha">'
    + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    + "]><annotations>&a9;</annotations>"
)
_MASK = (
    '<annotations><image id="0" name="a" width="64" height="48"><mask label="cat" rle="{rle}" '
    'left="0" top="0" width="{w}" height="{h}"><attribute name="annotation_id">7</attribute>'
    '<attribute name="decision">redraw</attribute></mask></image></annotations>'
)
BOMBS = {
    "billion laughs in XML": _bomb("cvat", _XML_LAUGHS),
    "external entity": _bomb(
        "cvat",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotations>&x;</annotations>',
    ),
    "nested XML": _bomb("cvat", "<a>" * 200_000),
    "mask of 10^18 px": _bomb("cvat", _MASK.format(rle=10**18, w=10**9, h=10**9)),
    "run beyond 64 bits": _bomb("cvat", _MASK.format(rle=10**40, w=10**20, h=10**20)),
    "nested export": _bomb("labelstudio", str(nested(200_000))),
    "nested COCO": _bomb("fiftyone", '{"categories":' * 70_000),
    "nested segmentation in CSV": _bomb(
        "csv", 'annotation_id,decision,segmentation\n7,redraw,"' + "[" * 100_000 + '"\n'
    ),
    "long field in CSV": _bomb("csv", "annotation_id,decision\n7," + "x" * 900_000 + "\n"),
    "digits in CSV": _bomb("csv", "annotation_id,decision\n" + "9" * 100_000 + ",keep\n"),
}

FORMATS = (Format("review", _prepare, _write, _read, 8, BOMBS),)
