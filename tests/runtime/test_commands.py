"""Command lines are what a shell and the commands' own parsers read."""

from __future__ import annotations

import shlex

import click
import pytest

from benchmark_n.cli import COMMANDS, group
from benchmark_n.datasets.base import DATASETS
from benchmark_n.runtime.commands import Placeholder, command_line, option

STEPS = [
    step
    for name in DATASETS.names()
    for step in DATASETS.load(name).steps
    if step.startswith("benchmark-n ")
]


def test_a_shell_reads_the_parameters_again() -> None:
    name = "it's $(my) file.json"
    line = command_line("make", annotations=name, num_images=5, skip_bad=True, out="rebuilt")
    words = ["--annotations", name, "--num-images", "5", "--skip-bad", "--out", "rebuilt"]
    assert shlex.split(line) == ["benchmark-n", "make", *words]
    assert line == shlex.join(["benchmark-n", "make", *words])
    assert shlex.split(command_line("fetch", "my data", split="val")) == [
        *("benchmark-n", "fetch", "my data", "--split", "val")
    ]


def test_a_list_gives_the_option_each_time() -> None:
    line = command_line("make", keep_fields=["a b", "c"])
    assert shlex.split(line)[2:] == ["--keep-fields", "a b", "--keep-fields", "c"]


def test_a_placeholder_is_not_quoted() -> None:
    assert command_line("make", root=Placeholder("FOLDER|FILE.npz")).endswith(" FOLDER|FILE.npz")
    assert command_line("make", root="FOLDER|FILE.npz").endswith(" 'FOLDER|FILE.npz'")


def test_an_option_has_hyphens() -> None:
    assert option("num_images") == "--num-images"


@pytest.mark.parametrize("step", STEPS)
def test_steps_of_datasets_are_commands(step: str) -> None:
    """Each command line that a dataset's steps show is one that its command accepts."""
    _, name, *words = step.partition(" downloads")[0].split()
    command = group.get_command(click.Context(group), name)
    assert name in COMMANDS
    assert command is not None
    with command.make_context(name, words, parent=click.Context(group)) as context:
        assert not context.args


def test_there_are_such_steps() -> None:
    assert len(STEPS) == 7
