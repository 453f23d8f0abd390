"""One call through ``requests``: in this process, and through a socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests
import responses
from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer
from requests.adapters import BaseAdapter

from benchmarks.adapters import Constant, InProcess
from benchmarks.bare import serve
from benchmarks.canned import expect
from benchmarks.peers import SNS, SNS_LIST
from benchmarks.replies import LIST, LISTED
from benchmarks.rounds import (
    HTTPSERVER,
    LIMIT,
    MOTO,
    OURS,
    Metric,
    Plan,
    Sample,
    interleave,
    microseconds,
    show,
)
from mockthingspace import MockThingSpace, create_app

METRICS = (Metric("us a call", decimals=0),)
HOST = "http://thingspace.test"


def _get(
    url: str, adapter: BaseAdapter | None = None, **options: Any
) -> Callable[[], Sample]:
    session = requests.Session()
    session.trust_env = False
    if adapter is not None:
        session.mount(HOST, adapter)

    def call() -> None:
        session.get(url, **options).raise_for_status()

    return lambda: {METRICS[0].name: microseconds(call)}


@contextmanager
def _started(server: Any) -> Iterator[Any]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _intercepted() -> Sample:
    with responses.RequestsMock() as intercepted:
        intercepted.get(HOST + LIST, LISTED, content_type="application/json")
        return _get(HOST + LIST)()


def run(plan: Plan) -> None:
    """List through ``requests`` in process and through a socket."""
    inside = {
        OURS: _get(HOST + LIST, InProcess(create_app())),
        "responses": _intercepted,
        "limit: constant adapter": _get(HOST + LIST, Constant()),
    }
    show(
        "one call in process, through requests",
        interleave(inside, plan.rounds),
        METRICS,
    )
    with ExitStack() as servers:
        ours = servers.enter_context(MockThingSpace())
        canned = servers.enter_context(_started(HTTPServer()))
        expect(canned)
        moto = servers.enter_context(
            _started(ThreadedMotoServer("127.0.0.1", 0, verbose=False))
        )
        bare = servers.enter_context(_started(serve()))
        moto_url = "http://{}:{}".format(*moto.get_host_and_port())
        through = {
            OURS: _get(ours.url + LIST),
            HTTPSERVER: _get(canned.url_for(LIST)),
            MOTO: _get(moto_url + SNS_LIST, headers=SNS),
            LIMIT: _get(bare.url + LIST),
        }
        show(
            "one call through a socket, through requests",
            interleave(through, plan.rounds),
            METRICS,
            "sessions do not read the environment (trust_env=False)",
        )
