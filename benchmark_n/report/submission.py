"""``submission.yaml``: what a directory of results that is sent in says of itself.

`Submission` is the format; `schema` writes it out as a JSON Schema.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from benchmark_n.files.json_yaml import read_yaml

FILE = "submission.yaml"
FORMAT, VERSION = "benchmark-n submission", 1
Track = Literal["train-on-noisy", "label-errors", "correct", "weak-labels"]
# Tracks whose runs are scores of annotations; those of the others are detections.
SCORED = ("label-errors", "correct")
# Noise seeds on which settings are chosen, and nothing is reported.
CHOOSING = range(101, 106)

Text = Annotated[str, Meta(min_length=1)]
Date = Annotated[datetime.date, Meta(description="ISO 8601, such as 2026-12-01.")]


class Run(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of results, of one benchmark."""

    file: Annotated[str, Meta(min_length=1, description="Beside submission.yaml: its path there.")]
    benchmark: Annotated[str, Meta(min_length=1, description="Its name and recipe.")]
    annotations_sha256: Annotated[
        str, Meta(pattern="^[0-9a-f]{64}$", description="Of the benchmark's noisy annotation file.")
    ]
    noise_seed: Annotated[
        int | None, Meta(description="Of the benchmark; null where it is sealed or real.")
    ]
    training_seed: Annotated[int, Meta(description="Of all that is drawn in training.")]
    role: Annotated[
        Literal["entry", "floor", "ceiling"],
        Meta(
            description="Of detections: floor is the same model trained plainly on the same noisy "
            "labels, ceiling the same trained on clean ones."
        ),
    ] = "entry"


class Erratum(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was wrong with the submission, and is not any more."""

    date: Date
    what: Text


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the submission counts no more; boards list it without figures."""

    date: Date
    why: Text


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a directory of results says of itself."""

    format: Literal["benchmark-n submission"]
    version: Literal[1]
    track: Track
    method: Annotated[str, Meta(min_length=1, description="As boards have it.")]
    authors: Annotated[tuple[Text, ...], Meta(min_length=1)]
    date: Date
    told: Annotated[
        tuple[Text, ...],
        Meta(description="What it was given beyond noisy labels and pictures: a noise rate, …"),
    ]
    outside_data: Annotated[
        tuple[Text, ...],
        Meta(description="Training data and weights that are not of the benchmark."),
    ]
    settings_chosen_on: Annotated[
        str, Meta(min_length=1, description="Data and noise seeds: none that are reported.")
    ]
    hours: Annotated[float, Meta(ge=0, description="Of computing, all runs together.")]
    hardware: Text
    runs: Annotated[tuple[Run, ...], Meta(min_length=1)]
    code: Annotated[str, Meta(description="Where the code is; empty where it is nowhere.")] = ""
    errata: tuple[Erratum, ...] = ()
    withdrawn: Withdrawal | None = None


def schema() -> dict[str, Any]:
    """The format as a JSON Schema (2020-12), in plain values."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    plain: dict[str, Any] = json.loads(json.dumps(made | msgspec.json.schema(Submission)))
    return plain


def read_submission(folder: Path) -> tuple[Submission | None, list[str]]:
    """What ``submission.yaml`` says, or None and a line for each field that is not as it should be.

    Raises
    ------
    InputError
        There is no such file, or it is no YAML.
    """
    path = folder / FILE
    document = read_yaml(path, "submission")
    if not isinstance(document, dict):
        return None, [f"{path}: {document!r:.40}, expected fields by name"]
    if document.get("format") != FORMAT or document.get("version") != VERSION:
        given = f"{document.get('format')!r:.40}, version {document.get('version')!r:.20}"
        return None, [f"{path}: format is {given}, expected '{FORMAT}', version {VERSION}"]
    faults = [f"{path}: {line}" for line in _faults(document)]
    return (None, faults) if faults else (msgspec.convert(document, Submission), [])


def _faults(document: dict[Any, Any]) -> list[str]:
    """A line for each field that is missing, unknown, or of another kind than expected."""
    known = {field.name: field for field in msgspec.structs.fields(Submission)}
    lines = [f"'{name}' is no field of a submission" for name in document if name not in known]
    lines += [
        f"'{n}' is missing" for n, field in known.items() if field.required and n not in document
    ]
    for name, field in known.items():
        if name in document:
            try:
                msgspec.convert(document[name], field.type)
            except msgspec.ValidationError as error:
                lines.append(f"{name}: {error}".replace("`$", f"`{name}"))
    return lines
