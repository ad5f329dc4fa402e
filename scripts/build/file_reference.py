"""Write ``docs/files.md`` and the JSON Schemas of manifest's and scores' rows, and of results.

python scripts/build/file_reference.py [--out docs]
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from benchmark_n.evaluation.result import Evaluation
from benchmark_n.noise.base import NOISES
from benchmark_n.report.results_reader import ResultsFile
from benchmark_n.tables import scores
from benchmark_n.tables.manifest_schema import BOX_COLUMNS, VERIFIED_COLUMNS, VERSION, describe

ROOT = Path(__file__).resolve().parents[2]
Column = tuple[str, str, str]
NEVER_NULL = {
    "manifest": ("annotation_id", "image_id", "origin", "crowd", "deleted"),
    "scores": ("image_id", "kind", "score", "flagged"),
}
JSON_TYPES = {
    "int64": "integer",
    "int32": "integer",
    "double": "number",
    "string": "string",
    "bool": "boolean",
    "binary": "string",
}
OPINION = {"model": {"type": "string"}, "category": {"type": "integer"}}
ITEMS: dict[str, dict[str, Any]] = {
    "list<int64>": {"type": "integer"},
    "list<string>": {"type": "string"},
    "list<struct>": {"type": "object", "properties": OPINION, "required": list(OPINION)},
}
HEAD = """\
# Files

Written by `python scripts/build/file_reference.py` from the schemas in the code; a test keeps it
up to date. Tables are Parquet; their JSON Schemas describe a row as `pyarrow` or pandas gives it.

A benchmark's directory:

| file | what it holds |
|---|---|
| `annotations/NAME.json` | the noisy annotations, COCO format: what is published |
| `annotations/clean_val.json` | clean labels of the validation split, where the dataset has them |
| `manifest.parquet` | the truth: a row for each clean annotation and each added one; private |
| `withheld.json` | fields of images, categories and sections that are not published; private |
| `part.json` | of a part: which images it has, and what joins it to the others; private |
| `recipe.yaml` | parameters with their provenance, seed, source and its SHA-256 |
| `summary.json` | counts by noise and size, quantiles of the IoU, class confusions |
| `environment.json` | versions of Python and libraries (in no checksum) |
| `SHA256SUMS` | checksums, and a digest of the manifest's rows |
| `local.yaml` | where the images lie on this machine; never published |
| `private/seal.json` | of sealed benchmarks: seed and key; never published |
| `README.md`, `croissant.json`, `card/` | the data card, where `card` was run |

In `results/NAME-MODE` or `results/NAME/DETECTOR`: `results.json` ([below](#results-json)), and of
detectors `scores.parquet`, `suspects.json` and `report.html`.
Of a review: [decisions.schema.json](decisions.schema.json); of a submission:
[submission.schema.json](submission.schema.json).
"""

RESULTS = """\
## `results.json`

Written by `eval`; [JSON Schema](results.schema.json). Fields beside these may be there.

Both forms say what was asked (`detector`, or `mode` and the `name` of the benchmark or file), and

- `provenance`: version, recipe, seed and digests of the benchmark and of the files judged; of
  detectors also options, evidence, what the detector was told, and marks of leaks;
- `results`: of detectors by kind of error ([measures](measures.md)), with intervals and
  [floors](floors.md), and in `settings` what counts as an error; of `predictions`, `compare`,
  `masks` and `ef` by IoU type, by compared name, or as a whole.
"""
EVALUATION_MODES = ("predictions", "compare", "masks", "ef")


def noise_columns() -> list[Column]:
    """Columns that the noises add, in the order of the registry."""
    kinds = [NOISES.load(name) for name in NOISES.names()]
    own = {column[0] for column in describe()}
    return [column for column in describe(kinds) if column[0] not in own]


def scores_columns() -> list[Column]:
    """Columns of a scores table, from the tables in its module's docstring."""
    rows = re.findall(r"^(\w+) {2,}([\w<>]+) {2,}(.+)$", scores.__doc__ or "", re.MULTILINE)
    return [(name, kind, meaning.replace("``", "`")) for name, kind, meaning in rows]


def table(columns: Iterable[Column]) -> str:
    """The columns as a Markdown table."""
    head = "| column | type | meaning |\n|---|---|---|\n"
    return head + "".join(f"| `{name}` | {kind} | {meaning} |\n" for name, kind, meaning in columns)


def json_schema(title: str, columns: Iterable[Column], never_null: tuple[str, ...]) -> Any:
    """JSON Schema (2020-12) of a row; columns beside these may be there."""

    def kind(name: str, arrow: str) -> dict[str, Any]:
        if arrow.startswith("list<"):
            base: dict[str, Any] = {"type": "array", "items": ITEMS[arrow]}
        else:
            base = {"type": JSON_TYPES[arrow]}
        return base if name in never_null else {**base, "type": [base["type"], "null"]}

    properties = {
        name: {**kind(name, arrow), "description": meaning} for name, arrow, meaning in columns
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(never_null),
    }


def results_schema() -> Any:
    """JSON Schema (2020-12) of the two forms of ``results.json`` that ``eval`` writes."""
    template = "#/$defs/{name}"
    forms, parts = msgspec.json.schema_components([ResultsFile, Evaluation], ref_template=template)
    for part in parts.values():
        part["description"] = part["description"].partition("\n")[0]
    parts["Evaluation"]["properties"]["mode"]["enum"] = list(EVALUATION_MODES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "results.json",
        "anyOf": list(forms),
        "$defs": parts,
    }


def write_schema(path: Path, schema: Any) -> None:
    """Write a schema as people read it."""
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write the page and the schemas."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs")
    out = parser.parse_args().out
    base, noises, further = describe(), noise_columns(), [*VERIFIED_COLUMNS, *BOX_COLUMNS]
    said = scores_columns()
    own = [column for column in said if column[1].startswith("list<")]
    common = [column for column in said if column not in own]
    parts = [
        HEAD,
        f"## `manifest.parquet`\n\nVersion {VERSION}, in the file's metadata; "
        "[JSON Schema](manifest.schema.json) of a row.\n\n" + table(base),
        "Each noise of the recipe adds whether it was applied, why not where it was drawn in vain, "
        "and what it drew:\n\n" + table(noises),
        "Where the maker was told of verified annotations, and of files with boxes:\n\n"
        + table(further),
        f"## `scores.parquet`\n\nVersion {scores.VERSION}; [JSON Schema](scores.schema.json) of a "
        "row. Kinds: " + ", ".join(f"`{kind}`" for kind in scores.KINDS) + ".\n\n" + table(common),
        "Columns beside these are a detector's own. Two of them others read, where they are "
        "there:\n\n" + table(own),
        RESULTS,
    ]
    (out / "files.md").write_text("\n".join(parts), encoding="utf-8")
    for name, columns in (("manifest", [*base, *noises, *further]), ("scores", said)):
        schema = json_schema(f"A row of {name}.parquet", columns, NEVER_NULL[name])
        write_schema(out / f"{name}.schema.json", schema)
    write_schema(out / "results.schema.json", results_schema())


if __name__ == "__main__":
    main()
