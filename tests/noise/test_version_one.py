"""Version 1 of the tiers does what it did in 0.1.0: masks, categories, deletions by source id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import making
from tests.conftest import SAMPLES, shared_file
from tests.noise.tier_digests import EMBEDDED, TIERS, make, tier_digest

# Made by the code of 0.1.0, in a checkout of it, FOLDER being the one of the shared samples:
#   git worktree add --detach OLD 0b10554
#   PYTHONPATH=OLD python tests/noise/tier_digests.py $(mktemp -d) \
#       coco_val2014_100=FOLDER/coco_val2014_100/instances_val2014_100.json \
#       lvis_val_100=FOLDER/lvis_val_100/lvis_val_100.json
PHANTOM = {"easy": "low", "mid": "mid", "hard": "high"}
MADE_BY_0_1_0 = {
    "scenes easy": "dfb6d8a33d418d3f6bf1965b284a586f239c96bfe568edd3ac3e58a2c0c7a6ee",
    "scenes mid": "25edd9e91352ebf3ea23ac31dd40fa9c3b540c38bc5ba1045b67c8469f0b29c8",
    "scenes hard": "145cbf0c9d5ceb74fd916cddbb4c82e372f940a872ac68c77f41fe65cf0a3902",
    "phantom easy": "8d7dd045bb12881ed42300b7233bd270ebc3c61d39583776e5c4e1b47855df6f",
    "phantom mid": "847ee5fbdf7658406064c56f906f7a1f4db040d59aa7e84c840a61c4f028660c",
    "phantom hard": "cfa115a9bdcc78a5fa94868289840653d64aecc55455c8d8c47ccd8a677ea8f1",
    "coco_val2014_100 easy": "dc264d4f8c71e345075ab68c567ecc66d8c9478371ccbff52124d54404cd3ba7",
    "coco_val2014_100 mid": "e4cc01cf79606cc8422bb885120a7808e5c25861f8b08e3e09fd18ba74603ed3",
    "coco_val2014_100 hard": "a924c76212330a75168bfaf7773d3a7bcffc70f89e12f8f12580af5901b10572",
    "lvis_val_100 easy": "cb05a26c122ac46935e5d0c6400f9f25a457f3faa656b717acfd09d99c5a265c",
    "lvis_val_100 mid": "2b8b94e27198627c7364719a19a1600c9a365cb088a28423917e11e33788c4a3",
    "lvis_val_100 hard": "c747fd6edd18f1145193915b8041a8a8860d3860e00df05af5cd117fd2b7065a",
}


def version_one(name: str, tier: str) -> str:
    """The recipe that a tier of 0.1.0 was for a dataset."""
    return f"camus-{PHANTOM[tier]}" if name == "phantom" else f"{tier}-v1"


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("name", [*EMBEDDED, "coco_val2014_100", "lvis_val_100"])
def test_a_tier_is_as_it_was(name: str, tier: str, tmp_path: Path) -> None:
    file = None if name in EMBEDDED else shared_file(SAMPLES[name])
    made = make(name, version_one(name, tier), tmp_path / "made", file)
    assert made.recipe["version"] == 1
    assert tier_digest(made) == MADE_BY_0_1_0[f"{name} {tier}"]


def test_another_seed_is_another_digest(tmp_path: Path) -> None:
    """The digest is of the noise: it sees another seed, and no other way of writing."""
    shared: dict[str, Any] = {"num_images": 12, "workers": 1}
    other = making.make("scenes", "easy-v1", seed=2, out=tmp_path / "other", **shared)
    kept = making.make("scenes", "easy-v1", out=tmp_path / "kept", keep_ids=True, **shared)
    assert tier_digest(other) != MADE_BY_0_1_0["scenes easy"]
    assert tier_digest(kept) == MADE_BY_0_1_0["scenes easy"]
