"""An address of this machine: its URL, and why it cannot be had."""

import errno
from ipaddress import ip_address

from mockthingspace.core.exceptions import CannotBind

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}


def url_of(host: str, port: int) -> str:
    """Return where a client on this machine reaches it, without a trailing slash."""
    return f"http://{_authority(ANY_ADDRESS.get(host, host), port)}"


def is_loopback(host: str) -> bool:
    """Say whether a host, an address or a name in small letters, is this machine's."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def cannot_bind(host: str, port: int, error: Exception, instead: str) -> CannotBind:
    """Return the error that says why an address cannot be had.

    ``instead`` is what another port is chosen with, such as ``--port``.
    """
    why = str(error)
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        why = (
            f"the port is taken by another process (find it with: lsof -i :{port}); "
            f"stop that, or choose another with {instead} (0 picks a free one)"
        )
    return CannotBind(f"cannot serve on {_authority(host, port)}: {why}")


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
