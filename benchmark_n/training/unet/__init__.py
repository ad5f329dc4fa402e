"""U-Nets of echo datasets."""
