"""More connections than there may be: who is answered, who waits, and who goes."""

import errno
import logging
import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from threading import Event
from typing import Any

import pytest
from waitress.server import TcpWSGIServer

from mockthingspace.core.waiting import holding
from mockthingspace.server import server as server_module
from mockthingspace.server.server import Server, _most_connections

LOOPBACK = "127.0.0.1"
BOUND_S = 30.0
MOST = 4
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
WAIT = b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n"
Connect = Callable[[], socket.socket]


class App:
    """An application whose requests for ``/wait`` wait until they are let go."""

    def __init__(self) -> None:
        self.begun: SimpleQueue[Event] = SimpleQueue()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer, after what it waits for."""
        if environ["PATH_INFO"] == "/wait":
            over = Event()
            with holding(environ, over):
                self.begun.put(over)
                over.wait(BOUND_S)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@pytest.fixture
def app() -> App:
    """The application."""
    return App()


@pytest.fixture
def server(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """It on a port, with few connections."""
    monkeypatch.setattr(server_module, "CONNECTIONS", MOST)
    monkeypatch.setattr(server_module, "LEAST_CONNECTIONS", MOST)
    running = Server(app, LOOPBACK, 0, lambda _: True)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Return what connects to it; each connection is closed at the end."""
    with ExitStack() as stack:
        address = (LOOPBACK, server.port)
        yield lambda: stack.enter_context(
            socket.create_connection(address, timeout=BOUND_S)
        )


def answered(client: socket.socket) -> bool:
    """Ask, and say whether an answer came."""
    client.sendall(GET)
    return client.recv(1000).startswith(b"HTTP/1.1 200 ")


def is_closed(client: socket.socket) -> bool:
    """Say that a connection is closed by the server, once it is."""
    with suppress(ConnectionResetError):
        return client.recv(1) == b""
    return True


def turned(server: Server) -> None:
    """Wait until the server's loop has turned."""
    done = Event()
    server._listener.trigger.pull_trigger(done.set)
    assert done.wait(BOUND_S)


def begins(server: Server, client: socket.socket, part: bytes) -> None:
    """Send a part of a request, and wait until it is read."""
    client.sendall(part)
    turned(server)
    turned(server)  # the first turn may have begun before


def test_a_full_house_makes_room_for_a_new_client(
    server: Server, connect: Connect
) -> None:
    """The connection that has been idle longest is closed for it, and no other."""
    clients = [connect() for _ in range(MOST)]
    for client in clients:
        begins(server, client, GET[:4])
    begins(server, clients[0], GET[4:8])
    assert answered(connect())
    assert is_closed(clients[1])
    for client, rest in (
        (clients[0], GET[8:]),
        (clients[2], GET[4:]),
        (clients[3], GET[4:]),
    ):
        client.sendall(rest)
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_half_a_request_keeps_nobody_out(connect: Connect) -> None:
    """Connections that never finish a request count as idle."""
    for _ in range(5 * MOST):
        connect().sendall(b"POST /half HTTP/1.1\r\nHost:")
    assert answered(connect())


def test_a_request_in_progress_keeps_its_connection(app: App, connect: Connect) -> None:
    """However many come, the one that is being answered is not closed for them."""
    busy = connect()
    busy.sendall(WAIT)
    over = app.begun.get(timeout=BOUND_S)
    assert [answered(connect()) for _ in range(3 * MOST)] == [True] * 3 * MOST
    over.set()
    assert busy.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_where_nobody_is_idle_a_new_client_waits_its_turn(
    app: App, connect: Connect
) -> None:
    """It is answered when the first of the others has been."""
    busy = [connect() for _ in range(MOST)]
    for client in busy:
        client.sendall(WAIT)
    waits = [app.begun.get(timeout=BOUND_S) for _ in busy]
    new = connect()
    new.sendall(GET)
    new.setblocking(False)
    with pytest.raises(BlockingIOError):
        new.recv(1)
    new.settimeout(BOUND_S)
    waits[0].set()
    assert new.recv(1000).startswith(b"HTTP/1.1 200 ")
    for over in waits:
        over.set()


class Accepting:
    """Fails to accept, as a system without descriptors does, so many times."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        self.left = failures
        self.failed = Event()
        accept = TcpWSGIServer.accept

        def failing(listener: Any) -> Any:
            if not self.left:
                return accept(listener)
            self.left -= 1
            self.failed.set()
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

        monkeypatch.setattr(TcpWSGIServer, "accept", failing)


def test_where_descriptors_run_out_an_idle_connection_makes_room(
    server: Server,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The new client is answered, and the log says it in one line."""
    first, second = connect(), connect()
    begins(server, first, GET[:4])
    begins(server, second, GET[:4])
    Accepting(monkeypatch, failures=1)
    with caplog.at_level(logging.WARNING):
        assert answered(connect())
    assert is_closed(first)
    second.sendall(GET[4:])
    assert second.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert [record.getMessage() for record in caplog.records] == [
        f"cannot accept more than 2 connections: [Errno {errno.EMFILE}] "
        f"{os.strerror(errno.EMFILE)}"
    ]


def test_where_descriptors_run_out_and_nobody_is_idle_it_rests(
    app: App,
    server: Server,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It does not try again and again, and accepts when it has rested."""
    monkeypatch.setattr("mockthingspace.server.waitress_adapter.REST_S", BOUND_S)
    busy = connect()
    busy.sendall(WAIT)
    over = app.begun.get(timeout=BOUND_S)
    accepting = Accepting(monkeypatch, failures=5)
    new = connect()
    assert accepting.failed.wait(BOUND_S)
    for _ in range(3):
        turned(server)
    assert (accepting.left, server._listener.patience_s) == (4, BOUND_S)
    monkeypatch.setattr("mockthingspace.server.waitress_adapter.REST_S", 0.001)
    server._listener._rests_until = 0.0
    server._listener.pull_trigger()
    assert answered(new)
    assert (accepting.left, len(caplog.records)) == (0, 1)
    over.set()


def test_a_bug_in_accepting_ends_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it, and whoever wants to come in is let in after a rest."""
    accept, bugs = TcpWSGIServer.accept, [ValueError("a bug")]

    def accepting(listener: Any) -> Any:
        if bugs:
            raise bugs.pop()
        return accept(listener)

    monkeypatch.setattr("mockthingspace.server.waitress_adapter.REST_S", 0.001)
    monkeypatch.setattr(TcpWSGIServer, "accept", accepting)
    assert answered(connect())
    assert [record.getMessage() for record in caplog.records] == [
        "cannot accept a connection"
    ]


@pytest.mark.parametrize(
    ("limit", "most"),
    [(20, 8), (64, 32), (256, 192), (1024, 768), (20_000, 2000)],
)
def test_connections_leave_descriptors_for_all_else(
    monkeypatch: pytest.MonkeyPatch, limit: int, most: int
) -> None:
    """A quarter of the limit is kept, and 32 at least."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
    assert _most_connections() == most


def test_without_a_limit_connections_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So they are where the system knows of none."""
    endless = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (endless, endless))
    endless_most = _most_connections()
    monkeypatch.setitem(sys.modules, "resource", None)
    assert (endless_most, _most_connections()) == (2000, 2000)


def test_few_descriptors_are_respected() -> None:
    """With ``ulimit -n 64`` and 100 clients the last is answered, and no error said."""
    serve = f"ulimit -n 64; exec {sys.executable} -m mockthingspace serve --port 0"
    with (
        subprocess.Popen(
            ["sh", "-c", serve],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        ExitStack() as stack,
    ):
        ready = process.stdout.readline()
        port = int(re.findall(r"url=http://127.0.0.1:(\d+)", ready)[0])
        for _ in range(100):
            client = stack.enter_context(
                socket.create_connection((LOOPBACK, port), timeout=BOUND_S)
            )
        client.sendall(b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = client.recv(1000)
        process.terminate()
        log = process.stderr.read()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert re.fullmatch(r"\S+  stopped\n", log)
