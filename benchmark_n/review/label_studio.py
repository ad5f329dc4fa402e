"""Label Studio: tasks with the given outlines, and its JSON export.

References
----------
.. [1] Label Studio, "Import pre-annotated data": tasks of ``data`` and ``predictions``.
.. [2] Label Studio, tag PolygonLabels: ``value.points`` in percent of the image's sides.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from benchmark_n.coco.images import local_name
from benchmark_n.errors import InputError
from benchmark_n.masks import SegmentationError
from benchmark_n.review.decision import (
    CHANGE,
    REDRAW,
    RELABEL,
    UNDECIDED,
    Decision,
    make_decision,
    whole_number,
)
from benchmark_n.review.items import Review
from benchmark_n.review.label_studio_config import labeling_config
from benchmark_n.review.outlines import drawn_mask, outlines
from benchmark_n.review.private import is_hidden
from benchmark_n.review.reasons import detectors_of, reasons
from benchmark_n.review.shown import GIVEN, IMAGES, Shown, describe

_log = logging.getLogger(__name__)
TASKS, CONFIG = "tasks.json", "labeling_config.xml"
# How Label Studio names files of its local storage, below LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT.
_LOCAL = "/data/local-files/?d="
_NUMBERED = "user "
# First and last name, address and number: "Anna Miller anna@example.org, 3".
_USERNAME = re.compile(r"(\S+@\S+), \d+$")


def write(folder: Path, review: Review, shown: list[Shown], name: str = "review") -> None:
    """Write ``tasks.json`` and ``labeling_config.xml``.

    Parameters
    ----------
    name
        Where the folder is to lie below the document root: files of the root itself are not served,
        since a storage has to be a folder in it.
    """
    detectors = detectors_of(review)
    tasks = [_task(review, one, name, detectors) for one in shown]
    lines = ",\n".join(json.dumps(task) for task in tasks)
    (folder / TASKS).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    crops = all(one.item.crop for one in shown)
    (folder / CONFIG).write_text(labeling_config(review, crops), encoding="utf-8")


def _task(review: Review, one: Shown, name: str, detectors: Collection[str]) -> dict[str, Any]:
    described, hidden = describe(review, one.item), is_hidden(one.item)
    flagged = f" ({described['kind']}, score {described['score']:.3f}, {described['detector']})"
    about = (
        f"annotation {described['annotation_id']}: given {described['given'] or 'nothing'}, "
        f"suggested {_suggestion(described, hidden)}{'' if hidden else flagged}"
        + (f"; guideline {described['guideline']}" if review.guideline else "")
    )
    picture = one.picture or f"{IMAGES}/{local_name(one.file_name)}"
    data = {**described, "image": local_address(f"{name}/{picture}"), "about": about}
    data["reasons"] = " ".join(reasons(one, review, detectors))
    data["crop"] = local_address(f"{name}/{described['crop']}") if described["crop"] else ""
    data["outlines"] = [] if one.given is None else outlines(one.given)
    given = [_given(one, described["given"], data["outlines"])] if data["outlines"] else []
    return {"data": data, "predictions": given}


def _suggestion(described: dict[str, Any], hidden: bool) -> str:
    """What is suggested, and the detector's name of each unless that is hidden."""
    by = {
        name: "" if hidden else f" by {described[name]}"
        for name in ("category_detector", "mask_detector")
    }
    parts = []
    if described["suggested_category"]:
        parts.append(f"{described['suggested_category']}{by['category_detector']}")
    if described["suggests_mask"]:
        parts.append(f"{'another' if described['given'] else 'a'} mask{by['mask_detector']}")
    return " and ".join(parts) or "nothing"


def local_address(name: str) -> str:
    """The address of a file in the local storage."""
    return _LOCAL + quote(name)


def _given(one: Shown, label: str, drawn: list[dict[str, Any]]) -> dict[str, Any]:
    """The given outlines, which Label Studio opens a task with; nobody's opinion is among them."""
    regions = [
        {
            "id": f"{one.item.annotation_id}-{GIVEN}-{part}",
            "from_name": "mask",
            "to_name": "image",
            "type": "polygonlabels",
            "original_width": one.image.width,
            "original_height": one.image.height,
            "image_rotation": 0,
            "value": {"points": outline["points"], "closed": True, "polygonlabels": [label]},
        }
        for part, outline in enumerate(drawn)
    ]
    return {"model_version": GIVEN, "score": 0.0, "result": regions}


def read(path: Path) -> list[Decision]:
    """The decisions of a JSON export (not JSON-MIN); skipped tasks and drafts are undecided."""
    tasks = msgspec.json.decode(path.read_bytes())
    found: list[Decision] = []
    for task in tasks:
        if not isinstance(task, dict) or "annotations" not in task or "data" not in task:
            raise InputError(
                f"{path.name}: a task without data and annotations, expected Label Studio's JSON "
                "export (not JSON-MIN)"
            )
        try:
            identity = whole_number(path, task["data"].get("annotation_id"))
            finished = [one for one in task["annotations"] if not one.get("was_cancelled")]
            given = task["data"].get("outlines") or []
            found += [_decision(path, identity, one, given) for one in finished]
            if not finished:
                found.append(Decision(identity, UNDECIDED))
        except SegmentationError as error:
            raise InputError(f"{path.name}: annotation {identity}: {error}") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path.name}: task {task.get('id')}: not Label Studio's JSON export: {error!r}"
            ) from None
    _tell_of_numbers(path, found)
    return found


def _tell_of_numbers(path: Path, found: Collection[Decision]) -> None:
    """A warning where reviewers are not named: the usual export has their numbers alone."""
    numbers = sorted({one.who for one in found if one.who.startswith(_NUMBERED)})
    if numbers:
        _log.warning(
            "%s: reviewers go by their numbers (%s): an export snapshot with completed_by in full "
            "has their addresses",
            path.name,
            ", ".join(numbers),
        )


def _decision(
    path: Path, identity: int, annotation: dict[str, Any], given: list[dict[str, Any]]
) -> Decision:
    results = annotation.get("result") or []
    regions = [one for one in results if one.get("type") == "polygonlabels"]
    fields = {
        "annotation_id": identity,
        "decision": next(_values(results, "decision", "choices"), ""),
        "why": " ".join(_values(results, "why", "text")),
        "who": _person(annotation.get("completed_by"), annotation.get("created_username")),
        "when": annotation.get("updated_at") or annotation.get("created_at") or "",
    }
    labels = sorted({label for region in regions for label in region["value"]["polygonlabels"]})
    if len(labels) > 1 and fields["decision"] in (RELABEL, CHANGE):
        raise InputError(
            f"{path.name}: annotation {identity}: regions labelled {' and '.join(labels)}, "
            "expected one category"
        )
    mask = None
    if regions and fields["decision"] in (REDRAW, CHANGE):
        size = regions[0]["original_height"], regions[0]["original_width"]
        mask = drawn_mask([region["value"]["points"] for region in regions], given, *size)
    decision = make_decision(path, fields, labels[0] if labels else None, mask)
    # Regions without a decision may be those of any pre-annotation: they say nothing.
    if decision is None or decision.action == UNDECIDED:
        return Decision(identity, UNDECIDED)
    return decision


def _values(results: list[dict[str, Any]], name: str, key: str) -> Iterator[str]:
    for one in results:
        if one.get("from_name") == name:
            value = one["value"][key]
            yield from ([value] if isinstance(value, str) else value)


def _person(value: Any, name: Any) -> str:
    """The e-mail address where the export has it, with the number or in ``created_username``."""
    if isinstance(value, dict) and value.get("email"):
        return str(value["email"])
    found = _USERNAME.search(name) if isinstance(name, str) else None
    if found is not None:
        return found[1]
    if isinstance(value, dict):
        return str(value.get("id") or "")
    return "" if value is None else f"{_NUMBERED}{value}"
