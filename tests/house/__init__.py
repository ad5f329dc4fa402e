"""The rules of the layout, read from the syntax trees of all modules."""
