"""Each kind of fault on requests, as a socket sees it happen, and end."""

import json
import socket
from collections.abc import Callable, Iterator
from threading import Semaphore
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from mockthingspace import MockThingSpace, create_app
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.faults.kinds import FAULTS
from mockthingspace.core.settings import Settings
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.server.http.response_faults import ResponseFault
from mockthingspace.server.server import Server

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
REVOKE = "/api/ts/v1/oauth2/revoke"
LISTENER = "http://127.0.0.1:9/cb"
WAIT_S = 30
MANY = 80  # more than the server has threads of its own


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """A server on a port."""
    with MockThingSpace() as started:
        yield started


@pytest.fixture
def thingspace(running: MockThingSpace) -> MockThingSpace:
    """The server, with one registration."""
    running.reset()
    running.register(ACCOUNT, LISTENER)
    return running


@pytest.fixture
def timed(thingspace: MockThingSpace, monkeypatch: pytest.MonkeyPatch) -> Semaphore:
    """Counts the timers that are set: one for each reply that is held back."""
    return watched(thingspace, monkeypatch)


def watched(thingspace: MockThingSpace, monkeypatch: pytest.MonkeyPatch) -> Semaphore:
    """Return what counts the timers that are set."""
    backend: Any = thingspace._backend
    timers, counted = backend.runtime.timers, Semaphore(0)
    at = timers.at

    def counting(*args: Any) -> None:
        at(*args)
        counted.release()

    monkeypatch.setattr(timers, "at", counting)
    return counted


def connected(thingspace: MockThingSpace) -> socket.socket:
    """Return a connection to the server."""
    port = urlsplit(thingspace.url).port or 0
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)


def ask(client: socket.socket, method: str = "GET", path: str = CALLBACKS) -> None:
    """Send a request, the last on its connection."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    body = "token=a" if method == "POST" else ""
    size = f"Content-Length: {len(body)}\r\n" if body else ""
    client.sendall(f"{head}{size}\r\n{body}".encode())


def everything(client: socket.socket) -> bytes:
    """Return all that comes until the other end closes."""
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))


def told(thingspace: MockThingSpace, method: str = "GET", path: str = CALLBACKS) -> Any:
    """Return what a socket sees: status, headers, body and all bytes, or the error."""
    client = connected(thingspace)
    try:
        ask(client, method, path)
        raw = everything(client)
    except ConnectionResetError as error:
        return error
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    words = first.split(" ")
    status = int(words[1]) if words[0] == "HTTP/1.1" else 0
    return SimpleNamespace(raw=raw, status=status, headers=headers, body=body)


def is_whole(seen: Any) -> bool:
    """Say whether a reply is one with nothing wrong."""
    return bool(
        seen.status == 200
        and int(seen.headers["Content-Length"]) == len(seen.body)
        and json.loads(seen.body)[0]["url"] == LISTENER
        and "X-Mock-Reason" not in seen.headers
    )


def gateway(code: int) -> Callable[[Any], bool]:
    """Return what says whether a reply is the gateway's fault with a code."""
    return lambda seen: json.loads(seen.body)["fault"]["code"] == code


def cut_short(seen: Any) -> bool:
    """Say whether a body ends before its length, where it was whole until then."""
    return 0 < len(seen.body) < int(seen.headers["Content-Length"])


def no_json(seen: Any) -> bool:
    """Say whether a body has all its bytes, and is no JSON."""
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen.body)
    return len(seen.body) == int(seen.headers["Content-Length"])


SEEN: list[tuple[dict[str, Any], int | None, Callable[[Any], bool]]] = [
    (
        {"kind": "refuse"},
        400,
        lambda seen: json.loads(seen.body)["errorCode"] == "INVALID_PARAMETER",
    ),
    ({"kind": "refuse", "refusal": "missing-bearer"}, 401, gateway(900902)),
    ({"kind": "status"}, 503, lambda seen: seen.headers["Retry-After"] == "60"),
    ({"kind": "status", "status": 429, "retry_after_s": 5}, 429, gateway(900800)),
    (
        {"kind": "status", "status": 500, "retry_after_s": 0},
        500,
        lambda seen: seen.headers["Retry-After"] == "0" and gateway(900900)(seen),
    ),
    ({"kind": "status", "status": 401}, 401, gateway(900901)),
    ({"kind": "status", "status": 403}, 403, gateway(900908)),
    ({"kind": "status", "status": 404}, 404, gateway(900906)),
    ({"kind": "status", "status": 405}, 405, gateway(900906)),
    (
        {"kind": "status", "status": 599},
        599,
        lambda seen: "Retry-After" not in seen.headers,
    ),
    ({"kind": "truncate"}, 200, cut_short),
    ({"kind": "MALFORMED_RESPONSE_CHUNK"}, 200, cut_short),
    ({"kind": "malformed"}, 200, no_json),
    ({"kind": "garbage"}, 0, lambda seen: seen.raw[:5] == b"\1\2\3\4\5"),
    ({"kind": "RANDOM_DATA_THEN_CLOSE"}, 0, lambda seen: len(seen.raw) == 255),
    ({"kind": "empty"}, 0, lambda seen: seen.raw == b""),
    ({"kind": "EMPTY_RESPONSE"}, 0, lambda seen: seen.raw == b""),
    ({"kind": "reset"}, None, lambda seen: isinstance(seen, ConnectionResetError)),
    ({"kind": "CONNECTION_RESET_BY_PEER"}, None, lambda seen: True),
]


@pytest.mark.parametrize(
    ("given", "status", "happened"),
    SEEN,
    ids=[" ".join(map(str, r[0].values())) for r in SEEN],
)
def test_a_fault_happens_and_ends(
    thingspace: MockThingSpace,
    given: dict[str, Any],
    status: int | None,
    happened: Callable[[Any], bool],
) -> None:
    """The next request meets it, the one after it does not."""
    thingspace.fault(**given)
    seen = told(thingspace)
    assert getattr(seen, "status", None) == status
    assert happened(seen)
    assert is_whole(told(thingspace))
    hit, _ = thingspace.requests(ACCOUNT)
    assert (hit.reason or "").startswith("fault ")


def test_every_kind_on_requests_is_seen_somewhere_here() -> None:
    """A new kind needs a test that sees it happen."""
    here = {row["kind"] for row, *_ in SEEN} | {"delay", "slow", "stale"}
    kinds = {fault.name for fault in FAULTS if fault.on == "requests"}
    assert here == kinds | {fault.wiremock for fault in FAULTS} - {None}


def test_a_stale_list_is_of_when_it_was_planned(thingspace: MockThingSpace) -> None:
    """It lists what was there, whatever was registered since, until it is cleared."""
    with thingspace.fault("stale"):
        thingspace.register(ACCOUNT, "http://127.0.0.1:9/new")
        seen = [json.loads(told(thingspace).body)[0]["url"] for _ in range(2)]
    assert seen == [LISTENER] * 2
    assert json.loads(told(thingspace).body)[0]["url"] == "http://127.0.0.1:9/new"


def test_a_stale_list_waits_for_a_list(thingspace: MockThingSpace) -> None:
    """What only writes does not use it up, and is not told of it."""
    thingspace.fault("stale", times=1)
    url = f"{thingspace.url}{CALLBACKS}"
    new = requests.post(
        url, json={"name": "Fota", "url": LISTENER + "2"}, timeout=WAIT_S
    )
    assert (new.status_code, new.headers.get("X-Mock-Reason")) == (200, None)
    assert [requests.get(url, timeout=WAIT_S).json()[0]["url"] for _ in range(2)] == [
        LISTENER,
        LISTENER + "2",
    ]


def test_a_head_request_breaks_too(thingspace: MockThingSpace) -> None:
    """It has no body to break off in, so it breaks off in the head."""
    thingspace.fault("truncate")
    assert not told(thingspace, "HEAD").raw.endswith(b"\r\n\r\n")
    thingspace.fault("malformed")
    assert told(thingspace, "HEAD").body == b""
    thingspace.fault("reset")
    assert isinstance(told(thingspace, "HEAD"), ConnectionResetError)


def test_a_reply_without_a_body_is_spoiled_too(thingspace: MockThingSpace) -> None:
    """The token endpoint's revocation answers nothing."""
    thingspace.fault("malformed", family="session", operation="revoke")
    assert told(thingspace, "POST", REVOKE).body == b"{"
    assert told(thingspace, "POST", REVOKE).body == b""


@pytest.mark.parametrize(
    ("path", "operation", "word"),
    [
        ("/api/m2m/v1/session/login", "login", "UnifiedWebService"),
        ("/api/ts/v1/oauth2/token", "token", "invalid_request"),
    ],
)
def test_a_login_fails_in_its_own_words(
    client: FlaskClient, path: str, operation: str, word: str
) -> None:
    """The APIs that have no accounts have faults as well."""
    given = {"kind": "refuse", "refusal": "invalid-request", "operation": operation}
    client.post("/__admin/faults", json=given)
    first, second = (client.post(path, data="{}") for _ in range(2))
    assert word in first.get_data(as_text=True)
    assert first.headers["X-Mock-Reason"] == "fault 1: refuse"
    assert "fault 1" not in second.headers["X-Mock-Reason"]


def test_a_refusal_misses_the_families_that_have_no_words_for_it(
    client: FlaskClient,
) -> None:
    """A fault for everybody acts only where it can."""
    given = {"kind": "refuse", "refusal": "login-locked"}
    client.post("/__admin/faults", json=given)
    assert client.get(CALLBACKS).status_code == 200
    login = client.post("/api/m2m/v1/session/login", json={})
    assert login.headers["X-Mock-Reason"] == "fault 1: refuse"


def test_a_refused_request_meets_the_fault_first(client: FlaskClient) -> None:
    """It counts, though the request would have been refused anyway."""
    client.post("/__admin/faults", json={"kind": "status", "account": ACCOUNT})
    path = CALLBACKS + "/name/Fota"
    replies = [client.delete(path) for _ in range(2)]
    assert [item.status_code for item in replies] == [503, 400]


def test_a_request_that_nothing_serves_meets_no_fault(client: FlaskClient) -> None:
    """There is no operation that could misbehave."""
    client.post("/__admin/faults", json={"kind": "status"})
    assert client.get("/api/fota/v1/nothing").status_code == 404
    assert client.get("/__admin/faults").get_json()["meta"]["total"] == 1


def test_the_pages_gateway_spells_its_codes_as_text() -> None:
    """A planned 401 follows the setting that refusals follow."""
    app = create_app(Settings(dialect="docs"))
    client = app.test_client()
    client.post("/__admin/faults", json={"kind": "status", "status": 401})
    assert client.get(CALLBACKS).get_json()["fault"]["code"] == "900901"
    app.extensions[EXTENSION].close()


def test_an_account_in_the_body_is_an_account(client: FlaskClient) -> None:
    """Diagnostics names it there; a fault of another account misses it."""
    client.post("/__admin/faults", json={"kind": "status", "account": ACCOUNT})
    path = "/api/diagnostics/v1/callbacks"
    wanted = {"serviceName": "Diagnostics", "endpoint": "http://localhost:9/"}
    replies = [
        client.post(path, json={**wanted, "accountName": item}).status_code
        for item in (OTHER, ACCOUNT, ACCOUNT)
    ]
    assert replies == [200, 503, 200]


def test_faults_on_one_request_come_in_an_order(
    thingspace: MockThingSpace, timed: Semaphore
) -> None:
    """Delays first, all of them; then the reply; then its bytes."""
    for given in (
        {"kind": "truncate"},
        {"kind": "status"},
        {"kind": "delay", "seconds": 2},
        {"kind": "delay", "seconds": 1},
    ):
        thingspace.fault(**given, on="requests")
    client = connected(thingspace)
    ask(client)
    assert timed.acquire(timeout=WAIT_S)
    thingspace.advance(seconds=2.5)
    assert thingspace.admin.ask("GET", "/faults")["meta"]["held"] == 1
    thingspace.advance(seconds=0.5)
    raw = everything(client)
    assert raw.startswith(b"HTTP/1.1 503 ")
    assert raw.count(b'"fault"') == 1
    assert not raw.endswith(b"}}")


def test_a_delay_waits_on_the_servers_clock(
    thingspace: MockThingSpace, timed: Semaphore
) -> None:
    """Nothing comes before its time, all of it then, and the next is not delayed."""
    thingspace.fault("delay", on="requests", account=ACCOUNT, seconds=30)
    client = connected(thingspace)
    ask(client)
    assert timed.acquire(timeout=WAIT_S)
    thingspace.advance(seconds=29.9)
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(1)
    client.settimeout(WAIT_S)
    thingspace.advance(seconds=0.2)
    assert b"\r\n\r\n[{" in everything(client)
    assert is_whole(told(thingspace))


def test_no_delay_at_all_is_none(thingspace: MockThingSpace) -> None:
    """Zero seconds are over at once, on a clock that stands too."""
    thingspace.fault("delay", on="requests", seconds=0)
    assert told(thingspace).status == 200


def test_a_client_that_does_not_wait_runs_into_its_timeout(
    thingspace: MockThingSpace, timed: Semaphore
) -> None:
    """On a clock that stands the reply is not there in any real time."""
    thingspace.fault("delay", on="requests", seconds=1)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{thingspace.url}{CALLBACKS}", timeout=(WAIT_S, 0.02))
    assert timed.acquire(timeout=WAIT_S)
    thingspace.advance(seconds=1)
    assert is_whole(told(thingspace))


def test_a_slow_reply_comes_in_pieces(
    thingspace: MockThingSpace, timed: Semaphore
) -> None:
    """Each after its part of the time, together the whole reply; the next is quick."""
    whole = len(told(thingspace).raw)
    thingspace.fault("slow", chunks=3, seconds=3)
    client = connected(thingspace)
    ask(client)
    pieces = []
    for _ in range(3):
        assert timed.acquire(timeout=WAIT_S)
        thingspace.advance(seconds=1)
        pieces.append(client.recv(65536))
    assert client.recv(1) == b""
    client.close()
    assert b"".join(pieces).endswith(b"}]")
    assert whole < sum(map(len, pieces))  # it has a reason
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 1
    assert is_whole(told(thingspace))


def test_many_replies_held_leave_the_server_answering(
    thingspace: MockThingSpace, timed: Semaphore
) -> None:
    """Who waits takes no thread from others, and all go at once when time passes."""
    thingspace.fault("delay", on="requests", account=ACCOUNT, seconds=10, times=MANY)
    clients = [connected(thingspace) for _ in range(MANY)]
    for client in clients:
        ask(client)
    for _ in clients:
        assert timed.acquire(timeout=WAIT_S)
    assert thingspace.admin.ask("GET", "/faults")["meta"]["held"] == MANY
    assert told(thingspace).status == 200
    thingspace.advance(seconds=10)
    assert all(b" 200 OK" in everything(client) for client in clients)


@each(
    ("kind", "held_s"), [("delay", 10), ("slow", 2)], ids=["at once", "in five pieces"]
)
def test_a_reply_held_by_the_clock_says_what_frees_it(
    thingspace: MockThingSpace, timed: Semaphore, kind: str, held_s: int
) -> None:
    """The timeline has it while the client still waits."""
    fault = thingspace.fault(kind, on="requests", account=ACCOUNT, seconds=10)
    with connected(thingspace) as client:
        ask(client)
        assert timed.acquire(timeout=WAIT_S)
        summary = [entry.summary for entry in thingspace.timeline()]
        thingspace.clear_faults()
    assert (
        f"fault holds a reply back: {fault.id} {kind} on requests "
        f"account={ACCOUNT}; advance(seconds={held_s}) frees it"
    ) in summary


@each("kind", ["delay", "slow"])
def test_a_reset_lets_held_replies_go(
    thingspace: MockThingSpace, timed: Semaphore, kind: str
) -> None:
    """They are of the time before it; an account's reset lets that account's go."""
    for end in (thingspace.reset, lambda: thingspace.reset(ACCOUNT)):
        thingspace.fault(kind, on="requests", seconds=3000, account=ACCOUNT)
        client = connected(thingspace)
        ask(client)
        assert timed.acquire(timeout=WAIT_S)
        end()
        assert everything(client).startswith(b"HTTP/1.1 200 OK")


@each("kind", ["delay", "slow"])
def test_a_stop_lets_held_replies_go(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """They are answered, and nothing hangs."""
    started = MockThingSpace().start()
    timed = watched(started, monkeypatch)
    started.fault(kind, on="requests", seconds=3000, times=3)
    clients = [connected(started) for _ in range(3)]
    for client in clients:
        ask(client)
    for _ in clients:
        assert timed.acquire(timeout=WAIT_S)
    started.stop()
    assert [b" 200 OK" in everything(client) for client in clients] == [True] * 3


def test_a_server_that_is_stopped_alone_lets_held_replies_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody advances the clock for a reply whose server stops: it goes out at once."""
    app = create_app(Settings(clock="manual"))
    backend: Backend = app.extensions[EXTENSION]
    server = Server(app, "127.0.0.1", 0, lambda _: True)
    server.start()
    delayed = {"kind": "delay", "on": "requests", "times": 2}
    app.test_client().post("/__admin/faults", json=delayed)
    holder: Any = SimpleNamespace(url=server.url, _backend=backend)
    timed = watched(holder, monkeypatch)
    clients = [connected(holder) for _ in range(2)]
    for client in clients:
        ask(client)
        assert timed.acquire(timeout=WAIT_S)
    server.stop()
    backend.close()
    assert [b" 200 OK" in everything(client) for client in clients] == [True, True]


def test_a_reset_of_a_connection_that_is_gone_does_no_harm() -> None:
    """The client may have been quicker."""
    from mockthingspace.server.waitress_adapter import ReplyTask

    gone = socket.socket()
    gone.close()
    task: Any = ReplyTask.__new__(ReplyTask)
    task.channel = SimpleNamespace(socket=gone, write_soon=None)
    task.content_length = 2
    task.build_response_header = lambda: b"head"
    task._spoil(ResponseFault("reset"), b"{}")
    assert task.close_on_finish


def test_in_another_server_a_reply_stays_whole(client: FlaskClient) -> None:
    """What breaks the bytes is the server's own server's; the reason says it."""
    for kind in ("reset", "slow"):
        client.post("/__admin/faults", json={"kind": kind})
    for reason in ("fault 1: reset", "fault 3: slow"):
        reply = client.get(CALLBACKS)
        assert (reply.status_code, reply.headers["X-Mock-Reason"]) == (200, reason)
