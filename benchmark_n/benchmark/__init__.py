"""The benchmark directory: annotations, manifest, recipe, summary and checksums."""

from benchmark_n.benchmark.directory import Benchmark, load

__all__ = ["Benchmark", "load"]
