"""Are the bytes of `scenes-n` and `phantom-n` the same under other libraries, workers and backends?

    python scripts/faults/check_reproducibility.py           all environments, then the workers
    python scripts/faults/check_reproducibility.py --only numpy-2.0

Makes each environment of `ENVIRONMENTS` as a virtual environment with the core packages alone (pip
has to reach its index), makes all tiers there, and compares their hashes with those that the
committed data cards give. The benchmark of a real sample (coco128, hard), which no card has, and
the pixels of the drawn images are compared with those of the first environment. All is made with
the native kernel of this clone, where it is built, and without. What the results file has is not
checked again.
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SHARED = Path(os.environ.get("BENCHMARK_N_SHARED_DATA", ROOT.parent / "shared" / "data"))
COCO128 = SHARED / "coco128" / "instances_coco128.json"
RESULTS = ROOT / "scripts" / "results" / "reproducibility.json"
TIERS = ("easy", "mid", "hard")
WORKERS = "workers"
MOST_WORKERS = 8
SUMS = "SHA256SUMS"
# What is not named is the newest that pip finds; the oldest are the lower bounds of setup.cfg.
FIRST, OLDEST = "newest", "oldest"
ENVIRONMENTS: dict[str, dict[str, str]] = {
    FIRST: {},
    "numpy-2.0": {"numpy": "2.0.*"},
    "opencv-4.14": {"opencv-python": "4.14.*"},
    "numpy-2.0-opencv-4.10": {"numpy": "2.0.*", "opencv-python": "4.10.*"},
    OLDEST: {},
}


def golden() -> dict[str, dict[str, str]]:
    """Benchmark to file to SHA-256, from the committed cards."""
    found = {}
    for dataset in ("scenes", "phantom"):
        for tier in TIERS:
            name = f"{dataset}-n-{tier}"
            card = json.loads((ROOT / "data_cards" / name / "croissant.json").read_text())
            files = {part["contentUrl"]: part["sha256"] for part in card["distribution"]}
            kept = ("annotations/", "recipe.yaml", SUMS)
            found[name] = {f: digest for f, digest in files.items() if f.startswith(kept)}
    return found


def probe(out: Path) -> dict[str, Any]:
    """Make everything with the packages of this interpreter; hashes by benchmark and file."""
    import benchmark_n
    from benchmark_n.files.provenance import environment
    from benchmark_n.noise.native_check import usable

    made = {}
    pictures = {}
    for dataset in ("scenes", "phantom"):
        for tier in TIERS:
            benchmark = benchmark_n.make(
                dataset,
                tier,
                out=out / f"{dataset}-n-{tier}",
                overwrite=True,
                execution=benchmark_n.Execution(workers=2),
            )
            made[f"{dataset}-n-{tier}"] = digests(benchmark.path)
        assert benchmark.images is not None
        pictures[dataset] = pixels_digest(benchmark.images)
    if COCO128.is_file():
        sample = benchmark_n.make(
            "coco",
            "hard",
            out=out / "coco128",
            overwrite=True,
            source=benchmark_n.SourceOptions(annotations=COCO128),
            execution=benchmark_n.Execution(workers=1),
        )
        made["coco128-hard"] = digests(sample.path)
    names = ("scikit-image", "scipy", "shapely", "pillow", "simpleitk")
    return {
        "environment": environment(names),
        "kernel": usable(),
        "benchmarks": made,
        "pixels": pictures,
    }


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of the checksum file itself, and what it says of the others and of the rows."""
    text = (folder / SUMS).read_text()
    lines = [line.removeprefix("# manifest rows: ") for line in text.splitlines()]
    pairs = [line.split("  ", 1) for line in lines if "  " in line]
    named = {name: digest for digest, name in pairs}
    rows = next(line for line in lines if "  " not in line)
    return {**named, "manifest rows": rows, SUMS: hashlib.sha256(text.encode()).hexdigest()}


def pixels_digest(folder: Path) -> str:
    """SHA-256 over the decoded images of a folder, whatever their compression."""
    import cv2

    total = hashlib.sha256()
    for path in sorted(folder.rglob("*.png")):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert image is not None
        total.update(f"{path.name} {image.shape}".encode() + image.tobytes())
    return total.hexdigest()


def requirements(environment: str) -> list[str]:
    """What pip is asked for: the core packages, and the one that draws the phantom."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    extras = config["options.extras_require"]
    lines = (config["options"]["install_requires"] + extras["medical"]).split()
    pins = ENVIRONMENTS[environment]
    asked = []
    for line in lines:
        name, least = line.split(">=")
        pin = f"{least}.*" if environment == OLDEST else pins.get(name)
        asked.append(line if pin is None else f"{name}=={pin}")
    return asked


def interpreter(folder: Path, environment: str) -> Path:
    """The Python of a virtual environment, made unless it is there."""
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *requirements(environment)], check=True)
        (folder / "ready").touch()
    return python


def check_environment(name: str, folder: Path) -> dict[str, Any]:
    """The probe's outcome in an environment, in a process and with a cache of its own.

    It is run with the native kernel and without.
    """
    python = interpreter(folder / name, name)
    place = folder / f"{name}-made"
    command = [str(python), str(Path(__file__)), "--probe", str(place)]

    def made(native: str) -> dict[str, Any]:
        environ = {"BENCHMARK_N_CACHE": str(place / "cache"), "BENCHMARK_N_NATIVE": native}
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, env={**os.environ, **environ}
        )
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome

    found, plain = made("1"), made("0")
    # None where the kernel is not built, or switched itself off.
    same = plain["benchmarks"] == found["benchmarks"] if found["kernel"] else None
    found["equal without the kernel"] = same
    return found


def check_workers(equal: dict[str, dict[str, bool]], folder: Path) -> None:
    """Put in `equal` whether the hard tiers are the cards', by 1 to 8 processes and over dask."""
    import benchmark_n
    from tests.local_cluster import dask_cluster

    expected = golden()
    with dask_cluster(folder) as address:
        ways: dict[str, dict[str, Any]] = {
            f"loky {n}": {"workers": n} for n in range(1, MOST_WORKERS + 1)
        }
        ways["dask LocalCluster"] = {"backend": "dask", "workers": 2}
        ways["dask --scheduler"] = {"backend": "dask", "scheduler": address}
        for way, options in ways.items():
            if way in equal:
                continue
            same = {}
            for dataset in ("scenes", "phantom"):
                name = f"{dataset}-n-hard"
                made = benchmark_n.make(
                    dataset,
                    "hard",
                    out=folder / name,
                    overwrite=True,
                    execution=benchmark_n.Execution(**options),
                )
                same[name] = digests(made.path)[SUMS] == expected[name][SUMS]
            equal[way] = same
            print(way, same, file=sys.stderr)


def differing(found: dict[str, Any], first: dict[str, Any]) -> dict[str, list[str]]:
    """What differs from the cards, and from the first environment where no card tells."""
    expected = {**first["benchmarks"], **golden()}
    differs = {
        name: [part for part, digest in expected[name].items() if files[part] != digest]
        for name, files in found["benchmarks"].items()
    }
    if found["equal without the kernel"] is False:
        differs["without the kernel"] = ["benchmarks"]
    for dataset, digest in found["pixels"].items():
        differs[f"{dataset} pixels"] = ["pixels"] * (digest != first["pixels"][dataset])
    return {name: parts for name, parts in differs.items() if parts}


def run(results: dict[str, Any], parts: list[str], folder: Path, out: Path) -> None:
    """Check what is missing, saving after each part."""
    checked = results.setdefault("environments", {})
    for name in [part for part in parts if part != WORKERS]:
        if name not in checked:
            checked[name] = check_environment(name, folder)
        differs = differing(checked[name], checked[FIRST])
        checked[name]["differs"] = differs
        print(name, differs or "equal", file=sys.stderr)
        save(results, out)
    if WORKERS in parts:
        with tempfile.TemporaryDirectory() as place:
            try:
                check_workers(results.setdefault(WORKERS, {}), Path(place))
            finally:
                save(results, out)


def save(results: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--environments", type=Path, default=ROOT / ".environments")
    parser.add_argument("--only", choices=[*ENVIRONMENTS, WORKERS], action="append")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--probe", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probe is not None:
        print(json.dumps(probe(arguments.probe)))
        return
    results = json.loads(arguments.out.read_text()) if arguments.out.is_file() else {}
    parts = arguments.only or [*ENVIRONMENTS, WORKERS]
    run(results, list(dict.fromkeys([FIRST, *parts])), arguments.environments, arguments.out)


if __name__ == "__main__":
    main()
