"""Whether a directory of results may be sent in: a line for each thing that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmark_n.benchmark import Benchmark, load
from benchmark_n.benchmark.labels import validation_file
from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.predictions import read_predictions
from benchmark_n.errors import InputError
from benchmark_n.evaluators.label_errors import alignment
from benchmark_n.evaluators.label_errors import truth as error_truth
from benchmark_n.files.json_yaml import read_json
from benchmark_n.files.provenance import file_digest
from benchmark_n.report.submission import CHOOSING, FILE, SCORED, Run, Submission, read_submission
from benchmark_n.tables.scores import read_scores

_DIGEST = 12
_ROWS = ("floor", "ceiling")  # What names of other rows start with.


@dataclass(frozen=True)
class Judge:
    """A benchmark that submissions are of.

    Parameters
    ----------
    sha256
        Of its noisy annotation file, by which runs name it.
    """

    benchmark: Benchmark
    sha256: str

    @property
    def validation(self) -> CocoFile:
        """The clean labels of the images that trained models are judged on."""
        return read_coco(validation_file(self.benchmark))


def judges(benchmarks: Sequence[Benchmark | Path | str]) -> list[Judge]:
    """The benchmarks with the digests of their annotations."""
    opened = [load(each) if isinstance(each, Path | str) else each for each in benchmarks]
    return [Judge(each, file_digest(each.annotations)) for each in opened]


def check_submission(
    folder: Path | str, benchmarks: Sequence[Benchmark | Path | str] = ()
) -> list[str]:
    """A line for each fault of a submission; none where it may be sent in.

    Of one that was withdrawn, ``submission.yaml`` alone is looked at: its files may be gone.

    Parameters
    ----------
    folder
        With ``submission.yaml`` and the files of its runs.
    benchmarks
        Of whose annotations or images the results have to be; each needs an entry.

    Raises
    ------
    InputError
        There is no ``submission.yaml``, or one of `benchmarks` is none.

    Examples
    --------
    >>> check_submission("my-submission", ["benchmarks/scenes-n-hard-seed1"])  # doctest: +SKIP
    []
    """
    place = Path(folder)
    found, faults = read_submission(place)
    return faults if found is None else submission_faults(found, place, judges(benchmarks))


def submission_faults(found: Submission, place: Path, known: Sequence[Judge]) -> list[str]:
    """A line for each fault of a submission that could be read, and of the files that it names.

    Parameters
    ----------
    found, place
        What its ``submission.yaml`` says, and its folder.
    known
        The benchmarks that it has to be of.
    """
    if found.withdrawn is not None:
        return []
    faults = [*_of_method(found.method, place / FILE), *_of_seeds(found, place / FILE)]
    for run in found.runs:
        faults += _of_run(found, run, place, known)
    return [*faults, *_left_out(found, place / FILE, known)]


def _of_method(method: str, path: Path) -> Iterator[str]:
    """Names that boards give to other rows."""
    start = method.strip().casefold().partition(":")
    if start[1] and start[0].strip() in _ROWS:
        yield (
            f"{path}: method is '{method}', expected another name: boards call floors "
            "'floor: …' and ceilings 'ceiling: …'"
        )


def _left_out(found: Submission, path: Path, known: Sequence[Judge]) -> Iterator[str]:
    """Noise seeds without an entry, or with an entry but not with the floor that others have."""
    by_role: dict[str, dict[str, Run]] = {}
    for run in found.runs:
        by_role.setdefault(run.role, {}).setdefault(run.annotations_sha256, run)
    entries = by_role.pop("entry", {})
    for one in known:
        label = f"{one.benchmark.path}, whose annotations have SHA-256 {one.sha256:.{_DIGEST}}"
        if one.sha256 not in entries:
            yield f"{path}: no run is of {label}, as its entry"
        for role, runs in by_role.items():
            if one.sha256 not in runs and any(other.sha256 in runs for other in known):
                yield f"{path}: no run is of {label}, as its {role}, which other benchmarks have"
    told = {one.sha256 for one in known}
    for role, runs in by_role.items():
        for sha256, run in runs.items():
            if sha256 not in entries and sha256 not in told:
                yield (
                    f"{path}: {run.file} is the {role} of {run.benchmark} with annotations "
                    f"{sha256:.{_DIGEST}}, of which there is no entry"
                )


def _of_seeds(found: Submission, path: Path) -> Iterator[str]:
    seen: dict[tuple[str, str, int], Run] = {}
    for run in found.runs:
        key = (run.role, run.annotations_sha256, run.training_seed)
        if key in seen:
            yield (
                f"{path}: {run.file} and {seen[key].file} are both the {run.role} of "
                f"{run.benchmark}, training seed {run.training_seed}: expected one"
            )
        seen[key] = run
        if run.noise_seed in CHOOSING:
            yield (
                f"{path}: {run.file}: noise_seed is {run.noise_seed}: {CHOOSING[0]} to "
                f"{CHOOSING[-1]} are for choosing settings, expected 1 to 5"
            )
        if run.role != "entry" and found.track in SCORED:
            yield f"{path}: {run.file}: role is {run.role}, expected entry: floors are known here"
    noise = {run.noise_seed for run in found.runs}
    if len(noise) > 1 and all(run.noise_seed == run.training_seed for run in found.runs):
        yield (
            f"{path}: training_seed is noise_seed in every run: they have to vary apart, or their "
            "spreads cannot be told from one another"
        )


def _of_run(found: Submission, run: Run, place: Path, known: Sequence[Judge]) -> Iterator[str]:
    where = PurePosixPath(run.file)
    path = place / where
    if where.is_absolute() or ".." in where.parts:
        yield f"{place / FILE}: file is {run.file}, expected a path below {place}"
        return
    if not path.resolve().is_relative_to(place.resolve()):
        yield f"{path}: is a link to {path.resolve()}, expected a file below {place}"
        return
    ending = ".parquet" if found.track in SCORED else ".json"
    if where.suffix != ending:
        yield f"{path}: track {found.track} takes {ending} files"
        return
    if not path.is_file():
        yield f"{path}: is missing, a run of {FILE} names it"
        return
    try:
        judge = next((one for one in known if one.sha256 == run.annotations_sha256), None)
        if judge is not None:
            yield from _of_benchmark(run, judge, place)
        if found.track in SCORED:
            _check_scores(path, judge)
        else:
            _check_detections(path, judge)
    except InputError as fault:
        line = str(fault)
        yield (
            line if line.startswith(str(path)) else f"{path}: {line.removeprefix(f'{path.name}: ')}"
        )


def _of_benchmark(run: Run, judge: Judge, place: Path) -> Iterator[str]:
    """What a run says of its benchmark otherwise than the benchmark itself."""
    recipe = judge.benchmark.recipe
    told = {"noise_seed": recipe.get("seed"), "benchmark": benchmark_name(judge.benchmark)}
    for name, value in told.items():
        if (given := getattr(run, name)) != value:
            yield (
                f"{place / FILE}: {run.file}: {name} is {given}, but that of "
                f"{judge.benchmark.path} is {value}"
            )


def benchmark_name(benchmark: Benchmark) -> str:
    """What runs call it: name and recipe."""
    return f"{benchmark.recipe['benchmark']} {benchmark.recipe['name']}"


def _check_scores(path: Path, judge: Judge | None) -> None:
    table = read_scores(path)
    if not len(table):
        raise InputError(f"{path}: no scores")
    if judge is not None:
        manifest = judge.benchmark.manifest()
        alignment.check_same(table, manifest, error_truth.surviving(manifest))


def _check_detections(path: Path, judge: Judge | None) -> None:
    if judge is not None:
        for _ in read_predictions(path, judge.validation).segmentations:
            pass  # looked at, each has to be JSON
    elif not isinstance(read_json(path, "detections"), list):
        raise InputError(f"{path}: expected a list of detections, as COCO's results are")
