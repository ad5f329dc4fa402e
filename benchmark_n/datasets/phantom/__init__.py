"""Phantom echocardiograms, embedded."""
