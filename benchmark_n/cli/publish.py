"""``benchmark-n publish``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli.common import benchmark_argument, emit, newest_or, output_options, set_logging


@click.command("publish")
@benchmark_argument
@click.option(
    "--repo",
    metavar="USER/NAME",
    help="Dataset on the Hub [default: the token's owner / the benchmark's name].",
)
@click.option("--private", is_flag=True, help="Make the dataset private.")
@click.option("--dry-run", is_flag=True, help="List what would go, and how large it is.")
@output_options
def command(
    benchmark: Path | None,
    repo: str | None,
    private: bool,
    dry_run: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Publish BENCHMARK with its card as a dataset of the Hugging Face Hub.

    BENCHMARK is by default the newest under benchmarks/. The token comes from the environment
    variable HF_TOKEN. Where the source's terms forbid passing annotations on, only the recipe and
    the card go: nothing that tells of a single annotation.

    Example: benchmark-n publish benchmarks/coco-n-hard-seed1 --repo me/coco-n-hard
    """
    set_logging(quiet, verbose)
    from benchmark_n.cards.publish import plan_upload, publish

    plan = plan_upload(newest_or(benchmark, quiet), repo)
    files = {path: file.stat().st_size for path, file in plan.files.items()}
    data = {"repository": plan.repository, "private": private, "dry_run": dry_run, "files": files}
    lines = [f"{size:>14,}  {path}" for path, size in files.items()]
    lines.append(f"{plan.size:>14,}  bytes in all")
    if not dry_run:
        data["address"] = publish(plan, private=private, quiet=quiet)
        lines.append(str(data["address"]))
    emit("\n".join(lines), data, as_json)
