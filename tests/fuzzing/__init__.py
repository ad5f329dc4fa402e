"""A seeded, grammar-based fuzzer: valid files of every format, damaged on purpose, read again."""
