"""Asking the admin API, of a server in this process or of one anywhere.

One client, two transports: the handle and the command line are both built on
it, so neither can do what a script could not.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from mockthingspace.core.exceptions import (
    AdminError,
    MockThingSpaceError,
    SettingsError,
)

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from types import ModuleType

__tracebackhide__ = True  # in every frame of this module, for pytest
TIMEOUT_S = 10


class AdminRequest(NamedTuple):
    """One request to the admin API, ready to send."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None

    def __repr__(self) -> str:
        """Return it without its body, which may hold secrets."""
        return f"AdminRequest({self.method} {self.path})"


Transport = Callable[[AdminRequest], tuple[int, bytes]]


class AdminClient:
    """Asks the admin API and returns its documents.

    ``where`` is how an error names the place the transport leads to.
    """

    def __init__(self, transport: Transport, where: str = "there") -> None:
        self._transport = transport
        self._where = where

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        **query: Any,
    ) -> dict[str, Any]:
        """Send a request below ``/__admin`` and return the reply's document.

        Args:
            method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
            path: The resource, such as ``/registrations``.
            body: The document to send; a write without one sends ``{}``.
            **query: Filters; those that are None are left out.

        Raises:
            AdminError: The admin API refused, or no server answered.
        """
        given = {name: value for name, value in query.items() if value is not None}
        if body is None and method in ("POST", "PUT"):
            body = {}
        asked = AdminRequest(method, f"/__admin{path}", given, body)
        status, content = self._transport(asked)
        try:
            document = json.loads(content)
            if status >= 400:
                raise AdminError(document["error"], document["message"], status)
            if not isinstance(document, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError) as error:
            raise self.not_a_server(status) from error
        return document

    def not_a_server(self, status: int) -> AdminError:
        """Return the error of a reply that is not a mock server's."""
        said = f"the server {self._where} is not mockthingspace (it answered {status})"
        return AdminError("not_a_server", said, 0)


class AdminCaller:
    """A base of handles: who to ask, and the account to keep to, if any."""

    _client: AdminClient | None = None
    _account: str | None = None

    @property
    def admin(self) -> AdminClient:
        """The client of the admin API, for what the handle has no method for.

        Raises:
            MockThingSpaceError: The server is not running.
        """
        if self._client is None:
            raise MockThingSpaceError("this server is not running; start() it first")
        return self._client

    def _of(self, account: str | None, path: str, **filters: Any) -> dict[str, Any]:
        """Ask for what is of an account; of this handle's own, or of all, if None."""
        whose = account or self._account
        return self.admin.ask("GET", path, account=whose, **filters)


def in_process(app: Any, url: str) -> Transport:
    """Ask an application in this process, without a socket."""
    from werkzeug.test import Client

    client = Client(app)

    def send(asked: AdminRequest) -> tuple[int, bytes]:
        response = client.open(
            asked.path,
            base_url=url,
            method=asked.method,
            query_string=dict(asked.query),
            json=asked.body,
            buffered=True,  # so that the reply is complete, and closed, here
        )
        return response.status_code, response.get_data()

    return send


def with_scheme(url: str, origin: str = "") -> str:
    """Return where a server is, as a URL: ``localhost:8440`` will do.

    ``origin`` is what an error says behind the URL: where it came from.

    Raises:
        SettingsError: It is not a place a server could be.
    """
    full = (url if "://" in url else f"http://{url}").rstrip("/")
    try:
        parts = urlsplit(full)
        named = parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # brackets without an address, or a port that is no number
        named = False
    if not named or parts.scheme not in ("http", "https") or parts.path:
        raise SettingsError(
            f"{url!r}{origin} is not the URL of a server; give scheme, host and "
            "port, such as http://127.0.0.1:8440"
        )
    return full


def remote(url: str, origin: str = "") -> Transport:
    """Ask a server that is running somewhere else.

    From any number of threads, on a connection for each request. Proxies are not
    asked and redirects not followed: neither has any business with a local server.

    ``origin`` is what an error says behind the URL: where it came from.
    """
    http = _unpatched_http_client()
    parts = urlsplit(url)
    connect = http.HTTPSConnection if parts.scheme == "https" else http.HTTPConnection

    def send(asked: AdminRequest) -> tuple[int, bytes]:
        connection = connect(parts.hostname, parts.port, timeout=TIMEOUT_S)
        try:
            with closing(connection):
                return _exchange(connection, asked)
        except TimeoutError as error:
            waited_s = _patience_s(asked) or TIMEOUT_S
            raise AdminError(
                "no_server", f"no answer came from {url}{origin} in {waited_s:g} s", 0
            ) from error
        except (OSError, http.HTTPException, UnicodeError) as error:
            raise AdminError(
                "no_server",
                f"no server answers at {url}{origin}; is 'mockthingspace serve' "
                f"running there? ({error})",
                0,
            ) from error

    return send


@cache
def _unpatched_http_client() -> "ModuleType":
    """Return a copy of the standard library's ``http.client`` of our own.

    Libraries that play HTTP in tests (responses, requests-mock, vcrpy, pook)
    replace parts of the clients that everybody shares, ``http.client`` among them;
    what the user's test plays must not stand between it and the server.
    """
    spec = find_spec("http.client")
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


def _exchange(connection: "HTTPConnection", asked: AdminRequest) -> tuple[int, bytes]:
    connection.connect()
    connection.sock.settimeout(_patience_s(asked))
    query = urlencode(asked.query, doseq=True)
    target = quote(asked.path, safe="/%") + ("?" + query if query else "")
    if asked.body is None:
        connection.request(asked.method, target)
    else:
        content = json.dumps(asked.body).encode()
        headers = {"Content-Type": "application/json"}
        connection.request(asked.method, target, content, headers)
    response = connection.getresponse()
    return response.status, response.read()


def _patience_s(asked: AdminRequest) -> float | None:
    """Return how long to wait for a reply: advancing takes what listeners take."""
    if asked.path.endswith("/clock/advance"):
        return None
    waits_s = (asked.body or {}).get("timeout_s")
    return TIMEOUT_S + (waits_s if isinstance(waits_s, float | int) else 0)
