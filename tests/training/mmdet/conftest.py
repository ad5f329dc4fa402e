"""MMDetection as the package sets it up; without it these tests are not collected."""

from __future__ import annotations

import importlib.util

collect_ignore_glob: list[str] = []

if importlib.util.find_spec("mmdet") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    import torch

    from benchmark_n.training.mmdet.runner import require_mmdet

    require_mmdet("the tests")
    torch.set_num_threads(1)

    from mmengine.registry import init_default_scope

    init_default_scope("mmdet")
