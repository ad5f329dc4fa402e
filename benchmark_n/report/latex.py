r"""Result tables in LaTeX, by the package booktabs.

References
----------
.. [1] Fear: Publication quality tables in LaTeX, documentation of booktabs.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmark_n.report.result_table import (
    Cell,
    Column,
    ResultTable,
    ResultTables,
    interval_text,
    sd_text,
    value_text,
)

# What LaTeX reads as a command, and what pdfTeX's fonts lack.
_SIGNS = {
    "\\": r"\textbackslash{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}"},
    **{
        "π": r"$\pi$",
        "±": r"$\pm$",
        "≤": r"$\leq$",
        "≥": r"$\geq$",
        "\N{MINUS SIGN}": "$-$",
        "\N{MULTIPLICATION SIGN}": r"$\times$",
    },
    **{
        "·": r"$\cdot$",
        "→": r"$\rightarrow$",
        "τ": r"$\tau$",
        "α": r"$\alpha$",
        "\N{GREEK SMALL LETTER SIGMA}": r"$\sigma$",
    },
    **{
        "\N{EN DASH}": "--",
        "—": "---",
        "…": r"\ldots{}",
        "²": "$^2$",
        "\n": " ",
        "\r": " ",
        "\t": " ",
    },
}


def escape(text: str) -> str:
    r"""Text as LaTeX sets it literally; signs that it has no font for become a question mark.

    Examples
    --------
    >>> print(escape("mask_agreement & 5 % of {x}"))
    mask\_agreement \& 5 \% of \{x\}
    """
    return "".join(_SIGNS.get(sign, sign if _known(sign) else "?") for sign in text)


def to_latex(found: ResultTables) -> str:
    """The tables, each a ``table`` with its title as caption, and the provenance as comments."""
    lines = [f"% {_one_line(line)}" for line in (*found.provenance, r"\usepackage{booktabs}")]
    for table in found.tables:
        lines += ["", *_table(table)]
    return "\n".join(lines) + "\n"


def _table(table: ResultTable) -> Iterator[str]:
    best = table.best_cells()
    words = [not any(True for _ in table.figures(place)) for place in range(len(table.columns))]
    yield r"\begin{table}"
    if table.title:
        yield rf"\caption{{{escape(table.title)}}}"
    yield r"\centering"
    yield rf"\begin{{tabular}}{{{''.join('l' if word else 'r' for word in words)}}}"
    yield r"\toprule"
    yield " & ".join(escape(column.name) for column in table.columns) + r" \\"
    yield r"\midrule"
    for number, row in enumerate(table.rows):
        cells = [
            _cell(cell, table.columns[place], bold=(number, place) in best)
            for place, cell in enumerate(row)
        ]
        # The braces: after a line's end TeX takes a "[" or "*" for an argument of it.
        yield "{}" + " & ".join(cells) + r" \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"
    if table.notes:
        yield r"\par\smallskip\footnotesize"
        yield " ".join(f"{escape(note).rstrip('.')}." for note in table.notes)
    yield r"\end{table}"


def _cell(cell: Cell, column: Column, *, bold: bool) -> str:
    if isinstance(cell, str):
        return escape(cell)
    value = escape(value_text(cell, column).replace("-", "\N{MINUS SIGN}", 1))
    text = rf"\textbf{{{value}}}" if bold else value
    if spread := sd_text(cell, column):
        text += rf" $\pm$ {spread}"
    if between := interval_text(cell, column, ", "):
        text += rf" {{\scriptsize[{between.replace('-', '$-$')}]}}"
    return text


def _known(sign: str) -> bool:
    """Whether T1 fonts have it: ASCII that is printed, and the letters of Latin-1."""
    return (sign.isascii() and sign.isprintable()) or ("À" <= sign <= "ÿ" and sign.isalpha())


def _one_line(text: str) -> str:
    return " ".join(text.split())
