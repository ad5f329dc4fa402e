"""Where networks compute."""

from __future__ import annotations

from importlib.util import find_spec

from benchmark_n.errors import InputError
from benchmark_n.runtime.optional_imports import import_extra
from benchmark_n.runtime.options import check_known

DEVICES = ("auto", "cpu", "cuda")


def check_device(device: str) -> None:
    """Refuse what is no name of a device; whether there is such a one is not asked.

    Raises
    ------
    UsageError
        An unknown device.
    """
    check_known("device", device, DEVICES)


def torch_device(device: str) -> str:
    """``cpu`` or ``cuda``; ``auto`` is a GPU where there is one.

    Raises
    ------
    UsageError, InputError
        An unknown device, or no GPU.
    """
    check_device(device)
    if device == "cpu":
        return device
    found = import_extra("torch", "deep", "a network").cuda.is_available()
    if device == "cuda" and not found:
        raise InputError("device cuda: no GPU was found (torch.cuda.is_available() is false)")
    return "cuda" if found else "cpu"


def usable_device(device: str) -> str:
    """As `torch_device`, for what may need no network: ``auto`` is ``cpu`` without PyTorch."""
    absent = device == "auto" and find_spec("torch") is None
    return "cpu" if absent else torch_device(device)
