"""Where a delivery may go, and the connection that holds to it.

Loopback and private addresses; public ones under the ``allow_public_listeners``
setting; link-local, multicast, reserved and metadata addresses never, nor the IPv6
addresses that lead to one. The address is checked where the socket is made, so a name
that resolves to something else the second time does not get through.
"""

import asyncio
import socket
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from mockthingspace.core.background_loop import in_thread

Address = IPv4Address | IPv6Address

# Where clouds tell an instance about itself, its credentials included, besides what
# is link-local (169.254.169.254, 169.254.170.2, 169.254.42.42, fe80::a9fe:a9fe).
METADATA = tuple(
    map(
        ip_network,
        (
            "100.100.100.200",  # Alibaba Cloud, "Instance metadata"
            "fd00:100::100:200",  # the same over IPv6, as others' deny lists have it
            "168.63.129.16",  # Azure, "What is IP address 168.63.129.16?"
            "192.0.0.192",  # Oracle Cloud at Customer, "Retrieve Predefined Metadata"
            "fd00:ec2::/32",  # AWS: EC2's metadata (::254), EKS Pod Identity (::23)
            "fd20:ce::254",  # Google Cloud, "About VM metadata", IPv6-only instances
            "fd00:c1::a9fe:a9fe",  # Oracle Cloud, "Instance Metadata Service v2"
            "fd00:a9fe:a9fe::1",  # Akamai (Linode), "Metadata service API"
            "fd00:42::42",  # Scaleway, as cloud-init's datasource has it
        ),
    )
)
# IPv6 prefixes that end with the IPv4 address that is meant.
ENDS_IN_IPV4 = (
    ip_network("::/96"),  # IPv4-compatible, RFC 4291 2.5.5.1
    ip_network("::ffff:0:0:0/96"),  # IPv4-translated, RFC 2765
    ip_network("64:ff9b::/96"),  # NAT64, RFC 6052
)
LOCAL_NAT64 = ip_network("64:ff9b:1::/48")  # RFC 8215: where the IPv4 is, nobody says
ISATAP = 0x5EFE  # RFC 5214: before the IPv4 address at the end, under any prefix


class AddressNotAllowed(OSError):
    """The address is not one a delivery may go to."""


def check(address: str, allow_public_listeners: bool) -> None:
    """Accept an address a delivery may go to.

    Raises:
        AddressNotAllowed: It is another; the message says which setting would allow it.
    """
    ip = ip_address(address.partition("%")[0])
    meant = _embedded(ip)
    if any(map(_is_closed, (ip, meant, *_behind(ip)))):
        raise AddressNotAllowed(
            f"{address} is link-local, multicast, reserved or a metadata address: never"
        )
    if meant.is_global and not allow_public_listeners:
        raise AddressNotAllowed(
            f"{address} is a public address; allow_public_listeners=true would allow it"
        )


def _is_closed(ip: Address) -> bool:
    return (
        ip.is_link_local
        or ip.is_multicast
        or (ip.version == 4 and ip.is_reserved)  # 240.0.0.0/4 and broadcast
        or ip in LOCAL_NAT64
        or any(ip in network for network in METADATA)
    )


def _embedded(ip: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, IPv4Address) or ip.is_loopback or ip.is_unspecified:
        return ip
    if any(ip in network for network in ENDS_IN_IPV4):
        return _end(ip)
    teredo = ip.teredo[1] if ip.teredo else None
    return ip.ipv4_mapped or ip.sixtofour or teredo or ip


def _behind(ip: Address) -> tuple[IPv4Address, ...]:
    """Return the IPv4 address an ISATAP router would go on to, if one may."""
    isatap = ip.version == 6 and int(ip) >> 32 & 0xFDFFFFFF == ISATAP
    return (_end(ip),) if isatap else ()


def _end(ip: Address) -> IPv4Address:
    return IPv4Address(int(ip) & 0xFFFFFFFF)


async def connect(host: str, port: int, allow_public_listeners: bool) -> socket.socket:
    """Connect to the first address of a host that may be reached and answers.

    Raises:
        OSError: None does; ``AddressNotAllowed`` where none may be.
    """
    last: OSError | None = None
    for family, address in await _addresses(host, port):
        try:
            return await _connected(family, address, allow_public_listeners)
        except OSError as error:
            last = error
    raise last or OSError(f"{host} has no address")


async def _connected(
    family: int, address: Any, allow_public_listeners: bool
) -> socket.socket:
    check(str(address[0]), allow_public_listeners)
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(made, address)
    except BaseException:  # the time being up included
        made.close()
        raise
    return made


async def _addresses(host: str, port: int) -> list[tuple[int, Any]]:
    """Return the families and addresses of a host; only a name has to be resolved."""
    try:
        ip = ip_address(host)
    except ValueError:
        resolve = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        return [(found[0], found[4]) for found in await in_thread(resolve)]
    return [(socket.AF_INET6 if ip.version == 6 else socket.AF_INET, (host, port))]
