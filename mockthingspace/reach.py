"""Where a delivery may go, and the connection that holds to it.

Loopback and private addresses; public ones under the ``public_listeners``
setting; link-local, multicast and metadata addresses never. The address is
checked where the socket is made, so a name that resolves to something else
the second time does not get through.
"""

import asyncio
import socket
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from mockthingspace.background import in_thread

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


async def connect(host: str, port: int, public_listeners: bool) -> socket.socket:
    """Connect to the first address of a host that may be reached and answers.

    Args:
        host: Its name or its address.
        port: Where it listens.
        public_listeners: Whether a public address may be reached.

    Raises:
        OSError: None does; ``OutOfReach`` where none may be.
    """
    loop = asyncio.get_running_loop()
    last: OSError | None = None
    for family, address in await _addresses(host, port):
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            check(str(address[0]), public_listeners)
            made.setblocking(False)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(made, address)
        except OSError as error:
            made.close()
            last = error
        except BaseException:  # the time is up
            made.close()
            raise
        else:
            return made
    raise last or OSError(f"{host} has no address")


async def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Return the families and addresses of a host; only a name has to be resolved."""
    try:
        ip = ip_address(host)
    except ValueError:
        resolve = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        return [(found[0], found[4]) for found in await in_thread(resolve)]
    return [(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, (host, port))]
