"""Requests that are handled in the server's loop: nothing there may hold it up."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from threading import Event, Thread, current_thread
from typing import Any

import pytest
import requests
from waitress.adjustments import Adjustments

from mockthingspace import MockThingSpace
from mockthingspace.backend.faults.models import Fault, Faults
from mockthingspace.core.open_files import open_files_limit
from mockthingspace.core.waiting import HOLDING, holding, may_wait, never
from mockthingspace.server.server import Server
from mockthingspace.server.waitress_adapter import Channel, Parser

LOOPBACK = "127.0.0.1"
BOUND_S = 30.0
ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
LIST = f"GET {CALLBACKS} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
SLOW_CONNECTIONS = 1000


@pytest.fixture
def thingspace() -> Iterator[MockThingSpace]:
    """A server whose clock stands."""
    with MockThingSpace() as running:
        yield running


def connected(thingspace: MockThingSpace) -> socket.socket:
    """Return a connection to it."""
    server: Any = thingspace._server
    return socket.create_connection((LOOPBACK, server.port), timeout=BOUND_S)


def reply(client: socket.socket) -> tuple[int, bytes]:
    """Read one reply; return its status and body."""
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def workers(thingspace: MockThingSpace) -> list[Thread]:
    """Return the workers there have been so far."""
    server: Any = thingspace._server
    members: list[Thread] = server._listener.workers.members
    return members


def is_held(thingspace: MockThingSpace) -> bool:
    """Wait until a reply is held back, or for very long; say whether one is."""
    return any(
        thingspace.admin.ask("GET", "/faults")["meta"]["held"] for _ in range(100_000)
    )


def test_operations_are_handled_without_workers(thingspace: MockThingSpace) -> None:
    """Nothing is handed over that cannot block, so no worker is made."""
    with connected(thingspace) as client:
        client.sendall(LIST)
        replies = [reply(client)]
        client.sendall(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        replies.append(reply(client))
    assert [status for status, _ in replies] == [200, 404]
    assert workers(thingspace) == []


@pytest.mark.parametrize(
    "path", ["/__admin/health", "//__admin/health", "/%5F_admin/health"]
)
def test_the_admin_api_is_handled_by_workers(
    thingspace: MockThingSpace, path: str
) -> None:
    """However its path is spelled."""
    with connected(thingspace) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert reply(client)[0] == 200
    assert workers(thingspace) != []


@pytest.mark.parametrize("kind", ["delay", "slow"])
def test_a_reply_that_is_held_back_holds_nobody_up(
    thingspace: MockThingSpace, kind: str
) -> None:
    """Others are answered meanwhile, also where the fault is for one account."""
    thingspace.fault(kind, on="requests", account=ACCOUNT, seconds=3000, times=1)
    with connected(thingspace) as held, connected(thingspace) as other:
        held.sendall(LIST)
        assert is_held(thingspace)
        other.sendall(LIST)
        during = reply(other)
        thingspace.clear_faults()
        assert (during, reply(held)) == ((200, b"[]"), (200, b"[]"))


def test_a_fault_planned_too_late_leaves_what_is_handled_alone(
    thingspace: MockThingSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request in the loop is past where it could wait; the next one is held back."""
    acting = Faults.acting

    def planned_just_before(self: Faults, *args: Any) -> list[Fault]:
        monkeypatch.undo()
        thingspace.fault("delay", on="requests", seconds=3000)
        return acting(self, *args)

    thingspace.fault("malformed", times=None)
    monkeypatch.setattr(Faults, "acting", planned_just_before)
    with connected(thingspace) as client:
        client.sendall(LIST)
        first = reply(client)
        client.sendall(LIST)
        assert is_held(thingspace)
        thingspace.clear_faults(kind="delay")
        assert (first, reply(client)) == ((200, b"["), (200, b"["))


def test_waiting_in_the_loop_is_an_error() -> None:
    """Rather than that everybody waits."""
    environ = {HOLDING: never}
    assert (may_wait(environ), may_wait({})) == (False, True)
    with pytest.raises(RuntimeError, match="nothing may wait"):
        holding(environ, Event())


def test_malformed_http_has_a_path() -> None:
    """Waitress logs it where the client goes before its answer."""
    assert Parser(Adjustments()).path == ""


def test_pipelined_requests_take_turns_with_others(thingspace: MockThingSpace) -> None:
    """Whoever sends many at once gets them answered in order, and nobody waits."""
    many = 200
    with connected(thingspace) as greedy, connected(thingspace) as other:
        greedy.sendall(LIST * many)
        other.sendall(LIST)
        assert reply(other) == (200, b"[]")
        lines = greedy.makefile("rb")
        statuses = list(_heads(lines, many))
    assert statuses == [b"HTTP/1.1 200 OK\r\n"] * many
    assert len(thingspace.requests()) == many + 1


def _heads(lines: Any, many: int) -> Iterator[bytes]:
    for _ in range(many):
        yield lines.readline()
        while lines.readline() != b"\r\n":
            pass
        assert lines.read(2) == b"[]"


def test_a_mixed_pipeline_is_answered_in_order(thingspace: MockThingSpace) -> None:
    """What the loop and what workers handle takes turns on one connection."""
    health = b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connected(thingspace) as client:
        client.sendall(LIST + health + LIST + health + LIST)
        lines = client.makefile("rb")
        bodies = []
        for _ in range(5):
            size = 0
            while (line := lines.readline()) != b"\r\n":
                if line.startswith(b"Content-Length: "):
                    size = int(line.split()[1])
            bodies.append(lines.read(size)[:1])
    assert bodies == [b"[", b"{", b"[", b"{", b"["]


def test_expect_100_continue_works_in_the_loop(thingspace: MockThingSpace) -> None:
    """The body is asked for, and the request handled when it is there."""
    body = b'{"name": "Fota", "url": "http://localhost:9001/fota"}'
    head = (
        f"POST {CALLBACKS} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with connected(thingspace) as client:
        for _ in range(2):
            client.sendall(head.encode())
            assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(body)
            assert reply(client)[0] == 200


def test_clients_that_leave_half_way_hold_nobody_up(
    thingspace: MockThingSpace,
) -> None:
    """In the middle of a request, and with replies that nobody reads."""
    for sent in (LIST[:20], LIST * 50, LIST + LIST[:20]):
        with connected(thingspace) as client:
            client.sendall(sent)
    with connected(thingspace) as client:
        client.sendall(LIST)
        assert reply(client) == (200, b"[]")


def test_a_thousand_slow_connections_hold_nobody_up(
    thingspace: MockThingSpace,
) -> None:
    """A client among them is answered, and no thread is made for them."""
    many = min(SLOW_CONNECTIONS, open_files_limit() // 3)  # each end has one
    with ExitStack() as stack:
        for _ in range(many):
            client = stack.enter_context(connected(thingspace))
            client.sendall(b"POST /api/fota/v1/callbacks/")
        with connected(thingspace) as client:
            client.sendall(LIST)
            assert reply(client) == (200, b"[]")
    assert workers(thingspace) == []


def test_a_stop_under_load_ends(thingspace: MockThingSpace) -> None:
    """Each client has whole replies, and then the end of its connection."""
    begun = [Event() for _ in range(8)]
    ended: list[int] = []

    def ask(first: Event) -> None:
        with connected(thingspace) as client:
            with suppress(OSError, http.client.HTTPException):
                while True:
                    client.sendall(LIST)
                    assert reply(client) == (200, b"[]")
                    first.set()
            ended.append(1)

    clients = [Thread(target=ask, args=(first,), daemon=True) for first in begun]
    for thread in clients:
        thread.start()
    assert all(first.wait(BOUND_S) for first in begun)
    thingspace.stop()
    for thread in clients:
        thread.join(BOUND_S)
    assert len(ended) == len(clients)


def test_an_error_in_the_loop_ends_one_connection(
    thingspace: MockThingSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on."""

    def failing(_: Channel) -> None:
        monkeypatch.undo()
        raise RuntimeError("can't start new thread")

    with connected(thingspace) as unlucky, connected(thingspace) as other:
        monkeypatch.setattr(Channel, "service", failing)
        unlucky.sendall(LIST)
        assert unlucky.recv(1) == b""
        other.sendall(LIST)
        assert reply(other) == (200, b"[]")


def test_the_application_runs_in_the_loops_thread_only_where_it_may() -> None:
    """What the function it is given says decides."""
    in_loop: list[bool] = []

    def app(_: object, start_response: Any) -> list[bytes]:
        in_loop.append(current_thread() is server._thread)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = Server(app, LOOPBACK, 0, lambda path: path == "/blocks")
    server.start()
    for path in ("/blocks", "/"):
        requests.get(f"{server.url}{path}", timeout=BOUND_S)
    server.stop()
    assert in_loop == [False, True]
