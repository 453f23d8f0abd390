"""Applications of the user's that get messages in this process: WSGI and ASGI.

A WSGI application blocks, so each message has a daemon thread, which is left behind
when its time is up. An ASGI application runs in a loop that all messages share, and
is cancelled when its time is up.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from io import BytesIO
from itertools import takewhile
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockthingspace.backend.delivery.outcome import (
    KEPT,
    ApplicationError,
    Outcome,
    in_words,
)
from mockthingspace.core.background_loop import BackgroundLoop, in_thread
from mockthingspace.core.urls import DEFAULT_PORTS

ASGI = ["scope", "receive", "send"]
LOOPBACK = "127.0.0.1"
_log = logging.getLogger("mockthingspace")


def is_asgi(application: Any) -> bool:
    """Say whether an application is ASGI: a coroutine, or of its three arguments."""
    if inspect.isclass(application):
        return False
    if inspect.iscoroutinefunction(application) or inspect.iscoroutinefunction(
        getattr(application, "__call__", None)  # noqa: B004 (what it is matters)
    ):
        return True
    try:
        return list(inspect.signature(application).parameters)[:3] == ASGI
    except (TypeError, ValueError):  # some callables do not tell
        return False


async def call(application: Any, url: str, headers: Headers, body: bytes) -> Outcome:
    """Hand a message to an application and return its answer.

    The application is WSGI, or an ``AsgiApplication``.

    Raises:
        ApplicationError: It raised, whatever it raised, or its answer is no WSGI
            or ASGI.
    """
    if isinstance(application, AsgiApplication):
        return await asyncio.wrap_future(application.submit(url, headers, body))
    parts = urlsplit(url)
    environ = EnvironBuilder(
        parts.path or "/",
        base_url=f"{parts.scheme}://{parts.netloc}",
        query_string=parts.query,
        method="POST",
        headers=headers,
        input_stream=BytesIO(body),
        environ_overrides={"REMOTE_ADDR": LOOPBACK},
    ).get_environ()
    given_up = Event()
    try:
        return await in_thread(_run, application, environ, given_up)
    finally:
        given_up.set()


def _run(application: Any, environ: dict[str, Any], given_up: Event) -> Outcome:
    """Run a WSGI application to the end of its answer, or until it is given up."""
    reply = bytearray()
    try:
        pieces, status, _ = run_wsgi_app(_ending(application, given_up), environ)
        try:
            for piece in pieces:
                reply += bytes(memoryview(piece)[: KEPT - len(reply)])
        finally:
            getattr(pieces, "close", bool)()
        return Outcome(int(status[:3]), None, bytes(reply))
    except BaseException as error:  # noqa: BLE001 (SystemExit, pytest.fail() too)
        raise ApplicationError(f"raised {in_words(repr, error)}") from None


def _ending(application: Any, given_up: Event) -> Callable[..., Any]:
    """Return a WSGI application whose answer ends once it is given up."""

    def until_given_up(pieces: Any) -> Iterator[Any]:
        try:
            yield from takewhile(lambda _: not given_up.is_set(), pieces)
        finally:
            getattr(pieces, "close", bool)()

    return lambda environ, start: until_given_up(application(environ, start))


class AsgiApplication:
    """An ASGI application; its ``lifespan`` is not run.

    It has answered with the last piece of its answer: what it does afterwards, such
    as a background task, goes on, and what it raises then is logged.
    """

    def __init__(self, application: Any, loop: BackgroundLoop) -> None:
        self._application = application
        self._loop = loop
        self._running: set[asyncio.Task[None]] = set()

    def submit(self, url: str, headers: Headers, body: bytes) -> "Future[Outcome]":
        """Hand a message over; return its answer to be, which can be cancelled."""
        return self._loop.future(partial(self._answer, _scope(url, headers), body))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> Outcome:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(self._run(scope, body, answer))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        try:
            return await answer
        except asyncio.CancelledError:
            running.cancel()
            raise

    async def _run(
        self, scope: dict[str, Any], body: bytes, answer: "asyncio.Future[Outcome]"
    ) -> None:
        """Run the application to its end; whatever it does, there is an answer."""
        events = iter([{"type": "http.request", "body": body, "more_body": False}])
        status, reply = 0, bytearray()

        async def receive() -> dict[str, Any]:
            for event in events:
                return event
            await asyncio.wait({answer})
            return {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            nonlocal status
            await asyncio.sleep(0)  # one that never ends can be cancelled
            if message["type"] == "http.response.start":
                status = int(message["status"])
            elif message["type"] == "http.response.body":
                reply.extend(message.get("body", b"")[: KEPT - len(reply)])
                if not message.get("more_body") and not answer.done():
                    answer.set_result(Outcome(status, None, bytes(reply)))

        try:
            await self._application(scope, receive, send)
            failure = "ended without an answer"
        except BaseException as error:  # noqa: BLE001 (SystemExit, pytest.fail() too)
            failure = f"raised {in_words(repr, error)}"
            after = answer.done() and not isinstance(error, asyncio.CancelledError)
            if after:  # nobody would hear of it
                _log.warning("the application %s", failure, exc_info=error)
        if not answer.done():
            answer.set_exception(ApplicationError(failure))


def _scope(url: str, headers: Headers) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": parts.scheme,
        "path": unquote(parts.path) or "/",
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [
            (name.lower().encode(), value.encode("latin-1")) for name, value in headers
        ],
        "client": (LOOPBACK, 0),
        "server": (parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]),
    }
