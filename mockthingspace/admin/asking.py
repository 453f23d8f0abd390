"""What every resource reads and answers with: filters, documents, errors."""

from collections.abc import Mapping
from typing import Any

from flask import Response, g, request

from mockthingspace.errors import AdminError, InvalidRequest
from mockthingspace.family import Note, json_response
from mockthingspace.wire import json_object

PREFIX = "/__admin"
LONGEST_NUMBER = 18


def owns(path: str) -> bool:
    """Say whether a path is the admin API's."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def error_response(code: str, message: str, status: int) -> Response:
    """Make the admin API's own error reply."""
    return json_response({"error": code, "message": message}, status)


def filters(*allowed: str) -> dict[str, str]:
    """Return the query's filters.

    Raises:
        AdminError: One means nothing here; the message names those that do.
    """
    for name in request.args:
        if name not in allowed:
            raise AdminError(
                "unknown_filter",
                f"unknown filter {name!r}; allowed here: {', '.join(allowed)}",
            )
    return dict(request.args)


def number(given: Mapping[str, Any], name: str) -> int:
    """Return a filter that is a whole number; 0 where it is not given.

    Raises:
        AdminError: It is something else.
    """
    value = str(given.get(name, 0))
    if not (value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER):
        raise AdminError("invalid_filter", f"{name}: must be a whole number, 0 or more")
    return int(value)


def document() -> dict[str, Any]:
    """Return the request's body, a JSON object.

    Raises:
        AdminError: It is none.
    """
    note: Note = g.note
    try:
        return dict(json_object(note.body))
    except InvalidRequest as error:
        raise AdminError("invalid_body", error.reason) from error
