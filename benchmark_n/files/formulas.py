"""Text in tables that spreadsheets open: what looks like a formula would be run.

Texts are of files that may have come from anywhere. A cell that begins as a formula gets an
apostrophe, which is taken away again on reading.
"""

from __future__ import annotations

import re
from typing import Any

# Apostrophes count: those that were there come back, and only ours are taken away.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text like one gets an apostrophe.

    Numbers stay numbers, negative ones too.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("cat"), guarded(-0.5)
    ("'=1+1", "''=1+1", 'cat', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def restored(text: str) -> str:
    """What `guarded` made the text of."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
