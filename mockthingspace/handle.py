"""``MockThingSpace``: a running double, and the handle a test drives it by.

The handle speaks to the admin API and to nothing else, so it is the same for a
double it started itself and for one that runs elsewhere.
"""

import warnings
from collections.abc import Mapping
from threading import Lock
from typing import Any

from mockthingspace.app import create_app
from mockthingspace.client import AdminClient, in_process, remote, with_scheme
from mockthingspace.errors import MockThingSpaceError
from mockthingspace.model import Registration
from mockthingspace.recorded import RecordedExchange, exchange, registration, unmet
from mockthingspace.server import Server
from mockthingspace.settings import Settings, checked


class MockThingSpace:
    """A double on a port of this machine, as a context manager, and its handle.

    Args:
        settings: How it behaves, as a value or by name. A port that is not given
            is a free one.
        **fields: Single settings, over those.

    Raises:
        SettingsError: A setting is unknown or cannot be used.

    Example:
        >>> with MockThingSpace(auth="strict") as thingspace:
        ...     thingspace.url_for("fota-v1")
        'http://127.0.0.1:41801/api/fota/v1'
    """

    def __init__(
        self, settings: Settings | Mapping[str, Any] | None = None, **fields: Any
    ) -> None:
        if not isinstance(settings, Settings):
            settings = Settings(**checked(settings or {}, "the call"))
        given = settings.but(**fields)
        self.settings = given if "port" in given.given else given.but(port=0)
        self._account: str | None = None
        self._changing = Lock()
        self._server: Server | None = None
        self._url: str | None = None
        self._client: AdminClient | None = None

    @classmethod
    def at(cls, url: str, account: str | None = None) -> "MockThingSpace":
        """Return the handle of a double that is already running.

        Args:
            url: Where it is, such as ``http://127.0.0.1:8440``.
            account: The account this handle keeps to: its resets, lists and
                assertions leave everybody else's alone.
        """
        handle = cls()
        handle._url = with_scheme(url)
        handle._client = AdminClient(remote(handle._url))
        handle._account = account
        return handle

    def start(self) -> "MockThingSpace":
        """Bind and begin to answer.

        Raises:
            CannotBind: The address cannot be had; nothing is left running.
            MockThingSpaceError: It is running already, or runs elsewhere.
        """
        with self._changing:
            if self._client is not None:
                raise MockThingSpaceError(
                    f"this double is already running at {self.url}"
                )
            app = create_app(self.settings)
            self._server = Server(app, self.settings.host, self.settings.port)
            self._server.start()
            self._url = self._server.url
            self._client = AdminClient(in_process(app, self._url))
        return self

    def stop(self) -> None:
        """Stop answering and free the port; stopping twice does no harm."""
        with self._changing:
            if self._server is not None:
                self._server.stop()
                self._server = self._client = self._url = None

    def __del__(self) -> None:
        """Stop a double that was forgotten, and say so."""
        if getattr(self, "_server", None) is not None:
            warnings.warn(f"{self!r} was not stopped", ResourceWarning, stacklevel=2)
            self.stop()

    def __repr__(self) -> str:
        """Say where it answers, and the account it keeps to."""
        account = f", account {self._account}" if self._account else ""
        return f"<MockThingSpace {self._url or 'not running'}{account}>"

    def __enter__(self) -> "MockThingSpace":
        """Start it, unless it runs elsewhere."""
        return self.start() if self._client is None else self

    def __exit__(self, *_: object) -> None:
        """Stop it, unless it runs elsewhere."""
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped, or runs elsewhere."""
        return self._client is not None

    @property
    def url(self) -> str:
        """Where it answers, without a trailing slash."""
        if self._url is None:
            raise MockThingSpaceError("this double is not running; start() it first")
        return self._url

    @property
    def admin(self) -> AdminClient:
        """The client of its admin API, for what the handle has no method for."""
        if self._client is None:
            raise MockThingSpaceError("this double is not running; start() it first")
        return self._client

    def url_for(self, family: str) -> str:
        """Return the base URL of a family, to point a client at.

        Args:
            family: Its name, such as ``fota-v1``, or the end of its prefix:
                ``session`` has two, ``session`` and ``oauth2``.

        Raises:
            MockThingSpaceError: There is no such family.
        """
        families = self.admin.ask("GET", "/families")["families"]
        for one in families:
            if family in (one["name"], one["prefix"].rpartition("/")[2]):
                return f"{self.url}{one['prefix']}"
        names = ", ".join(dict.fromkeys(one["name"] for one in families))
        raise MockThingSpaceError(f"unknown family {family!r}; there are {names}")

    def register(
        self,
        account: str,
        url: str,
        *,
        family: str = "fota-v1",
        service: str | None = None,
        username: str | None = None,
        password: str | None = None,
    ) -> Registration:
        """Register a listener, past the wire format; replaces an earlier one.

        Args:
            account: The account, such as ``0242078689-00001``.
            url: Where the listener is.
            family: The family it is registered with.
            service: The callback service; may be left out where there is one.
            username: Sent in each message, if given.
            password: Sent in each message, if given.

        Raises:
            AdminError: Something in it cannot be used; the message says what.
        """
        body = {
            "family": family,
            "account": account,
            "url": url,
            "service": service,
            "username": username,
            "password": password,
        }
        return registration(self.admin.ask("POST", "/registrations", body))

    def registrations(
        self,
        account: str | None = None,
        family: str | None = None,
        service: str | None = None,
    ) -> list[Registration]:
        """Return the registrations that match what is given."""
        found = self.admin.ask(
            "GET",
            "/registrations",
            account=account or self._account,
            family=family,
            service=service,
        )
        return [registration(one) for one in found["registrations"]]

    def requests(
        self,
        account: str | None = None,
        *,
        family: str | None = None,
        operation: str | None = None,
        status: int | None = None,
        since: int | None = None,
        limit: int | None = None,
    ) -> list[RecordedExchange]:
        """Return the exchanges that match what is given, oldest first.

        Args:
            account: The account they were about.
            family: The family that answered, such as ``fota-v1``.
            operation: The operation of it, such as ``register``.
            status: The HTTP status of the reply.
            since: Only those numbered above this ``seq``.
            limit: Only the last so many.
        """
        found = self.admin.ask(
            "GET",
            "/requests",
            account=account or self._account,
            family=family,
            operation=operation,
            status=status,
            since=since,
            limit=limit,
        )
        return [exchange(one) for one in found["requests"]]

    def assert_requested(
        self,
        operation: str | None = None,
        *,
        count: int | None = None,
        account: str | None = None,
        family: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | str | None = None,
        since: int = 0,
    ) -> list[RecordedExchange]:
        """Assert that a request was made, and return those that match.

        Args:
            operation: The operation, such as ``register``.
            count: How many there must be; None for one or more.
            account: The account it was about.
            family: The family that answered.
            method: The HTTP method.
            path: The path, without the query.
            status: The HTTP status of the reply.
            headers: Header values it must have had.
            body: The text of its body, or fields its JSON object must have had.
            since: Only requests numbered above this ``seq`` count.

        Raises:
            AssertionError: There was none, or not that many; the message says
                what was expected and how the three nearest requests differ.
        """
        __tracebackhide__ = True
        if isinstance(body, str):
            patterns: list[Any] | None = [{"equalTo": body}]
        elif body is not None:
            patterns = [{"equalToJson": dict(body), "ignoreExtraElements": True}]
        else:
            patterns = None
        wanted = {
            "operation": operation,
            "account": account or self._account,
            "family": family,
            "method": method,
            "urlPath": path,
            "status": status,
            "headers": {
                name: {"equalTo": one} for name, one in (headers or {}).items()
            },
            "bodyPatterns": patterns,
        }
        pattern = {key: value for key, value in wanted.items() if value}
        pattern["since"] = since
        found = self.admin.ask("POST", "/requests/find", pattern)
        exchanges = [exchange(one) for one in found["requests"]]
        if len(exchanges) != count if count is not None else not exchanges:
            near = self.admin.ask("POST", "/near-misses/request-pattern", pattern)
            raise AssertionError(unmet(pattern, count, found, near["nearMisses"]))
        return exchanges

    def reset(self, account: str | None = None) -> dict[str, int]:
        """Make everything, or one account, as just started; return what there was."""
        return self.admin.ask("POST", "/reset", account=account or self._account)
