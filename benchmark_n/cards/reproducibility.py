"""The paragraph of a card that a paper takes over: which benchmark it was, to the byte."""

from __future__ import annotations

from benchmark_n.benchmark import layout
from benchmark_n.cards.facts import Facts
from benchmark_n.cards.page import cell, code


def reproducibility(facts: Facts) -> str:
    """Name, recipe, seed, size, and SHA-256 of source, recipe and annotations, in one paragraph.

    The digest of annotations that may not be passed on is left out: `SHA256SUMS` has it.
    """
    recipe, environment = facts.recipe, facts.environment
    digests = {file.path: file.sha256 for file in facts.files}
    noisy = f"{layout.ANNOTATIONS}/{recipe['source']['file']}"
    named = {
        "source": recipe["source"]["sha256"],
        "second annotation": recipe.get("noisy_source", {}).get("sha256"),
        "recipe": digests.get(layout.RECIPE),
        "noisy annotations": digests.get(noisy),
    }
    told = ", ".join(f"{name} {code(digest)}" for name, digest in named.items() if digest)
    made = "Its noise is real: what differs between two annotation files."
    if facts.command:
        made = f"It is made by recipe {cell(recipe['name'])}"
        made += f", version {recipe['version']}" if "version" in recipe else ""
        made += f", noise seed {recipe['seed']}" if "seed" in recipe else ", with a secret seed"
        made += f", with {code(facts.command)}."
    return (
        f"We use {cell(facts.title)} (Benchmark-N {environment.benchmark_n}): "
        f"{facts.summary['instances']:,} instances in {facts.images:,} images of "
        f"{cell(facts.source)}. {made} SHA-256: {told}."
    )
