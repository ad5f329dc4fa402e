"""How help is laid out: commands in the order of work, options by what they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

# Heading to parameter names; what no heading names stands under "Options", last.
Sections = Mapping[str, Sequence[str]]

GENERAL = "Options"


class SectionedCommand(click.Command):
    """A command whose ``--help`` shows options under headings.

    Parameters
    ----------
    sections
        Heading to the names of its parameters, in the order in which they are shown.

    Raises
    ------
    ValueError
        A name that is no parameter, or under two headings.
    """

    def __init__(self, *args: Any, sections: Sections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [name for names in sections.values() for name in names]
        known = {param.name for param in self.params}
        wrong = [name for name in named if name not in known or named.count(name) > 1]
        if wrong:
            raise ValueError(f"{self.name}: {wrong[0]} is no parameter, or under two headings")
        self.sections = sections

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        left = {
            param.name: param.get_help_record(ctx)
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
        }
        for heading, names in self.sections.items():
            _section(formatter, heading, [left.pop(name) for name in names])
        _section(formatter, GENERAL, list(left.values()))


def _section(
    formatter: click.HelpFormatter, heading: str, records: Sequence[tuple[str, str] | None]
) -> None:
    shown = [record for record in records if record is not None]
    if shown:
        with formatter.section(heading):
            formatter.write_dl(shown)


def unknown_command(name: str, known: Sequence[str], hint: str) -> str:
    """What is said of a command that there is not, with `hint` about the nearest.

    >>> unknown_command("mak", ["make"], "did you mean 'make'? (known: make)")
    "no command 'mak': did you mean 'make'?"
    """
    near = hint.partition("? (")[0]
    if near != hint:
        return f"no command '{name}': {near}?"
    return f"no command '{name}': benchmark-n --help lists the {len(known)} there are"
