"""What a manifest's origins say of annotations: too many, several drawn as one, or parts of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmark_n.tables.manifest_schema import EXTRA, MERGED

Flags = NDArray[np.bool_]


def extra_annotations(rows: Any) -> Flags:
    """Spurious annotations and further parts of split ones, bool (N,)."""
    return flags(pc.is_in(rows["origin"].cast("string"), pa.array(EXTRA)))


def merged_or_split(rows: Any) -> Flags:
    """Annotations of several instances, and of a part of one that has the rest beside it; (N,)."""
    merged = flags(pc.equal(rows["origin"], MERGED))
    if "split_applied" not in rows.column_names:
        return merged
    split = flags(pc.fill_null(rows["split_applied"], False))
    return merged | (split & ~extra_annotations(rows))


def flags(column: Any) -> Flags:
    """A column of booleans as bool (N,).

    Examples
    --------
    >>> flags(pa.chunked_array([[True], [False, True]])).tolist()
    [True, False, True]
    """
    return np.asarray(column.to_numpy(zero_copy_only=False), bool)
