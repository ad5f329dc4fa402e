"""The command line: `benchmark-n COMMAND`. Each command is a module of this package.

Nothing heavy is imported before a command runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import importlib
import os
import sys

import click

from benchmark_n._version import __version__
from benchmark_n.cli.flags import with_flags
from benchmark_n.cli.help import unknown_command
from benchmark_n.errors import BenchmarkNError, did_you_mean, import_fault

# Heading to commands in the order of work: name, module and the line that --help shows.
GROUPS = {
    "Make benchmarks": {
        "make": ("benchmark_n.cli.make", "Make a noisy benchmark from clean annotations."),
        "recipes": ("benchmark_n.cli.recipes", "List the recipes, or print one."),
        "datasets": ("benchmark_n.cli.datasets", "List datasets, and which are on this machine."),
        "fetch": ("benchmark_n.cli.fetch", "Download annotations, or say how to get them."),
        "convert": ("benchmark_n.cli.convert", "Turn a dataset's label maps into a COCO file."),
        "import": ("benchmark_n.cli.import_pair", "A benchmark from a clean and a noisy file."),
        "show": ("benchmark_n.cli.show", "Draw clean against noisy contours of an image."),
        "export": ("benchmark_n.cli.export", "Write noisy labels in the dataset's own format."),
    },
    "Noise as people make it": {
        "calibrate": ("benchmark_n.cli.calibrate", "Fit a recipe to images annotated twice."),
        "realism": ("benchmark_n.cli.realism", "Test whether noise is told from people's."),
    },
    "Find errors": {
        "check": ("benchmark_n.cli.check", "Look for structural errors, without a model."),
        "detect": ("benchmark_n.cli.detect", "Look for label errors in a real dataset."),
        "detectors": ("benchmark_n.cli.detectors", "List the label-error detectors."),
        "audit": ("benchmark_n.cli.audit", "Predict how good masks are, by group."),
    },
    "Correct them": {
        "review": ("benchmark_n.cli.review", "Have people judge suspects; import decisions."),
        "correct": ("benchmark_n.cli.correct", "Restore suspects' clean labels, and count."),
    },
    "Train": {
        "train": ("benchmark_n.cli.train", "Train a model on noisy labels."),
        "predict": ("benchmark_n.cli.predict", "Write a trained model's detections."),
        "train-quality": ("benchmark_n.cli.train_quality", "Train the detector of wrong masks."),
    },
    "Evaluate": {
        "eval": ("benchmark_n.cli.eval", "Evaluate detectors, predictions or noisy labels."),
        "compare": ("benchmark_n.cli.compare", "Detectors side by side, over noise seeds."),
        "robustness": ("benchmark_n.cli.robustness", "How much precision each tier leaves."),
        "leaderboard": ("benchmark_n.cli.leaderboard", "One table of many detectors' results."),
    },
    "Publish": {
        "submit": ("benchmark_n.cli.submit", "Check results that are to go on a leaderboard."),
        "card": ("benchmark_n.cli.card", "Write or check the data card of a benchmark."),
        "publish": ("benchmark_n.cli.publish", "Publish on the Hugging Face Hub."),
        "verify": ("benchmark_n.cli.verify", "Make a release's benchmarks, compare their bytes."),
    },
}
COMMANDS = {name: entry for commands in GROUPS.values() for name, entry in commands.items()}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not ctx.resilient_parsing:
            ctx.fail(unknown_command(args[0], tuple(COMMANDS), did_you_mean(args[0], COMMANDS)))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(f"{n:{width}}", line) for n, (_, line) in commands.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="benchmark-n")
def group() -> None:
    """Benchmark-N: seeded annotation noise for instance segmentation, and what it does."""


_INTERRUPTED = ("interrupted: nothing was finished", 130)


def main() -> None:
    """Run the command line; every error the user can mend is one line on stderr."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code: 0, 1 for bad input, 2 for bad usage."""
    try:
        group.main(arguments, prog_name="benchmark-n", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail(*_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if _of_interruption(error):
            return _fail(*_INTERRUPTED)
        return _fail(_told(error), getattr(error, "exit_code", 1))
    return 0


def _of_interruption(error: BaseException | None) -> bool:
    """Whether Ctrl-C came before it: some libraries raise an error of their own in its place."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _told(error: Exception) -> str:
    """What the user is told of an error; one that nobody thought of is raised again on request."""
    if isinstance(error, BenchmarkNError):
        return with_flags(str(error), group)
    if isinstance(error, ImportError):
        return import_fault(error)
    if os.environ.get("BENCHMARK_N_DEBUG"):
        raise error
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    # OpenCV's has no class of its own, and comes from a worker without its code.
    if isinstance(error, MemoryError) or "Insufficient memory" in str(error):
        return "not enough memory: try again with fewer workers, or a part of the data"
    if isinstance(error, SystemError):  # of C code that cannot even say what it lacks
        return f"a library failed ({error}), often for want of memory: try again with fewer workers"
    name = type(error).__name__
    return f"internal error: {name}: {error} (BENCHMARK_N_DEBUG=1 shows where)"


def _fail(message: str, code: int) -> int:
    click.echo(f"benchmark-n: error: {' '.join(message.split())}", err=True)
    return code
