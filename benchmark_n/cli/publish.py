"""``benchmark-n publish``."""

from __future__ import annotations

from pathlib import Path

import click

from benchmark_n.cli import completion
from benchmark_n.cli.common import emit, output_options, set_logging


@click.command("publish")
@click.argument("benchmark", type=click.Path(path_type=Path), shell_complete=completion.benchmarks)
@click.option("--repo", required=True, metavar="USER/NAME", help="Dataset on the Hub.")
@click.option("--private", is_flag=True, help="Make the dataset private.")
@click.option("--dry-run", is_flag=True, help="List what would go, and how large it is.")
@output_options
def command(
    benchmark: Path,
    repo: str,
    private: bool,
    dry_run: bool,
    quiet: bool,
    verbose: int,
    as_json: bool,
) -> None:
    """Publish BENCHMARK with its card as a dataset of the Hugging Face Hub.

    The token comes from the environment variable HF_TOKEN. Where the source's terms forbid passing
    annotations on, only the recipe and the card go: nothing that tells of a single annotation.

    Example: benchmark-n publish benchmarks/coco-n-hard-seed1 --repo me/coco-n-hard
    """
    set_logging(quiet, verbose)
    from benchmark_n.benchmark import load
    from benchmark_n.cards.publish import plan_upload, publish

    plan = plan_upload(load(benchmark), repo)
    files = {path: file.stat().st_size for path, file in plan.files.items()}
    data = {"repository": repo, "private": private, "dry_run": dry_run, "files": files}
    lines = [f"{size:>14,}  {path}" for path, size in files.items()]
    lines.append(f"{plan.size:>14,}  bytes in all")
    if not dry_run:
        data["address"] = publish(plan, private=private)
        lines.append(str(data["address"]))
    emit("\n".join(lines), data, as_json)
