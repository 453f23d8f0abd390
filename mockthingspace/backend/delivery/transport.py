"""One POST of a message to a listener, and what came of it in words.

h11 speaks the HTTP, on asyncio's sockets: no cookies, no redirects, no proxies, no
netrc. A listener has so many seconds to answer, all told. Nothing that mocks
``requests``, ``urllib3`` or ``httpx`` in the same process gets between.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cache, lru_cache
from typing import Any

import certifi
import h11
from werkzeug.datastructures import Headers

from mockthingspace.backend.delivery.connection import Connection, Pace
from mockthingspace.backend.delivery.egress import connect
from mockthingspace.backend.delivery.outcome import NO_ANSWER, Outcome, describe
from mockthingspace.backend.delivery.wsgi_asgi import AsgiApplication, call, is_asgi
from mockthingspace.core.background_loop import BackgroundLoop
from mockthingspace.core.open_files import open_files_limit
from mockthingspace.core.urls import Target, locate, origin

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Verizon's callback service",
}
IDLE_CONNECTIONS = 64
SHARE = 8  # of the files the process may open: one in so many sends, as many are idle
LEAST = 8
URLS = 1024  # whose targets are remembered
ASGI_PATIENCE_S = 1.0  # for an application that blocks its loop


class WebhookTransport:
    """POSTs messages, on an asyncio loop; any number at once.

    A listener has ``timeout_s`` from connecting to the answer's end. ``deliver_to`` has
    WSGI and ASGI applications by origin, which are reached without a socket.
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
        self._idle: list[Connection] = []

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

        ``headers`` stand in the place of our own; ``pace`` says how the body is cut
        into pieces, and when each is sent.
        """
        try:
            where, own = _addressed(url)
            message = own.copy()
            message.update(headers or {})
            message["Content-Length"] = str(len(body))
            application = self._applications.get(where.origin)
            if application is not None:
                answer = call(application, url, message, body)
            else:
                request = _request(where.path, message)
                answer = self._exchange(where, request, body, verify, pace)
            return await asyncio.wait_for(answer, self._timeout_s)
        except asyncio.TimeoutError:
            return Outcome(None, f"{NO_ANSWER} {self._timeout_s:g} s", b"")
        except BaseException as error:  # noqa: BLE001 (every attempt has an outcome)
            return Outcome(None, describe(error, url), b"")

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
    ) -> Outcome:
        idle = self._take_idle(target, verify)
        if idle is not None:
            try:
                return await self._converse(idle, request, body, pace)
            except OSError:
                if idle.heard:
                    raise  # otherwise it was closed while idle: once more, afresh
        connection = await self._connect(target, verify)
        return await self._converse(connection, request, body, pace)

    async def _connect(self, target: Target, verify: bool) -> Connection:
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
    ) -> Connection:
        raw = await connect(target.host, target.port, self._allow_public_listeners)
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(_key(target, verify)),
            sock=raw,
            ssl=context,
            server_hostname=target.host if context else None,
        )
        return connection

    async def _converse(
        self,
        connection: Connection,
        request: h11.Request,
        body: bytes,
        pace: Pace | None,
    ) -> Outcome:
        try:
            await connection.send(request, body, pace)
            answer = await connection.receive()
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    def _take_idle(self, target: Target, verify: bool) -> Connection | None:
        key = _key(target, verify)
        self._idle = [other for other in self._idle if not other.closed]
        for connection in reversed(self._idle):
            if connection.key == key:
                self._idle.remove(connection)
                return connection
        return None

    def _keep(self, connection: Connection) -> None:
        """Keep a connection for the next message, if it can carry one."""
        if not (self._idle_limit and connection.rest()):
            connection.close()
            return
        self._idle.append(connection)
        if len(self._idle) > self._idle_limit:
            self._idle.pop(0).close()


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
