"""The two contracts: the manifest's table and the scores' table."""
