"""Why an item is suspected, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from benchmark_n.masks import mask_iou
from benchmark_n.review.items import Item, Review
from benchmark_n.review.private import is_hidden
from benchmark_n.review.shown import Shown, guideline_of, sections_about

# From this share of an outline off an edge on, it is told.
_MUCH_OFF = 0.25


def detectors_of(review: Review) -> tuple[str, ...]:
    """The detectors that say something about any item, in the order that they come up."""
    return tuple(dict.fromkeys(flag.detector for item in review.items for flag in item.flags))


def reasons(one: Shown, review: Review, detectors: Collection[str]) -> tuple[str, ...]:
    """Sentences, the most important first; of a hidden item nothing that names a detector.

    Parameters
    ----------
    detectors
        All that were asked, so that it can be told how many of them flag the item.
    """
    item = one.item
    kinds = {flag.kind for flag in item.flags if flag.flagged} or {item.flags[0].kind}
    said = [*_category(item, review), *_mask(one)]
    if "class" in kinds and item.suggested_category is None and item.given is not None:
        said.append(_doubted(item, review))
    said += [f"{words[0].upper()}{words[1:]}." for words in item.words]
    if "spurious" in kinds and not item.words:
        said.append("There may be nothing of the kind here.")
    if "spatial" in kinds and one.suggested is None and not item.words:
        said.append("Its mask may be wrong." if one.given is not None else "Its box may be wrong.")
    if one.off_edge is not None and one.off_edge >= _MUCH_OFF:
        said.append(f"{100 * one.off_edge:.0f} % of its outline lies off an edge.")
    said.append("" if is_hidden(item) else _flagged(item, detectors))
    said.append(_rules(item, review))
    return tuple(sentence for sentence in said if sentence)


def _named(detector: str) -> str:
    """The joint list is no detector, but what all of them say together."""
    return "the joint list" if detector == "joint" else detector


def _category(item: Item, review: Review) -> list[str]:
    if item.suggested_category is None or item.category_by is None:
        return []
    label = review.labels[item.suggested_category]
    agree = [one["model"] for one in item.opinions if one["category"] == item.suggested_category]
    by = "" if is_hidden(item) else f" to {_named(item.category_by.detector)}"
    if agree and len(item.opinions) > 1:
        by = f" to {len(agree)} of {_panel(item, review)} ({', '.join(agree)})"
    if item.proposal:
        return [f"Looks like {label}{by}, and nothing is annotated here."]
    given = "" if item.given is None else f", not {review.labels[item.given]}"
    return [f"Looks like {label}{given}{',' if given and by else ''}{by}."]


def _doubted(item: Item, review: Review) -> str:
    """The given category is doubted, and no other is suggested."""
    assert item.given is not None
    said = f"May not be {review.labels[item.given]}"
    counts = Counter(one["category"] for one in item.opinions).most_common()
    if len(item.opinions) < 2:
        return f"{said}."
    split = ", ".join(f"like {review.labels[i]} to {number}" for i, number in counts)
    return f"{said}: looks {split} of {_panel(item, review)}."


def _panel(item: Item, review: Review) -> str:
    """How many were asked for their opinion, and what they are."""
    detectors = {run.detector for run in review.runs}
    named = "detectors" if {one["model"] for one in item.opinions} <= detectors else "models"
    return f"{len(item.opinions)} {named}"


def _rules(item: Item, review: Review) -> str:
    """What the guideline has to do with it."""
    if not review.guideline or (item.proposal and not sections_about(review, item)):
        return ""
    said = "See" if item.proposal else "May not match"
    return f"{said} guideline {guideline_of(review, item)}."


def _mask(one: Shown) -> list[str]:
    """How the suggested mask differs from the given one."""
    given, suggested, flag = one.given, one.suggested, one.item.mask_by
    if suggested is None or flag is None or one.item.proposal:
        return []
    hidden, by = is_hidden(one.item), _named(flag.detector)
    if given is None:
        return ["A mask is suggested." if hidden else f"{by} suggests a mask."]
    overlap = 100 * mask_iou(given, suggested)
    size = suggested.area / given.area
    larger = f"{size:.2g} times as large" if size >= 1 else f"{100 * size:.0f} % as large"
    said = "Another mask is suggested" if hidden else f"{by} suggests another mask"
    return [f"{said}: {larger}, {overlap:.0f} % in common (IoU)."]


def _flagged(item: Item, detectors: Collection[str]) -> str:
    flagged = dict.fromkeys(flag.detector for flag in item.flags if flag.flagged)
    if not flagged:
        return "No detector flags it: it is listed by its score."
    if len(detectors) == 1:
        return f"Flagged by {_named(next(iter(flagged)))}."
    return f"Flagged by {len(flagged)} of {len(detectors)} detectors: {', '.join(flagged)}."
