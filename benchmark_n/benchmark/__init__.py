"""The benchmark directory: annotations, manifest, recipe, summary and checksums."""

from benchmark_n.benchmark.directory import Benchmark, load, newest_benchmark

__all__ = ["Benchmark", "load", "newest_benchmark"]
