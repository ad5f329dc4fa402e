"""The command line: one line for an error, data on stdout, nothing heavy for --help."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import cv2
import pytest

from benchmark_n.cli import COMMANDS, _told, group, run
from benchmark_n.cli.flags import with_flags
from tests import samples

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def source(tmp_path: Path) -> str:
    return str(samples.write(tmp_path, samples.document()))


def test_make_then_show_then_import(tmp_path: Path, source: str, capsys: Captured) -> None:
    out = str(tmp_path / "made")
    assert (
        run(
            [
                "make",
                "--dataset",
                "custom",
                "--annotations",
                source,
                "--tier",
                "low",
                "--out",
                out,
                "--json",
                "--workers",
                "1",
            ]
        )
        == 0
    )
    data = json.loads(capsys.readouterr().out)
    assert data["summary"]["annotations"] == 3
    assert run(["show", out, "--out", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    noisy = str(next((tmp_path / "made" / "annotations").glob("instances.json")))
    assert (
        run(["import", "--clean", source, "--noisy", noisy, "--out", str(tmp_path / "imported")])
        == 0
    )
    assert "3 clean annotations" in capsys.readouterr().out


def test_recipes(capsys: Captured) -> None:
    assert run(["recipes"]) == 0
    assert "asym-40" in capsys.readouterr().out
    assert run(["recipes", "hard", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["noises"]["scale"]["kernel"] == 7


def test_recipe_file_and_settings(tmp_path: Path, source: str, capsys: Captured) -> None:
    assert run(["recipes", "mid"]) == 0
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(capsys.readouterr().out)
    out = tmp_path / "made"
    assert (
        run(
            [
                "make",
                "--annotations",
                source,
                "--recipe",
                str(recipe),
                "--out",
                str(out),
                "-q",
                "--set",
                "scale.kernel=9",
                "--only",
                "scale",
                "--workers",
                "1",
            ]
        )
        == 0
    )
    written = (out / "recipe.yaml").read_text()
    assert "kernel: 9" in written
    assert "set by the user" in written
    assert "deletion:" not in written.split("noise_versions")[0]


def test_fields_are_kept_by_name(
    tmp_path: Path, capsys: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    source = samples.write(tmp_path, samples.with_further_fields(samples.document()))
    words = ["make", "--annotations", str(source), "--tier", "hard", "--workers", "1"]
    words += ["--out", str(tmp_path / "b"), "--keep-fields"]
    assert run([*words, "guidelin"]) == 1
    line = capsys.readouterr().err
    assert "--keep-fields names 'guidelin', which" in line
    assert "did you mean 'guideline'" in line
    assert run([*words, "guideline", "--keep-fields", "annotator", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["benchmark"] == str(tmp_path / "b")
    (warning,) = [r.getMessage() for r in caplog.records if "keep_fields" in r.getMessage()]
    assert "not published; --keep-fields passes one on" in with_flags(warning, group)
    assert '"guideline":"v0"' in (tmp_path / "b/annotations/instances.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["make", "--tier", "hard", "--recipe", "easy"], 2, "not both"),
        (["make", "--masks", "png"], 2, "png"),
        (["make"], 2, "name a tier"),
        (["make", "--tier", "hrad"], 1, "did you mean 'hard'"),
        (["make", "--dataset", "cocoo", "--tier", "hard"], 1, "did you mean 'coco'"),
        (["make", "--dataset", "custom", "--tier", "hard"], 2, "--annotations"),
        (["make", "--tier", "hard", "--root", "nowhere"], 1, "instances_train2017.json"),
        (["make", "--tier", "hard", "--split", "train2016"], 1, "did you mean 'train2017'"),
        (["make", "--dataset", "scenes", "--tier", "hard", "--num-images", "0"], 1, "num-images"),
        (["make", "--tier", "hard", "--set", "scale"], 2, "NOISE.PARAMETER=VALUE"),
        (["make", "--recipe", "none.yaml"], 1, "cannot read the recipe"),
        (["make", "--tier", "hard", "--annotations", "none.json"], 1, "none.json"),
        (["show", "nowhere"], 1, "not a benchmark directory"),
        (["import", "--clean", "a.json", "--noisy", "b.json"], 1, "a.json"),
        (["mak"], 2, "mak"),
    ],
)
def test_errors(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Captured,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([*arguments, "-q"] if code == 1 else arguments) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert "Traceback" not in captured.err
    if code == 1:
        assert captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "noises: {scale: {probability: 2, kernel: 3}}",
        "noises: {scale: {probability: .5, kernel: 4}}",
        "noises: {blur: {}}",
        "noises: [",
        "noises: {scale: 3}",
        "noisse: {}\nnoises: {}",
        "noises: {}\nscheme: some",
        "noises: {}\nboxes: none",
        "noises: {}\nversion: one",
        "- 1",
    ],
)
def test_faulty_recipe_files(tmp_path: Path, source: str, capsys: Captured, text: str) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(text)
    out = tmp_path / "made"
    assert (
        run(["make", "--annotations", source, "--recipe", str(recipe), "-q", "--out", str(out)])
        == 1
    )
    assert capsys.readouterr().err.count("\n") == 1
    assert not out.exists()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from benchmark_n.cli import run; run(['--help']); "
        "print([m for m in ('torch', 'cv2', 'pyarrow', 'matplotlib', 'numpy', 'scipy') "
        "if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(command: str, capsys: Captured) -> None:
    known = group.get_command(click.Context(group), command)
    under = list(known.commands) if isinstance(known, click.Group) else []
    for names in [[command, name] for name in under] or [[command]]:
        assert run([*names, "--help"]) == 0
        assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (MemoryError(), "not enough memory: try again with fewer workers"),
        (cv2.error("(-4:Insufficient memory) Failed to allocate 9 bytes"), "not enough memory"),
        (SystemError("error return without exception set"), "often for want of memory"),
        (KeyError("x"), "internal error: KeyError"),
    ],
)
def test_what_a_user_is_told(error: Exception, line: str) -> None:
    """Of errors that a worker sends home: libraries name a want of memory in their own ways."""
    assert line in _told(error)


def test_ctrl_c_is_told_where_a_library_raises_another_error(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """As MMEngine does, which takes it for a fault of the config that it was writing."""

    def stopped(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        except:  # noqa: E722 - bare as MMEngine's, which is how it takes in Ctrl-C
            raise SyntaxError("Failed to format the config file") from None

    monkeypatch.setattr(group, "main", stopped)
    assert run(["train"]) == 130
    assert capsys.readouterr().err == "benchmark-n: error: interrupted: nothing was finished\n"
