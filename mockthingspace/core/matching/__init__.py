"""Criteria of exchanges and deliveries, and why something does not meet them."""
