"""Device Diagnostics."""
