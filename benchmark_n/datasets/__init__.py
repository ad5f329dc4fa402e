"""Datasets: where their annotation files lie, or how to make them."""

from benchmark_n.datasets.base import DATASETS, Dataset
from benchmark_n.datasets.request import Request, Source, SourceOptions

__all__ = ["DATASETS", "Dataset", "Request", "Source", "SourceOptions"]
