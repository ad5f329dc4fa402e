"""`check`: structural errors of an annotation file, found without a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark_n.benchmark import layout, load
from benchmark_n.coco import CocoFile, ReadOptions, read_coco
from benchmark_n.coco.exports import open_export
from benchmark_n.detection.structure.measure import measure
from benchmark_n.detection.structure.result import CheckResult, Suspect
from benchmark_n.detection.structure.rules.base import RULES, Finding, Rule, build_rule
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.runtime.progress import Progress

ERRORS = "errors"


def check(
    annotations: Path | str | CocoFile,
    rules: str | Iterable[str] | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    reading: ReadOptions = ReadOptions(),
    progress: Progress | None = None,
) -> CheckResult:
    """Look for structural errors: duplicates, boxes as masks, merges and the like.

    Crowds are left out. Annotations without a mask are checked as far as their boxes go.

    Parameters
    ----------
    annotations
        A COCO file (or what `read_coco` made of it, or an export of a tool), or the directory of
        a benchmark, whose noisy file is read.
    rules
        Names of rules, ``"duplicate,merged"`` or a list; by default all.
    options
        ``"rule.option"`` to its value, such as ``{"duplicate.iou": 0.95}``.
    reading, progress
        How the file is read; and what is called with annotations measured, and in all.

    Returns
    -------
    The suspects, the most probable first, and counts of each rule.

    Raises
    ------
    UsageError
        No rule at all, or an option of a rule that does not run.
    InputError
        An unknown rule or option, or anything wrong with the file.

    Examples
    --------
    >>> from benchmark_n import SourceOptions, make
    >>> _ = make("scenes", "hard", source=SourceOptions(num_images=3), out="hard")
    >>> [(one.rule, one.what) for one in check("hard").suspects][:1]
    [('crumbs', '2 parts, the smallest of 1 px')]
    """
    built = _build(rule_names(rules), options or {})
    coco, images = _opened(annotations, reading)
    measured = measure(coco, progress)
    coco.repairs.tell(coco.path.name)
    suspects = [_suspect(coco, rule, one) for rule in built for one in rule.find(measured)]
    order = sorted(range(len(suspects)), key=lambda i: (-suspects[i].probability, i))
    ranked = tuple(suspects[i] for i in order)
    return CheckResult(coco, tuple(built), ranked, measured.masked, images)


def rule_names(asked: str | Iterable[str] | None) -> list[str]:
    """Names out of ``"a,b"`` or a list; all of them where nothing is asked for.

    Raises
    ------
    UsageError
        No name at all.
    InputError
        An unknown name.
    """
    known = RULES.names()
    if asked is None:
        return known
    parts = asked.split(",") if isinstance(asked, str) else list(asked)
    names = [name.strip() for name in parts if name.strip()]
    if not names:
        raise UsageError("name a rule, several with commas between")
    for name in names:
        if name not in known:
            raise InputError(f"unknown rule '{name}': {did_you_mean(name, known)}")
    return list(dict.fromkeys(names))


def refused_rules(fail_on: str | None, rules: str | Iterable[str] | None = None) -> list[str]:
    """The rules of which a finding is refused; ``errors`` stands for all of level ``error``.

    Parameters
    ----------
    fail_on
        ``"duplicate,merged"``; nothing is refused without.
    rules
        Those that are run, as for `check`.

    Raises
    ------
    UsageError
        A rule that is not run.

    Examples
    --------
    >>> refused_rules("errors", "merged,sliver")
    ['merged']
    """
    run = rule_names(rules)
    asked: list[str] = []
    for name in [part.strip() for part in (fail_on or "").split(",") if part.strip()]:
        if name != ERRORS and name not in run:
            raise UsageError(
                f"`fail_on`: '{name}' is no rule that is run: {did_you_mean(name, run)}"
            )
        wanted = [name] if name != ERRORS else run
        asked += [n for n in wanted if name != ERRORS or RULES.load(n).level == "error"]
    return list(dict.fromkeys(asked))


def _build(names: Sequence[str], options: Mapping[str, Any]) -> list[Rule]:
    own: dict[str, dict[str, Any]] = {name: {} for name in names}
    for key, value in options.items():
        name, _, option = key.partition(".")
        if not option:
            raise UsageError(f"'{key}' is no option of a rule, expected RULE.OPTION")
        if name not in own:
            raise UsageError(f"option '{key}': rule '{name}' is not run: {did_you_mean(name, own)}")
        own[name][option] = value
    return [build_rule(name, given) for name, given in own.items()]


def _opened(
    annotations: Path | str | CocoFile, reading: ReadOptions
) -> tuple[CocoFile, Path | None]:
    """The file, and the folder of its images where it is known."""
    if isinstance(annotations, CocoFile):
        return annotations, None
    if (Path(annotations) / layout.RECIPE).is_file():
        benchmark = load(annotations)
        return read_coco(benchmark.annotations, reading), benchmark.images
    export = open_export(annotations)
    return read_coco(export.annotations, reading), export.images


def _suspect(coco: CocoFile, rule: Rule, finding: Finding) -> Suspect:
    low, high = rule.probability
    places = list(finding.places)
    first = places[0] if places else None
    image = finding.image_id if first is None else int(coco.image_ids[first])
    category = finding.category_id if first is None else int(coco.category_ids[first])
    return Suspect(
        rule=rule.name,
        level=rule.level,
        kind=rule.kind,
        probability=round(low + finding.severity * (high - low), 4),
        image_id=image,
        annotation_ids=tuple(coco.annotation_ids[places].tolist()),
        category_id=category,
        what=finding.what,
    )
