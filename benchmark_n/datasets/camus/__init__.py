"""CAMUS: echocardiograms."""
