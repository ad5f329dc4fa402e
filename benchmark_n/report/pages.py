"""What the HTML pages have in common: the measures they show, and their templates."""

from __future__ import annotations

import jinja2

# Measure of detection, what pages call it, and its decimals.
MEASURES = (
    ("errors", "errors", 0),
    ("flagged", "flagged", 0),
    ("precision", "precision", 3),
    ("recall", "recall", 3),
    ("f1", "F1", 3),
    ("best_f1", "best F1", 3),
    ("auprc", "AUPRC", 3),
    ("auroc", "AUROC", 3),
)


def page_template(name: str) -> jinja2.Template:
    """A template of this package; everything put into it is text, which it escapes."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("benchmark_n.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template(name)
