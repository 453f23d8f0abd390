"""URLs of listeners: where they lead, and how they are spelled in a request."""

import re
from base64 import b64encode
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE = "!$%&'()*+,/:;=?@[]~"  # what RFC 3986 lets a path or a query hold unquoted
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


class Target(NamedTuple):
    """Where a URL leads.

    ``origin`` is what URLs are compared by, ``path`` has the query, ``place`` is
    the ``Host`` of a request, ``credentials`` are what Basic authorization says.
    """

    origin: str
    scheme: str
    host: str
    port: int
    path: str
    place: str
    credentials: str | None


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, the way they are compared.

    Raises:
        ValueError: It is not a URL.
    """
    parts = urlsplit(url)
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def locate(url: str) -> Target:
    """Read a URL: an IDN, odd characters and user info are encoded.

    Raises:
        ValueError: It is not an HTTP URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is not an HTTP URL")
    host = ascii_host(parts.hostname)
    place = f"[{host}]" if ":" in host else host
    path = _quoted(parts.path) or "/"
    return Target(
        origin(url),
        parts.scheme,
        host,
        parts.port or DEFAULT_PORTS[parts.scheme],
        f"{path}?{_quoted(parts.query)}" if parts.query else path,
        place if parts.port is None else f"{place}:{parts.port}",
        _credentials(parts.username, parts.password),
    )


def ascii_host(host: str) -> str:
    """Return a host as DNS spells it, by IDNA 2008 if it is not ASCII.

    Raises:
        ValueError: It cannot be spelled so: an emoji is in no name.
    """
    if host.isascii():
        return host
    import idna  # it has large tables, and few names need it

    return idna.encode(host, uts46=True).decode("ascii")


def _quoted(text: str) -> str:
    return quote(_LONE_PERCENT.sub("%25", text), safe=_SAFE)


def _credentials(username: str | None, password: str | None) -> str | None:
    if username is None:
        return None
    pair = f"{unquote(username)}:{unquote(password or '')}"
    return "Basic " + b64encode(pair.encode()).decode()
