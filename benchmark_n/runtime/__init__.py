"""What running takes: plug-ins, workers, random streams, lazy imports, progress."""
