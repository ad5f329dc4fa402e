"""``python -m benchmark_n`` is ``benchmark-n``."""

from benchmark_n.cli import main

if __name__ == "__main__":
    main()
