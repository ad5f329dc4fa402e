"""COCO: the corrected file itself, under the name and in the archive that the source had."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from benchmark_n.coco import CocoFile
from benchmark_n.coco.exports import archive_member
from benchmark_n.review.lineage import without_lineage

Files = dict[str, bytes]
# ZIP archives hold times from 1980 on: the same corrections are the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def returned(corrected: CocoFile, source: Path) -> tuple[Files, list[str]]:
    """The corrected file's bytes; of a source in an archive, an archive with that one member.

    Its lineage is left out: a tool gets back the sections that it wrote.
    CVAT takes its own ``annotations/instances_default.json`` in a ZIP archive again. Pictures are
    where the source has them.
    """
    data = without_lineage(corrected.path.read_bytes())
    inside = archive_member(source)
    if inside is None:
        return {source.name: data}, []
    archive, member = inside
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as made:
        info = zipfile.ZipInfo(member, _EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        made.writestr(info, data)
    return {archive.name: box.getvalue()}, []
