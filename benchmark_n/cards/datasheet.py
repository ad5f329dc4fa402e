"""The questions of a datasheet, answered for a benchmark and for the recipes of one.

References
----------
.. [1] Gebru et al.: Datasheets for Datasets, Communications of the ACM 64 (2021).
"""

from __future__ import annotations

from benchmark_n.cards.facts import Facts
from benchmark_n.datasets import Dataset

Section = tuple[str, list[tuple[str, str]]]
_MOTIVATION: Section = (
    "Motivation",
    [
        (
            "Why was it made?",
            "So that detectors of label errors, and training under label noise, can be measured "
            "against a truth that is complete: real datasets do not say which of their labels are "
            "wrong.",
        ),
        ("By whom, and who paid?", "The authors of Benchmark-N; no funding is stated."),
    ],
)
_PREPROCESSING = (
    "Every annotation that is no crowd region is written in one form, with the box and area of its "
    "mask; fields that may tell what was changed are withheld; ids and order are new."
)
_ITS_IMAGES = ("No: it has no images.", "Yes: the generator draws its images again.")
_KEPT_IDS = " The ids are the source's, which may tell what was changed."
_BY_PROGRAM = "A seeded program puts them in, as the recipe says; no person does."
_BY_MODEL = "A model draws the masks from prompts, as the recipe says; no person does."
_RAW = "The software is public. The source's own file has the raw data, SHA-256"
_USES: Section = (
    "Uses",
    [
        (
            "What is it for, and what is it not for?",
            "For measuring detectors of label errors, training under known noise, and what such "
            "noise does to measurements. What it is not for is said under Misuse.",
        )
    ],
)
_MAINTENANCE: Section = (
    "Maintenance",
    [
        (
            "Who maintains it, and how are errors told?",
            "The maintainers of Benchmark-N; the project's page of maintenance has the contact, "
            "the errata and how long older versions stay.",
        ),
        (
            "Can others add to it?",
            "Yes: noises, datasets and detectors are plug-ins, and a recipe is a file. A changed "
            "recipe has another name.",
        ),
    ],
)


def datasheet(facts: Facts) -> list[Section]:
    """Sections of questions and answers, in the order of [1]_."""
    return [
        _MOTIVATION,
        _composition(facts),
        _collection(facts),
        (
            "Preprocessing",
            [
                ("What was done to the data?", _preprocessing(facts)),
                ("Are the raw data kept?", f"{_RAW} `{facts.recipe['source']['sha256']}`."),
            ],
        ),
        _USES,
        (
            "Distribution",
            [
                ("How is it passed on, and on what terms?", "See Files and Terms."),
                ("Do others' terms hold?", facts.terms.attribution or "Those of the source."),
            ],
        ),
        _MAINTENANCE,
    ]


def _composition(facts: Facts) -> Section:
    drawn = _drawn(facts)
    truth = (
        "Which annotations are wrong is in a manifest that its owner keeps."
        if facts.recipe.get("sealed")
        else "The manifest is the label: what was done to each annotation."
    )
    return (
        "Composition",
        [
            (
                "What are the instances?",
                f"{facts.summary['annotations']:,} annotations of {len(facts.categories):,} "
                f"categories in {facts.images:,} images.",
            ),
            ("Is it a sample of a larger set?", _sample(facts)),
            ("Is there a label?", truth),
            (
                "Is information missing?",
                f"{facts.summary['deleted']:,} annotations; and fields that might tell what was "
                "changed, which are kept with the truth.",
            ),
            ("Are instances related?", _related(facts)),
            ("Are there errors?", _errors(facts)),
            ("Is it self-contained?", _ITS_IMAGES[drawn]),
            ("Does it tell of people?", _people(drawn)),
        ],
    )


def _collection(facts: Facts) -> Section:
    drawn = _drawn(facts)
    origin = (
        "They were drawn by a program."
        if drawn
        else f"They are those of {facts.source}, whose publisher says how they were collected."
    )
    return (
        "Collection",
        [
            ("How were the data acquired?", origin),
            ("How were the errors made?", _errors_made(facts)),
            ("Was there an ethical review, and consent?", _ethics(drawn, facts.source)),
        ],
    )


def recipe_datasheet(title: str, dataset: Dataset, *, weak: bool = False) -> list[Section]:
    """The same for a benchmark whose bytes are not at hand; what its source says is left to it.

    `weak` says that a model draws its masks.
    """
    name = dataset.name
    return [
        _MOTIVATION,
        (
            "Composition",
            [
                (
                    "What are the instances?",
                    f"Annotations of objects in the images of {name}, with errors. {title} itself "
                    "is not here: these are its recipes.",
                ),
                ("Is there a label?", "The manifest: what was done to each annotation."),
                ("Are there errors?", "Yes, on purpose; those of the source remain."),
                ("Does it tell of people?", _people(False)),
            ],
        ),
        (
            "Collection",
            [
                ("How were the data acquired?", f"The publisher of {name} says it."),
                ("How were the errors made?", _BY_MODEL if weak else _BY_PROGRAM),
                ("Was there an ethical review, and consent?", _ethics(False, name)),
            ],
        ),
        ("Preprocessing", [("What is done to the data?", _PREPROCESSING)]),
        _USES,
        ("Distribution", [("How is it passed on?", f"{dataset.redistribution or 'See Terms'}.")]),
        _MAINTENANCE,
    ]


def _drawn(facts: Facts) -> bool:
    return facts.dataset is not None and facts.dataset.embedded


def _errors(facts: Facts) -> str:
    summary = facts.summary
    on_purpose = "on purpose: " if facts.command else "those by which two files differ: "
    return (
        f"Yes, {on_purpose}{summary['deleted']:,} annotations are missing, "
        f"{summary['changed_categories']:,} have another category, {summary['changed_masks']:,} "
        "another mask. What is wrong in the source itself counts as right."
    )


def _errors_made(facts: Facts) -> str:
    if not facts.command:
        return "They are whatever differs between two annotation files."
    return _BY_MODEL if "segmenter" in facts.recipe else _BY_PROGRAM


def _preprocessing(facts: Facts) -> str:
    if "ids" not in facts.recipe.get("leak", ()):
        return _PREPROCESSING
    return _PREPROCESSING.replace("; ids and order are new", "") + _KEPT_IDS


def _sample(facts: Facts) -> str:
    source = facts.recipe["source"]
    part = f"split {source['split']}" if "split" in source else "a file of the user's"
    return f"It has all annotations of its source ({part}) but those that are missing as errors."


def _related(facts: Facts) -> str:
    return (
        f"There are {facts.units}: annotations of one unit belong together in folds, intervals and "
        "tests. The noise is drawn for each annotation alone, unless the recipe says otherwise."
    )


def _people(drawn: bool) -> str:
    if drawn:
        return "No: nobody is in the images."
    return "The annotations may outline people; no names or other facts of them are added here."


def _ethics(drawn: bool, source: str) -> str:
    return "Not needed: nobody took part." if drawn else f"The publisher of {source} answers that."
