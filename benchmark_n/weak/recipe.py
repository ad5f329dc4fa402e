"""Recipes of weak annotations: YAML documents under ``configs/weak`` (a file may hold several)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.errors import InputError, UsageError
from benchmark_n.files.json_yaml import read_yaml
from benchmark_n.files.recipe_contents import decode_parameters, heading, with_settings
from benchmark_n.files.recipe_files import RecipeForm, is_recipe_path, read_recipe
from benchmark_n.weak.prompt_settings import PromptSettings


class _Document(msgspec.Struct, kw_only=True):
    """Types of a recipe file's fields."""

    name: str = ""
    version: int = 1
    description: str | None = None
    prompt: dict[str, Any]
    noises: dict[str, dict[str, Any] | None] | None = None
    provenance: dict[str, Any] | None = None


_FORM = RecipeForm(
    _Document,
    "benchmark_n.configs.weak",
    "prompt",
    tiers=("wan-easy", "wan-mid", "wan-hard"),
    sections=("prompt",),
    resolved=("segmenter", "grounder", "prompts_from"),
)


@dataclass(frozen=True)
class WeakRecipe:
    """Prompts, and the noises (of categories) that follow; `noises` maps names to parameters."""

    name: str
    prompt: PromptSettings
    version: int = 1
    description: str = ""
    noises: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in the YAML form, with every parameter spelled out."""
        return {
            "name": self.name,
            "version": self.version,
            "description": self.description,
            "prompt": asdict(self.prompt),
            "noises": {name: dict(values) for name, values in self.noises.items()},
            "provenance": dict(self.provenance),
        }


def weak_recipe_names() -> list[str]:
    """Names of the recipes that come with the package, tiers first."""
    return _FORM.names()


def choose_weak(
    kind: str | None,
    tier: str | None,
    recipe: str | Path | None,
    overrides: Mapping[str, Any] | None = None,
) -> WeakRecipe | None:
    """The weak recipe that is asked for; None if it is a noise recipe.

    Parameters
    ----------
    kind
        A kind of prompt, instead of a tier or recipe.
    """
    if kind is not None:
        if tier is not None or recipe is not None:
            raise UsageError("give a kind of weak annotations, a tier or a recipe, not two of them")
        return kind_recipe(kind, overrides)
    chosen = tier if tier is not None else recipe
    if chosen is None or (tier is not None and recipe is not None) or not _is_weak(chosen):
        return None
    return load_weak_recipe(chosen, overrides)


def _is_weak(name: str | Path) -> bool:
    """Whether it is the name of a weak recipe, or a recipe file with a ``prompt`` section."""
    if not is_recipe_path(name):
        return str(name).startswith("wan-")
    try:
        return "prompt" in read_yaml(Path(name), "recipe")
    except (InputError, TypeError):
        return False  # the reader of noise recipes says what is wrong


def load_weak_recipe(name: str | Path, overrides: Mapping[str, Any] | None = None) -> WeakRecipe:
    """The weak recipe called `name`, or the one in the file `name`.

    Parameters
    ----------
    overrides
        ``"prompt.parameter"`` or ``"noise.parameter"`` to a value that replaces the recipe's.

    Raises
    ------
    InputError
        An unknown recipe or parameter, or a value that its parameter cannot have.
    """
    return _build(with_settings(_FORM, read_recipe(_FORM, name), overrides or {}))


def kind_recipe(kind: str, overrides: Mapping[str, Any] | None = None) -> WeakRecipe:
    """The recipe of prompts of one kind, or of a combination such as ``"box+point"``."""
    settings = PromptSettings(kind)
    document = {
        "name": "wan-" + ("text" if kind == "text" else "-".join(settings.parts)),
        "description": f"Prompts of kind {kind}.",
        "prompt": {"kind": kind},
    }
    return _build(with_settings(_FORM, document, overrides or {}))


def _build(document: Mapping[str, Any]) -> WeakRecipe:
    section = f"recipe {document['name']}: prompt"
    return WeakRecipe(
        **heading(document),
        prompt=decode_parameters(PromptSettings, section, document["prompt"]),
        noises=document["noises"],
    )
