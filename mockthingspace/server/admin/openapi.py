"""``openapi.json``: what all is served, described."""

from flask import Response

from mockthingspace.core.exceptions import AdminError
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current


def described() -> Response:
    """Describe everything served, as OpenAPI."""
    try:
        from mockthingspace.server.openapi import description
    except ModuleNotFoundError as error:
        raise AdminError(
            "missing_extra",
            "the OpenAPI description needs an extra: pip install "
            "'mockthingspace[openapi]'",
            501,
        ) from error
    return json_response(description.describe(current().state.settings))
