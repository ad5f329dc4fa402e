"""MMEngine's runner as this package uses it: what it needs, where it computes, what it says."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.error import URLError

from benchmark_n.errors import InputError
from benchmark_n.extras import import_extra
from benchmark_n.mmdet.model_configs import PLUGINS
from benchmark_n.nets.devices import torch_device

_NEEDED = ("torch", "torchvision", "mmcv", "mmengine", "pkg_resources", "safetensors")


def require_mmdet(what: str) -> None:
    """Raise an `InputError` that names the extra unless MMDetection can be imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")
        for module in _NEEDED:
            import_extra(module, "mmdet", what)
    from benchmark_n.mmdet.ops import install_ops

    install_ops()
    import_extra("mmdet", "mmdet", what)
    importlib.import_module(PLUGINS)


def set_device(device: str) -> None:
    """Check that there is such a device; ``cpu`` hides the GPUs from MMEngine."""
    if torch_device(device) == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


@contextmanager
def running(config: Any, folder: Path) -> Iterator[Any]:
    """A `mmengine.Runner` whose log goes to stderr and whose failed downloads are one line."""
    from mmengine.dist import is_distributed
    from mmengine.runner import Runner

    config.work_dir = str(folder)
    # One process may run several: the names keep their logs apart.
    config.experiment_name = str(folder.resolve()).replace("/", "_")
    config.visualizer.name = config.experiment_name
    if "LOCAL_RANK" in os.environ and not is_distributed():
        config.launcher = "pytorch"
    with redirect_stdout(sys.stderr), own_checkpoints():
        try:
            yield Runner.from_cfg(config)
        except (URLError, ConnectionError) as error:
            raise InputError(
                f"cannot download the weights to start from ({error}): "
                "--init none starts from random ones"
            ) from None


def own_checkpoints() -> AbstractContextManager[None]:
    """While it holds, ``torch.load`` accepts the log that MMEngine puts beside the weights.

    Nothing else is unpickled: of a checkpoint with other objects the loading fails.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer
    from numpy._core import multiarray

    context: AbstractContextManager[None] = torch.serialization.safe_globals(
        [
            HistoryBuffer,
            multiarray._reconstruct,
            multiarray.scalar,
            np.ndarray,
            np.dtype,
            *(type(np.dtype(kind)) for kind in ("f8", "f4", "i8", "i4", "?")),
            getattr,
        ]
    )
    return context
