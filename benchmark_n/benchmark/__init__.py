"""The benchmark directory: annotations, manifest, recipe, summary and checksums."""

from benchmark_n.benchmark.directory import Benchmark, newest_benchmark
from benchmark_n.benchmark.parts import load

__all__ = ["Benchmark", "load", "newest_benchmark"]
