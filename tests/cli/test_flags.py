"""Parameters in messages become the options of the real commands, and nothing else does."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from benchmark_n.cli import group
from benchmark_n.cli.eval import command as evaluate
from benchmark_n.cli.flags import WORDS, with_flags
from benchmark_n.cli.make import command as make
from benchmark_n.detectors.base import SOURCES
from benchmark_n.errors import InputError, UsageError
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.training.work_dir import RUN, finished_run, open_work_dir


class Picture(msgspec.Struct, forbid_unknown_fields=True):
    """Fields that are called like options."""

    images: list[int]
    seed: int = 0


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("name it with `images=DIR`", "name it with --images DIR"),
        ("(`skip_bad=True` leaves such out)", "(--skip-bad leaves such out)"),
        ("choose `init='imagenet'` or none", "choose --init imagenet or none"),
        ("it is `trained_on='noisy-oof'`.", "it is --trained-on noisy-oof."),
        ("`num_images=5`: few", "--num-images 5: few"),
        ("`evidence=['crops', 'losses']`", "--evidence crops --evidence losses"),
        ("`overrides={'scale.kernel': 7}`", "--set scale.kernel=7"),
        ("name one by `image_id` or `as_json`", "name one by --image or --json"),
        ("`detectors` or `top`", "--detector or --top"),
        ("`spatial_iou` is 2", "spatial_iou is 2"),
        ("`spatial_iou=2` is too much", "spatial_iou=2 is too much"),
    ],
)
def test_a_parameter_is_written_as_it_is_typed(message: str, line: str) -> None:
    assert with_flags(message, group) == line


@pytest.mark.parametrize(
    "text",
    [
        "a`images`.json: no such file",
        "my/`images`/1.png: cannot be read",
        "torch has no `nn.seed`",
        "an odd ` and `images",
        "nothing to translate",
    ],
)
def test_other_backquotes_stay(text: str) -> None:
    assert with_flags(text, group) == text


@pytest.mark.parametrize(
    "document",
    [{}, {"images": 3}, {"images": ["a"]}, {"images": [], "seed": "a"}, {"images": [], "top": 1}],
)
def test_fields_of_files_are_no_options(document: object) -> None:
    """What msgspec says of a file's fields, which it has in backquotes too, stays as it is."""
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(document, Picture)
    for text in (str(caught.value), str(caught.value).replace("`$.", "`")):
        assert "`" in text
        assert with_flags(f"x.json: {text}", group) == f"x.json: {text}"


def test_the_table_names_options_that_there_are() -> None:
    named = {flag for words in WORDS.values() for flag in re.findall(r"--[\w-]+", words)}
    options = {flag for parts in (make, evaluate) for one in parts.params for flag in one.opts}
    assert named == {"--detector", "--set", "--max-pixels"}
    assert named <= options


def test_what_detectors_need_is_typed_as_evidence() -> None:
    for source in SOURCES.values():
        assert re.fullmatch(
            r"--evidence [\w:,…]+( or --evidence [\w:]+)?", with_flags(source, group)
        )
    with pytest.raises(UsageError) as caught:
        EvidenceOptions(noise_rate=1.5)
    assert with_flags(str(caught.value), group).startswith("--noise-rate is 1.5, expected")


def test_a_training_names_its_parameters(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes").write_text("")
    with pytest.raises(InputError, match="choose another `work_dir`") as caught:
        open_work_dir(tmp_path / "other", {}, resume=False)
    assert with_flags(str(caught.value), group).endswith("choose another --work-dir")
    (tmp_path / RUN).write_text("{}")
    with pytest.raises(InputError, match="already: `resume=True`, or another `work_dir`") as caught:
        open_work_dir(tmp_path, {}, resume=False)
    line = "holds a training already: --resume, or another --work-dir"
    assert with_flags(str(caught.value), group).endswith(line)
    with pytest.raises(InputError, match="not finished: train with `resume=True`"):
        finished_run(tmp_path)
