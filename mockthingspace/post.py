"""One POST of a message to a listener, and what came of it in words.

``requests``' adapters do the HTTP, below its ``Session``: no cookies, no
redirects, no proxies, no netrc. A listener has so many seconds to answer, all
told: a watchdog ends what drips on.
"""

import socket
import ssl
from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
from io import BytesIO
from threading import local
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError
from werkzeug.test import Client

from mockthingspace.reach import OutOfReach, connect
from mockthingspace.watchdog import Flight, Watchdog

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Verizon's callback service",
}
KEPT = 64 * 1024
CONNECTIONS = 64
URLS = 1024  # whose requests are kept prepared


class Outcome(NamedTuple):
    """What came of a POST: a status and the answer's first 64 KiB, or an error."""

    status_code: int | None
    error: str | None
    reply: bytes

    @property
    def acknowledged(self) -> bool:
        """Whether the listener took the message: any 2xx."""
        return self.status_code is not None and 200 <= self.status_code < 300


class Post:
    """POSTs messages; from any number of threads at once.

    Args:
        timeout_s: Seconds a listener has, from connecting to the answer's end.
        public_listeners: Whether public addresses may be reached.
        deliver_to: WSGI applications by origin, reached without a socket.
    """

    def __init__(
        self,
        timeout_s: float,
        public_listeners: bool,
        deliver_to: Mapping[str, Any],
    ) -> None:
        self._timeout_s = timeout_s
        self._here = _Here()
        self._sockets = _Sockets(self._here, public_listeners)
        self._apps = {origin(url): _Wsgi(app) for url, app in deliver_to.items()}
        self._watchdog = Watchdog()
        self._prepared = lru_cache(URLS)(_prepared)

    def __call__(
        self,
        url: str,
        body: bytes,
        verify: bool,
        headers: Mapping[str, str] | None = None,
    ) -> Outcome:
        """POST a message and say what came of it; never raises.

        Args:
            url: Where to.
            body: The message.
            verify: Whether a certificate must be good.
            headers: Further ones, which stand in the place of our own.
        """
        adapter = self._apps.get(origin(url), self._sockets)
        flight = self._here.flight = Flight(monotonic() + self._timeout_s)
        with self._watchdog.watching(flight):
            try:
                request = self._request(url, body, headers or {})
                response = adapter.send(
                    request,
                    stream=True,
                    timeout=self._timeout_s,
                    verify=verify,
                    proxies={},
                )
                reply = _first(response)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                words = _words(error, url, self._timeout_s, flight)
                return Outcome(None, words, b"")
        return Outcome(response.status_code, None, reply)

    def _request(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        request = copy(self._prepared(url))
        request.headers = request.headers.copy()
        request.headers.update(headers)
        request.headers["Content-Length"] = str(len(body))
        request.body = body
        return request

    def close(self) -> None:
        """End every POST under way, and every connection."""
        self._watchdog.end_all()
        self._sockets.close()


def _prepared(url: str) -> requests.PreparedRequest:
    return requests.Request("POST", url, HEADERS).prepare()


class _Here(local):
    """This thread's POST."""

    flight: Flight


def _first(response: requests.Response) -> bytes:
    """Read the first 64 KiB of an answer; keep the connection if that was all."""
    reply: bytes = response.raw.read(KEPT, decode_content=False)
    if response.raw.read(1):
        response.raw.close()
    response.raw.release_conn()
    return reply


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, the way they are compared."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}:{port}"


class _Sockets(HTTPAdapter):
    """requests' adapter, on connections that hold to where they may go."""

    def __init__(self, here: _Here, public_listeners: bool) -> None:
        self._here = here
        self._public_listeners = public_listeners
        super().__init__(pool_connections=CONNECTIONS, pool_maxsize=CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections of our own kind."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(
            self._here, self._public_listeners
        )


def _pools(here: _Here, public_listeners: bool) -> dict[str, type]:
    class Plain(HTTPConnection):
        """Connects where a delivery may go, and can be ended by the watchdog."""

        def _new_conn(self) -> socket.socket:
            return connect(
                self.host, self.port, self.timeout, public_listeners, here.flight.made
            )

        def request(self, *args: Any, **kwargs: Any) -> None:
            here.flight.connection = self
            if here.flight.ended:
                raise TimeoutError
            super().request(*args, **kwargs)

    class Secure(Plain, HTTPSConnection):
        """The same over TLS."""

        def connect(self) -> None:
            """Connect; a certificate that need not be good is nothing to warn of."""
            super().connect()
            self.is_verified = True

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Wsgi(BaseAdapter):
    """Hands messages to a WSGI application, without a socket."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._client = Client(app, use_cookies=False)

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **_: Any
    ) -> requests.Response:
        """Call the application and give its reply as a response.

        Raises:
            ApplicationError: It raised, where a server would have answered 500.
        """
        parts = urlsplit(request.url or "")
        try:
            reply = self._client.open(
                parts.path,
                base_url=f"{parts.scheme}://{parts.netloc}",
                query_string=parts.query,
                method=request.method,
                headers=dict(request.headers),
                data=request.body,
                buffered=True,
            )
        except Exception as error:  # whatever the user's code raises
            raise ApplicationError(repr(error)) from error
        response = requests.Response()
        response.status_code = reply.status_code
        response.raw = HTTPResponse(BytesIO(reply.get_data()), preload_content=False)
        return response

    def close(self) -> None:
        """There is nothing to close."""


class ApplicationError(requests.RequestException):
    """The WSGI application raised instead of answering."""


def _words(error: BaseException, url: str, timeout_s: float, flight: Flight) -> str:
    """Say what failed, in words a person can act on."""
    root = error if isinstance(error, ApplicationError) else innermost(error)
    place = origin(url)
    if flight.ended:
        root = TimeoutError()
    words: dict[Any, str] = {
        OutOfReach: f"not delivered: {root}",
        (TimeoutError, ReadTimeoutError): f"no answer within {timeout_s:g} s",
        ConnectionRefusedError: f"connection refused: is a listener at {place}?",
        socket.gaierror: f"the host name of {place} cannot be resolved",
        ssl.SSLError: f"no TLS connection to {place}: {root}",
        (ConnectionError, RemoteDisconnected, IncompleteRead): (
            f"{place} closed the connection before the end of its answer"
        ),
        (HTTPException, HTTPError): f"what {place} answered is not HTTP ({root!r})",
        ApplicationError: f"the application raised {root}",
    }
    fitting = (text for kinds, text in words.items() if isinstance(root, kinds))
    return next(fitting, f"{type(root).__name__}: {root}")


def innermost(error: BaseException) -> BaseException:
    """Return what really failed, from under requests' and urllib3's exceptions."""
    inner = getattr(error, "reason", None) or error.__cause__ or error.__context__
    if not isinstance(inner, BaseException):
        inner = next(
            (one for one in error.args if isinstance(one, BaseException)), None
        )
    return error if inner is None else innermost(inner)
