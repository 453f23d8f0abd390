"""What the server costs, measured beside its peers: ``python -m benchmarks``."""
