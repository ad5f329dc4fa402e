"""Features of annotations from several views of each."""
