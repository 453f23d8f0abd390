"""Where a delivery may go, and the connection that holds to it.

Loopback and private addresses; public ones under the ``public_listeners``
setting; link-local, multicast and metadata addresses never. The address is
checked where the socket is made, so a name that resolves to something else
the second time does not get through.
"""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

METADATA = {ip_address("100.100.100.200"), ip_address("fd00:ec2::254")}
NAT64 = ip_network("64:ff9b::/96")


class OutOfReach(OSError):
    """The address is not one a delivery may go to."""


def check(address: str, public_listeners: bool) -> None:
    """Accept an address a delivery may go to.

    Raises:
        OutOfReach: It is another; the message says which setting would allow it.
    """
    ip = _embedded(ip_address(address.partition("%")[0]))
    if ip.is_link_local or ip.is_multicast or ip in METADATA:
        raise OutOfReach(f"{address} is link-local or a metadata address: never")
    if ip.is_global and not public_listeners:
        raise OutOfReach(
            f"{address} is a public address; public_listeners=true would allow it"
        )


def _embedded(ip: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = ip.teredo[1] if ip.teredo else None
    return ip.ipv4_mapped or ip.sixtofour or teredo or ip


def connect(
    host: str,
    port: int,
    timeout_s: float | None,
    public_listeners: bool,
    made_known: Callable[[socket.socket], None],
) -> socket.socket:
    """Connect to the first address of a host that may be reached and answers.

    Args:
        host: Its name or its address.
        port: Where it listens.
        timeout_s: Seconds it has.
        public_listeners: Whether a public address may be reached.
        made_known: Told of each socket before it connects.

    Raises:
        OSError: None does; ``OutOfReach`` where none may be.
    """
    last: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        made = socket.socket(family, kind, protocol)
        try:
            check(str(address[0]), public_listeners)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.settimeout(timeout_s)
            made_known(made)
            made.connect(address)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last or OSError(f"{host} has no address")
