"""Hyper-Precise Location."""
