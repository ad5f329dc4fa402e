"""`phantom`: an embedded echo dataset with analytic volumes, in CAMUS's own layout.

Two views at two instants of each patient; the body is that of `benchmark_n.datasets.phantom.body`.
The files are written as CAMUS ships them and read by the CAMUS adapter.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmark_n.datasets import terms
from benchmark_n.datasets.base import Dataset
from benchmark_n.datasets.camus.adapter import CONVERTER as CAMUS_CONVERTER
from benchmark_n.datasets.camus.adapter import TIERS
from benchmark_n.datasets.camus.files import INSTANTS, LISTS, VIEWS
from benchmark_n.datasets.camus.scans import Scan, write_scan
from benchmark_n.datasets.labelmaps.cached import open_converted
from benchmark_n.datasets.phantom.body import FIRST_PATIENT, Patient, draw_patient
from benchmark_n.datasets.phantom.image import draw_image, draw_labels
from benchmark_n.datasets.request import Request
from benchmark_n.errors import InputError
from benchmark_n.files.kept_folders import make_sealed
from benchmark_n.runtime.commands import option
from benchmark_n.runtime.parallel import ordered_map

VERSION = 1
NUM_PATIENTS = {"train": 60, "val": 20}
_FRAMES = len(VIEWS) * len(INSTANTS)


def prepare(request: Request) -> Path:
    """The folder of the drawn patients, in CAMUS's layout; drawn unless they were before.

    Raises
    ------
    InputError
        A negative data seed, or a number of images that is not four a patient.
    """
    counts = dict(NUM_PATIENTS)
    if request.num_images is not None:
        if request.num_images < _FRAMES or request.num_images % _FRAMES:
            raise InputError(
                f"`num_images` is {request.num_images}, expected a multiple of {_FRAMES}: "
                "a patient has two views at two instants"
            )
        counts[request.split] = request.num_images // _FRAMES
    if request.data_seed < 0:
        raise InputError(f"data-seed is {request.data_seed}, expected 0 or more")
    sizes = "-".join(f"{split}{count}" for split, count in counts.items())
    folder = request.root / f"v{VERSION}-seed{request.data_seed}-{sizes}"

    def draw(stage: Path) -> None:
        write_phantom(stage, request.data_seed, counts, request.workers)

    made_of = {"version": VERSION, "data_seed": request.data_seed, "counts": counts}
    make_sealed(folder, made_of, draw, f"database_split/{LISTS['val']}")
    return folder


def write_phantom(
    folder: Path, data_seed: int, counts: dict[str, int], workers: int | None = None
) -> None:
    """Write patients and their lists as CAMUS ships them: NIfTI, info files, subgroup lists."""
    jobs = [(split, place) for split, count in counts.items() for place in range(count)]
    write = partial(_write_job, folder / "database_nifti", data_seed)
    names = list(ordered_map(write, jobs, workers=workers))
    lists = folder / "database_split"
    lists.mkdir()
    for split in counts:
        chosen = [name for name, (of, _) in zip(names, jobs, strict=True) if of == split]
        (lists / LISTS[split]).write_text("\n".join(chosen) + "\n", encoding="utf-8")


def _write_job(folder: Path, data_seed: int, job: tuple[str, int]) -> str:
    return write_patient(folder, draw_patient(data_seed, *job), data_seed)


def write_patient(folder: Path, patient: Patient, data_seed: int) -> str:
    """Write a patient's folder; returns its name."""
    name = f"patient{patient.number:04d}"
    for place, view in enumerate(VIEWS):
        for step, instant in enumerate(INSTANTS):
            stem = folder / name / f"{name}_{view}_{instant}"
            labels = draw_labels(patient, view, instant)
            image = draw_image(patient, labels, [data_seed, patient.number, place, step])
            write_scan(stem.with_name(f"{stem.name}.nii.gz"), Scan(image, patient.spacing))
            write_scan(stem.with_name(f"{stem.name}_gt.nii.gz"), Scan(labels, patient.spacing))
        (folder / name / f"Info_{view}.cfg").write_text(_info(patient), encoding="utf-8")
    return name


def _info(patient: Patient) -> str:
    volumes = {instant: ventricle.volume for instant, ventricle in patient.ventricles.items()}
    lines = {
        "ED": 1,
        "ES": 20,
        "NbFrame": 20,
        "Sex": patient.sex,
        "Age": patient.age,
        "ImageQuality": patient.quality,
        "EF": f"{patient.ejection_fraction:.6f}",
        "LVedv": f"{volumes['ED']:.6f}",
        "LVesv": f"{volumes['ES']:.6f}",
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def locate(root: Path, split: str) -> Path:
    """The folder of the drawings, which appear on demand."""
    return root


CONVERTER = replace(CAMUS_CONVERTER, name="phantom", prepare=prepare)
PHANTOM = Dataset(
    "phantom",
    "phantom-N",
    tuple(FIRST_PATIENT),
    partial(open_converted, CONVERTER),
    locate,
    embedded=True,
    converter=CONVERTER,
    tiers=TIERS,
    size=f"train 60 patients, val 20; four frames each ({option('num_images')} for others)",
    licence="CC0-1.0 (drawn by this package)",
    redistribution="yes",
    terms=terms.OWN,
    known_files={
        "ceb30aa462b56b694dd6c8209c03912bb2d84b6458aeb54b81449871346cf193": "train of data seed 0",
        "66fcd67c2b3b4c91a06b8d71d9d6cebfc96a2c2eef46868b5af8d56160c617c1": "val of data seed 0",
    },
    steps=("nothing to fetch: drawn on demand; pip install '.[medical]'",),
)
