"""Import this and the plug-ins are in MMDetection's registries."""

from benchmark_n.training.mmdet.ops import install_ops

install_ops()  # before mmdet is imported

from benchmark_n.training.mmdet.dataset import NoisyCocoDataset, PackWithIds  # noqa: E402
from benchmark_n.training.mmdet.instance_losses import (  # noqa: E402
    InstanceLossHook,
    InstanceLossRoIHead,
)
from benchmark_n.training.mmdet.lite_backbone import EfficientNetLite  # noqa: E402
from benchmark_n.training.mmdet.losses import SymmetricCrossEntropyLoss  # noqa: E402
from benchmark_n.training.mmdet.metric import BoundaryCocoMetric  # noqa: E402

__all__ = [
    "BoundaryCocoMetric",
    "EfficientNetLite",
    "InstanceLossHook",
    "InstanceLossRoIHead",
    "NoisyCocoDataset",
    "PackWithIds",
    "SymmetricCrossEntropyLoss",
]
