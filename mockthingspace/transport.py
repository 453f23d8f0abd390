"""One POST of a message to a listener, and what came of it in words.

h11 speaks the HTTP, on asyncio's sockets: no cookies, no redirects, no proxies, no
netrc. A listener has so many seconds to answer, all told. Nothing that mocks
``requests``, ``urllib3`` or ``httpx`` in the same process gets between.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import certifi
import h11
import requests
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client

from mockthingspace.background import in_thread
from mockthingspace.descriptors import open_files_limit
from mockthingspace.reach import OutOfReach, connect

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Verizon's callback service",
}
KEPT = 64 * 1024
LONGEST_HEAD = 64 * 1024
IDLE_CONNECTIONS = 64
SHARE = 4  # of the files the process may open, one in so many is for deliveries
LEAST = 8
URLS = 1024  # whose targets are remembered
READ = 64 * 1024
HTTP = b"HTTP/"

Pace = Callable[[bytes], AsyncIterator[bytes]]


class Outcome(NamedTuple):
    """What came of a POST: a status and the answer's first 64 KiB, or an error."""

    status_code: int | None
    error: str | None
    reply: bytes

    def __repr__(self) -> str:
        """Return it without the answer, which may hold secrets."""
        return f"Outcome({self.error or self.status_code})"

    @property
    def acknowledged(self) -> bool:
        """Whether the listener took the message: any 2xx."""
        return self.status_code is not None and 200 <= self.status_code < 300


class NotHttp(Exception):
    """What the listener answered does not begin as HTTP does."""


class ApplicationError(Exception):
    """The WSGI application raised instead of answering."""


class _Target(NamedTuple):
    """Where a URL leads: ``headers`` are what a message to it carries."""

    scheme: str
    host: str
    port: int
    path: str
    headers: "CaseInsensitiveDict[str]"


class WebhookTransport:
    """POSTs messages, on an asyncio loop; any number at once.

    Args:
        timeout_s: Seconds a listener has, from connecting to the answer's end.
        public_listeners: Whether public addresses may be reached.
        deliver_to: WSGI applications by origin, reached without a socket.
        keep_alive: Whether connections are used again.
    """

    def __init__(
        self,
        timeout_s: float,
        public_listeners: bool,
        deliver_to: Mapping[str, Any],
        keep_alive: bool = True,
    ) -> None:
        self._timeout_s = timeout_s
        self._public_listeners = public_listeners
        self._applications = {
            origin(url): Client(application, use_cookies=False)
            for url, application in deliver_to.items()
        }
        self._slots = asyncio.Semaphore(max(LEAST, open_files_limit() // SHARE))
        self._idle_limit = IDLE_CONNECTIONS if keep_alive else 0
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
        """POST a message and say what came of it; never raises.

        Its time runs from when there is a socket for it: of the files the process
        may open, POSTs use no more than a quarter.

        Args:
            url: Where to.
            body: The message.
            verify: Whether a certificate must be good.
            headers: Further ones, which stand in the place of our own.
            pace: How the body is cut into pieces, and when each is sent.
        """
        try:
            async with self._slots:
                exchange = self._exchange(url, body, verify, headers or {}, pace)
                status_code, reply = await asyncio.wait_for(exchange, self._timeout_s)
        except BaseException as error:  # noqa: BLE001 (every attempt has an outcome)
            return Outcome(None, describe(error, url, self._timeout_s), b"")
        return Outcome(status_code, None, reply)

    def close(self) -> None:
        """Close every connection; in the loop's thread."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def _exchange(
        self,
        url: str,
        body: bytes,
        verify: bool,
        given: Mapping[str, str],
        pace: Pace | None,
    ) -> tuple[int, bytes]:
        target = _target(url)
        headers = target.headers.copy()
        headers.update(given)
        headers["Content-Length"] = str(len(body))
        application = self._applications.get(origin(url))
        if application is not None:
            return await in_thread(_call, application, url, headers, body)
        request = _request(target.path, headers)
        idle = self._take_idle(target, verify)
        if idle is not None:
            try:
                return await self._converse(idle, request, body, pace)
            except OSError:
                if idle.heard:
                    raise  # otherwise it was closed while idle: once more, afresh
        connection = await self._connect(target, verify)
        return await self._converse(connection, request, body, pace)

    async def _connect(self, target: _Target, verify: bool) -> "_Connection":
        """Open a connection to a target, with TLS where its scheme says so."""
        raw = await connect(target.host, target.port, self._public_listeners)
        context = _tls(verify) if target.scheme == "https" else None
        reader, writer = await asyncio.open_connection(
            sock=raw,
            ssl=context,
            server_hostname=target.host if context else None,
        )
        return _Connection(_key(target, verify), reader, writer)

    async def _converse(
        self,
        connection: "_Connection",
        request: h11.Request,
        body: bytes,
        pace: Pace | None,
    ) -> tuple[int, bytes]:
        """Send a message over a connection and return its answer."""
        try:
            await connection.send(request, body, pace)
            answer = await connection.receive()
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    def _take_idle(self, target: _Target, verify: bool) -> "_Connection | None":
        key = _key(target, verify)
        for connection in reversed(self._idle):
            if connection.key == key and not connection.closed:
                self._idle.remove(connection)
                return connection
        return None

    def _keep(self, connection: "_Connection") -> None:
        """Keep a connection for the next message, if it can carry one."""
        if not (self._idle_limit and connection.reusable()):
            connection.close()
            return
        self._idle.append(connection)
        if len(self._idle) > self._idle_limit:
            self._idle.pop(0).close()


class _Connection:
    """A connection to a listener, which carries one message after another.

    Args:
        key: What else may use it: scheme, host, port, and how it was verified.
        reader: What comes from the listener.
        writer: What goes there.
    """

    def __init__(
        self,
        key: tuple[object, ...],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.key = key
        self.heard = False
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, LONGEST_HEAD)

    @property
    def closed(self) -> bool:
        """Whether either side has closed it."""
        return self._reader.at_eof() or self._writer.is_closing()

    def reusable(self) -> bool:
        """Make ready for the next message; say whether there can be one."""
        if self._http.states != {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}:
            return False
        self._http.start_next_cycle()
        self.heard = False
        return self._http.trailing_data == (b"", False) and not self.closed

    def close(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()

    async def send(self, request: h11.Request, body: bytes, pace: Pace | None) -> None:
        """Send a message, whole or at a pace."""
        head = self._http.send(request)
        if pace is None:
            whole = [head, self._http.send(h11.Data(data=body))]
            self._writer.write(b"".join(filter(None, whole)))
        else:
            self._writer.write(head or b"")
            async for piece in pace(body):
                self._writer.write(self._http.send(h11.Data(data=piece)) or b"")
                await self._writer.drain()
        self._http.send(h11.EndOfMessage())

    async def receive(self) -> tuple[int, bytes]:
        """Receive an answer: its status, and its first 64 KiB."""
        status_code, reply = 0, bytearray()
        while len(reply) <= KEPT:
            event = self._next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._read())
            elif isinstance(event, h11.Response):
                status_code = event.status_code
            elif isinstance(event, h11.Data):
                reply += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
        return status_code, bytes(reply[:KEPT])

    def _next_event(self) -> Any:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError:
            if self._reader.at_eof():
                raise ConnectionAbortedError from None
            raise

    async def _read(self) -> bytes:
        data = await self._reader.read(READ)
        if data and not self.heard:
            self.heard = True
            if data[: len(HTTP)] != HTTP[: len(data)]:
                raise NotHttp(repr(data[:40]))
        return data


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, the way they are compared."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


@lru_cache(URLS)
def _target(url: str) -> _Target:
    """Read a URL as ``requests`` does: IDNs, odd characters and user info."""
    prepared = requests.Request("POST", url, HEADERS).prepare()
    parts = urlsplit(str(prepared.url))
    headers = CaseInsensitiveDict({"Host": parts.netloc.rpartition("@")[2]})
    headers.update(prepared.headers)
    headers["Accept-Encoding"] = "identity"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _Target(parts.scheme, str(parts.hostname), port, prepared.path_url, headers)


def _key(target: _Target, verify: bool) -> tuple[object, ...]:
    return target.scheme, target.host, target.port, verify


def _request(path: str, headers: Mapping[str, str]) -> h11.Request:
    pairs = [
        (name.encode(), value.encode("latin-1")) for name, value in headers.items()
    ]
    return h11.Request(method="POST", target=path, headers=pairs)


@cache
def _tls(verify: bool) -> ssl.SSLContext:
    """Return how TLS is spoken: with requests' certificate authorities, or any."""
    context = ssl.create_default_context(cafile=certifi.where() if verify else None)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _call(
    application: Client, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    """Hand a message to a WSGI application and return its answer.

    Raises:
        ApplicationError: It raised, whatever it raised.
    """
    parts = urlsplit(url)
    try:
        reply = application.open(
            parts.path,
            base_url=f"{parts.scheme}://{parts.netloc}",
            query_string=parts.query,
            method="POST",
            headers=dict(headers),
            data=body,
            buffered=True,
        )
    except BaseException as error:  # SystemExit and pytest.fail() too
        raise ApplicationError(repr(error)) from error
    return reply.status_code, reply.get_data()[:KEPT]


def describe(error: BaseException, url: str, timeout_s: float) -> str:
    """Say what failed, in words a person can act on; never raises."""
    place = url
    with suppress(ValueError):  # it is not a URL: that is what failed
        place = origin(url)
    words: dict[Any, str] = {
        OutOfReach: f"not delivered: {error}",
        (asyncio.TimeoutError, TimeoutError): f"no answer within {timeout_s:g} s",
        asyncio.CancelledError: "the server was stopped before the answer came",
        ConnectionRefusedError: f"connection refused: is a listener at {place}?",
        socket.gaierror: f"the host name of {place} cannot be resolved",
        ssl.SSLError: f"no TLS connection to {place}: {error}",
        ConnectionError: (
            f"{place} closed the connection before the end of its answer"
        ),
        (NotHttp, h11.RemoteProtocolError): (
            f"what {place} answered is not HTTP: {error}"
        ),
        ApplicationError: f"the application raised {error}",
    }
    fitting = (text for kinds, text in words.items() if isinstance(error, kinds))
    return next(fitting, f"{type(error).__name__}: {error}")
