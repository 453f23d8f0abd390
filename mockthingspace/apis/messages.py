"""The messages of the families, as events. One file an API."""
