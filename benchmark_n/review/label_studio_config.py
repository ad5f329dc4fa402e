"""The labeling interface of a Label Studio project: decisions by keys on top, outlines to edit.

References
----------
.. [1] Label Studio, tags Choices, Choice (``hotkey``), Image and PolygonLabels.
"""

from __future__ import annotations

from xml.etree import ElementTree

from benchmark_n.review.decision import ACCEPT, ACTIONS, CHANGE, KEEP, REDRAW, RELABEL, REMOVE
from benchmark_n.review.items import Review

# Those of the page where it has them; labels take keys that are free then.
HOTKEYS = {ACCEPT: "a", KEEP: "k", RELABEL: "c", REDRAW: "d", CHANGE: "e", REMOVE: "x"}


def labeling_config(review: Review, crops: bool) -> str:
    """The project's labeling interface, as XML."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value="$about", size="4")
    ElementTree.SubElement(view, "Header", value="$reasons", size="5")
    asked = {"name": "decision", "toName": "image", "choice": "single", "required": "true"}
    choices = ElementTree.SubElement(view, "Choices", {**asked, "showInline": "true"})
    for action, meaning in ACTIONS.items():
        named = {"value": action, "hotkey": HOTKEYS[action], "hint": meaning}
        ElementTree.SubElement(choices, "Choice", named)
    beside = ElementTree.SubElement(view, "View", style="display: flex; gap: 1em")
    if crops:
        small = ElementTree.SubElement(beside, "View", style="flex: 0 0 240px")
        ElementTree.SubElement(small, "Image", name="crop", value="$crop", maxWidth="240px")
    large = ElementTree.SubElement(beside, "View", style="flex: 1; min-width: 0")
    ElementTree.SubElement(large, "Image", name="image", value="$image", zoom="true")
    masks = ElementTree.SubElement(view, "PolygonLabels", name="mask", toName="image")
    for label in review.labels.values():
        ElementTree.SubElement(masks, "Label", value=label)
    ElementTree.SubElement(view, "TextArea", name="why", toName="image", placeholder="why")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"
