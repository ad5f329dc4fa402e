"""What ``eval --compare`` names: results files, and tiers whose labels become such files."""

from __future__ import annotations

from pathlib import Path

from benchmark_n.errors import UsageError

# What the option stands for without a value.
TIERS = "tiers"


def results_folder(name: str, mode: str) -> Path:
    """Where results go that no other place was named for."""
    return Path("results") / f"{name}-{mode}"


def compared_files(
    texts: tuple[str, ...], benchmark: Path | None, source: Path | None, out: Path | None
) -> dict[str, Path]:
    """Names to results files; those of tiers are written below the results.

    Raises
    ------
    UsageError
        A text that is none of the two, a name that occurs twice, or a tier without a benchmark.
    InputError
        What a tier lacks.
    """
    named = parse_compare(texts)
    if None not in named.values():
        return {name: path for name, path in named.items() if path is not None}
    if benchmark is None:
        raise UsageError("--compare with a tier needs BENCHMARK, whose labels are noised")
    from benchmark_n.benchmark import load
    from benchmark_n.experiments.tier_labels import tier_family, write_tier_labels
    from benchmark_n.report.evaluation_writer import refuse_benchmark

    opened = load(benchmark)
    family = tier_family(opened.recipe["name"]) if TIERS in named else []
    order = [one for name in named for one in (family if name == TIERS else [name])]
    tiers = [name for name in dict.fromkeys(order) if named.get(name) is None]
    place = out or results_folder(opened.path.resolve().name, "compare")
    refuse_benchmark(place)
    labels = write_tier_labels(opened, tiers, place / "labels", source)
    files = {**{name: path for name, path in named.items() if path is not None}, **labels}
    return {name: files[name] for name in dict.fromkeys(order)}


def parse_compare(texts: tuple[str, ...]) -> dict[str, Path | None]:
    """``NAME=FILE`` texts and names of tiers in their order.

    >>> parse_compare(("clean", "mine=a.json"))
    {'clean': None, 'mine': PosixPath('a.json')}
    """
    files: dict[str, Path | None] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not name or (equals and not path) or (not equals and Path(name).suffix):
            raise UsageError(f"--compare {text}: expected NAME=FILE, or a tier")
        if name in files:
            raise UsageError(f"--compare {text}: the name {name} occurs twice")
        files[name] = Path(path) if equals else None
    return files
