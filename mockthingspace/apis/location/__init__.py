"""Device Location."""
