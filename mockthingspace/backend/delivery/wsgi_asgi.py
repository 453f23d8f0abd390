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
from itertools import takewhile
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mockthingspace.backend.delivery.outcome import (
    KEPT,
    ApplicationError,
    Outcome,
    in_words,
)
from mockthingspace.core.background_loop import BackgroundLoop, in_thread
from mockthingspace.core.waiting import holding

ASGI = ["scope", "receive", "send"]
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
    parts = urlsplit(url)
    environ = EnvironBuilder(
        parts.path or "/",
        base_url=f"{parts.scheme}://{parts.netloc}",
        query_string=parts.query,
        method="POST",
        headers=headers,
        data=body,
    ).get_environ()
    if isinstance(application, AsgiApplication):
        return await asyncio.wrap_future(application.submit(environ))
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
    """An ASGI application, as a WSGI one too; its ``lifespan`` is not run.

    It has answered with the last piece of its answer: what it does afterwards, such
    as a background task, goes on, and what it raises then is logged.
    """

    def __init__(self, application: Any, loop: BackgroundLoop) -> None:
        self._application = application
        self._loop = loop
        self._running: set[asyncio.Task[None]] = set()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> list[bytes]:
        """Answer a request; its headers, which no check reads, are left out."""
        over = Event()
        answer = self.submit(environ)
        answer.add_done_callback(lambda _: over.set())
        with holding(environ, over):
            over.wait()
        if answer.cancel():  # whoever asked has gone
            start_response("503 Given up", [])
            return []
        outcome = answer.result()
        start_response(f"{outcome.status_code} Said", [])
        return [outcome.reply]

    def submit(self, environ: Mapping[str, Any]) -> "Future[Outcome]":
        """Hand a request over; return its answer to be, which can be cancelled."""
        return self._loop.future(partial(self._answer, environ))

    async def _answer(self, environ: Mapping[str, Any]) -> Outcome:
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        running = asyncio.create_task(self._run(environ, answer))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        try:
            return await answer
        except asyncio.CancelledError:
            running.cancel()
            raise

    async def _run(
        self, environ: Mapping[str, Any], answer: "asyncio.Future[Outcome]"
    ) -> None:
        """Run the application to its end; whatever it does, there is an answer."""
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)
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
            await self._application(_scope(environ), receive, send)
            failure = "ended without an answer"
        except BaseException as error:  # noqa: BLE001 (SystemExit, pytest.fail() too)
            failure = f"raised {in_words(repr, error)}"
            after = answer.done() and not isinstance(error, asyncio.CancelledError)
            if after:  # nobody would hear of it
                _log.warning("the application %s", failure, exc_info=error)
        if not answer.done():
            answer.set_exception(ApplicationError(failure))


def _scope(environ: Mapping[str, Any]) -> dict[str, Any]:
    named = {
        key.removeprefix("HTTP_"): value
        for key, value in environ.items()
        if key.startswith("HTTP_") or (key in ("CONTENT_TYPE", "CONTENT_LENGTH"))
    }
    client = environ.get("REMOTE_ADDR")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace"),
        "root_path": "",
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": [
            (name.replace("_", "-").lower().encode(), value.encode("latin-1"))
            for name, value in named.items()
        ],
        "client": client and (client, int(environ.get("REMOTE_PORT") or 0)),
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
    }
