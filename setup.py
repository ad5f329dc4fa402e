"""The native kernel, built where there is a compiler; all else is in setup.cfg."""

from pathlib import Path

import numpy as np
from setuptools import Extension, setup

SOURCES = Path("benchmark_n/_native")

kernel = Extension(
    "benchmark_n._native.kernel",
    sources=sorted(str(path) for path in SOURCES.glob("*.cpp")),
    depends=sorted(str(path) for path in SOURCES.glob("*.hpp")),
    include_dirs=[np.get_include()],
    # The normal numbers of numpy's generators; the library comes with numpy.
    library_dirs=[str(Path(np.__file__).parent / "random" / "lib")],
    libraries=["npyrandom", "m"],
    # Sums and products are rounded one by one, as OpenCV, pycocotools and numpy do.
    extra_compile_args=["-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall"],
    language="c++",
    optional=True,
)

setup(ext_modules=[kernel])
