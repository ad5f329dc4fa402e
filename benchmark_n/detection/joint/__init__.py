"""One list of all that may be wrong with a file, of all kinds, by probability."""
