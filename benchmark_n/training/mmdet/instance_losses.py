"""The losses of each annotation in each epoch of a Mask R-CNN's training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.registry import HOOKS, MODELS
from mmdet.structures.bbox import bbox2roi
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from torch import Tensor
from torch.nn import functional

from benchmark_n.errors import InputError
from benchmark_n.training.mmdet.loss_files import FOLDER


@MODELS.register_module()
class InstanceLossRoIHead(StandardRoIHead):
    """``StandardRoIHead`` that notes what each positive RoI costs, and changes nothing else.

    After an iteration ``noted`` holds a tensor (3, R): annotation id, cross-entropy of the class
    and mean binary cross-entropy of the mask, of each of the R positive RoIs.
    """

    noted: Tensor | None = None
    _class_losses: Tensor | None = None

    def bbox_loss(self, x: tuple[Tensor, ...], sampling_results: list[Any]) -> dict[str, Any]:
        """As the parent's."""
        results: dict[str, Any] = super().bbox_loss(x, sampling_results)
        with torch.no_grad():
            positive = torch.cat([_positives(r) for r in sampling_results])
            labels = torch.cat([r.pos_gt_labels for r in sampling_results])
            scores = results["cls_score"][positive]
            self._class_losses = functional.cross_entropy(scores, labels, reduction="none")
        return results

    def mask_loss(
        self,
        x: tuple[Tensor, ...],
        sampling_results: list[Any],
        bbox_feats: Tensor,
        batch_gt_instances: list[Any],
    ) -> dict[str, Any]:
        """As the parent's with a RoI extractor of its own; the mask targets are made once."""
        results: dict[str, Any] = self._mask_forward(
            x, bbox2roi([r.pos_priors for r in sampling_results])
        )
        found = self.mask_head.loss_and_target(
            mask_preds=results["mask_preds"],
            sampling_results=sampling_results,
            batch_gt_instances=batch_gt_instances,
            rcnn_train_cfg=self.train_cfg,
        )
        results["loss_mask"] = found["loss_mask"]
        with torch.no_grad():
            ids = [
                instances.instances_ids[r.pos_assigned_gt_inds]
                for r, instances in zip(sampling_results, batch_gt_instances, strict=True)
            ]
            labels = torch.cat([r.pos_gt_labels for r in sampling_results])
            logits = results["mask_preds"][torch.arange(len(labels)), labels]
            losses = functional.binary_cross_entropy_with_logits(
                logits, found["mask_targets"], reduction="none"
            )
            assert self._class_losses is not None
            self.noted = torch.stack(
                [torch.cat(ids).double(), self._class_losses.double(), losses.mean((1, 2)).double()]
            )
        return results


def _positives(result: Any) -> Tensor:
    """Which of an image's RoIs are positive: these come first."""
    kinds = [torch.ones_like(result.pos_inds), torch.zeros_like(result.neg_inds)]
    return torch.cat(kinds).bool()


@HOOKS.register_module()
class InstanceLossHook(Hook):
    """Write each epoch's mean losses by annotation id: evidence of ``loss_separation``.

    ``<work_dir>/instance_losses/epoch-0001-rank0.parquet`` has the columns annotation_id, rois,
    class_loss and mask_loss. `benchmark_n.training.mmdet.loss_files` makes evidence of them.

    Raises
    ------
    InputError
        Another RoI head than `InstanceLossRoIHead`.
    """

    def __init__(self) -> None:
        self._noted: list[Tensor] = []

    def before_train(self, runner: Any) -> None:
        """Check that the model can tell its losses by instance."""
        model = getattr(runner.model, "module", runner.model)
        head = getattr(model, "roi_head", None)
        if not isinstance(head, InstanceLossRoIHead):
            raise InputError(
                f"losses by instance need a Mask R-CNN, but the model is {type(model).__name__} "
                f"with the RoI head {type(head).__name__}: expected InstanceLossRoIHead"
            )
        self._head = head

    def after_train_iter(self, runner: Any, batch_idx: int, *rest: Any, **more: Any) -> None:
        """Take over what the head noted; it stays on its device until the epoch ends."""
        if self._head.noted is not None:
            self._noted.append(self._head.noted)
            self._head.noted = None

    def after_train_epoch(self, runner: Any) -> None:
        """Average by annotation and write."""
        folder = Path(runner.work_dir) / FOLDER
        folder.mkdir(exist_ok=True)
        path = folder / f"epoch-{runner.epoch + 1:04d}-rank{get_rank()}.parquet"
        values = torch.cat(self._noted, 1).cpu().numpy() if self._noted else np.zeros((3, 0))
        self._noted.clear()
        ids, place, counts = np.unique(
            values[0].astype(np.int64), return_inverse=True, return_counts=True
        )
        means = [np.bincount(place, row, len(ids)) / counts for row in values[1:]]
        columns = {"annotation_id": ids, "rois": counts, "class_loss": means[0]}
        part = path.with_suffix(".part")
        pq.write_table(pa.table({**columns, "mask_loss": means[1]}), part)
        part.replace(path)
