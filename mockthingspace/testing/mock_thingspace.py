"""``MockThingSpace``: a running server, and the handle a test drives it by.

The handle speaks to the admin API and to nothing else, so it is the same for a
server it started itself and for one that runs elsewhere.
"""

import warnings
from collections.abc import Mapping
from threading import Lock
from typing import Any
from weakref import finalize

from mockthingspace.backend.backend import Backend
from mockthingspace.client.actions import ActionsHandle
from mockthingspace.client.deliveries import DeliveriesHandle
from mockthingspace.client.faults import FaultsHandle
from mockthingspace.client.requests import RequestsHandle
from mockthingspace.client.timeline import TimelineHandle
from mockthingspace.client.transport import AdminClient, in_process, remote, with_scheme
from mockthingspace.core.exceptions import CannotBind, MockThingSpaceError
from mockthingspace.core.settings import Settings, as_settings
from mockthingspace.server.app import create_app, may_block
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.server.server import Server

__tracebackhide__ = True  # in every frame of this module, for pytest


def _let_go(name: str, server: Server, backend: Backend) -> None:
    """Stop a server that was forgotten, and say so; wait for nothing.

    The garbage collector may call it in one of the server's own threads, and the end
    of the program when none of them can go on any more.
    """
    server.let_go(backend.close)
    warnings.warn(f"{name} was not stopped", ResourceWarning, stacklevel=3)


class MockThingSpace(
    RequestsHandle, DeliveriesHandle, ActionsHandle, FaultsHandle, TimelineHandle
):
    """A server on a port of this machine, as a context manager, and its handle.

    Args:
        settings: How it behaves, as a value or by name. A port that is not given
            is a free one.
        deliver_to: WSGI and ASGI applications by origin, such as
            ``{"https://listener.example": app}``: messages for a listener there go
            straight into the application, without a socket. An ASGI application
            runs in an event loop of the server's; its ``lifespan`` is not run.
        **fields: Single settings, over those.

    Raises:
        SettingsError: A setting is unknown or cannot be used.

    Example:
        >>> with MockThingSpace(auth="strict") as thingspace:
        ...     thingspace.url_for("fota-v1")
        'http://127.0.0.1:41801/api/fota/v1'
    """

    def __init__(
        self,
        settings: Settings | Mapping[str, Any] | None = None,
        *,
        deliver_to: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        given = as_settings(settings).but(**fields)
        self._deliver_to = deliver_to
        self._backend: Backend | None = None
        fixture = {"port": 0, "clock": "manual"}
        own = {
            name: value for name, value in fixture.items() if name not in given.given
        }
        self.settings = given.but(**own)
        self._account: str | None = None
        self._changing = Lock()  # taken before any other of the server and the server
        self._server: Server | None = None
        self._forgotten: finalize[..., Any] | None = None
        self._url: str | None = None
        self._client: AdminClient | None = None

    @classmethod
    def at(cls, url: str, account: str | None = None) -> "MockThingSpace":
        """Return the handle of a server that is already running.

        Args:
            url: Where it is, such as ``http://127.0.0.1:8440``.
            account: The account this handle keeps to: its resets, lists and
                assertions leave everybody else's alone.
        """
        handle = cls()
        handle._url = with_scheme(url)
        handle._client = AdminClient(remote(handle._url), f"at {handle._url}")
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
                    f"this server is already running at {self.url}"
                )
            app = create_app(self.settings, self._deliver_to)
            self._backend = app.extensions[EXTENSION]
            try:
                self._server = Server(
                    app, self.settings.host, self.settings.port, may_block(app)
                )
            except CannotBind:
                self._backend.close()
                raise
            self._url = self._server.url
            self._client = AdminClient(in_process(app, self._url))
            self._forgotten = finalize(
                self, _let_go, repr(self), self._server, self._backend
            )
            self._server.start()
        return self

    def stop(self) -> None:
        """Stop answering and free the port; stopping twice does no harm."""
        with self._changing:
            if self._server and self._backend and self._forgotten:
                if self._forgotten.detach():  # or it was let go, at the program's end
                    self._backend.close()
                    self._server.stop()
                self._server = self._client = self._url = None

    def __repr__(self) -> str:
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
            raise MockThingSpaceError("this server is not running; start() it first")
        return self._url

    def url_for(self, family: str) -> str:
        """Return the base URL of an API, to point a client at.

        Args:
            family: Its name, such as ``fota-v1``, or the end of its prefix:
                ``session`` has two, ``session`` and ``oauth2``.

        Raises:
            MockThingSpaceError: There is no such API.
        """
        families = self.admin.ask("GET", "/families")["families"]
        for api in families:
            if family in (api["name"], api["prefix"].rpartition("/")[2]):
                return f"{self.url}{api['prefix']}"
        names = ", ".join(dict.fromkeys(api["name"] for api in families))
        raise MockThingSpaceError(f"unknown family {family!r}; known: {names}")

    def reset(self, account: str | None = None) -> dict[str, int]:
        """Make everything, or one account, as just started; return what there was."""
        return self.admin.ask("POST", "/reset", account=account or self._account)
