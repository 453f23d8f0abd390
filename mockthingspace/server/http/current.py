"""The mock server that a request is for."""

from flask import current_app

from mockthingspace.backend.backend import Double

EXTENSION = "mockthingspace"


def current() -> Double:
    """Return the double of the application that is handling a request."""
    double: Double = current_app.extensions[EXTENSION]
    return double
