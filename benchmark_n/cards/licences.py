"""Which licence each part of a benchmark is under, and whether it may be passed on."""

from __future__ import annotations

from benchmark_n.datasets import Dataset
from benchmark_n.datasets.terms import Terms

CODE = "apache-2.0"
_ASK = "as the licence says"
_COMMERCIAL = {
    **dict.fromkeys(("apache-2.0", "cc0-1.0", "cc-by-4.0", "cdla-permissive-2.0", "mit"), "yes"),
    **dict.fromkeys(("cc-by-sa-4.0", "odbl"), "yes, under the same licence"),
    **dict.fromkeys(("cc-by-nc-4.0", "cc-by-nc-sa-4.0"), "no"),
}


def licence_rows(
    terms: Terms, dataset: Dataset | None, *, sealed: bool = False
) -> list[dict[str, str]]:
    """A row for each part: ``part``, ``licence``, ``passed_on``, ``commercial``.

    Parameters
    ----------
    terms, dataset
        Of the annotations that the benchmark was made from.
    sealed
        Whether the truth is kept by the benchmark's owner.
    """
    name = terms.name or terms.licence
    commercial = _COMMERCIAL.get(terms.licence, _ASK)
    attribution = "no attribution needed" if terms.licence == "cc0-1.0" else "with attribution"
    shared = f"yes, {attribution}" if terms.shareable else "no: they stay with you"
    truth = "no: its owner keeps it" if sealed else shared
    drawn = dataset is not None and dataset.embedded
    images = "drawn by this package" if drawn else "of the source, not part of this dataset"
    return [
        _row("noisy annotations", name, shared, commercial),
        _row("the truth: manifest, clean labels", name, truth, commercial),
        _row("recipe, checksums, this card", CODE, "yes", _COMMERCIAL[CODE]),
        _row(
            f"images ({images})",
            name if drawn else _of_images(dataset),
            f"yes, {attribution}" if drawn else "as their own licences say",
            commercial if drawn else _ASK,
        ),
        _row("the generator, Benchmark-N", CODE, "yes", _COMMERCIAL[CODE]),
    ]


def _of_images(dataset: Dataset | None) -> str:
    """What the dataset says of its images, where it tells them from the annotations."""
    stated = dataset.licence if dataset is not None else ""
    return stated.partition("images: ")[2] or stated or "the source's own"


def _row(part: str, licence: str, passed_on: str, commercial: str) -> dict[str, str]:
    return {"part": part, "licence": licence, "passed_on": passed_on, "commercial": commercial}
