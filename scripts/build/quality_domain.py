"""Add to the package's weights of Quality Sentinel what the pictures of its training look like.

    python scripts/build/quality_domain.py [--out FILE]

A training keeps this itself (`benchmark_n.detectors.quality_sentinel.train.join_domain`); the
package's weights are older than that. Some pictures of each leg of ``train_quality.py`` are drawn
again, from the data seeds that it reserves; the network is written as it was.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from train_quality import RESERVED, ROOT

from benchmark_n.detectors.quality_sentinel.train import join_domain
from benchmark_n.detectors.quality_sentinel.weights import (
    SHIPPED,
    load_sentinel,
    read_meta,
    save_sentinel,
)
from benchmark_n.training.quality_sentinel import PairRequest, dataset_pairs

# Pictures of each leg, of the same datasets in about the shares of the training.
IMAGES = {"scenes": 40, "phantom": 12}


def main() -> None:
    """Draw, describe, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    shipped = ROOT / "detectors" / "quality_sentinel" / SHIPPED
    parser.add_argument("--out", type=Path, default=shipped)
    out = parser.parse_args().out
    sentinel = load_sentinel(shipped)
    crops = [
        dataset_pairs(
            PairRequest(name, seed, count, rounds=1, unet_epochs=()),
            size=sentinel.settings.size,
            seed=seed,
            workers=1,
        ).crops
        for seed in RESERVED
        for name, count in IMAGES.items()
    ]
    domain = join_domain(None, np.concatenate(crops))
    save_sentinel(replace(sentinel, domain=domain), out, read_meta(shipped)["sources"])
    print(f"{out}: {len(domain.rows)} pictures, limit {domain.limit:.3f}")


if __name__ == "__main__":
    main()
