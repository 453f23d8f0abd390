"""What the double costs, measured beside its peers: ``python -m benchmarks``."""
