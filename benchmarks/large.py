"""Applications that know one account or very many, ours and the peers'."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from moto.moto_server.werkzeug_app import create_backend_app
from moto.server import DomainDispatcherApplication
from moto.sns.models import sns_backends
from pytest_httpserver import HTTPServer
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from benchmarks import queueing
from benchmarks.peers import SNS
from benchmarks.replies import LISTED
from mockthingspace import Settings, create_app
from mockthingspace.backend.backend import Backend
from mockthingspace.core.models import Attempt
from mockthingspace.server.http.current import EXTENSION

CALLBACKS = "/api/fota/v1/callbacks/"
LISTENER = "http://localhost:9001/fota"
Application = Callable[..., Any]


class Large(NamedTuple):
    """An application, the request for one account of it, and its weight."""

    app: Application
    listing: dict[str, Any]
    bytes_each: float


def weighed(
    make: Callable[[int], tuple[Application, dict[str, Any]]], accounts: int
) -> Large:
    """Make an application of so many accounts and say what one of them weighs."""
    make(1)  # what is made once is not theirs
    gc.collect()
    tracemalloc.start()
    try:
        app, listing = make(accounts)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return Large(app, listing, held / accounts)


def backend(accounts: int) -> tuple[Application, dict[str, Any]]:
    """Make a server with a seed of one registration for every account."""
    registrations = [
        {
            "family": "fota-v1",
            "account": account(number),
            "service": "Fota",
            "url": f"http://localhost:9001/fota/{number}",
        }
        for number in range(accounts)
    ]
    with TemporaryDirectory() as folder:
        seed = Path(folder) / "seed.json"
        seed.write_text(json.dumps({"registrations": registrations}), "ascii")
        app = create_app(Settings(seed=str(seed)))
    return app, {"path": CALLBACKS + account(accounts // 2)}


def busy(happened: int) -> Application:
    """Make a server where so many listings, triggers and deliveries have been."""
    app, listing = backend(1)
    made: Backend = app.extensions[EXTENSION]  # type: ignore[attr-defined]
    state, now, listed = made.state, made.clock.now(), caller(app, **listing)
    for number in range(happened):
        listed()
        kept = state.deliveries.add(queueing.delivery(made, number, [LISTENER] * 100))
        state.event_log.note("trigger", now, kept.account, queueing.EVENT)
        attempt = Attempt(made.sequence.take(), 1, now, 0.01, 200, None, b"")
        state.deliveries.replace(kept._replace(status="delivered", attempts=(attempt,)))
    return app


def httpserver(accounts: int) -> tuple[Application, dict[str, Any]]:
    """Make a pytest-httpserver that expects every account's listing."""
    server = HTTPServer()
    for number in range(accounts):
        server.expect_request(CALLBACKS + account(number)).respond_with_data(LISTED)
    return Request.application(server.application), {
        "path": CALLBACKS + account(accounts // 2)
    }


def moto(accounts: int) -> tuple[Application, dict[str, Any]]:
    """Make a moto server's application, with a topic for every account.

    Its state is one a process, so each number of them has a region to itself.
    """
    region = "us-east-1" if accounts == 1 else "eu-west-1"
    topics = sns_backends["123456789012"][region]
    topics.topics.clear()
    for number in range(accounts):
        topics.create_topic(f"t{number}")
    listing = {
        "path": "/",
        "query_string": "Action=GetTopicAttributes&Version=2010-03-31&"
        f"TopicArn=arn:aws:sns:{region}:123456789012:t{accounts // 2}",
        "headers": {"Authorization": SNS["Authorization"].replace("us-east-1", region)},
    }
    return DomainDispatcherApplication(create_backend_app), listing


def account(number: int) -> str:
    """Return the name of one of the accounts."""
    return f"{number:010d}-00001"


def caller(app: Application, body: bytes = b"", **request: Any) -> Callable[[], object]:
    """Return a function that sends an application a request and reads the reply."""
    base = EnvironBuilder(**request).get_environ()
    base["CONTENT_LENGTH"] = str(len(body))

    def start_response(status: str, *_: object) -> None:
        if not status.startswith("200"):
            raise RuntimeError(f"{request} was answered {status}")

    def call() -> bytes:
        environ = {**base, "wsgi.input": BytesIO(body)}
        return b"".join(app(environ, start_response))

    return call
