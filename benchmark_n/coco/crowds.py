"""Files whose annotations are crowds: told, or read as instances where the user says so.

Crowds (``iscrowd`` 1) are regions of many instances: they are neither noised nor judged. CVAT
writes what was painted with its brush as crowds too, whatever it is.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from benchmark_n.coco.file import Buffer, CocoFile
from benchmark_n.coco.records import join_record, split_record
from benchmark_n.errors import InputError

_MOST = 0.5
_ADVICE = "read them as instances with `crowds_as_instances`"
_log = logging.getLogger(__name__)


def instances_of_crowds(coco: CocoFile) -> CocoFile:
    """The same file with every crowd made an instance, its record's ``iscrowd`` 0."""
    records = zip(coco.annotations, coco.crowd.tolist(), strict=True)
    annotations = [_instance(record) if crowd else record for record, crowd in records]
    return replace(coco, annotations=annotations, crowd=np.zeros(len(coco), np.bool_))


def _instance(record: Buffer) -> bytes:
    fields = split_record(record)
    known = [name for name in ("iscrowd", "is_crowd") if name in fields]
    return join_record(fields, dict.fromkeys(known, 0))


def check_crowds(coco: CocoFile) -> None:
    """Refuse a file of crowds alone; warn of one that has more of them than instances.

    Raises
    ------
    InputError
        All annotations are crowds.
    """
    crowds, name = int(coco.crowd.sum()), coco.path.name
    if crowds and crowds == len(coco):
        raise InputError(
            f"{name}: all {crowds} annotations are crowds (iscrowd 1), which are neither noised "
            f"nor judged: {_ADVICE}"
        )
    if crowds > _MOST * len(coco):
        _log.warning(
            "%s: %d of %d annotations are crowds (iscrowd 1), which are neither noised nor "
            "judged: if they are instances, %s",
            *(name, crowds, len(coco), _ADVICE),
        )
