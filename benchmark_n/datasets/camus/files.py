"""CAMUS's texts: info files, lists of patients, names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmark_n.errors import InputError

VIEWS = ("2CH", "4CH")
INSTANTS = ("ED", "ES")
LISTS = {
    "train": "subgroup_training.txt",
    "val": "subgroup_validation.txt",
    "test": "subgroup_testing.txt",
}
_PATIENT = re.compile(r"patient(\d+)")
_FIELDS = {
    "Sex": "sex",
    "Age": "age",
    "ImageQuality": "image_quality",
    "EF": "ef",
    "LVef": "ef",
    "LVedv": "edv",
    "LVesv": "esv",
}


def read_info(path: Path) -> dict[str, Any]:
    """An ``Info_<view>.cfg``: the frames of ED and ES, and what is known of the patient.

    Keys are ``ED``, ``ES`` (frame numbers) and those of `_FIELDS`, whose values are None where the
    file lacks them: sex, age (years), image_quality, ef (percent), edv and esv (ml).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(
            f"{path.name}: missing or no text in {path.parent}, expected lines such as 'ED: 1'"
        ) from None
    pairs = [line.partition(":") for line in lines if ":" in line]
    given = {key.strip(): value.strip() for key, _, value in pairs}
    info: dict[str, Any] = dict.fromkeys(_FIELDS.values())
    for instant in INSTANTS:
        if not given.get(instant, "").isdigit():
            found = given.get(instant, "nothing")
            raise InputError(
                f"{path.parent.name}/{path.name}: {instant} is {found}, expected a frame number"
            )
        info[instant] = int(given[instant])
    for key, name in _FIELDS.items():
        if key in given and info[name] is None:
            info[name] = _value(given[key])
    return info


def _value(text: str) -> Any:
    """A number where the text is a finite one, None where it says that nothing is known."""
    if text.lower() in ("", "nan", "na", "n/a", "none"):
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def patient_number(name: str) -> int:
    """``patient0012`` as 12."""
    match = _PATIENT.fullmatch(name)
    if match is None:
        raise InputError(f"{name}: not a CAMUS patient, expected a name such as patient0001")
    return int(match[1])


def list_patients(path: Path) -> list[str]:
    """The patients of a subgroup list, one a line."""
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: cannot be read ({error})") from None
    names = [name for name in names if name]
    if not names:
        raise InputError(f"{path.name}: the list is empty, expected a patient on each line")
    for name in names:
        if _PATIENT.fullmatch(name) is None:
            raise InputError(f"{path.name}: '{name:.40}', expected a patient such as patient0001")
    return sorted(names)
