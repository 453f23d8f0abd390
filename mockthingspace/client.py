"""Asking the admin API, of a double in this process or of one anywhere.

One client, two transports: the handle and the command line are both built on
it, so neither can do what a script could not.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mockthingspace.errors import AdminError, MockThingSpaceError, SettingsError

TIMEOUT_S = 10


class Asked(NamedTuple):
    """One request to the admin API, ready to send."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Mapping[str, Any] | None


Transport = Callable[[Asked], tuple[int, bytes]]


class AdminClient:
    """Asks the admin API and returns its documents.

    Args:
        transport: Sends a request and returns the status and the body.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

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
            AdminError: The admin API refused, or no double answered.
        """
        __tracebackhide__ = True
        given = {name: value for name, value in query.items() if value is not None}
        if body is None and method in ("POST", "PUT"):
            body = {}
        asked = Asked(method, f"/__admin{path}", given, body)
        status, content = self._transport(asked)
        try:
            document = json.loads(content)
            if status >= 400:
                raise AdminError(document["error"], document["message"], status)
            if not isinstance(document, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError) as error:
            raise AdminError(
                "not_a_double", f"what answers there (with {status}) is no double", 0
            ) from error
        return document


class Asking:
    """A base of handles: who to ask, and the account to keep to, if any."""

    _client: AdminClient | None = None
    _account: str | None = None

    @property
    def admin(self) -> AdminClient:
        """The client of the admin API, for what the handle has no method for.

        Raises:
            MockThingSpaceError: The double is not running.
        """
        if self._client is None:
            raise MockThingSpaceError("this double is not running; start() it first")
        return self._client


def in_process(app: Any, url: str) -> Transport:
    """Ask an application in this process, without a socket."""
    from werkzeug.test import Client

    client = Client(app)

    def send(asked: Asked) -> tuple[int, bytes]:
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


def with_scheme(url: str) -> str:
    """Return where a double is, as a URL: ``localhost:8440`` will do.

    Raises:
        SettingsError: It is not a place a double could be.
    """
    full = (url if "://" in url else f"http://{url}").rstrip("/")
    parts = urlsplit(full)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        raise SettingsError(
            f"{url!r} is not where a double can be; give scheme, host and port, such "
            "as http://127.0.0.1:8440"
        )
    return full


def remote(url: str) -> Transport:
    """Ask a double that is running somewhere else."""
    import requests

    session = requests.Session()
    session.trust_env = False  # a proxy has no business with a local double

    def send(asked: Asked) -> tuple[int, bytes]:
        try:
            response = session.request(
                asked.method,
                url + asked.path,
                params=dict(asked.query),
                json=asked.body,
                timeout=(TIMEOUT_S, _patience_s(asked)),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise AdminError(
                "no_double",
                f"no double answers at {url}; is 'mockthingspace serve' running "
                f"there? ({_cause(error)})",
                0,
            ) from error
        return response.status_code, response.content

    return send


def _patience_s(asked: Asked) -> float | None:
    """Return how long to wait for a reply: advancing takes what listeners take."""
    if asked.path.endswith("/clock/advance"):
        return None
    waits_s = (asked.body or {}).get("timeout_s")
    return TIMEOUT_S + (waits_s if isinstance(waits_s, float | int) else 0)


def _cause(error: BaseException) -> str:
    """Return the innermost sentence of an exception of requests and urllib3."""
    while isinstance(
        inner := getattr(error, "reason", None) or next(iter(error.args), None),
        BaseException,
    ):
        error = inner
    return str(error).rpartition(": ")[2]
