"""Who may use the admin API: programs of this machine, not pages in a browser.

A page can make a browser send requests here, under a foreign ``Origin``, or
under a ``Host`` of its own that was made to resolve to this machine (DNS
rebinding). A ``GET`` from another site has no ``Origin``, but browsers say where it
is from. A body must say that it is JSON (``common.read``), which makes a browser ask
first.
"""

import re

from flask import Response, request

from mockthingspace.core.addresses import is_loopback
from mockthingspace.server.admin.common import error_response
from mockthingspace.server.http.current import current

_LABEL = "[A-Za-z0-9_-]{1,63}"
_HOST = re.compile(
    rf"(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|({_LABEL}(?:\.{_LABEL})*\.?))"
    r"(?::([0-9]{0,5}))?"
)


def guard() -> Response | None:
    """Refuse what a web page could have sent; None lets the request pass."""
    settings = current().settings
    host = request.headers.get("Host", request.host).lower()
    origin = request.headers.get("Origin")
    site = request.headers.get("Sec-Fetch-Site", "none").lower()
    name = _name_in(host)
    allowed = (settings.host.lower(), *map(str.lower, settings.allowed_hosts))
    if not is_loopback(name) and name not in allowed:
        return error_response(
            "foreign_host",
            f"the Host {host!r} is not this server's; to reach the admin API by it, "
            f"start the server with --allowed-hosts {name or 'NAME'}",
            403,
        )
    if origin is not None and origin.lower() != f"{request.scheme}://{host}":
        return error_response(
            "foreign_origin", f"pages of {origin!r} may not use the admin API", 403
        )
    if site not in ("none", "same-origin"):
        return error_response(
            "foreign_site",
            f"pages of another site (Sec-Fetch-Site: {site}) may not use the admin API",
            403,
        )
    return None


def _name_in(host: str) -> str:
    """Return the name in a ``Host`` header; nothing where it is not one."""
    parts = _HOST.fullmatch(host)
    if parts is None or not 0 < int(parts[3] or 80) <= 65535:
        return ""
    return parts[1] or parts[2]
