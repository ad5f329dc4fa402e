"""What SECURITY.md promises of the source and of the pages: no pickle, no code, no script."""

from __future__ import annotations

import ast
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import benchmark_n
from benchmark_n.coco import read_coco
from benchmark_n.detection.score import evaluate_detectors
from benchmark_n.evaluators.label_errors.options import LabelErrorOptions
from benchmark_n.evidence.options import EvidenceOptions
from benchmark_n.report.results_writer import write_detected
from benchmark_n.review import export_review
from benchmark_n.tables.scores import scores_table, write_scores
from tests import making
from tests.house.modules import read_modules
from tests.review.samples import source

ROOT = Path(__file__).parents[1]
# The one place that unpickles: one's own checkpoints, for `train --resume` of MMDetection.
RESUME = ROOT / "benchmark_n" / "training" / "mmdet" / "runner.py"
UNPICKLERS = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib.load"}
# Function, and the keyword that keeps it from unpickling.
SAFE_ONLY_WITH = {
    "np.load": ("allow_pickle", False),
    "np.lib.format.read_array": ("allow_pickle", False),
    "torch.load": ("weights_only", True),
}
NEVER = {
    *("eval", "exec", "os.system", "yaml.unsafe_load", "yaml.full_load", "yaml.unsafe_load_all"),
    *("joblib.load", "torch.jit.load", "pd.read_pickle", "zipfile.ZipFile.extractall"),
}
SCRIPT = "'\"><script>1</script>"
PATHS = sorted(module.path for module in read_modules(ROOT).values())


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a module, by its dotted name as it is written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def faults(path: Path) -> Iterator[str]:
    """Calls that unpickle or run what they read."""
    for name, call in calls(path):
        given = {k.arg: ast.unparse(k.value) for k in call.keywords}
        if name in NEVER or name.endswith((".extractall", ".extract")):
            yield f"{path}: {name}"
        if name in SAFE_ONLY_WITH:
            keyword, value = SAFE_ONLY_WITH[name]
            if given.get(keyword) != str(value):
                yield f"{path}: {name} without {keyword}={value}"
        if name in ("yaml.load", "yaml.load_all", "yaml.parse"):
            chosen = ast.unparse(call.keywords[-1].value).strip("_").lower()
            if chosen != "loader":
                yield f"{path}: {name}"


def test_pictures_and_tables_are_read_where_their_sizes_are_looked_at_first() -> None:
    """Elsewhere only what was measured there, or was written a moment ago."""
    allowed = {
        "cv2.imread": set(),
        "cv2.imdecode": {"files/pictures.py"},
        "Image.open": {"files/pictures.py", "labelmaps/images.py"},
        "pq.read_table": set(),
        "pq.ParquetFile": {
            *("files/parquet.py", "tables/manifest.py", "benchmark/summary.py"),
            *("cards/facts.py", "cards/croissant_parts.py"),
        },
    }
    found = {
        (name, "/".join(path.parts[-2:]))
        for path in PATHS
        for name, _ in calls(path)
        if name in allowed
    }
    assert found == {(name, file) for name, files in allowed.items() for file in files}


def unpicklers(path: Path) -> set[str]:
    """Imports of what unpickles."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found & UNPICKLERS


def test_nothing_unpickles_or_runs_what_it_reads() -> None:
    assert len(PATHS) > 100
    assert [fault for path in PATHS for fault in faults(path)] == []


def test_no_module_imports_an_unpickler() -> None:
    assert [path for path in PATHS if unpicklers(path)] == []


@pytest.mark.parametrize(
    "source",
    [
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path)",
        "eval(text)",
        "archive.extractall(folder)",
        "yaml.load(text, Loader=yaml.Loader)",
        "import pickle",
        "from joblib.load import x\nimport dill.source",
    ],
)
def test_what_unpickles_is_seen(source: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert [*faults(path), *unpicklers(path)]


def test_unpickling_is_switched_on_for_resuming_alone() -> None:
    switch = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
    assert [p for p in PATHS if switch in p.read_text(encoding="utf-8")] == [RESUME]
    uses = [call for name, call in calls(RESUME) if name == "_unpickling"]
    assert [ast.unparse(call.args[0]) for call in uses] == ["config.resume"]


class Page(HTMLParser):
    """Scripts, their texts, and attributes of an HTML page that could run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts = 0
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> benchmark_n.Benchmark:
    """A benchmark whose categories are scripts."""
    folder = tmp_path_factory.mktemp("evil")
    path = source(folder)
    text = path.read_text().replace('"dog"', '"DOG"')
    names = [f"{SCRIPT}{number}" for number in range(3)]
    for old, new in zip(('"cat"', '"DOG"', '"person"'), names, strict=True):
        text = text.replace(f'"name": {old}', f'"name": {_quoted(new)}')
    path.write_text(text)
    return making.make(
        "custom", "hard", annotations=path, images=folder, out=folder / "b", workers=1, seed=3
    )


def _quoted(text: str) -> str:
    return json.dumps(text)


def test_category_names_are_text_in_the_report(evil: benchmark_n.Benchmark, tmp_path: Path) -> None:
    coco = evil.noisy()
    np.save(tmp_path / "annotation_ids.npy", coco.annotation_ids)
    probs = np.full((len(coco), 3), 0.1)
    probs[:, 2] = 0.8
    np.save(tmp_path / "pred_probs.npy", probs)
    (found,) = evaluate_detectors(
        evil,
        "disagreement",
        evidence=EvidenceOptions((f"files:{tmp_path}",), evidence_dir=tmp_path / "kept"),
        scoring=LabelErrorOptions(bootstrap=5),
    )
    write_detected(found, tmp_path / "out", benchmark=evil)
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.scripts == 1  # the page's own
    assert page.handlers == []
    assert any(SCRIPT in text for text in page.texts)


def test_category_names_are_text_for_the_review_tools(
    evil: benchmark_n.Benchmark, tmp_path: Path
) -> None:
    coco = read_coco(evil.annotations)
    count = len(coco)
    table = scores_table(
        {
            "image_id": coco.image_ids,
            "annotation_id": coco.annotation_ids,
            "kind": ["class"] * count,
            "score": [0.5] * count,
            "flagged": [True] * count,
            "suggested_category": [1] * count,
        }
    )
    write_scores(table, tmp_path / "scores.parquet")
    for tool in ("labelstudio", "cvat", "page"):
        export_review([tmp_path / "scores.parquet"], tool, tmp_path / tool, benchmark=evil)
    text = (tmp_path / "page" / "decide.html").read_text(encoding="utf-8")
    page = Page(text)
    assert (page.scripts, page.handlers) == (2, [])  # the page's own, and its data
    assert SCRIPT not in text
    assert "://" not in text
    config = ElementTree.parse(tmp_path / "labelstudio" / "labeling_config.xml").getroot()
    assert config.find(".//script") is None
    assert any(SCRIPT in str(label.get("value")) for label in config.iter("Label"))
    shapes = ElementTree.parse(tmp_path / "cvat" / "annotations.xml").getroot()
    assert any(SCRIPT in str(shape.get("label")) for shape in shapes.iter())


def test_category_names_are_text_in_the_card(evil: benchmark_n.Benchmark, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    from benchmark_n.cards.card import write_card

    write_card(evil, licence="cc-by-4.0")
    text = (evil.path / "README.md").read_text(encoding="utf-8")
    body = text.split("---\n", 2)[2]
    for place in range(len(body)):
        if body.startswith(("<script", "<img", "</script"), place):
            assert body[place - 1] == "\\", body[place - 20 : place + 40]


def test_every_yaml_loader_is_a_safe_one() -> None:
    for path in PATHS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr.endswith("Loader"):
                assert "Safe" in node.attr or ast.unparse(node).startswith("jinja2."), path
