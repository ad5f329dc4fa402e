"""Datasets: where their annotation files lie, or how to make them."""

from benchmark_n.datasets.base import DATASETS, Dataset, Request, Source

__all__ = ["DATASETS", "Dataset", "Request", "Source"]
