"""MMEngine configs of a model for a benchmark: what the model is, and where its data lies."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark_n import configs
from benchmark_n.errors import InputError, UsageError, did_you_mean
from benchmark_n.runtime.options import check_known

SCHEDULES = ("own", "paper")
INITS = ("imagenet", "coco", "none")
PLUGINS = "benchmark_n.training.mmdet.plugins"
_FOLDER = Path(str(configs.__file__)).parent / "mmdet"
_WARM_UP = 500  # iterations
# Of twelve epochs, as in MMDetection's 1x schedule.
_STEPS = (8 / 12, 11 / 12)
_STUFF = "num_stuff_classes"


@dataclass(frozen=True)
class ModelSettings:
    """What a training is, but for its data.

    Parameters
    ----------
    model
        A name in ``configs/mmdet``, or an MMDetection config file.
    schedule
        ``own`` for that of the config; ``paper`` for the epochs of the paper's Table 3.
    init
        Where weights start: ``imagenet`` (the backbone), ``coco`` (MMDetection's published model,
        trained on clean COCO), ``none`` (all drawn at random).
    seed
        Of weights, order and augmentation.
    options
        Config keys in dotted form to their values, as MMDetection's ``cfg_options``.
    instance_losses
        Write the losses of each annotation (Mask R-CNN alone).
    """

    model: str
    schedule: str = "own"
    init: str = "imagenet"
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    instance_losses: bool = False

    def __post_init__(self) -> None:
        for name, value, known in (
            ("schedule", self.schedule, SCHEDULES),
            ("init", self.init, INITS),
        ):
            check_known(name, value, known)


def model_names() -> list[str]:
    """The models that there are configs of."""
    return sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__")


def model_config(settings: ModelSettings, num_classes: int) -> Any:
    """The `mmengine.Config` of a model, its loops and its optimiser; data come later.

    Raises
    ------
    UsageError
        An unknown model, or a schedule or start that the model has not.
    """
    from mmengine.config import Config

    path = _config_file(settings.model)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "pkg_resources is deprecated")
        config = Config.fromfile(path)
    config.custom_imports = {"imports": [PLUGINS], "allow_failed_imports": False}
    _set_classes(config.model, num_classes)
    _set_start(config, settings)
    if settings.schedule == "paper":
        _set_paper_schedule(config, settings.model)
    if settings.instance_losses:
        _note_losses(config)
    if "auto_scale_lr" in config:
        config.auto_scale_lr.enable = True  # the rates are for a batch of eight GPUs
    config.randomness = {"seed": settings.seed, "deterministic": False}
    config.merge_from_dict(dict(settings.options))
    return config


def _config_file(model: str) -> Path:
    if model.endswith(".py"):
        if not Path(model).is_file():
            raise InputError(f"{model}: no such config file")
        return Path(model)
    if model not in model_names():
        raise UsageError(f"unknown model '{model}': {did_you_mean(model, model_names())}")
    return _FOLDER / f"{model}.py"


def _mappings(part: Any) -> Iterator[Any]:
    """All mappings inside a config."""
    if isinstance(part, Mapping):
        yield part
    values = part.values() if isinstance(part, Mapping) else part
    if not isinstance(values, str) and hasattr(values, "__iter__"):
        for value in values:
            yield from _mappings(value)


def _set_classes(model: Any, count: int) -> None:
    for part in _mappings(model):
        for name in ("num_classes", "num_things_classes"):
            if name in part:
                part[name] = count
        if _STUFF in part:
            part[_STUFF] = 0
        if "class_weight" in part and part["class_weight"] is not None:
            # Mask2Former: one for each category, the last for no object.
            part["class_weight"] = [1.0] * count + [part["class_weight"][-1]]


def _set_start(config: Any, settings: ModelSettings) -> None:
    backbone = config.model.get("backbone", {})
    if settings.init == "coco":
        config.load_from = published_weights(config.get("published"), settings.model)
        backbone["init_cfg"] = None  # the published file has the backbone's weights too
    elif settings.init == "none":
        config.load_from = None
        backbone["init_cfg"] = None
        # Layers that were never trained are not to be frozen, nor their statistics to be kept.
        if backbone.get("type") == "ResNet":
            backbone.update(frozen_stages=-1, norm_eval=False)
            backbone["norm_cfg"] = {"type": "BN", "requires_grad": True}
        elif backbone.get("type") == "EfficientNetLite":
            backbone.update(pretrained=False, norm_eval=False, frozen_stride=0)


def published_weights(published: str | None, model: str) -> str:
    """Address of the weights that MMDetection lists for its config `published`.

    Raises
    ------
    UsageError
        It lists none.
    """
    import mmdet
    import yaml

    folder = Path(mmdet.__file__).parent / ".mim" / "configs"
    if published is not None:
        index = (folder / published).with_name("metafile.yml")
        for known in yaml.safe_load(index.read_text("utf-8"))["Models"]:
            if str(known["Config"]).endswith(published) and known.get("Weights"):
                return str(known["Weights"])
    raise UsageError(f"no weights are published for {model}: choose `init='imagenet'` or none")


def _set_paper_schedule(config: Any, model: str) -> None:
    epochs = config.get("paper_epochs")
    if epochs is None:
        raise UsageError(f"the paper has no schedule for {model}: choose `schedule='own'`")
    steps = [round(epochs * share) for share in _STEPS]
    config.train_cfg = {"type": "EpochBasedTrainLoop", "max_epochs": epochs, "val_interval": 1}
    config.param_scheduler = [
        {
            "type": "LinearLR",
            "start_factor": 0.001,
            "by_epoch": False,
            "begin": 0,
            "end": _WARM_UP,
        },
        {
            "type": "MultiStepLR",
            "by_epoch": True,
            "begin": 0,
            "end": epochs,
            "milestones": steps,
            "gamma": 0.1,
        },
    ]
    config.default_hooks.checkpoint = {"type": "CheckpointHook", "interval": 1}
    config.log_processor = {"type": "LogProcessor", "window_size": 50, "by_epoch": True}


def _note_losses(config: Any) -> None:
    head = config.model.get("roi_head")
    if not isinstance(head, Mapping) or head.get("type") != "StandardRoIHead":
        raise UsageError(
            f"losses by instance are told for Mask R-CNN alone, not for {config.model.type}"
        )
    config.model.roi_head.type = "InstanceLossRoIHead"
    for part in config.train_dataloader.dataset.pipeline:
        if part["type"] == "PackDetInputs":
            part["type"] = "PackWithIds"
    config.custom_hooks = [*config.get("custom_hooks", []), {"type": "InstanceLossHook"}]
