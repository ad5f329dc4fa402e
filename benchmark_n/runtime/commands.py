"""Command lines in texts, built out of parameters: for cards, datasets' steps and advice."""

from __future__ import annotations

import shlex


class Placeholder(str):
    """A value that the reader fills in, such as ``FOLDER|FILE.npz``: never quoted."""


def command_line(command: str, /, *values: object, **options: object) -> str:
    """What to type for a command of ``benchmark-n``, quoted for a shell.

    Parameters
    ----------
    command
        Its name.
    values
        Its positional arguments.
    options
        Its other parameters in their order; True stands for an option without a value, a list
        for one that is given with each of its values.

    Examples
    --------
    >>> command_line("make", dataset="coco", root="FOLDER", skip_bad=True) == " ".join(
    ...     ["benchmark-n make", option("dataset"), "coco", option("root"), "FOLDER"]
    ...     + [option("skip_bad")]
    ... )
    True
    >>> command_line("fetch", "my data")
    "benchmark-n fetch 'my data'"
    """
    words: list[object] = ["benchmark-n", command, *values]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            words += [option(name)] if one is True else [option(name), one]
    return " ".join(map(_quoted, words))


def option(name: str) -> str:
    """A parameter as the command line has it: two hyphens, and hyphens between its words."""
    return f"--{name.replace('_', '-')}"


def _quoted(word: object) -> str:
    return str(word) if isinstance(word, Placeholder) else shlex.quote(str(word))
