"""Pointing Verizon's published Python SDK at a server, and back at Verizon.

The SDK has no setting for its host, but one table of servers for all its clients,
``verizon.configuration.Configuration.environments``; it is read at each request.
"""

from typing import Any
from urllib.parse import urlsplit

from mockthingspace.client.transport import with_scheme
from mockthingspace.core.exceptions import MockThingSpaceError

PACKAGE = "sdksio-verizon-apis-sdk"
Table = dict[Any, dict[Any, str]]


def point_sdk(url: str) -> "PointedSdk":
    """Point every client of the SDK at a server, those made before included.

    All hosts of Verizon's are replaced, so no call of the SDK leaves this machine;
    the paths below are the same. It can be done again with another URL, and is undone
    in reverse.

    Args:
        url: Where the server is, such as ``http://127.0.0.1:8440``.

    Returns:
        What ``restore()`` undoes it with; as a context manager it is undone at the
        end of the block.

    Raises:
        MockThingSpaceError: The SDK is not installed; says which package it is.
        SettingsError: It is not a place a server could be.

    Example:
        >>> with point_sdk(thingspace.url):
        ...     client = VerizonClient()
    """
    return PointedSdk(with_scheme(url))


class PointedSdk:
    """The SDK while it points at a server."""

    def __init__(self, url: str) -> None:
        self.url = url
        table = _table()
        self._before = {name: dict(servers) for name, servers in table.items()}
        for servers in table.values():
            for server, base in servers.items():
                servers[server] = f"{url}{urlsplit(base).path}"

    def restore(self) -> None:
        """Let the SDK point where it did before this; again does no harm."""
        table = _table()
        for name, servers in self._before.items():
            table[name].update(servers)
        self._before = {}

    def __enter__(self) -> "PointedSdk":
        return self

    def __exit__(self, *_: object) -> None:
        self.restore()


def _table() -> Table:
    """Return the SDK's own table: the URL of each server of each environment."""
    try:
        from verizon.configuration import (  # type: ignore[import-untyped]
            Configuration,
        )
    except ImportError as error:
        raise MockThingSpaceError(
            f"Verizon's SDK is not installed ({error}): pip install {PACKAGE}"
        ) from error
    table: Table = Configuration.environments
    return table
