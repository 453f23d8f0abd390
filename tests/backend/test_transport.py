"""Whatever a listener does, a POST ends: with an outcome in words, in time."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from threading import Barrier, Event, Lock, Thread
from typing import Any

import pytest

from mockthingspace import Listener
from mockthingspace.backend.delivery import transport
from mockthingspace.backend.delivery.connection import BUFFERED, Connection
from mockthingspace.backend.delivery.outcome import KEPT, Outcome

from ..posting import (
    OK,
    WAIT_S,
    Answer,
    Poster,
    Scripted,
    answers_then,
    drip,
    floods,
    hang,
    sends,
    stalls,
)

TIMEOUT_S = 0.2
HERE = "https://listener.example"
CLOSED = "{place} closed the connection before the end of its answer"
NOT_HTTP = "what {place} answered is not HTTP"
Start = Callable[..., Scripted]


@pytest.fixture
def scripted() -> Iterator[Start]:
    """Start listeners that end with the test."""
    started: list[Scripted] = []

    def start(*answers: Answer) -> Scripted:
        started.append(Scripted(*answers))
        return started[-1]

    yield start
    for listener in started:
        listener.close()


@pytest.fixture
def post() -> Iterator[Poster]:
    """A transport with patience: what it is told comes in time on a busy machine."""
    poster = Poster()
    yield poster
    poster.close()


@pytest.fixture
def hasty() -> Iterator[Poster]:
    """A transport with little patience."""
    poster = Poster(TIMEOUT_S)
    yield poster
    poster.close()


@pytest.mark.parametrize(
    "answer",
    [
        hang,
        stalls(b"HTTP/1.1 200"),
        stalls(b"HTTP/1.1 200 OK\r\n"),
        stalls(b"HTTP/1.1 200 OK\r\nContent-Le"),
        stalls(b"HTTP/1.1 200 OK\r\n\r\n"),
        stalls(b"HTTP/1.1 200 OK\r\n\r\nhalf a"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        stalls(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf"),
        stalls(b"HTTP/1.1 100 Continue\r\n\r\n"),
        stalls(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 80_000),
        floods(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        floods(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_an_answer_that_is_not_whole_in_time_is_no_answer(
    scripted: Start, hasty: Poster, answer: Answer
) -> None:
    """Wherever it stops, or a byte at a time, the time is up all told."""
    listener = scripted(answer)
    outcome = hasty(listener.url)
    assert outcome == Outcome(None, "no answer within 0.2 s", b"")
    assert not outcome.acknowledged


def test_a_host_that_drops_what_comes_is_given_up(hasty: Poster) -> None:
    """A connection that is never made fails when the time is up."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        filling = [socket.socket() for _ in range(4)]
        for client in filling:  # until the backlog is full
            client.setblocking(False)
            client.connect_ex(deaf.getsockname())
        outcome = hasty(f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        for client in filling:
            client.close()
    assert outcome == Outcome(None, "no answer within 0.2 s", b"")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (sends(), CLOSED),
        (sends(b"HTTP/1.1 200"), CLOSED),
        (sends(b"HTTP/1.1 200 OK\r\n"), CLOSED),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"), CLOSED),
        (sends(OK[:-1]), CLOSED),
        (
            sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhalf"),
            CLOSED,
        ),
        (sends(b"SSH-2.0-OpenSSH_9\r\n"), NOT_HTTP),
        (sends(b"\x00\xff" * 99), NOT_HTTP),
        (sends(b"HTTP/1.1 two hundred\r\n\r\n"), NOT_HTTP),
        (floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), NOT_HTTP),
        (sends(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), NOT_HTTP),
    ],
)
def test_a_bad_answer_ends_in_words(
    scripted: Start, post: Poster, answer: Answer, words: str
) -> None:
    """Each way to fail is told in words that name the place."""
    listener = scripted(answer)
    outcome = post(listener.url)
    place = f"http://{listener.place}"
    assert (outcome.status_code, outcome.reply) == (None, b"")
    assert (outcome.error or "").startswith(words.format(place=place))


def test_a_connection_that_closes_while_a_message_is_sent_is_said(
    scripted: Start, post: Poster
) -> None:
    """A message that is sent at a pace is not sent on to nobody."""

    async def slowly(body: bytes) -> AsyncIterator[bytes]:
        yield b"{}"
        while not listener.asked.is_set():
            await asyncio.sleep(0.001)
        for _ in body[2:]:
            yield b" "
            await asyncio.sleep(0.001)

    listener = scripted(sends())
    error = post(listener.url, b"{}".ljust(100_000), pace=slowly).error
    assert error == CLOSED.format(place=f"http://{listener.place}")


def test_a_connection_that_is_reset_is_said_to_be_closed(
    scripted: Start, post: Poster
) -> None:
    """A reset after half an answer is not taken for its end."""

    def reset(_: Scripted, connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        at_once = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    listener = scripted(reset)
    error = post(listener.url).error
    assert error == CLOSED.format(place=f"http://{listener.place}")


def test_an_answer_that_ends_with_its_connection_is_whole(
    scripted: Start, post: Poster
) -> None:
    """Without a Content-Length the close is the body's end."""
    listener = scripted(sends(b"HTTP/1.0 200 OK\r\n\r\nall of it"))
    assert post(listener.url) == Outcome(200, None, b"all of it")


def test_an_interim_answer_is_passed_over(scripted: Start, post: Poster) -> None:
    """The answer is the one after ``100 Continue``."""
    listener = scripted(sends(b"HTTP/1.1 100 Continue\r\n\r\n", OK))
    assert post(listener.url) == Outcome(200, None, b"ok")


def test_a_message_goes_out_just_as_it_is(scripted: Start, post: Poster) -> None:
    """The request has the message, the two headers and what HTTP needs; no more."""
    listener = scripted(sends(OK))
    assert post(listener.url, b'{"a": 1}') == Outcome(200, None, b"ok")
    head, _, body = listener.requests[0].partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert (line, body) == ("POST /cb?x=1 HTTP/1.1", b'{"a": 1}')
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Content-Length: 8",
        "Content-Type: application/json",
        f"Host: {listener.place}",
        "User-Agent: Verizon's callback service",
    ]


def test_headers_stand_in_the_place_of_our_own(scripted: Start, post: Poster) -> None:
    """Whatever their case, and for this message only; the length stays the body's."""
    listener = scripted(answers_then(sends(OK)))
    given = {"content-TYPE": "text/plain", "X-A": "b", "content-length": "99"}
    post(listener.url, headers=given)
    post(listener.url)
    first, second = (
        sorted(request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
        for request in listener.requests
    )
    assert first == [
        "Accept-Encoding: identity",
        "Content-Length: 2",
        f"Host: {listener.place}",
        "User-Agent: Verizon's callback service",
        "X-A: b",
        "content-TYPE: text/plain",
    ]
    assert second == [
        "Accept-Encoding: identity",
        "Content-Length: 2",
        "Content-Type: application/json",
        f"Host: {listener.place}",
        "User-Agent: Verizon's callback service",
    ]


def test_a_header_that_http_cannot_carry_is_a_failure(post: Poster) -> None:
    """It is told by its kind, and nothing is sent."""
    error = post("http://127.0.0.1:9/", headers={"X-A": "\u4e1c"}).error
    assert (error or "").startswith("UnicodeEncodeError: ")


def test_a_header_that_http_does_not_allow_is_not_repeated(post: Poster) -> None:
    """Its value may be a secret."""
    error = post("http://127.0.0.1:9/", headers={"X-A": " hunter2"}).error
    assert error == (
        "the message cannot be sent: a header has what HTTP does not allow"
    )


def test_user_info_in_a_url_is_sent_as_basic_authorization(
    scripted: Start, post: Poster
) -> None:
    """A URL's user name and password are not part of the Host."""
    listener = scripted(sends(OK))
    post(f"http://ann:secret@{listener.place}/")
    head = listener.requests[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert f"Host: {listener.place}" in head
    assert "Authorization: Basic YW5uOnNlY3JldA==" in head


def test_nobody_listening_is_said(post: Poster) -> None:
    """A refused connection asks whether a listener is there."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").error == (
        f"connection refused: is a listener at http://127.0.0.1:{port}?"
    )


def test_a_name_that_cannot_be_resolved_is_said(
    post: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words name the host."""

    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert post("http://nowhere.example/").error == (
        "the host name of http://nowhere.example:80 cannot be resolved"
    )


def test_dockers_own_name_that_is_not_known_names_its_remedy(
    post: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Linux a container has it only if it is told."""

    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = post("http://host.docker.internal:9001/").error or ""
    assert error.startswith(
        "the host name of http://host.docker.internal:9001 cannot be resolved; "
    )
    assert error.endswith(" --add-host=host.docker.internal:host-gateway")


def test_a_name_that_takes_too_long_to_resolve_is_given_up(
    hasty: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time limit holds for the resolver too."""
    released = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(WAIT_S))
    error = hasty("http://nowhere.example/").error
    released.set()
    assert error == "no answer within 0.2 s"


def test_other_failures_keep_their_own_words(
    monkeypatch: pytest.MonkeyPatch, post: Poster
) -> None:
    """What is not foreseen is told by its kind and its own words."""

    def resolve(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    error = post("http://listener.example/").error
    assert error == "OSError: [Errno 24] Too many open files"


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "nonsense", "http://[::1"])
def test_what_is_no_url_is_a_failure(post: Poster, url: str) -> None:
    """No URL, however wrong, makes a POST raise."""
    assert post(url).status_code is None


@pytest.mark.parametrize("verify", [False, True])
def test_https_to_a_plain_listener_is_no_tls(
    scripted: Start, post: Poster, verify: bool
) -> None:
    """What is not TLS is said not to be."""
    listener = scripted(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    outcome = post(f"https://{listener.place}/", verify=verify)
    assert (outcome.error or "").startswith("no TLS connection to https://127.0.0.1:")


def test_a_redirect_is_not_followed(scripted: Start, post: Poster) -> None:
    """A redirect is an answer like another, and acknowledges nothing."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    listener = scripted(sends(moved))
    outcome = post(listener.url)
    assert (outcome, outcome.acknowledged) == (Outcome(302, None, b""), False)


def test_at_most_64_kib_of_an_answer_are_kept(scripted: Start, post: Poster) -> None:
    """Ten megabytes are read to their end, which only then is an answer."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"

    def answer(listener: Scripted, connection: socket.socket) -> None:
        connection.sendall(head + b"x" * 10_000_000)
        listener.receive(connection)
        connection.sendall(OK)

    listener = scripted(answer)
    assert post(listener.url) == Outcome(200, None, b"x" * KEPT)
    assert post(listener.url) == Outcome(200, None, b"ok")


def test_an_answer_is_not_read_ahead_of_whoever_reads_it() -> None:
    """A listener that sends without end fills no memory."""
    paused: list[bool] = []

    class Noting(asyncio.Transport):
        def pause_reading(self) -> None:
            paused.append(True)

    connection = Connection(())
    connection.connection_made(Noting())
    connection.data_received(b"x" * BUFFERED)
    assert paused == []
    connection.data_received(b"x")
    assert paused == [True]


@pytest.mark.parametrize("surplus", [OK, b"HTTP/1.1 408 Late\r\n\r\n", b"ok", b""])
def test_what_comes_between_two_messages_closes_the_connection(
    scripted: Start, post: Poster, surplus: bytes
) -> None:
    """It is not taken for the next message's answer, which goes out afresh."""
    answered = Event()

    def answer(_: Scripted, connection: socket.socket) -> None:
        connection.sendall(OK)
        answered.wait(WAIT_S)
        connection.sendall(surplus)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)

    async def closed() -> None:
        while not connection.closed:
            await asyncio.sleep(0.001)

    listener = scripted(answer, sends(OK))
    assert post(listener.url).acknowledged
    [connection] = post.transport._idle
    answered.set()
    post.loop.future(lambda: asyncio.wait_for(closed(), WAIT_S)).result()
    assert post(listener.url) == Outcome(200, None, b"ok")
    assert len(listener.requests) == 2


def test_a_connection_is_kept_and_used_again(scripted: Start, post: Poster) -> None:
    """Two messages go over one connection."""
    listener = scripted(answers_then(sends(OK)))
    outcomes = [post(listener.url) for _ in range(2)]
    assert [outcome.status_code for outcome in outcomes] == [200, 200]


@pytest.mark.parametrize(
    "answer",
    [
        sends(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")),
        sends(OK + b"more than was announced"),
        sends(OK),
    ],
    ids=["announced", "trailing", "unannounced"],
)
def test_a_connection_that_was_closed_is_not_used_again(
    scripted: Start, post: Poster, answer: Answer
) -> None:
    """Whether it said so or not, the next message arrives, on a fresh one."""
    listener = scripted(*[answer] * 20)
    outcomes = [post(listener.url) for _ in range(20)]
    assert [outcome.status_code for outcome in outcomes] == [200] * 20


@pytest.mark.parametrize("how", [socket.SHUT_RDWR, None], ids=["closed", "reset"])
def test_a_connection_that_dies_unanswered_when_used_again_is_replaced(
    scripted: Start, post: Poster, how: int | None
) -> None:
    """The request goes out once more, on a fresh connection, in the same attempt."""

    def die(_: Scripted, connection: socket.socket) -> None:
        if how is not None:
            connection.shutdown(how)
            return
        at_once = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    listener = scripted(answers_then(die), sends(OK))
    outcomes = [post(listener.url) for _ in range(2)]
    assert [outcome.status_code for outcome in outcomes] == [200, 200]
    assert len(listener.requests) == 3


def test_a_fresh_connection_is_not_replaced(scripted: Start, post: Poster) -> None:
    """A listener that closes unanswered what was opened for it gets no second one."""
    listener = scripted(answers_then(sends()), sends())
    errors = [post(listener.url).error for _ in range(2)]
    assert errors == [None, CLOSED.format(place=f"http://{listener.place}")]
    assert len(listener.requests) == 3


def test_a_half_answer_on_a_used_connection_is_a_failure(
    scripted: Start, post: Poster
) -> None:
    """Once something was answered, the message is not sent again."""
    listener = scripted(answers_then(sends(OK[:9])))
    errors = [post(listener.url).error for _ in range(2)]
    assert errors == [None, CLOSED.format(place=f"http://{listener.place}")]
    assert len(listener.requests) == 2


def test_idle_connections_leave_files_for_others(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as may send at once are kept; the one used longest ago makes room."""
    monkeypatch.setattr(transport, "open_files_limit", lambda: 8)
    monkeypatch.setattr(transport, "LEAST", 1)
    post = Poster()
    first = scripted(answers_then(sends()), sends(OK))
    second = scripted(answers_then(sends(OK)))
    for listener in (first, second, second):
        assert post(listener.url).acknowledged
    kept = [connection.key[2] for connection in post.transport._idle]
    post.close()
    assert kept == [int(second.place.partition(":")[2])]


def test_posts_leave_files_for_others(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more go out at once than an eighth of the files the process may open."""
    monkeypatch.setattr(transport, "open_files_limit", lambda: 16)
    monkeypatch.setattr(transport, "LEAST", 1)
    lock, both, under_way, most = Lock(), Barrier(2), [0], [0]

    def answer(_: Scripted, connection: socket.socket) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        both.wait(WAIT_S)
        with lock:
            under_way[0] -= 1
        connection.sendall(OK)

    post = Poster()
    listeners = [scripted(answer) for _ in range(6)]

    async def post_all() -> list[Outcome]:
        posting = [
            post.post(listener.url, b"{}", verify=True) for listener in listeners
        ]
        return list(await asyncio.gather(*posting))

    outcomes = post.loop.future(post_all).result()
    post.close()
    assert [outcome.status_code for outcome in outcomes] == [200] * 6
    assert most == [2]


def test_an_application_needs_no_file(
    scripted: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is answered while a listener that hangs has the only file there is."""
    monkeypatch.setattr(transport, "open_files_limit", lambda: 8)
    monkeypatch.setattr(transport, "LEAST", 1)
    post = Poster(3600, deliver_to={HERE: answering})
    listener = scripted(hang)
    sender = Thread(target=lambda: post(listener.url))
    sender.start()
    assert listener.asked.wait(WAIT_S)
    outcome = post.loop.future(lambda: post.post(HERE, b"{}", verify=True))
    status_code = outcome.result(WAIT_S).status_code
    post.close()
    sender.join(WAIT_S)
    assert status_code == 202


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_closing_ends_what_is_under_way(scripted: Start, scheme: str) -> None:
    """Neither a listener that hangs nor a handshake holds anybody up."""
    post = Poster(3600)
    listener = scripted(hang)
    outcomes: list[Outcome] = []
    url = f"{scheme}://{listener.place}/"
    sender = Thread(target=lambda: outcomes.append(post(url)))
    sender.start()
    assert listener.asked.wait(WAIT_S)
    post.close()
    sender.join(WAIT_S)
    stopped = "the server was stopped before the answer came"
    assert outcomes == [Outcome(None, stopped, b"")]


def answering(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer what was asked for."""
    start("202 Accepted", [("Content-Type", "text/plain")])
    asked = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]]
    headers = [environ["CONTENT_TYPE"], environ["HTTP_USER_AGENT"]]
    text = "|".join([*asked, *headers, environ["wsgi.input"].read().decode()])
    return [text.encode()]


def test_an_application_gets_its_messages_without_a_socket() -> None:
    """Messages for an origin go into the application, with its default port too."""
    post = Poster(deliver_to={f"{HERE}:443": answering})
    outcome = post(f"{HERE}/cb?x=1", verify=True)
    post.close()
    expected = b"POST|/cb|x=1|application/json|Verizon's callback service|{}"
    assert outcome == Outcome(202, None, expected)


def test_an_application_is_told_where_it_was_reached() -> None:
    """Scheme, name and port are those of the listener's URL."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [])
        names = ("wsgi.url_scheme", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST")
        return ["|".join(environ[name] for name in names).encode()]

    post = Poster(deliver_to={HERE: application})
    reply = post(f"{HERE}/cb").reply
    post.close()
    assert reply == b"https|listener.example|443|listener.example"


def failing(error: BaseException) -> Callable[..., Iterator[bytes]]:
    """Return an application that fails at once."""

    def application(*_: Any) -> Iterator[bytes]:
        raise error

    return application


def failing_late(_: Any, start: Callable[..., Any]) -> Iterator[bytes]:
    """Fail in the middle of the answer."""
    start("200 OK", [])
    yield b"a"
    raise LookupError("no such thing")


class Evil(BaseException):
    """An exception that cannot be spelled."""

    def __repr__(self) -> str:
        """Raise."""
        raise SystemExit

    __str__ = __repr__


def answering_so(status: Any, pieces: Any) -> Callable[..., Any]:
    """Return an application that answers what no server would send."""

    def application(_: Any, start: Callable[..., Any]) -> Any:
        start(status, [])
        return pieces

    return application


@pytest.mark.parametrize(
    ("application", "raised"),
    [
        (failing(Evil()), "Evil"),
        (
            answering_so("200 OK", ["text"]),
            "TypeError(\"memoryview: a bytes-like object is required, not 'str'\")",
        ),
        (failing(LookupError("no such thing")), "LookupError('no such thing')"),
        (failing_late, "LookupError('no such thing')"),
        (failing(SystemExit(1)), "SystemExit(1)"),
        (failing(KeyboardInterrupt()), "KeyboardInterrupt()"),
        (failing(asyncio.CancelledError()), "CancelledError()"),
        (failing(pytest.fail.Exception("no")), "no"),
        (failing(StopIteration()), "StopIteration()"),
    ],
)
def test_whatever_an_application_raises_is_an_outcome(
    application: Any, raised: str
) -> None:
    """What ends a process elsewhere ends no more than the attempt here."""
    post = Poster(deliver_to={HERE: application})
    error = post(f"{HERE}/cb").error
    post.close()
    assert error == f"the application raised {raised}"


def test_an_application_that_never_returns_is_given_up() -> None:
    """Its time is up like a socket's, and closing does not wait for it."""
    released = Event()
    post = Poster(TIMEOUT_S, deliver_to={HERE: lambda *_: released.wait(WAIT_S)})
    outcome = post(f"{HERE}/cb")
    post.close()
    released.set()
    assert outcome == Outcome(None, "no answer within 0.2 s", b"")


@pytest.mark.parametrize("begun", [True, False])
def test_an_application_that_never_ends_its_answer_is_not_run_on(begun: bool) -> None:
    """Nothing goes on in the background once it is given up."""
    ended = Event()

    def application(_: Any, start: Callable[..., Any]) -> Iterator[bytes]:
        if begun:
            start("200 OK", [])
        try:
            while True:
                yield b"x" * 1000 if begun else b""
        finally:
            ended.set()

    post = Poster(TIMEOUT_S, deliver_to={HERE: application})
    outcome = post(f"{HERE}/cb")
    post.close()
    assert outcome == Outcome(None, "no answer within 0.2 s", b"")
    assert ended.wait(WAIT_S)


def test_a_long_error_is_cut() -> None:
    """What an application raises may be of any length."""
    post = Poster(deliver_to={HERE: failing(ValueError("x" * 1_000_000))})
    error = post(f"{HERE}/cb").error or ""
    post.close()
    assert (len(error), error[-1]) == (501, "…")


def test_our_own_listener_closes_for_one_message_only(post: Poster) -> None:
    """What it closes unanswered is not sent again, as the answer before told."""
    with Listener() as listener:
        listener.reply(503).close().reply(200)
        outcomes = [post(listener.url).status_code for _ in range(3)]
        assert (outcomes, len(listener.messages)) == ([503, None, 200], 3)
