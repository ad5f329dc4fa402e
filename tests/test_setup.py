"""What setup.cfg promises to installers."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from packaging.requirements import Requirement


def extras() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(Path(__file__).parents[1] / "setup.cfg")
    return dict(config["options.extras_require"])


def test_all_has_every_extra_of_users() -> None:
    named = Requirement(extras()["all"].strip())
    assert named.name == "benchmark-n"
    assert named.extras == extras().keys() - {"all", "docs", "test"}


def test_every_extra_that_an_error_names_exists() -> None:
    """Messages about missing extras end in a command that works."""
    root = Path(__file__).parents[1]
    pattern = re.compile(r"import_extra\(\s*\"[\w.]+\",\s*\"(\w+)\"")
    named = {
        extra
        for folder in ("benchmark_n", "detectors", "evaluators")
        for path in (root / folder).rglob("*.py")
        for extra in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert named
    assert named <= extras().keys()


def test_the_hosted_site_is_built_with_what_the_script_installs() -> None:
    root = Path(__file__).parents[1]
    hosted = yaml.safe_load((root / ".readthedocs.yaml").read_text())
    (command,) = hosted["build"]["jobs"]["install"]
    (script,) = re.findall(r"setup_venv.sh (\S+)$", (root / "scripts/docs.sh").read_text(), re.M)
    assert f'--constraint constraints.txt ".[{script}]"' in command
    assert hosted["sphinx"] == {
        "builder": "html",
        "configuration": "docs/conf.py",
        "fail_on_warning": True,
    }


def test_an_installation_without_a_compiler_goes_on(tmp_path: Path) -> None:
    """The extension is optional: its failure is a warning, and nothing is left in its place."""
    command = [sys.executable, "setup.py", "build_ext"]
    done = subprocess.run(
        [*command, "--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "CC": "/bin/false", "CXX": "/bin/false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 'building extension "benchmark_n._native.kernel" failed' in done.stdout + done.stderr
    assert not list(tmp_path.rglob("*.so"))
