"""Which fields of the clean file a benchmark publishes, by list, and how the others are split off.

A field that nobody here knows may repeat the clean category, the area or the number of instances.
So what is not on these lists stays with the truth, unless the user asks for it by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from benchmark_n.coco.file import Buffer
from benchmark_n.coco.records import join_record, split_record

ANNOTATION_FIELDS = (
    *("id", "image_id", "category_id", "bbox", "area", "iscrowd", "is_crowd", "segmentation"),
)
IMAGE_FIELDS = (
    # The file.
    *("id", "width", "height", "file_name", "license", "flickr_url", "coco_url", "url"),
    *("date_captured", "captured_at", "datetime", "source_id"),
    # LVIS: which categories were looked for, and for which not all instances are there.
    *("neg_category_ids", "not_exhaustive_category_ids"),
    # What is independent of one another: whose picture, and from where.
    *("patient", "patient_id", "subject", "subject_id", "case", "case_id", "study", "study_id"),
    *("series", "series_id", "volume", "volume_id", "sequence", "sequence_id", "seq_id"),
    *("video", "video_id", "site", "hospital", "lab", "city", "location", "scanner", "camera"),
    # Where in it.
    *("view", "instant", "frame", "frame_id", "frame_index", "frame_num", "slice", "slice_index"),
    # How it was taken, and of whom.
    *("spacing", "modality", "image_quality", "sex", "age"),
)
# Counted anew in what is published; the source's own counts tell what is missing.
COUNT_FIELDS = ("instance_count", "image_count")
CATEGORY_FIELDS = (
    *("id", "name", "supercategory", "synset", "synonyms", "def", "frequency"),
    *("keypoints", "skeleton", "isthing", "color", *COUNT_FIELDS),
)
SECTIONS = ("info", "licenses", "images", "annotations", "categories", "videos")
# Reference values of the patient, out of clean masks: known to be withheld, so nobody is warned.
REFERENCE_FIELDS = ("ef", "edv", "esv")

Fields = dict[str, msgspec.Raw]
_records = msgspec.json.Decoder(list[msgspec.Raw])
# Reads the records that have no further field, which are most, faster than they are split.
_plain = msgspec.json.Decoder(
    msgspec.defstruct(
        "_PlainRecord",
        [(name, msgspec.Raw, msgspec.Raw()) for name in ANNOTATION_FIELDS],
        forbid_unknown_fields=True,
        gc=False,
    )
)


def split_fields(fields: Fields, listed: Collection[str]) -> tuple[Fields, Fields]:
    """The fields that are listed, and the others, both in their own order.

    >>> split_fields({"id": msgspec.Raw(b"1"), "ef": msgspec.Raw(b"53")}, IMAGE_FIELDS)[1].keys()
    dict_keys(['ef'])
    """
    further = {name: value for name, value in fields.items() if name not in listed}
    return {name: value for name, value in fields.items() if name not in further}, further


def split_annotation(record: Buffer, keep: Collection[str] = ()) -> tuple[bytes, Fields]:
    """An annotation record without its further fields, and these.

    Parameters
    ----------
    keep
        Names of further fields that stay.

    Examples
    --------
    >>> split_annotation(b'{"id":1,"category_name":"cat","area":9}')[0]
    b'{"id":1,"area":9}'
    """
    try:
        _plain.decode(record)
    except msgspec.ValidationError:
        listed = (*ANNOTATION_FIELDS, *keep)
        passed, further = split_fields(split_record(record), listed)
        return (join_record(passed, {}) if further else bytes(record)), further
    return bytes(record), {}


def split_records(section: Buffer, listed: Collection[str]) -> tuple[Buffer, list[Fields]]:
    """Image or category records with the `listed` fields alone, and what each had besides.

    Returns
    -------
    section
        The same bytes where no record has further fields.
    withheld
        The id and the further fields of each record that has some.
    """
    records: list[Buffer] = []
    withheld = []
    for record in _records.decode(section):
        passed, further = split_fields(split_record(record), listed)
        records.append(join_record(passed, {}) if further else record)
        if further:
            withheld.append({"id": passed["id"], **further})
    return (joined_section(records) if withheld else section), withheld


def recount(
    section: Buffer, counts: Mapping[str, Mapping[int, int]]
) -> tuple[Buffer, list[Fields]]:
    """Category records with the numbers of what is published, and the source's numbers.

    Parameters
    ----------
    counts
        Name of a field to the numbers by category id. Records without the field get none.

    Returns
    -------
    section, withheld
        As of `split_records`.
    """
    records: list[Buffer] = []
    withheld = []
    for record in _records.decode(section):
        fields = split_record(record)
        identity = msgspec.json.decode(fields["id"])
        new = {name: of.get(identity, 0) for name, of in counts.items() if name in fields}
        records.append(join_record(fields, new) if new else record)
        if new:
            withheld.append({"id": fields["id"], **{name: fields[name] for name in new}})
    return (joined_section(records) if withheld else section), withheld


def put_back(record: Buffer, further: Mapping[str, msgspec.Raw]) -> bytes:
    """An annotation record with what was withheld of it, which comes last."""
    return join_record(split_record(record), further) if further else bytes(record)


def put_back_in(section: Buffer, withheld: Iterable[Fields]) -> Buffer:
    """Image or category records with what was withheld of those that `withheld` names by id."""
    further = merged(withheld)
    if not further:
        return section
    fields = (split_record(record) for record in _records.decode(section))
    return joined_section([join_record(one, further.get(bytes(one["id"]), {})) for one in fields])


def merged(withheld: Iterable[Fields]) -> dict[bytes, Fields]:
    """Id, as its JSON, to all that is withheld of the record of that id."""
    found: dict[bytes, Fields] = {}
    for fields in withheld:
        found.setdefault(bytes(fields["id"]), {}).update(fields)
    return found


def joined_section(records: Iterable[Buffer]) -> bytes:
    """A section of these records."""
    return b"[" + b",".join(bytes(record) for record in records) + b"]"
