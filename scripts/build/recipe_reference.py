"""Write ``docs/recipes.md``: every noise, prompt and recipe, read from the code and its YAML files.

python scripts/build/recipe_reference.py [--out docs/recipes.md]
"""

from __future__ import annotations

import argparse
import inspect
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from benchmark_n.noise.base import NOISES
from benchmark_n.noise.recipe import ALIASES, load_recipe, recipe_names
from benchmark_n.weak.prompt_settings import PromptSettings
from benchmark_n.weak.recipe import load_weak_recipe, weak_recipe_names

ROOT = Path(__file__).resolve().parents[2]
HEAD = """\
# Recipes

A recipe is a named, versioned set of noise parameters; a tier is a recipe's name. This page is
written by `python scripts/build/recipe_reference.py` from the code and from `configs/`, and a test
keeps it up to date. Recipes list what they set; other parameters have the defaults told above them.

```
benchmark-n recipes                 # the list
benchmark-n recipes hard            # one recipe, as YAML: save it, change it, make --recipe FILE
benchmark-n make --tier hard --set scale.kernel=9 --only scale
```
"""
SHARED = "probability"


def describe(kind: type) -> tuple[str, dict[str, str]]:
    """The summary of a class's numpydoc docstring, and parameter to description."""
    text = inspect.getdoc(kind) or ""
    before, _, rest = text.partition("\nParameters\n----------\n")
    summary = before.partition("\nReferences\n")[0].partition("\nExamples\n")[0]
    block = rest.partition("\n\n")[0]
    described: dict[str, str] = {}
    names: list[str] = []
    for line in block.splitlines():
        if not line.startswith(" "):
            names = [name.strip() for name in line.split(",")]
        else:
            for name in names:
                described[name] = f"{described.get(name, '')} {line.strip()}".strip()
    return " ".join(summary.split()), described


def parameter_table(kind: type, described: dict[str, str]) -> list[str]:
    """A row for each parameter: default and meaning."""
    rows = ["| parameter | default | meaning |", "|---|---|---|"]
    for field in fields(kind):
        default = "required" if required(field) else f"`{show(default_of(field))}`"
        meaning = described.get(field.name, "").replace("``", "`").replace("|", "\\|")
        if field.name == SHARED:
            meaning = "chance that the noise is applied to an instance"
        rows.append(f"| `{field.name}` | {default} | {meaning} |")
    return rows


def required(field: Field[Any]) -> bool:
    """Whether a recipe has to say it."""
    return field.default is MISSING and field.default_factory is MISSING


def default_of(field: Field[Any]) -> Any:
    """What it is otherwise."""
    made = field.default_factory
    return field.default if made is MISSING else made()


def show(value: Any) -> str:
    """A parameter's value, floats to four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def noise_section(name: str) -> list[str]:
    """Heading, summary, parameters and manifest columns of a noise."""
    kind = NOISES.load(name)
    summary, described = describe(kind)
    columns = [f"`{name}_{column}` ({arrow})" for column, arrow in kind.columns.items()]
    lines = [
        f"### `{name}`",
        "",
        f"{summary.replace('``', '`')} Kind {kind.kind}, version {kind.version}.",
    ]
    if columns:
        lines.append(f"Manifest: {', '.join(columns)}.")
    return [*lines, "", *parameter_table(kind, described), ""]


def recipe_section(recipe: dict[str, Any]) -> list[str]:
    """Heading, description and a row, with its provenance, for each parameter that it sets."""
    provenance = recipe["provenance"]
    lines = [f"### `{recipe['name']}` (version {recipe['version']})", "", recipe["description"]]
    for key, usual in (("scheme", "independent"), ("boxes", "mask")):
        if recipe.get(key, usual) != usual:
            lines.append(f"{key.capitalize()}: `{recipe[key]}`.")
    lines.append("")
    plain = [key for key in ("boxes", "empty_masks") if key in provenance]
    rows = [f"| `{key}` | {recipe[key]} | {provenance[key]} |" for key in plain]
    sections = {"prompt": recipe["prompt"]} if "prompt" in recipe else {}
    for section, values in {**sections, **recipe["noises"]}.items():
        kind = PromptSettings if section == "prompt" else NOISES.load(section)
        needed = {field.name for field in fields(kind) if required(field)}
        for parameter, value in values.items():
            key = f"{section}.{parameter}"
            if key in provenance or parameter in needed:
                rows.append(f"| `{key}` | {show(value)} | {provenance.get(key, '')} |")
    for noise, conditions in recipe.get("where", {}).items():
        value = "; ".join(f"{key}: {', '.join(map(str, v))}" for key, v in conditions.items())
        rows.append(f"| `where.{noise}` | {value} | {provenance[f'{noise}.where']} |")
    if rows:
        lines += ["| parameter | value | provenance |", "|---|---|---|", *rows, ""]
    if recipe.get("departures"):
        lines += ["Departs from the published procedure:", ""]
        lines += [*(f"- {line}" for line in recipe["departures"]), ""]
    return lines


def render() -> str:
    """The whole page."""
    aliases = ", ".join(f"`{a}` is `{b}`" for a, b in ALIASES.items())
    lines = [HEAD, f"Other names of tiers: {aliases}.", "", "## Noises", ""]
    for name in NOISES.builtin:
        lines += noise_section(name)
    lines += ["## Prompts of weak recipes", ""]
    summary, described = describe(PromptSettings)
    lines += [f"{summary} Parameters of the section `prompt`.", ""]
    lines += [*parameter_table(PromptSettings, described), "", "## Noise recipes", ""]
    for name in recipe_names():
        lines += recipe_section(load_recipe(name).to_dict())
    lines += ["## Weak recipes", "", "See [weak annotations](weak.md).", ""]
    for name in weak_recipe_names():
        lines += recipe_section(load_weak_recipe(name).to_dict())
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "recipes.md")
    parser.parse_args().out.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
