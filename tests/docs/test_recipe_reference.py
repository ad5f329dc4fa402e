"""The recipe reference is what its script writes now, and holds what it has to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from benchmark_n.noise.recipe import recipe_names
from benchmark_n.weak.recipe import weak_recipe_names
from tests.conftest import REPOSITORY
from tests.docs.pages import DOCS

PAGE = DOCS / "recipes.md"


def test_the_committed_page_is_up_to_date(tmp_path: Path) -> None:
    script = REPOSITORY / "scripts" / "build" / "recipe_reference.py"
    made = tmp_path / "recipes.md"
    subprocess.run([sys.executable, str(script), "--out", str(made)], check=True, cwd=REPOSITORY)
    assert made.read_text() == PAGE.read_text()


def test_every_recipe_and_every_value_of_the_files_is_there() -> None:
    text = PAGE.read_text()
    parts = re.split(r"^### `([\w-]+)`", text, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert set(recipe_names()) | set(weak_recipe_names()) <= set(sections)
    for path in sorted((REPOSITORY / "configs").glob("*/*.yaml")):
        for recipe in yaml.safe_load_all(path.read_text()):
            for key, source in (recipe.get("provenance") or {}).items():
                row = (
                    f"| `{'.'.join(reversed(key.split('.')))}` |"
                    if ".where" in key
                    else f"| `{key}` |"
                )
                (line,) = [n for n in sections[recipe["name"]].splitlines() if n.startswith(row)]
                assert line.endswith(f"| {source} |")
