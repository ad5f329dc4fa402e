"""The options of `make`: objects in Python, flat flags on the command line, the same benchmark."""

from __future__ import annotations

import inspect
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import benchmark_n
from benchmark_n import (
    Benchmark,
    Execution,
    PublishOptions,
    RecipeOptions,
    SourceOptions,
    WeakOptions,
)
from benchmark_n.benchmark import layout
from benchmark_n.cli import run
from benchmark_n.cli.make import command
from benchmark_n.errors import InputError, UsageError
from benchmark_n.generation.make import make
from benchmark_n.generation.options import MAKE_OPTIONS

FEW = SourceOptions(num_images=4, data_seed=3)
ALONE = Execution(workers=1)
# What `make` takes itself, and what the command calls otherwise or has of its own.
OWN = {"dataset", "tier", "seed", "out", "overwrite"}
OF_THE_COMMAND = {"settings", "quiet", "verbose", "as_json", "max_pixels"}


def sums(benchmark: Benchmark) -> bytes:
    return (benchmark.path / layout.CHECKSUMS).read_bytes()


def test_objects_and_flags_make_the_same_benchmark(tmp_path: Path) -> None:
    made = benchmark_n.make(
        "scenes",
        "hard",
        recipe=RecipeOptions(only=["scale", "class_confusion"], overrides={"scale.kernel": 9}),
        seed=5,
        out=tmp_path / "objects",
        source=FEW,
        publish=PublishOptions("polygon"),
        execution=ALONE,
    )
    flags = "--dataset scenes --tier hard --only scale --only class_confusion --seed 5 -q"
    flags += " --set scale.kernel=9 --num-images 4 --data-seed 3 --masks polygon --workers 1"
    assert run(["make", *flags.split(), "--out", str(tmp_path / "flags")]) == 0
    told = benchmark_n.load(tmp_path / "flags")
    assert sums(told) == sums(made)
    assert told.recipe == made.recipe
    assert list(made.recipe["noises"]) == ["scale", "class_confusion"]
    assert made.recipe["noises"]["scale"]["kernel"] == 9
    assert made.recipe["masks"] == "polygon"


def test_weak_objects_and_flags_make_the_same_benchmark(tmp_path: Path) -> None:
    weak = WeakOptions("box", segmenter="ellipse")
    made = benchmark_n.make(
        "scenes", weak=weak, out=tmp_path / "objects", source=FEW, execution=ALONE
    )
    flags = "--dataset scenes --weak box --segmenter ellipse --workers 1 -q"
    flags += " --num-images 4 --data-seed 3"
    assert run(["make", *flags.split(), "--out", str(tmp_path / "flags")]) == 0
    assert sums(benchmark_n.load(tmp_path / "flags")) == sums(made)
    assert made.recipe["segmenter"]["name"] == "ellipse"


@pytest.mark.parametrize(
    "recipe", ["easy", RecipeOptions("easy"), "FILE", RecipeOptions("FILE")], ids=str
)
def test_a_recipe_by_name_path_or_object(recipe: Any, tmp_path: Path) -> None:
    first = benchmark_n.make("scenes", "easy", out=tmp_path / "a", source=FEW, execution=ALONE)
    file = first.path / layout.RECIPE
    if recipe == "FILE":
        recipe = file
    elif recipe == RecipeOptions("FILE"):
        recipe = RecipeOptions(file)
    again = make("scenes", recipe=recipe, out=tmp_path / "b", source=FEW, execution=ALONE)
    assert sums(again) == sums(first)


def test_weak_options_without_any_are_none(tmp_path: Path) -> None:
    first = make("scenes", "easy", out=tmp_path / "a", source=FEW, execution=ALONE)
    again = make(
        "scenes", "easy", out=tmp_path / "b", source=FEW, execution=ALONE, weak=WeakOptions()
    )
    assert sums(again) == sums(first)


def test_every_field_is_a_flag_and_every_flag_a_field() -> None:
    flags = {option.name for option in command.params if option.expose_value} - OF_THE_COMMAND
    names = [field.name for kind in MAKE_OPTIONS.values() for field in fields(kind)]
    assert len(names) == len(set(names))
    assert set(names) - {"overrides", "progress", "chunk_size"} == flags - OWN


def test_make_has_the_objects_and_at_most_ten_parameters() -> None:
    parameters = set(inspect.signature(make).parameters)
    assert parameters == OWN | set(MAKE_OPTIONS)
    assert len(parameters) <= 10
    for kind in MAKE_OPTIONS.values():
        assert getattr(benchmark_n, kind.__name__) is kind
        assert kind.__name__ in benchmark_n.__all__


@pytest.mark.parametrize(
    ("kind", "options", "text"),
    [
        (SourceOptions, {"stride": 0}, "stride is 0, expected 1 or more"),
        (SourceOptions, {"stride": "2"}, "stride is '2', expected a whole number"),
        (SourceOptions, {"data_seed": 1.5}, "data_seed is 1.5, expected a whole number"),
        (SourceOptions, {"num_images": "all"}, "num_images is 'all', expected a whole number"),
        (
            PublishOptions,
            {"masks": "png"},
            "masks must be one of rle, polygon, keep, but got 'png'",
        ),
        (RecipeOptions, {"only": "scale"}, "only is 'scale', expected a list of names of noises"),
    ],
)
def test_faults_name_the_parameter(kind: Any, options: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError) as error:
        kind(**options)
    assert str(error.value) == text


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"tier": "hard", "recipe": RecipeOptions("easy")}, UsageError, "not both"),
        ({"recipe": RecipeOptions(only=["scale"])}, UsageError, "name a tier"),
        ({"recipe": RecipeOptions("hrad")}, InputError, "did you mean 'hard'"),
        (
            {"tier": "hard", "weak": WeakOptions(prompts_from="b")},
            UsageError,
            "prompts-from is for weak",
        ),
        ({"tier": "wan-easy", "weak": WeakOptions("box")}, UsageError, "not two of them"),
    ],
)
def test_objects_that_contradict(
    arguments: dict[str, Any], kind: type[Exception], text: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=text):
        make("scenes", out=tmp_path / "b", source=FEW, execution=ALONE, **arguments)
    assert not (tmp_path / "b").exists()
