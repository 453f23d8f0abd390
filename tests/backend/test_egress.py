"""Deliveries go to loopback and private addresses; to others only when allowed."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from mockthingspace.backend.delivery import egress

from ..posting import Poster
from ..rows import each

NEAR = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "::",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "fd20:ce::253",
    "fd00:ec3::254",
    "fd12::5efe:10.0.0.1",
]
PUBLIC = [
    "8.8.8.8",
    "172.32.0.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
    "2001:0:4136:e378:8000:63bf:f7f7:f7f7",
    "64:ff9b::8.8.8.8",
    "::8.8.8.8",
    "::ffff:0:8.8.8.8",
    "168.63.129.15",
    "2606:4700::5efe:10.0.0.1",
]
NEVER = [
    "169.254.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "fd00:ec2::254",
    "224.0.0.1",
    "239.1.2.3",
    "fe80::1",
    "fe80::1%lo",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::ffff:224.0.0.1",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "64:ff9b::169.254.169.254",
    "64:ff9b::100.100.100.200",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:a9fe:a9fe::1",
    "fd00:42::42",
    "fd00:100::100:200",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "fd12::5efe:169.254.169.254",
    "2606:4700::200:5efe:169.254.169.254",
    "255.255.255.255",
    "240.0.0.1",
]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A socket that listens on a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Let every name resolve to these addresses in turn; the last one stays."""
    left = list(answers)

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        kind = socket.SOCK_STREAM
        return [(socket.AF_INET, kind, 6, "", (item, port)) for item in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def connected(port: int) -> socket.socket:
    """Connect to a port of a host by name."""
    return asyncio.run(egress.connect("listener.example", port, False))


@each("allow_public_listeners", [False, True])
@each("address", NEAR)
def test_a_near_address_may_be_reached(
    address: str, allow_public_listeners: bool
) -> None:
    """Loopback, private and carrier-grade addresses are open under any setting."""
    egress.check(address, allow_public_listeners)


@each("address", PUBLIC)
def test_a_public_address_needs_the_setting(address: str) -> None:
    """The refusal of a public address names the setting that would allow it."""
    with pytest.raises(
        egress.AddressNotAllowed, match="allow_public_listeners=true would allow"
    ):
        egress.check(address, False)


@each("address", PUBLIC)
def test_the_setting_opens_public_addresses(address: str) -> None:
    """A public address may be reached once public listeners are allowed."""
    egress.check(address, True)


@each("allow_public_listeners", [False, True])
@each("address", NEVER)
def test_some_addresses_are_never_reached(
    address: str, allow_public_listeners: bool
) -> None:
    """Link-local, multicast and metadata addresses are closed in every spelling."""
    with pytest.raises(egress.AddressNotAllowed, match=": never"):
        egress.check(address, allow_public_listeners)


def test_the_first_address_that_may_be_reached_is_taken(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    """An address that is out of reach is passed over."""
    resolving(monkeypatch, ["169.254.169.254", "127.0.0.1"])
    with connected(listener.getsockname()[1]) as made:
        assert made.getpeername() == listener.getsockname()


def test_a_name_whose_addresses_are_all_out_of_reach_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where no address may be reached, the last one's refusal is raised."""
    resolving(monkeypatch, ["8.8.8.8", "169.254.169.254"])
    with pytest.raises(egress.AddressNotAllowed, match=r"169\.254\.169\.254"):
        connected(80)


def test_a_name_without_an_address_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that resolves to nothing at all is said to."""
    resolving(monkeypatch, [])
    with pytest.raises(OSError, match="has no address"):
        connected(80)


def test_a_name_that_resolves_differently_later_does_not_get_through(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket
) -> None:
    """The address is checked at each connection, not once for the name."""
    resolving(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    port = listener.getsockname()[1]
    connected(port).close()
    post = Poster(allow_public_listeners=True)
    outcome = post(f"http://listener.example:{port}/")
    post.close()
    assert outcome.error == (
        "not delivered: 169.254.169.254 is link-local, multicast, reserved or a "
        "metadata address: never"
    )
