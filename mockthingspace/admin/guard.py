"""Who may use the admin API: programs of this machine, not pages in a browser.

A page can make a browser send requests here, under a foreign ``Origin``, or
under a ``Host`` of its own that was made to resolve to this machine (DNS
rebinding); and only a request that says it is JSON makes a browser ask first.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Response, request

from mockthingspace.admin.asking import error_response
from mockthingspace.double import current


def guard() -> Response | None:
    """Refuse what a web page could have sent; None lets the request pass."""
    settings = current().settings
    host = request.headers.get("Host", request.host).lower()
    origin = request.headers.get("Origin")
    if not _is_ours(_name_in(host), (settings.host, *settings.allowed_hosts)):
        return error_response(
            "foreign_host",
            f"the Host {host!r} is not this double's; to reach the admin API by it, "
            f"start the double with --allowed-hosts {_name_in(host) or 'NAME'}",
            403,
        )
    if origin is not None and origin.lower() != f"{request.scheme}://{host}":
        return error_response(
            "foreign_origin", f"pages of {origin!r} may not use the admin API", 403
        )
    body = bool(request.content_length) or request.method in ("POST", "PUT")
    if request.method != "GET" and body and request.mimetype != "application/json":
        return error_response(
            "not_json",
            f"{request.method} here needs the header 'Content-Type: application/json'",
            415,
        )
    return None


def _name_in(host: str) -> str:
    """Return the name in a ``Host`` header; nothing where it is not one."""
    try:
        parts = urlsplit(f"//{host}")
        whole = parts.netloc == host and "@" not in host and parts.port != 0
    except ValueError:
        return ""
    return parts.hostname or "" if whole else ""


def _is_ours(name: str, allowed: Iterable[str]) -> bool:
    try:
        loopback = ip_address(name).is_loopback
    except ValueError:
        loopback = name == "localhost" or name.endswith(".localhost")
    return loopback or name in {one.lower() for one in allowed}
