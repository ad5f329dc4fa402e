"""A leaderboard in Markdown and as a page."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.benchmark.leaks import leak_lines
from benchmark_n.errors import UsageError
from benchmark_n.report.leaderboard import HEADERS, Leaderboard
from benchmark_n.report.pages import MEASURES, page_template


def to_markdown(board: Leaderboard) -> str:
    """The tables in Markdown."""
    lines = [f"# {_title(board)}", "", _about(board)]
    for trained_on, kinds in board.tables.items():
        for kind, rows in kinds.items():
            lines += ["", f"## Evidence trained on {trained_on}: {kind.replace('_', ' ')}", ""]
            lines.append(f"| {' | '.join(HEADERS)} |")
            lines.append("|---|---|---|" + "---:|" * len(MEASURES))
            for row in rows:
                cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row.cells())
                lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def to_html(board: Leaderboard) -> str:
    """The tables as one page that needs no network."""
    return page_template("leaderboard.html").render(
        title=_title(board), about=_about(board), headers=HEADERS, tables=board.tables
    )


def render(board: Leaderboard, out: Path) -> str:
    """The text for a file, by its suffix: ``.md`` or ``.html``."""
    writers = {".md": to_markdown, ".html": to_html}
    if out.suffix not in writers:
        raise UsageError(f"`out` {out}: expected a name that ends in .md or .html")
    return writers[out.suffix](board)


def _title(board: Leaderboard) -> str:
    told = board.benchmark
    made = "sealed" if told["seed"] is None else f"seed {told['seed']}"
    return f"Label-error detectors on {told['benchmark']} {told['name']}, {made}"


def _about(board: Leaderboard) -> str:
    told = board.benchmark
    settings = ", ".join(f"{name} {value}" for name, value in board.settings.items())
    return (
        f"Recipe {told['recipe_sha256'][:12]}, source {told['source_sha256'][:12]}; {settings}; "
        "with 95 % bootstrap intervals."
        + "".join(f" {line[0].upper()}{line[1:]}." for line in leak_lines(board.leaks))
    )
