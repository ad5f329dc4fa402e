"""Named plug-ins, loaded when they are asked for.

A registry maps a name to a `"module:attribute"` target. Nothing is imported until `load`. Third
parties add names through entry points of the registry's group.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import entry_points
from typing import Any

import msgspec

from benchmark_n.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Registry:
    """Plug-ins of one kind.

    Parameters
    ----------
    kind
        What the plug-ins are, in the singular, for messages: ``"noise"``.
    group
        Entry point group that other packages may fill: ``"benchmark_n.noises"``.
    builtin
        Name to ``"module:attribute"`` for what this package brings itself.
    """

    kind: str
    group: str
    builtin: Mapping[str, str] = field(default_factory=dict)

    def targets(self) -> dict[str, str]:
        """All names with their targets; two different targets for one name are an error."""
        found = dict(self.builtin)
        for point in entry_points(group=self.group):
            if found.setdefault(point.name, point.value) != point.value:
                raise InputError(
                    f"{self.kind} '{point.name}' is defined twice: "
                    f"{found[point.name]} and {point.value}"
                )
        return found

    def names(self) -> list[str]:
        """Known names, this package's own first."""
        return list(self.targets())

    def load(self, name: str) -> Any:
        """Import and return the plug-in called `name`; an unknown name is a `InputError`."""
        target = self.builtin.get(name) or self.targets().get(name)
        if target is None:
            raise InputError(f"unknown {self.kind} '{name}': {did_you_mean(name, self.names())}")
        module, _, attribute = target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def build(self, name: str, options: Mapping[str, Any] | None = None) -> Any:
        """The plug-in called `name`, a dataclass, with these of its fields checked and set.

        Raises
        ------
        InputError
            An unknown name or field, or a value that a field cannot have.
        """
        kind = self.load(name)
        known = [one.name for one in fields(kind) if one.init]
        for option in options or {}:
            if option not in known:
                raise InputError(f"{name} has no option '{option}': {did_you_mean(option, known)}")
        try:
            return msgspec.convert(dict(options or {}), kind)
        except msgspec.ValidationError as error:
            raise InputError(f"{name}: {str(error).replace('`$.', '`')}") from None
