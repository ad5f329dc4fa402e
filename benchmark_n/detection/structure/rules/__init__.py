"""The rules, a few by subject a file."""
