"""Sockets: binding, answering whoever connects, and leaving nothing behind."""

import gc
import http.client
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mockthingspace import MockThingSpace, create_app
from mockthingspace.core.addresses import is_loopback
from mockthingspace.core.exceptions import CannotBind
from mockthingspace.server.server import Server

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
LOOPBACK = "127.0.0.1"
REQUEST = b"GET /__admin/health HTTP/1.1\r\nHost: localhost\r\n"
CAN_TELL = Path("/proc/net/tcp").exists()


@pytest.fixture
def thingspace() -> Iterator[MockThingSpace]:
    """A server on a port."""
    with MockThingSpace() as running:
        yield running


def _port(server: MockThingSpace) -> int:
    return int(urlsplit(server.url).port or 0)


def _connected(port: int) -> socket.socket:
    return socket.create_connection((LOOPBACK, port), timeout=5)


def _reply(client: socket.socket) -> http.client.HTTPResponse:
    reply = http.client.HTTPResponse(client)
    reply.begin()
    return reply


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if CAN_TELL else 0


def test_the_port_is_bound_when_the_server_is_made():
    """A server that was made holds its port before it is started."""
    server = Server(create_app(), LOOPBACK, 0, lambda _: True)
    server.start()

    with pytest.raises(CannotBind):
        Server(create_app(), LOOPBACK, server.port, lambda _: True)

    server.stop()


def test_a_busy_port_is_refused_naming_the_port_and_who_has_it():
    """The error of a busy port names the port, and the ways out."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotBind) as caught:
            MockThingSpace(port=port).start()

    message = str(caught.value)
    assert message.startswith(f"cannot serve on {LOOPBACK}:{port}: the port is taken")
    assert f"find it with: lsof -i :{port}" in message
    assert "0 picks a free one" in message


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_an_address_that_cannot_be_had_is_refused_naming_it(host, monkeypatch):
    """A host that is unknown, or is not this machine's, is an error at once."""
    if host.endswith(".invalid"):
        monkeypatch.setattr(socket, "getaddrinfo", _unknown)

    with pytest.raises(CannotBind, match=f"^cannot serve on {host}:0: "):
        MockThingSpace(host=host).start()


def _unknown(*_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_a_refused_address_leaves_no_descriptor():
    """Failing to bind closes whatever was opened on the way."""
    app = create_app()
    gc.collect()  # what other tests left to it is not ours
    with socket.create_server((LOOPBACK, 0)) as taken:
        before = _descriptors()
        for _ in range(5):
            with pytest.raises(CannotBind):
                Server(app, LOOPBACK, taken.getsockname()[1], lambda _: True)
        assert _descriptors() <= before  # fewer: another test's thread has ended


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.8.9.10", True),
        ("::1", True),
        ("localhost", True),
        ("a.localhost", True),
        ("127.evil", False),
        ("evillocalhost", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_what_is_loopback_is_an_address_or_a_name_of_it(host, loopback):
    """A name that only looks like such an address is not."""
    assert is_loopback(host) == loopback


def test_port_0_picks_a_free_port():
    """Each server on port 0 has a port of its own, and its URL names it."""
    with MockThingSpace() as one, MockThingSpace() as other:
        assert 0 not in {_port(one), _port(other)}
        assert one.url != other.url


def test_an_ipv6_address_stands_in_brackets_in_the_url():
    """The URL of a server on ::1 has the address in brackets, and it answers."""
    with MockThingSpace(host="::1") as thingspace:
        assert thingspace.url.startswith("http://[::1]:")
        assert (
            MockThingSpace.at(thingspace.url).admin.ask("GET", "/health").get("status")
            == "healthy"
        )


def test_a_taken_ipv6_address_stands_in_brackets_in_the_error():
    """The error about an IPv6 address spells address and port apart."""
    with (
        MockThingSpace(host="::1") as first,
        pytest.raises(CannotBind, match=rf"^cannot serve on \[::1\]:{_port(first)}: "),
    ):
        MockThingSpace(host="::1", port=_port(first)).start()


def test_fifty_starts_and_stops_leave_no_thread_descriptor_or_port():
    """Starting and stopping, over and over, leaves this process as it was."""
    with MockThingSpace() as first:
        port = _port(first)
    gc.collect()  # what other tests left to it is not ours
    threads, descriptors = threading.active_count(), _descriptors()

    for _ in range(50):
        MockThingSpace(port=port).start().stop()

    assert threading.active_count() <= threads  # fewer: another test's has ended
    assert _descriptors() <= descriptors
    with pytest.raises(ConnectionRefusedError):
        _connected(port)


def test_a_stopped_server_can_be_started_again(thingspace):
    """A server that was stopped answers again once it is started."""
    thingspace.stop()

    with thingspace.start():
        assert thingspace.registrations() == []


def test_stopping_closes_an_idle_connection(thingspace):
    """A client that keeps its connection open does not hold up stopping."""
    with _connected(_port(thingspace)) as client:
        client.sendall(REQUEST + b"\r\n")
        reply = _reply(client)
        reply.read()

        thingspace.stop()

        assert (reply.status, client.recv(1)) == (200, b"")


def test_stopping_lets_a_request_in_flight_finish():
    """The reply to a request that is being handled still arrives, whole."""
    entered, release = threading.Event(), threading.Event()
    big = b"x" * 8_000_000

    def slow(_: dict[str, Any], start_response: Any) -> list[bytes]:
        entered.set()
        assert release.wait(5)
        start_response("200 OK", [("Content-Length", str(len(big)))])
        return [big]

    server = Server(slow, LOOPBACK, 0, lambda _: True)
    server.start()
    with _connected(server.port) as client, ThreadPoolExecutor(1) as pool:
        client.sendall(REQUEST + b"\r\n")
        assert entered.wait(5)
        stopping = pool.submit(server.stop)
        _wait_until_refused(server.port)
        release.set()

        assert _reply(client).read() == big
        stopping.result(5)


def _wait_until_refused(port: int) -> None:
    for _ in range(10_000):
        with suppress(ConnectionResetError):
            try:
                _connected(port).close()
            except ConnectionRefusedError:
                return
    raise AssertionError("it still accepts connections")


def test_200_slow_connections_do_not_keep_a_client_from_its_answer(thingspace):
    """Clients that send half a request cost the others nothing."""
    with ExitStack() as slow:
        for _ in range(200):
            connection = slow.enter_context(_connected(_port(thingspace)))
            connection.sendall(b"POST /api/fota/v1/callbacks/")

        with _connected(_port(thingspace)) as client:
            client.sendall(REQUEST + b"\r\n")
            assert _reply(client).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    ],
    ids=[
        "no request line",
        "no colon",
        "no host",
        "no length",
        "no chunk",
        "too long a header",
    ],
)
def test_malformed_http_is_answered_not_left_hanging(thingspace, sent):
    """What is not HTTP gets a 4xx at once, never silence."""
    with _connected(_port(thingspace)) as client:
        client.sendall(sent)
        reply = _reply(client)

        assert 400 <= reply.status < 500


def test_a_body_that_is_too_large_gets_413_in_the_familys_shape(thingspace):
    """2 MB are refused as the API refuses, and the connection stays usable."""
    connection = http.client.HTTPConnection(LOOPBACK, _port(thingspace), timeout=5)
    connection.request("POST", CALLBACKS, b"x" * 2_000_000)
    reply = connection.getresponse()
    body = reply.read()
    connection.request("GET", CALLBACKS)
    after = connection.getresponse()

    assert reply.status == 413
    assert b'"errorCode":' in body
    assert b'"errorMessage":' in body
    assert (after.status, after.read().strip()) == (200, b"[]")
    connection.close()


@pytest.mark.parametrize(
    ("more", "header", "status"),
    [(0, b"Expect: 100-continue", b"100"), (1, b"Accept: */*", b"413")],
)
def test_a_body_that_nothing_takes_is_refused_before_it_is_sent(
    thingspace, more, header, status
):
    """It is not kept to be refused later; the largest snapshot is still let in."""
    size = 64 * 1024 * 1024 + more
    with _connected(_port(thingspace)) as client:
        client.sendall(
            b"PUT /__admin/snapshot HTTP/1.1\r\nHost: localhost\r\n"
            b"%b\r\nContent-Length: %d\r\n\r\n" % (header, size)
        )

        assert client.recv(1000).split()[1] == status


def test_two_servers_in_one_process_share_nothing():
    """What one server is told, the other does not know."""
    with MockThingSpace() as one, MockThingSpace() as other:
        one.register(ACCOUNT, "http://localhost/cb")
        with _connected(_port(one)) as client:
            client.sendall(f"GET {CALLBACKS} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            _reply(client).read()

        assert (other.registrations(), other.requests()) == ([], [])
        assert (len(one.registrations()), len(one.requests())) == (1, 1)


def test_a_reply_may_end_after_the_loop_of_a_server_that_was_let_go(
    monkeypatch, caplog
):
    """Its worker wakes the loop, which is still there to be woken."""
    monkeypatch.setattr("mockthingspace.server.server.FLUSH_S", 0.0)
    begun, over, dismissing = (threading.Event() for _ in range(3))

    def slow(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        begun.set()
        over.wait(30)
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = Server(slow, LOOPBACK, 0, lambda _: True)
    dismiss = server._listener.workers.dismiss
    monkeypatch.setattr(
        server._listener.workers, "dismiss", lambda: (dismissing.set(), dismiss())
    )
    server.start()
    with _connected(server.port) as client:
        client.sendall(REQUEST + b"\r\n")
        assert begun.wait(30)
        server.let_go(list)
        assert dismissing.wait(30)
        over.set()
        server._thread.join(30)

    assert (server._thread.is_alive(), caplog.messages) == (False, [])
