"""One POST of a message to a listener, and what came of it in words.

h11 speaks the HTTP, on asyncio's sockets: no cookies, no redirects, no proxies, no
netrc. A listener has so many seconds to answer, all told. Nothing that mocks
``requests``, ``urllib3`` or ``httpx`` in the same process gets between.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cache, lru_cache
from typing import Any, NamedTuple

import certifi
import h11
from werkzeug.datastructures import Headers

from mockthingspace.backend.delivery.egress import AddressNotAllowed, connect
from mockthingspace.backend.delivery.wsgi_asgi import (
    KEPT,
    ApplicationError,
    AsgiApplication,
    call,
    in_words,
    is_asgi,
)
from mockthingspace.core.background_loop import BackgroundLoop
from mockthingspace.core.open_files import open_files_limit
from mockthingspace.core.urls import Target, locate, origin

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Verizon's callback service",
}
LONGEST_HEAD = 64 * 1024
LONGEST_ERROR = 500
MOST_INTERIM = 20  # answers of 1xx before the one that counts
IDLE_CONNECTIONS = 64
SHARE = 8  # of the files the process may open: one in so many sends, as many are idle
LEAST = 8
URLS = 1024  # whose targets are remembered
EVENTS = 32  # of one answer, until others have their turn
BUFFERED = 256 * 1024  # bytes of an answer that wait to be read, at most about
HTTP = b"HTTP/"
ASGI_PATIENCE_S = 1.0  # for an application that blocks its loop
NO_ANSWER = "no answer within"

Pace = Callable[[bytes], AsyncIterator[bytes]]


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


class WebhookTransport:
    """POSTs messages, on an asyncio loop; any number at once.

    Args:
        timeout_s: Seconds a listener has, from connecting to the answer's end.
        allow_public_listeners: Whether public addresses may be reached.
        deliver_to: WSGI and ASGI applications by origin, reached without a socket.
        keep_alive: Whether connections are used again.
    """

    def __init__(
        self,
        timeout_s: float,
        allow_public_listeners: bool,
        deliver_to: Mapping[str, Any],
        keep_alive: bool = True,
    ) -> None:
        self._timeout_s = timeout_s
        self._allow_public_listeners = allow_public_listeners
        self._asgi_loop = BackgroundLoop("mockthingspace-asgi")
        self._applications = {
            origin(url): AsgiApplication(application, self._asgi_loop)
            if is_asgi(application)
            else application
            for url, application in deliver_to.items()
        }
        share = max(LEAST, open_files_limit() // SHARE)
        self._slots = asyncio.Semaphore(share)
        self._idle_limit = min(IDLE_CONNECTIONS, share) if keep_alive else 0
        self._idle: list[_Connection] = []

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        verify: bool,
        headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> Outcome:
        """POST a message, once it has a slot, and say what came of it.

        It takes what ``send`` does.
        """
        async with self.slot(url):
            return await self.send(url, body, verify=verify, headers=headers, pace=pace)

    def slot(self, url: str) -> AbstractAsyncContextManager[object]:
        """Return what is held while a message is sent to a URL.

        Of the files the process may open, what is sent at once uses no more than an
        eighth; a WSGI application needs none.
        """
        try:
            here = origin(url) in self._applications
        except ValueError:  # it is not a URL: sending it says so
            here = True
        return nullcontext() if here else self._slots

    async def send(
        self,
        url: str,
        body: bytes,
        *,
        verify: bool,
        headers: Mapping[str, str] | None = None,
        pace: Pace | None = None,
    ) -> Outcome:
        """POST a message at once and say what came of it; never raises.

        Args:
            url: Where to.
            body: The message.
            verify: Whether a certificate must be good.
            headers: Further ones, which stand in the place of our own.
            pace: How the body is cut into pieces, and when each is sent.
        """
        try:
            where, own = _addressed(url)
            message = own.copy()
            message.update(headers or {})
            message["Content-Length"] = str(len(body))
            answer: tuple[Any, ...]
            application = self._applications.get(where.origin)
            if application is not None:
                answer = await asyncio.wait_for(
                    call(application, url, message, body), self._timeout_s
                )
            else:
                request = _request(where.path, message)
                exchange = self._exchange(where, request, body, verify, pace)
                answer = await asyncio.wait_for(exchange, self._timeout_s)
        except asyncio.TimeoutError:
            return Outcome(None, f"{NO_ANSWER} {self._timeout_s:g} s", b"")
        except BaseException as error:  # noqa: BLE001 (every attempt has an outcome)
            return Outcome(None, describe(error, url), b"")
        return Outcome(*answer)

    def close(self) -> None:
        """Close every connection; in the loop's thread."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        self._asgi_loop.close(patience_s=ASGI_PATIENCE_S)

    async def _exchange(
        self,
        target: Target,
        request: h11.Request,
        body: bytes,
        verify: bool,
        pace: Pace | None,
    ) -> tuple[int, None, bytes, str | None]:
        idle = self._take_idle(target, verify)
        if idle is not None:
            try:
                return await self._converse(idle, request, body, pace)
            except OSError:
                if idle.heard:
                    raise  # otherwise it was closed while idle: once more, afresh
        connection = await self._connect(target, verify)
        return await self._converse(connection, request, body, pace)

    async def _connect(self, target: Target, verify: bool) -> "_Connection":
        """Open a connection to a target, with TLS where its scheme says so.

        Where its certificate need not be good it may be bad, with a warning.
        """
        if target.scheme != "https":
            return await self._open(target, verify, None)
        try:
            return await self._open(target, verify, _tls(True))
        except ssl.SSLCertVerificationError as error:
            if verify:
                raise
            connection = await self._open(target, verify, _tls(False))
            connection.warning = (
                f"ThingSpace would not deliver to {target.origin}: it refuses such a "
                f"certificate ({error.verify_message}); with "
                "registration_rules=enforced it is refused here"
            )
            return connection

    async def _open(
        self, target: Target, verify: bool, context: ssl.SSLContext | None
    ) -> "_Connection":
        raw = await connect(target.host, target.port, self._allow_public_listeners)
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: _Connection(_key(target, verify)),
            sock=raw,
            ssl=context,
            server_hostname=target.host if context else None,
        )
        return connection

    async def _converse(
        self,
        connection: "_Connection",
        request: h11.Request,
        body: bytes,
        pace: Pace | None,
    ) -> tuple[int, None, bytes, str | None]:
        """Send a message over a connection and return its answer."""
        try:
            await connection.send(request, body, pace)
            status_code, reply = await connection.receive()
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return status_code, None, reply, connection.warning

    def _take_idle(self, target: Target, verify: bool) -> "_Connection | None":
        key = _key(target, verify)
        self._idle = [other for other in self._idle if not other.closed]
        for connection in reversed(self._idle):
            if connection.key == key:
                self._idle.remove(connection)
                return connection
        return None

    def _keep(self, connection: "_Connection") -> None:
        """Keep a connection for the next message, if it can carry one."""
        if not (self._idle_limit and connection.rest()):
            connection.close()
            return
        self._idle.append(connection)
        if len(self._idle) > self._idle_limit:
            self._idle.pop(0).close()


class _Connection(asyncio.Protocol):
    """A connection to a listener, which carries one message after another.

    At rest nothing may come over it: whatever does, an end included, closes it.

    Args:
        key: What else may use it: scheme, host, port, and how it was verified.
    """

    def __init__(self, key: tuple[object, ...]) -> None:
        self.key = key
        self.heard = False
        self.closed = False
        self.warning: str | None = None
        self._http = h11.Connection(h11.CLIENT, LONGEST_HEAD)
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._ended = self._heard_out = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._resting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note how it is written to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Have bytes read."""
        if self._resting:
            self.close()
            return
        self._received += data
        if len(self._received) > BUFFERED:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Have the end read; the connection is closed."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Have the end read, or what went wrong."""
        self._end(exc)

    def close(self) -> None:
        """Close it at once."""
        self.closed = True
        self._transport.abort()

    def rest(self) -> bool:
        """Make ready for the next message; say whether there can be one."""
        done = {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}
        if self._http.states != done or self._received or self._ended:
            return False
        self._http.start_next_cycle()
        self._resting = self._http.trailing_data == (b"", False)
        return self._resting

    async def send(self, request: h11.Request, body: bytes, pace: Pace | None) -> None:
        """Send a message, whole or at a pace."""
        self._resting = self.heard = False
        head = self._http.send(request) or b""
        if pace is None:
            self._write(head + (self._http.send(h11.Data(data=body)) or b""))
        else:
            self._write(head)
            async for piece in pace(body):
                self._write(self._http.send(h11.Data(data=piece)) or b"")
        self._http.send(h11.EndOfMessage())

    async def receive(self) -> tuple[int, bytes]:
        """Receive a whole answer: its status, and its first 64 KiB."""
        status_code, reply, interim, number = 0, bytearray(), 0, 0
        while True:
            number += 1
            if number % EVENTS == 0:
                await asyncio.sleep(0)  # others have their turn, and time can be up
            event = self._next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._read())
            elif isinstance(event, h11.Response):
                status_code = event.status_code
            elif isinstance(event, h11.InformationalResponse):
                interim += 1
                if interim > MOST_INTERIM:
                    raise NotHttp(f"more than {MOST_INTERIM} interim answers")
            elif isinstance(event, h11.Data):
                reply += event.data[: KEPT - len(reply)]
            else:
                return status_code, bytes(reply)

    def _next_event(self) -> Any:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            if self._heard_out:
                raise self._error or ConnectionAbortedError from None
            raise NotHttp(str(error)) from None

    async def _read(self) -> bytes:
        """Return what has come; nothing at the end."""
        if not self._received and not self._ended:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if self._error is not None and not self._received:
            raise self._error
        data = bytes(self._received)
        self._received.clear()
        self._heard_out = not data
        if not self._ended:
            self._transport.resume_reading()
        if data and not self.heard:
            self.heard = True
            if data[: len(HTTP)] != HTTP[: len(data)]:
                raise NotHttp(repr(data[:40]))
        return data

    def _write(self, data: bytes) -> None:
        if self._ended:
            raise ConnectionAbortedError
        self._transport.write(data)

    def _end(self, error: Exception | None) -> None:
        if not self._ended:
            self._error = error or self._truncated()
        self._ended = True
        if self._resting:
            self.close()
        self._wake()

    def _truncated(self) -> Exception | None:
        """Return an error where TLS was ended by anybody, not by the listener.

        Only then what has neither a length nor chunks is whole (RFC 9112, section 8).
        """
        tls = self._transport.get_extra_info("ssl_object")
        try:
            closed = tls is None or tls.read(1) == b""
        except ssl.SSLError as error:
            closed = isinstance(error, ssl.SSLZeroReturnError)
        return None if closed else ConnectionAbortedError()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


@lru_cache(URLS)
def _addressed(url: str) -> tuple[Target, Headers]:
    """Read a URL; return where it leads and the headers of a message to it."""
    where = locate(url)
    headers = Headers({"Host": where.place, **HEADERS, "Accept-Encoding": "identity"})
    if where.credentials is not None:
        headers["Authorization"] = where.credentials
    return where, headers


def _key(target: Target, verify: bool) -> tuple[object, ...]:
    return target.scheme, target.host, target.port, verify


def _request(path: str, headers: Headers) -> h11.Request:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return h11.Request(method="POST", target=path, headers=pairs)


@cache
def _tls(verify: bool) -> ssl.SSLContext:
    """Return how TLS is spoken: with Mozilla's certificate authorities, or any."""
    context = ssl.create_default_context(cafile=certifi.where() if verify else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


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
