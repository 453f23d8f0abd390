"""Starting and stopping a server in the thread of a test's process."""

from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from moto.server import ThreadedMotoServer
from pytest_httpserver import HTTPServer

from benchmarks.bare import serve
from benchmarks.peers import START_S
from benchmarks.rounds import (
    HTTPSERVER,
    LIMIT,
    MOTO,
    OURS,
    Metric,
    Plan,
    Sample,
    interleave,
    milliseconds,
    show,
    timed,
)
from mockthingspace import MockThingSpace

METRICS = (
    Metric("start ms"),
    Metric("to its first answer ms"),
    Metric("stop ms"),
    Metric("stop, idle client, ms"),
)


def _moto() -> ThreadedMotoServer:
    return ThreadedMotoServer("127.0.0.1", 0, verbose=False)


def _connection(server: Any) -> HTTPConnection:
    """Return a connection to a server, whatever it calls its address."""
    if isinstance(server, ThreadedMotoServer):
        return HTTPConnection(*server.get_host_and_port(), timeout=START_S)
    url = server.url_for("/") if isinstance(server, HTTPServer) else server.url
    return HTTPConnection(urlsplit(url).netloc, timeout=START_S)


def _ask(client: HTTPConnection) -> None:
    """Ask for anything, and leave the connection open if the server does."""
    client.request("GET", "/")
    client.getresponse().read()


def _life(make: Callable[[], Any]) -> Callable[[], Sample]:
    def start() -> Any:
        server = make()
        server.start()
        return server

    def start_and_ask() -> tuple[Any, HTTPConnection]:
        server = start()
        client = _connection(server)
        _ask(client)
        return server, client

    def measure() -> Sample:
        started, server = timed(start)
        stopped = milliseconds(server.stop)
        answered, (server, client) = timed(start_and_ask)
        with closing(client):
            stopped_with_client = milliseconds(server.stop)
        times = (started, answered, stopped, stopped_with_client)
        return {
            metric.name: spent for metric, spent in zip(METRICS, times, strict=True)
        }

    return measure


def run(plan: Plan) -> None:
    """Start and stop each server on a free port."""
    subjects = {
        OURS: _life(MockThingSpace),
        HTTPSERVER: _life(HTTPServer),
        MOTO: _life(_moto),
        LIMIT: _life(serve),
    }
    interleave(subjects, 1)
    show(
        "start and stop in a test's process",
        interleave(subjects, plan.rounds * 3),
        METRICS,
        "werkzeug's servers stop when they next look: at once, or half a second later",
    )
