"""What came of one POST: an answer, or what failed, in words."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple

import h11

from mockthingspace.backend.delivery.egress import AddressNotAllowed
from mockthingspace.core.urls import origin

KEPT = 64 * 1024  # bytes of an answer
LONGEST_ERROR = 500
NO_ANSWER = "no answer within"


class Outcome(NamedTuple):
    """What came of a POST: a status and the answer's first 64 KiB, or an error.

    The warning says why ThingSpace would not have got so far.
    """

    status_code: int | None
    error: str | None
    reply: bytes
    warning: str | None = None

    def __repr__(self) -> str:
        """Return it without the answer, which may hold secrets."""
        return f"Outcome({self.error or self.status_code})"

    @property
    def acknowledged(self) -> bool:
        """Whether the listener took the message: any 2xx."""
        return self.status_code is not None and 200 <= self.status_code < 300


class NotHttp(Exception):
    """What the listener answered is not HTTP."""


class ApplicationError(Exception):
    """The application raised, or answered what no server would send."""


def describe(error: BaseException, url: str) -> str:
    """Say what failed, in words a person can act on; never raises."""
    try:
        place = origin(url)
    except ValueError:  # it is not a URL: that is what failed
        place = url
    words = in_words(str, error)
    match error:
        case AddressNotAllowed():
            text = f"not delivered: {words}"
        case asyncio.CancelledError():
            text = "the server was stopped before the answer came"
        case ConnectionRefusedError():
            text = f"connection refused: is a listener at {place}?"
        case socket.gaierror():
            text = f"the host name of {place} cannot be resolved{_in_docker(place)}"
        case ssl.SSLError():
            text = f"no TLS connection to {place}: {words}"
        case ConnectionError():
            text = f"{place} closed the connection before the end of its answer"
        case h11.LocalProtocolError():  # its words quote a header's value
            text = "the message cannot be sent: a header has what HTTP does not allow"
        case NotHttp():
            text = f"what {place} answered is not HTTP: {words}"
        case ApplicationError():
            text = f"the application {words}"
        case _:
            text = f"{type(error).__name__}: {words}"
    return text if len(text) <= LONGEST_ERROR else f"{text[:LONGEST_ERROR]}…"


def _in_docker(place: str) -> str:
    """Say how the name that Docker Desktop has can be had elsewhere."""
    if "//host.docker.internal:" not in place:
        return ""
    return (
        "; Docker on Linux has this name only in a container that is run with "
        "--add-host=host.docker.internal:host-gateway"
    )


def in_words(spell: Callable[[BaseException], str], error: BaseException) -> str:
    """Spell an exception, whose own spelling may raise."""
    try:
        return spell(error)
    except BaseException:  # noqa: BLE001 (it is the user's)
        return type(error).__name__
