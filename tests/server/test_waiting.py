"""Requests that wait, through real sockets: for whom, how many, and until when."""

import re
import socket
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from itertools import islice
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any

import freezegun
import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.core.waiting import holding
from mockthingspace.server.server import Server
from mockthingspace.server.waitress_adapter import (
    LOOKAHEAD,
    THREADS,
    Channel,
    MayBlock,
    WorkerPool,
)

LOOPBACK = "127.0.0.1"
BOUND_S = 30.0
ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
BIG = b"x" * 4_000_000
HUGE = b"x" * 30_000_000  # more than waitress keeps by itself, and the system
EXPECTING = (
    b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
    b"Expect: 100-continue\r\n\r\n"
)


class Waiting:
    """An application whose requests for ``…/wait`` wait, and say what ended them."""

    def __init__(self) -> None:
        self.begun: SimpleQueue[Event] = SimpleQueue()
        self.ended: SimpleQueue[bool] = SimpleQueue()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Answer, after what it waits for."""
        path, body = environ["PATH_INFO"], b"answered"
        if path.endswith("wait"):
            over = Event()
            with holding(environ, over):
                self.begun.put(over)
                self.ended.put(over.wait(BOUND_S))
        elif path.endswith("big"):
            body = BIG
        elif path.endswith("huge"):
            body = HUGE
            self.begun.put(Event())
        elif path.endswith("echo"):
            body = environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def app() -> Waiting:
    """The application."""
    return Waiting()


def waits(path: str) -> bool:
    """Say whether a request for a path waits; all others are handled in the loop."""
    return path.endswith("wait")


@pytest.fixture(params=[lambda _: True, waits], ids=["by workers", "in the loop"])
def may_block(request: pytest.FixtureRequest) -> MayBlock:
    """What the server is told of which requests may block."""
    told: MayBlock = request.param
    return told


@pytest.fixture
def server(app: Waiting, may_block: MayBlock) -> Iterator[Server]:
    """It on a port."""
    running = Server(app, LOOPBACK, 0, may_block)
    running.start()
    yield running
    running.stop()


def connected(server: Server) -> socket.socket:
    """Return a connection to it."""
    return socket.create_connection((LOOPBACK, server.port), timeout=BOUND_S)


def get(path: str, *headers: str) -> bytes:
    """Return a request's bytes."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a", *headers, "", ""]).encode()


def replied(client: socket.socket) -> tuple[int, bytes]:
    """Read one reply, and nothing behind it; return its status and body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = client.recv(1)
        assert piece != b""
        head += piece
    [size] = re.findall(rb"Content-Length: (\d+)", head)
    body = b""
    while len(body) < int(size):
        body += client.recv(int(size) - len(body))
    return int(head.split()[1]), body


def turns(server: Server) -> Iterator[None]:
    """Have the server's loop turn, again and again."""
    for _ in range(100_000):
        turned = Event()
        server._listener.trigger.pull_trigger(turned.set)
        assert turned.wait(BOUND_S)
        yield


def reset(client: socket.socket) -> None:
    """Close a connection with a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def settled(workers: WorkerPool, size: int) -> bool:
    """Wait until a pool has so many threads; say whether it came to that."""
    with workers.lock:
        return workers.thread_exit_cv.wait_for(
            lambda: len(workers.threads) == size, BOUND_S
        )


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_a_client_that_goes_away_ends_its_wait(
    app: Waiting, server: Server, leave: Callable[[socket.socket], None]
) -> None:
    """Whether it closes its connection or resets it."""
    client = connected(server)
    client.sendall(get("/wait"))
    app.begun.get(timeout=BOUND_S)
    leave(client)
    assert app.ended.get(timeout=BOUND_S) is True


def test_a_client_behind_pipelined_requests_ends_its_wait(
    app: Waiting, server: Server
) -> None:
    """Its end is seen although requests that are not handled yet come before it."""
    client = connected(server)
    client.sendall(get("/wait"))
    app.begun.get(timeout=BOUND_S)
    client.sendall(get("/") * (LOOKAHEAD - 1))
    client.close()
    assert app.ended.get(timeout=BOUND_S) is True


LARGE = b"x" * 8000
ECHO = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n" + LARGE


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (ECHO, LARGE),
        (get("/", f"X: {LARGE.decode()}"), b"answered"),
    ],
    ids=["bodies", "heads"],
)
def test_little_is_kept_of_what_is_sent_behind_a_wait(
    app: Waiting,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    request_: bytes,
    reply: bytes,
) -> None:
    """It is left to the system until the wait is over; none is lost."""
    monkeypatch.setattr("mockthingspace.server.waitress_adapter.BYTES_AHEAD", 10_000)
    with connected(server) as client:
        client.sendall(get("/wait"))
        over = app.begun.get(timeout=BOUND_S)
        client.sendall(request_ * 50)
        [channel] = server._listener.active_channels.values()
        for _ in islice(turns(server), 50):
            pass
        kept = len(channel.requests)
        over.set()
        replies = [replied(client) for _ in range(51)]
    assert (kept < 10, replies) == (True, [(200, b"answered"), *[(200, reply)] * 50])


def test_pipelined_requests_are_answered_in_their_order(
    app: Waiting, server: Server
) -> None:
    """One that waits holds up those behind it on its connection, and loses none."""
    with connected(server) as client:
        client.sendall(get("/wait") + get("/big") + get("/big"))
        over = app.begun.get(timeout=BOUND_S)
        client.sendall(get("/"))
        over.set()
        replies = [replied(client) for _ in range(4)]
    assert replies == [(200, b"answered"), (200, BIG), (200, BIG), (200, b"answered")]


def test_a_client_that_ends_its_side_is_answered_at_once(server: Server) -> None:
    """It cannot be told from one that has gone, so it is answered without the wait."""
    with connected(server) as client:
        client.sendall(get("/wait"))
        client.shutdown(socket.SHUT_WR)
        assert replied(client) == (200, b"answered")
        assert client.recv(1) == b""


def test_nothing_waits_once_a_client_has_ended_its_side(server: Server) -> None:
    """Whatever it had asked for before is answered at once, one after another."""
    with connected(server) as client:
        client.sendall(get("/wait") * 3)
        client.shutdown(socket.SHUT_WR)
        assert [replied(client) for _ in range(3)] == [(200, b"answered")] * 3


def test_a_client_that_ends_its_side_gets_all_it_asked_for(server: Server) -> None:
    """Every reply arrives, and whole, before the connection is closed."""
    with connected(server) as client:
        client.sendall(get("/big") + get("/wait") + get("/big"))
        client.shutdown(socket.SHUT_WR)
        replies = [replied(client) for _ in range(3)]
        assert replies == [(200, BIG), (200, b"answered"), (200, BIG)]
        assert client.recv(1) == b""


def test_a_client_that_waits_to_continue_can(app: Waiting, server: Server) -> None:
    """``Expect: 100-continue`` works alone and behind a request that waits."""
    with connected(server) as client:
        client.sendall(EXPECTING)
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"body" + get("/wait"))
        assert replied(client) == (200, b"body")
        over = app.begun.get(timeout=BOUND_S)
        client.sendall(EXPECTING)
        over.set()
        assert replied(client) == (200, b"answered")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"next")
        assert replied(client) == (200, b"next")


def test_a_client_is_told_to_continue_once(
    app: Waiting, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the loop would send what a worker is sending."""
    sent: list[bytes] = []
    again = Event()
    send = Channel.send

    def slow(self: Channel, data: bytes, do_close: bool = True) -> Any:
        if b"100 Continue" in data:
            sent.append(data)
            if len(sent) == 1:
                server._listener.pull_trigger()
                again.wait(0.1)
            else:
                again.set()
        return send(self, data, do_close)

    monkeypatch.setattr(Channel, "send", slow)
    with connected(server) as client:
        client.sendall(get("/wait"))
        over = app.begun.get(timeout=BOUND_S)
        client.sendall(EXPECTING)
        over.set()
        assert replied(client) == (200, b"answered")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"next")
        assert replied(client) == (200, b"next")


def test_waiting_does_not_use_up_the_workers(app: Waiting, server: Server) -> None:
    """With twice as many waits as workers others are answered; then no more remain."""
    with ExitStack() as stack:
        clients = [stack.enter_context(connected(server)) for _ in range(2 * THREADS)]
        for client in clients:
            client.sendall(get("/wait"))
        begun = [app.begun.get(timeout=BOUND_S) for _ in clients]
        during = requests.get(f"{server.url}/", timeout=BOUND_S).content
        for over in begun:
            over.set()
        after = [replied(client) for client in clients]
    assert (during, after) == (b"answered", [(200, b"answered")] * len(clients))
    assert settled(server._listener.workers, THREADS)


def test_a_worker_that_cannot_be_had_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the system has no more threads, a pool is afterwards as it was."""

    def no_more(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    workers = WorkerPool(THREADS)
    workers.begin()
    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", no_more)
        with pytest.raises(RuntimeError), workers.spare():
            pass
    left = (len(workers.members), len(workers.threads), workers.stop_count)
    workers.dismiss()
    assert left == (THREADS, THREADS, 0)


@pytest.mark.parametrize("frozen", [False, True])
def test_clients_that_never_read_do_not_use_up_the_workers(
    app: Waiting, may_block: MayBlock, monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    """However much they asked for, others are answered, and a stop ends every thread.

    A worker that waited for their reading would wait for ever. So would a stop that
    measured its patience by a clock that a test can freeze, or whose loop waited for
    something to happen.
    """
    adapter = "mockthingspace.server.waitress_adapter"
    monkeypatch.setattr(f"{adapter}.PATIENCE_S", 2 * BOUND_S)
    monkeypatch.setattr(f"{adapter}.THREADS", 2)
    monkeypatch.setattr("mockthingspace.server.server.FLUSH_S", 0.01)
    server = Server(app, LOOPBACK, 0, may_block)
    server.start()
    with ExitStack() as stack:
        for _ in range(2):
            client = stack.enter_context(connected(server))
            client.sendall(get("/huge") + get("/"))
            app.begun.get(timeout=BOUND_S)
        answer = requests.get(server.url, timeout=BOUND_S).content
        with freezegun.freeze_time("2001-02-03") if frozen else nullcontext():
            stopping = Thread(target=server.stop, daemon=True)
            stopping.start()
            stopping.join(BOUND_S)
        assert not stopping.is_alive()
    alive = [member for member in server._listener.workers.members if member.is_alive()]
    assert (answer, alive) == (b"answered", [])


def test_what_is_behind_much_unread_is_handled_when_that_is_read(
    app: Waiting, server: Server
) -> None:
    """Nobody can have the server work, or keep, without end by reading nothing."""
    with connected(server) as client:
        client.sendall(get("/huge") + get("/wait"))
        app.begun.get(timeout=BOUND_S)
        [channel] = server._listener.active_channels.values()
        assert any(len(channel.requests) == 1 for _ in turns(server))
        for _ in range(4):
            requests.get(server.url, timeout=BOUND_S)
        early = not app.begun.empty()
        first = replied(client)
        app.begun.get(timeout=BOUND_S).set()
        assert (early, first, replied(client)) == (
            False,
            (200, HUGE),
            (200, b"answered"),
        )


def test_a_stop_ends_what_is_waited_for(app: Waiting, may_block: MayBlock) -> None:
    """The requests are answered, those that begin to wait meanwhile as well."""
    server = Server(app, LOOPBACK, 0, may_block)
    server.start()
    with connected(server) as client, ThreadPoolExecutor(1) as pool:
        client.sendall(get("/wait") + get("/wait"))
        app.begun.get(timeout=BOUND_S)
        stopping = pool.submit(server.stop)
        assert app.ended.get(timeout=BOUND_S) is True
        assert replied(client) == (200, b"answered")
        stopping.result(BOUND_S)


def test_in_another_server_a_request_just_waits() -> None:
    """Nothing is set and nothing is needed where the server is not the server's."""
    over = Event()
    with holding({}, over):
        pass
    assert not over.is_set()


@pytest.fixture
def thingspace() -> Iterator[MockThingSpace]:
    """A server whose clock stands."""
    with MockThingSpace() as running:
        yield running


def held(thingspace: MockThingSpace, clients: int) -> Iterator[int]:
    """Tell how many replies are held back, until it is so many, or for very long."""
    for _ in range(100_000):
        now = thingspace.admin.ask("GET", "/faults")["meta"]["held"]
        yield now
        if now == clients:
            return


@pytest.mark.parametrize("kind", ["delay", "slow"])
def test_a_reply_whose_client_has_gone_is_not_held(
    thingspace: MockThingSpace, kind: str
) -> None:
    """Neither a delay nor a slow reply goes on for nobody; no thread is left of it."""
    server: Any = thingspace._server
    thingspace.fault(kind, on="requests", seconds=3000, times=None)
    clients = [connected(server) for _ in range(20)]
    for client in clients:
        client.sendall(get(CALLBACKS))
    assert len(clients) in held(thingspace, len(clients))
    for client in clients:
        client.close()
    assert 0 in held(thingspace, 0)
    assert settled(server._listener.workers, THREADS)


@pytest.mark.parametrize("kind", ["delay", "slow"])
def test_a_connection_outlives_a_reply_that_was_held(
    thingspace: MockThingSpace, kind: str
) -> None:
    """It came whole: a client that keeps its connection is answered on it again."""
    thingspace.fault(kind, on="requests", seconds=3000)
    with connected(thingspace._server) as client:
        client.sendall(get(CALLBACKS))
        assert 1 in held(thingspace, 1)
        thingspace.clear_faults()
        first = replied(client)
        client.sendall(get(CALLBACKS))
        assert (first, replied(client)) == ((200, b"[]"), (200, b"[]"))


@pytest.mark.parametrize("kind", ["reset", "empty", "garbage", "truncate", "slow"])
def test_a_fault_on_the_bytes_of_who_has_gone_is_no_error(
    thingspace: MockThingSpace, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """The connection was closed while the reply was held back."""
    server: Any = thingspace._server
    thingspace.fault("delay", on="requests", seconds=3000)
    thingspace.fault(kind)
    client = connected(server)
    client.sendall(get(CALLBACKS))
    assert 1 in held(thingspace, 1)
    reset(client)
    assert 0 in held(thingspace, 0)
    thingspace.stop()
    assert [record.getMessage() for record in caplog.records] == []


CLEARS: dict[str, Callable[[MockThingSpace, Any], object]] = {
    "the fault": lambda thingspace, fault: fault.clear(),
    "by its number": lambda thingspace, fault: thingspace.clear_faults(fault.id),
    "its kind": lambda thingspace, fault: thingspace.clear_faults(kind=fault.kind),
    "all": lambda thingspace, fault: thingspace.clear_faults(),
}


@pytest.mark.parametrize("clear", CLEARS.values(), ids=list(CLEARS))
@pytest.mark.parametrize(
    ("kind", "times"), [("delay", None), ("delay", 2), ("slow", 2)]
)
def test_healing_lets_held_replies_go(
    thingspace: MockThingSpace,
    clear: Callable[[MockThingSpace, Any], object],
    kind: str,
    times: int | None,
) -> None:
    """They go out at once, also where the fault has acted as often as it may."""
    server: Any = thingspace._server
    fault = thingspace.fault(kind, on="requests", seconds=3000, times=times)
    with connected(server) as first, connected(server) as second:
        for client in (first, second):
            client.sendall(get(CALLBACKS))
        assert 2 in held(thingspace, 2)
        clear(thingspace, fault)
        assert [replied(first), replied(second)] == [(200, b"[]")] * 2
    assert settled(server._listener.workers, THREADS)


def test_a_reply_held_twice_goes_when_both_are_healed(
    thingspace: MockThingSpace,
) -> None:
    """Clearing one of two delays leaves what the other holds back."""
    server: Any = thingspace._server
    first, second = (
        thingspace.fault("delay", on="requests", seconds=3000) for _ in range(2)
    )
    with connected(server) as client:
        client.sendall(get(CALLBACKS))
        assert 1 in held(thingspace, 1)
        first.clear()
        still = thingspace.admin.ask("GET", "/faults")["meta"]["held"]
        second.clear()
        assert (still, replied(client)) == (1, (200, b"[]"))
