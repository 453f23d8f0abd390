"""The state of one mock server, and what happens to it."""
