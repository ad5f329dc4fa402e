"""A few kills and interruptions of small commands; scripts/chaos.py does many, and to all."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from tests.chaos.commands import Command, make_commands, review_command
from tests.chaos.faults import (
    Reference,
    fresh,
    interrupted,
    killed,
    short_of_disk,
    undisturbed,
)
from tests.chaos.processes import run_command, small_disk, wrong_clock

_YEAR = 365 * 86_400.0


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos")


@pytest.fixture(scope="module")
def made(root: Path) -> list[Reference]:
    """`make` in one process and in two, undisturbed."""
    return [undisturbed(c, root / "reference") for c in make_commands(root, 600)]


@pytest.fixture(scope="module")
def imported(root: Path) -> Reference:
    """`review import`, undisturbed."""
    return undisturbed(review_command(root), root / "reference")


def test_kills_leave_nothing_that_looks_finished(
    made: list[Reference], imported: Reference, tmp_path: Path
) -> None:
    rng = Random(7)
    for reference in (made[0], made[0], imported, imported):
        trial = killed(reference, tmp_path / "place", rng, "parent")
        assert trial.faults == []
        assert trial.code in (0, -signal.SIGKILL)


def test_a_killed_worker_is_one_line(made: list[Reference], tmp_path: Path) -> None:
    trial = killed(made[1], tmp_path / "place", Random(1), "worker")
    assert trial.faults == []
    assert trial.code in (0, 1)


def test_an_interruption_is_one_line(
    made: list[Reference], imported: Reference, tmp_path: Path
) -> None:
    for reference in (*made, imported):
        assert interrupted(reference, tmp_path / "place", Random(3)).faults == []


def test_a_full_disk_is_one_line(
    made: list[Reference], imported: Reference, tmp_path: Path
) -> None:
    for reference in (made[0], imported):
        trial = short_of_disk(reference, tmp_path / "place", small_disk(500), "quota")
        assert trial.faults == []
        assert trial.code == 1


def test_the_clock_is_in_no_output(made: list[Reference], tmp_path: Path) -> None:
    command: Command = made[0].command
    place = fresh(command, tmp_path / "place")
    run_command(command.arguments(place), tmp_path / "log", wrong_clock(3 * _YEAR))
    assert command.digests(place) == made[0].digests
