"""Plug-ins for MMDetection and MMEngine, and training with them on a benchmark directory.

An MMDetection config of one's own gets the plug-ins by
``custom_imports = dict(imports=["benchmark_n.training.mmdet.plugins"])``.
"""
