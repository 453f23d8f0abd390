"""The mock server that a request is for."""

from flask import current_app

from mockthingspace.backend.backend import Backend

EXTENSION = "mockthingspace"


def current() -> Backend:
    """Return the server of the application that is handling a request."""
    backend: Backend = current_app.extensions[EXTENSION]
    return backend
