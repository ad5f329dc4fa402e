"""COCO files as MMDetection reads them, with annotation ids that reach the losses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from mmdet.datasets import BaseDetDataset
from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import DATASETS, TRANSFORMS

from benchmark_n.coco import CocoFile, read_coco
from benchmark_n.coco.annotation_masks import has_mask, measure, read_mask
from benchmark_n.coco.images import image_path
from benchmark_n.coco.labels import category_labels
from benchmark_n.coco.records import split_record
from benchmark_n.errors import InputError
from benchmark_n.files.pictures import PICTURE_FAULTS, map_file, picture_size
from benchmark_n.training.mmdet.folds import fold_images

_IDS = "gt_instances_ids"


@DATASETS.register_module()
class NoisyCocoDataset(BaseDetDataset):
    """A COCO file with masks as RLE or polygons; labels are the categories in the file's order.

    Each sample carries ``gt_instances_ids``, the annotation ids of its instances. As in
    ``CocoDataset``, annotations without area or with a box below 1 px are left out, crowds are
    ignored regions, and ``filter_cfg`` may leave out images without instances.

    Parameters
    ----------
    folds
        ``{"count": K, "fold": k, "seed": s, "held_out": bool}``: the images of fold k alone, or
        all others (see `fold_images`).
    """

    def __init__(self, *args: Any, folds: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self._folds = folds
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """One record an image."""
        coco = read_coco(self.ann_file)
        self._metainfo["classes"] = tuple(category_labels(coco.categories).values())
        places: dict[int, list[int]] = {image: [] for image in self._chosen_images(coco)}
        for place, image in enumerate(coco.image_ids.tolist()):
            if image in places:
                places[image].append(place)
        labels = {identity: label for label, identity in enumerate(coco.categories)}
        return [self._image(coco, image, own, labels) for image, own in places.items()]

    def prepare_data(self, idx: int) -> Any:
        """A sample out of the pipeline, which reads the picture by its own means.

        Raises
        ------
        InputError
            The file is no picture, or one that is too large.
        """
        data = self.get_data_info(idx)
        path = Path(data["img_path"])
        try:
            picture_size(map_file(path), path)
        except PICTURE_FAULTS:
            raise InputError(f"{path}: cannot be read as an image") from None
        return self.pipeline(data)

    def filter_data(self) -> list[dict[str, Any]]:
        """The images with instances, where a training asks for these alone."""
        if self.test_mode or not (self.filter_cfg or {}).get("filter_empty_gt", False):
            return list(self.data_list)
        return [
            data
            for data in self.data_list
            if any(not instance["ignore_flag"] for instance in data["instances"])
        ]

    def _chosen_images(self, coco: CocoFile) -> list[int]:
        if self._folds is None:
            return list(coco.images)
        count, fold, seed = (int(self._folds[name]) for name in ("count", "fold", "seed"))
        folds = fold_images(coco, count, seed)
        return [image for image, own in folds.items() if (own == fold) == self._folds["held_out"]]

    def _image(
        self, coco: CocoFile, image_id: int, places: list[int], labels: Mapping[int, int]
    ) -> dict[str, Any]:
        image = coco.images[image_id]
        if not image.file_name:
            raise InputError(f"{coco.path.name}: image {image_id} has no file_name")
        found = [(place, _instance(coco, place, labels)) for place in places]
        kept = [(place, instance) for place, instance in found if instance is not None]
        return {
            "img_id": image_id,
            "img_path": str(image_path(Path(self.data_prefix["img"]), image)),
            "height": image.height,
            "width": image.width,
            "instances": [instance for _, instance in kept],
            _IDS: coco.annotation_ids[[place for place, _ in kept]],
        }


def _instance(coco: CocoFile, place: int, labels: Mapping[int, int]) -> dict[str, Any] | None:
    fields = split_record(coco.annotations[place])
    if not has_mask(fields.get("segmentation")):
        return None
    if "bbox" in fields and "area" in fields:
        area, box = (msgspec.json.decode(fields[name]) for name in ("area", "bbox"))
    else:
        image = coco.images[int(coco.image_ids[place])]
        area, box = measure(read_mask(fields, image.height, image.width))
    x, y, width, height = box
    if area <= 0 or width < 1 or height < 1:
        return None
    return {
        "bbox": [x, y, x + width, y + height],
        "bbox_label": labels[int(coco.category_ids[place])],
        "ignore_flag": int(coco.crowd[place]),
        "mask": msgspec.json.decode(fields["segmentation"]),
    }


@TRANSFORMS.register_module()
class PackWithIds(PackDetInputs):
    """``PackDetInputs`` that also packs the annotation ids, as ``instances_ids``.

    Raises
    ------
    InputError
        A transform before it dropped instances and left their ids.
    """

    mapping_table = {**PackDetInputs.mapping_table, _IDS: "instances_ids"}  # noqa: RUF012

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack a sample."""
        if len(results[_IDS]) != len(results["gt_bboxes_labels"]):
            raise InputError(
                f"image {results['img_id']}: {len(results['gt_bboxes_labels'])} instances with "
                f"{len(results[_IDS])} ids: a transform of the pipeline drops instances without "
                "their ids, so losses cannot be told by instance"
            )
        return dict(super().transform({**results, _IDS: np.asarray(results[_IDS], np.int64)}))
