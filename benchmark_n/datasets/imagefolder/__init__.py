"""Folders of images by class, and arrays of them."""
