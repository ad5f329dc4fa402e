"""The next round: the items that reviewers disagree on, once more for their tool."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.coco.exports import open_export
from benchmark_n.coco.images import named_folder
from benchmark_n.errors import InputError
from benchmark_n.files.atomic import staged
from benchmark_n.review.items import Item
from benchmark_n.review.private import as_shown
from benchmark_n.review.shown import show_items
from benchmark_n.review.source import read_source, source_place
from benchmark_n.review.state import read_state
from benchmark_n.review.tools import check_tool, document_path, with_crops, write_tool


def next_round(
    folder: Path | str,
    to: str,
    *,
    annotations: Path | str | None = None,
    images: Path | str | None = None,
    prefix: str | None = None,
) -> tuple[Path, tuple[Item, ...]]:
    """Write what has votes but no majority to ``round-2/`` of the review, or ``round-3/`` …

    The decisions are imported into the review itself: of each reviewer the later one counts.

    Parameters
    ----------
    folder, to
        A review, and the tool, as `export_review` has them.
    annotations, images
        The reviewed file, where it moved since; and the folder of the images, which an export may
        bring.
    prefix
        Of Label Studio: where the review lies below its document root [default: its name].

    Raises
    ------
    InputError
        No review, or nothing that is disputed.
    UsageError
        An unknown format, or a `prefix` that is no such path.
    """
    check_tool(to)
    lies = document_path(to, prefix, Path(folder).resolve().name)
    state = read_state(folder)
    if not state.disputed:
        raise InputError(f"{folder}: no item has votes without a majority: there is no next round")
    place = source_place(state.folder, state.review, annotations)
    shown_file = as_shown(read_source(place, state.review), state.private)
    pictures = named_folder(images) or open_export(place).images
    number = 2
    while (target := state.folder / f"round-{number}").exists():
        number += 1
    shown = show_items(shown_file, state.disputed)
    with staged(target, marker=None) as stage:
        shown = with_crops(to, stage, shown, pictures)
        write_tool(to, stage, state.review, shown, f"{lies}/{target.name}")
    return target, state.disputed
