"""Evidence that the user's own files bring."""
