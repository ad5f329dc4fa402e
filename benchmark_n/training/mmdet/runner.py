"""MMEngine's runner as this package uses it: what it needs, where it computes, what it says."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.error import URLError

from benchmark_n.errors import InputError
from benchmark_n.nets.devices import torch_device
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.training.mmdet.model_configs import PLUGINS

_log = logging.getLogger(__name__)
_UNPICKLE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
_NEEDED = ("torch", "torchvision", "mmcv", "mmengine", "pkg_resources", "safetensors")


def require_mmdet(what: str) -> None:
    """Raise an `InputError` that names the extra unless MMDetection can be imported."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")
        for module in _NEEDED:
            import_extra(module, "mmdet", what)
    from benchmark_n.training.mmdet.ops import install_ops

    install_ops()
    import_extra("mmdet", "mmdet", what)
    importlib.import_module(PLUGINS)


def set_device(device: str) -> None:
    """Check that there is such a device; ``cpu`` hides the GPUs from MMEngine."""
    if torch_device(device) == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


def is_first_process() -> bool:
    """Whether this is the process that writes, of those that a launcher started."""
    return os.environ.get("RANK", "0") == "0"


def wait_for_others() -> None:
    """Return when all processes of a launcher are here; at once in a single one."""
    from mmengine.dist import barrier

    barrier()


@contextmanager
def running(config: Any, folder: Path) -> Iterator[Any]:
    """A `mmengine.Runner` whose log goes to stderr and whose failed downloads are one line."""
    from mmengine.dist import is_distributed
    from mmengine.runner import Runner

    config.work_dir = str(folder.resolve())
    config.log_level = "INFO" if _log.isEnabledFor(logging.INFO) else "ERROR"
    # One process may run several: the names keep their logs apart.
    config.experiment_name = str(folder.resolve()).replace("/", "_")
    config.visualizer.name = config.experiment_name
    if "LOCAL_RANK" in os.environ and not is_distributed():
        config.launcher = "pytorch"
    with redirect_stdout(sys.stderr), _unpickling(config.resume), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch and MMEngine about one another
        try:
            yield Runner.from_cfg(config)
        except (URLError, ConnectionError) as error:
            raise InputError(
                f"cannot download the weights to start from ({error}): "
                "`init='none'` starts from random ones"
            ) from None


@contextmanager
def _unpickling(wanted: bool) -> Iterator[None]:
    """While it holds, ``torch.load`` unpickles, where that is wanted.

    MMEngine keeps its log and its schedulers in a checkpoint as pickles, so that a training can
    only be taken up again by unpickling: one's own files, in the work directory, to `resume` it
    alone. All other loading keeps PyTorch's ``weights_only``.
    """
    if wanted:
        os.environ[_UNPICKLE] = "1"
    try:
        yield
    finally:
        os.environ.pop(_UNPICKLE, None)
