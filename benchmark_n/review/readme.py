"""What a reviewer has to do with the files of an export, in a README beside them."""

from __future__ import annotations

from pathlib import Path

FILE = "README.md"
_STEPS = {
    "page": (
        "Open decide.html in a browser: it needs neither server nor network.",
        "Write your name at the top; it goes with each decision.",
        "Decide by keys or buttons: A accept, K keep, C category, X remove, S skip, Z undo.",
        "Press Download decisions, also in between: what was given back before counts once.",
        "Give decisions.json back: `benchmark-n review import` takes it.",
    ),
    "labelstudio": (
        "Start Label Studio with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and "
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT set to the folder that {name}/ lies in.",
        "Make a project with labeling_config.xml as its labeling interface.",
        "Add a storage of type Local Files to it, with the absolute path of {name}/: without one "
        "no picture is served. It need not be synchronised.",
        "Import tasks.json, whose pictures are in {name}/images/ and {name}/crops/; decide by the "
        "keys that it shows, edit an outline only to redraw it, and submit.",
        "Export as JSON (not JSON-MIN): `benchmark-n review import` takes it.",
    ),
    "cvat": (
        "Make a task with the text of labels.json as its raw labels.",
        "Give it the pictures in images/.",
        "Upload annotations.xml as CVAT for images 1.1.",
        "Choose a decision for each shape, and edit the shapes that are there: a new one has no "
        "annotation_id.",
        "Export as CVAT for images 1.1, unpack it: `benchmark-n review import` takes its XML.",
    ),
    "fiftyone": (
        'Load labels.json with dataset_type=COCODetectionDataset, label_types="segmentations" and '
        "data_path set to the folder of the pictures.",
        'Set the attribute "decision" of each label of role "given", and if you like who and why.',
        "A mask is taken where the decision is redraw or change, and a category where it is "
        "relabel or change.",
        'Export as COCODetectionDataset with label_field="FIELD", the field that was reviewed, '
        "and extra_attrs=True.",
        "Give the file of labels back: `benchmark-n review import` takes it.",
    ),
    "csv": (
        "Open decisions.csv in a spreadsheet; crops/ has a picture of each row.",
        "Fill in decision: keep, accept, relabel, redraw, change or remove; empty is undecided.",
        "With relabel and change fill in category, with redraw and change segmentation (COCO "
        "polygons or RLE as JSON).",
        "Fill in who, when and why if you like.",
        "Save as CSV: `benchmark-n review import` takes it.",
    ),
}


def write(folder: Path, to: str, name: str) -> None:
    """Write ``README.md``: five steps.

    Parameters
    ----------
    to
        One of `benchmark_n.review.FORMATS`.
    name
        Where the export lies, below the folder that Label Studio serves.
    """
    steps = enumerate(_STEPS[to], start=1)
    text = "".join(f"{number}. {step.format(name=name)}\n" for number, step in steps)
    (folder / FILE).write_text(text, encoding="utf-8")
