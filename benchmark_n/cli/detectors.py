"""``benchmark-n detectors``."""

from __future__ import annotations

import click

from benchmark_n.cli.common import emit, output_options, set_logging


@click.command("detectors")
@output_options
def command(quiet: bool, verbose: int, as_json: bool) -> None:
    """List the detectors: what each needs, what kind of error it finds, its paper.

    Example: benchmark-n detectors
    """
    set_logging(quiet, verbose)
    from benchmark_n.cli.tables import left_table
    from benchmark_n.detectors.base import DETECTORS, choices, told_to

    known = {name: DETECTORS.load(name) for name in DETECTORS.names()}
    rows = [
        [
            name,
            ", ".join(kind.kinds),
            ", ".join([*kind.needs, *filter(None, [" or ".join(choices(kind))])]),
            ", ".join(told_to(kind)),
            kind.reference,
        ]
        for name, kind in known.items()
    ]
    data = {
        name: {
            "kinds": list(kind.kinds),
            "needs": list(kind.needs),
            "any_of": list(choices(kind)),
            "told": list(told_to(kind)),
            "reference": kind.reference,
        }
        for name, kind in known.items()
    }
    emit(left_table(["detector", "finds", "needs", "is told", "paper"], rows), data, as_json)
