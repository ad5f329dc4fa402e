"""Faults on purpose: processes killed, disks full, memory short, clocks wrong."""
