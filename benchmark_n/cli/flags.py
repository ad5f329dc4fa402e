"""Messages as the user of the command line types things.

Everything below the command line names a parameter as in Python, in backquotes: a name alone,
`images`, or with a value, `overwrite=True`, `masks='rle'`, `annotations=FILE`. Here alone these
become options: in errors, in warnings, and where a command prints what is wrong with some of its
input. The flag of a parameter is read from the commands' own options; `WORDS` has what is named
differently there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import click

from benchmark_n.files.limits import MAX_PIXELS

# What no option has as its parameter's name.
WORDS = {
    "detectors": "--detector",
    "evaluate_detectors": "eval --detector",
    "options": "--set",  # of detectors
    "overrides": "--set",
    MAX_PIXELS: f"--max-pixels or {MAX_PIXELS}",
}
_PARAMETER = re.compile(
    r"(?<![^\s(])"  # not in a word or a path
    # Behind these words msgspec has a file's types and fields, and no message of ours a parameter.
    r"(?<!Expected )(?<!got )(?<!field )(?<!at )(?<!in )"
    r"`([A-Za-z]\w*)(?:=([^`]+))?`"
    r"(?![^\s.,:;)])"
)


def with_flags(text: str, commands: click.Command) -> str:
    """A message with its parameters as options.

    Names that are no option of any command stand without backquotes; what a library's message has
    in backquotes, such as a type or a field of a file, stays as it is.

    Parameters
    ----------
    commands
        The group of all commands.

    Examples
    --------
    >>> @click.command
    ... @click.option("--skip-bad", is_flag=True)
    ... @click.option("--masks")
    ... def make(): ...
    >>> with_flags("`skip_bad=True` leaves such out; make it with `masks='rle'`", make)
    '--skip-bad leaves such out; make it with --masks rle'
    """

    def typed(match: re.Match[str]) -> str:
        name, value = match.groups()
        flag = WORDS.get(name) or _flag(name, commands)
        if flag is None:
            return match[0].strip("`")
        return " ".join(f"{flag} {word}".rstrip() for word in _words(value))

    return _PARAMETER.sub(typed, text)


def root_command() -> click.Command:
    """The group of all commands, while one of them runs."""
    return click.get_current_context().find_root().command


def _flag(name: str, commands: click.Command) -> str | None:
    """The option whose value goes to the parameter `name`, of the first command that has one."""
    return next((option.opts[-1] for option in _options(commands) if option.name == name), None)


def _options(command: click.Command) -> Iterator[click.Option]:
    yield from (part for part in command.params if isinstance(part, click.Option))
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            if part is not None:
                yield from _options(part)


def _words(value: str | None) -> list[str]:
    """What stands behind the flag, once for each time that it is given."""
    try:
        read = ast.literal_eval(value or "True")
    except (ValueError, SyntaxError):  # a placeholder, such as FILE
        return [str(value)]
    if read is True:
        return [""]
    if isinstance(read, dict):
        return [f"{key}={one}" for key, one in read.items()]
    return [str(one) for one in (read if isinstance(read, list) else [read])]
