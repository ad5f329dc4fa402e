"""Label maps into COCO files."""
