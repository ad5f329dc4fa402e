"""Where images may lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark_n.coco import Image
from benchmark_n.coco.images import image_path
from benchmark_n.errors import InputError


def test_images_lie_in_their_folder(tmp_path: Path) -> None:
    assert image_path(tmp_path, Image(1, 2, 2, "a/b.png")) == tmp_path / "a" / "b.png"


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/passwd", "a\x00b", "x" * 300])
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="image 7: file_name"):
        image_path(tmp_path, Image(7, 2, 2, name))
