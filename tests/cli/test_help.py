"""Help in the order of work, options by what they are for, suggestions, and completion."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benchmark_n.cli import COMMANDS, group, run
from benchmark_n.cli.help import SectionedCommand
from benchmark_n.datasets.base import DATASETS
from benchmark_n.detectors.base import DETECTORS
from benchmark_n.noise.recipe import recipe_names


def help_of(*words: str) -> str:
    """What ``--help`` prints."""
    found = CliRunner().invoke(group, [*words, "--help"], prog_name="benchmark-n")
    assert found.exit_code == 0, found.output
    return found.output


def completed(words: str, place: Path) -> list[str]:
    """What bash is offered for the last of the words."""
    typed = f"benchmark-n {words}"
    environment = {
        **os.environ,
        "_BENCHMARK_N_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - (not typed.endswith(" "))),
        "PYTHONPATH": os.pathsep.join(str(Path(p).resolve()) for p in sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmark_n"],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split(",", 1)[1] for line in done.stdout.splitlines()]


def test_commands_stand_in_the_order_of_work() -> None:
    text = help_of()
    places = [text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    assert "benchmark-n " + name in help_of(name).split("Usage:", 1)[1].split("\n", 1)[1]


@pytest.mark.parametrize("name", ["make", "eval", "detect"])
def test_no_option_is_lost_among_the_headings(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert isinstance(command, SectionedCommand)
    text = help_of(name)
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    listed = text[text.index(next(iter(command.sections))) :]
    shown = re.findall(r"(?:^  |, )(--?[a-z-]+)", listed, re.MULTILINE)
    for option in options:
        assert shown.count(option.opts[-1]) == 1, option.opts
    named = {name for names in command.sections.values() for name in names}
    general = {"format", "form", "out", "as_json", "quiet", "verbose", "help"}
    assert {option.name for option in options} - named <= general
    for heading in command.sections:
        assert f"{heading}:" in text


def test_a_heading_over_an_option_that_there_is_not_is_refused() -> None:
    option = click.Option(["--seed"])
    for sections in ({"A": ("sead",)}, {"A": ("seed",), "B": ("seed",)}):
        with pytest.raises(ValueError, match="no parameter, or under two headings"):
            SectionedCommand("make", params=[option], sections=sections)


def test_a_misspelt_command_is_told_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mak"]) == 2
    assert "no command 'mak': did you mean 'make'?" in capsys.readouterr().err
    assert run(["xyzzy"]) == 2
    assert "no command 'xyzzy': benchmark-n --help lists" in capsys.readouterr().err


def test_the_shell_completes_names(tmp_path: Path) -> None:
    (tmp_path / "benchmarks" / "mine").mkdir(parents=True)
    (tmp_path / "benchmarks" / "mine" / "recipe.yaml").touch()
    assert completed("mak", tmp_path) == ["make"]
    assert completed("make --dataset ca", tmp_path) == [
        name for name in DATASETS.names() if name.startswith("ca")
    ]
    assert set(completed("make --tier paper-", tmp_path)) == {
        name for name in recipe_names() if name.startswith("paper-")
    }
    assert completed("eval --detector random,mir", tmp_path) == ["random,mirror"]
    assert set(completed("detect --detector fast", tmp_path)) <= set(DETECTORS.names())
    assert completed("eval ben", tmp_path) == ["benchmarks/mine"]
