"""Write the papers' tables, and ours beside them, into ``docs/reproduction``.

    python scripts/build/reproduction.py [--check]

``configs/papers/*.yaml`` hold what the papers print, each figure once. A page of
``docs/reproduction`` says ``<!-- table 3 -->``; what follows, up to ``<!-- end -->``, is written
here: their table, the command at full size, what was not run and why, and our results, which are
the tables of ``scripts/results``. ``--check`` writes nothing, and fails where a page is out of
date.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from benchmark_n.experiments.seed_tables import markdown

ROOT = Path(__file__).resolve().parents[2]
PAPERS = ROOT / "configs" / "papers"
RESULTS = ROOT / "scripts" / "results"
_BLOCK = re.compile(r"(<!-- table (.+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def read_paper(path: Path) -> dict[str, Any]:
    """A paper's tables; each row as long as its head."""
    paper: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for table in paper["tables"]:
        for name, values in table["rows"].items():
            if len(values) != len(table["columns"]):
                sys.exit(
                    f"{path.name}: table {table['table']}, row '{name}': {len(values)} values, "
                    f"expected {len(table['columns'])}"
                )
    return paper


def block(table: dict[str, Any]) -> str:
    """Theirs, the command, why not, and ours."""
    rows = [
        [name, *("-" if value is None else f"{value:g}" for value in values)]
        for name, values in table["rows"].items()
    ]
    parts = [
        f"*Theirs: {table['title']}; {table['unit']}.*",
        markdown(["", *table["columns"]], rows).rstrip(),
        *([table["note"]] if "note" in table else []),
        f"At full size: `{table['command']}`. {table['not_run']}",
    ]
    for name in table.get("ours", ()):
        text = (RESULTS / name).read_text(encoding="utf-8").strip()
        parts += [f"*Ours ([`{name}`](../../scripts/results/{name})):*", text]
    return "\n\n".join(parts)


def render(page: str, paper: dict[str, Any]) -> str:
    """The page with its tables."""
    tables = {table["table"]: table for table in paper["tables"]}
    shown = [match[1] for match in _BLOCK.findall(page)]
    if sorted(shown) != sorted(tables):
        sys.exit(f"{paper['page']} shows tables {shown}, expected {sorted(tables)} once each")
    return _BLOCK.sub(lambda found: f"{found[1]}\n{block(tables[found[2]])}\n\n{found[3]}", page)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    for path in sorted(PAPERS.glob("*.yaml")):
        paper = read_paper(path)
        page = ROOT / paper["page"]
        text = page.read_text(encoding="utf-8")
        made = render(text, paper)
        if asked.check and made != text:
            sys.exit(f"{paper['page']} is out of date: run python scripts/build/reproduction.py")
        if not asked.check:
            page.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
