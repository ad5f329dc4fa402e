"""The corrected annotations in the format that the reviewed file came from."""

from benchmark_n.review.corrected.write import (
    RETURN_FORMATS,
    check_format,
    own_format,
    returned_folder,
    write_returned,
)

__all__ = ["RETURN_FORMATS", "check_format", "own_format", "returned_folder", "write_returned"]
