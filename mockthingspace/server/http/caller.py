"""Who a request says it comes from."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from mockthingspace.core.models import Caller

_NOBODY = Caller(client=None, bearer=None, session=None)


def caller(environ: Mapping[str, Any]) -> Caller:
    """Read who a request says it comes from."""
    if not ("HTTP_AUTHORIZATION" in environ or "HTTP_VZ_M2M_TOKEN" in environ):
        return _NOBODY
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    scheme, token = scheme.lower(), token.strip()
    return Caller(
        client=_client(token) if scheme == "basic" else None,
        bearer=token if scheme == "bearer" and token else None,
        session=environ.get("HTTP_VZ_M2M_TOKEN") or None,
    )


def _client(token: str) -> str | None:
    """Return the key of ``key:secret`` in base64; None when it is not that."""
    try:
        client, colon, _ = b64decode(token, validate=True).decode().partition(":")
    except ValueError:
        return None
    return client if colon and client else None
