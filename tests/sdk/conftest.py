"""A server that the published SDK takes for ThingSpace, and nothing beyond it."""

import gc
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mockthingspace import MockThingSpace, point_sdk


def pytest_configure(config: pytest.Config) -> None:
    """Allow the one warning there is.

    Releases before 2.0.0 want python-dateutil 2.8.2, and that calls at its import
    what Python 3.12 deprecates.
    """
    config.addinivalue_line(
        "filterwarnings",
        "ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning:dateutil.tz.tz",
    )


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """A server on a port, and the SDK pointing there."""
    with MockThingSpace() as server, pytest.MonkeyPatch.context() as patch:
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1")
        with point_sdk(server.url):
            yield server
    gc.collect()  # the SDK never closes its connections; later tests count theirs


@pytest.fixture
def thingspace(running: MockThingSpace) -> MockThingSpace:
    """The server, as just started."""
    running.reset()
    return running


@pytest.fixture
def started(thingspace: MockThingSpace) -> Callable[..., None]:
    """Starts the server over with the settings it is given."""

    def start(**settings: Any) -> None:
        thingspace.admin.ask("PUT", "/snapshot", {"settings": settings})

    return start


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The hosts that were looked up or connected to; others than ours fail."""
    hosts: list[Any] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def watched_connect(self: socket.socket, address: Any) -> None:
        hosts.append(address[0])
        assert is_local(address[0]), address
        connect(self, address)

    def watched_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        hosts.append(host)
        assert is_local(host), host
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", watched_connect)
    monkeypatch.setattr(socket, "getaddrinfo", watched_look_up)
    yield hosts
    assert [host for host in hosts if not is_local(host)] == []


def is_local(host: Any) -> bool:
    """Say whether a host is this machine."""
    return host in ("127.0.0.1", "::1", "localhost", None)
