"""Whatever a listener does, a POST ends: with an outcome in words, in time."""

import socket
from collections.abc import Callable, Iterable, Iterator
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from mockthingspace import watchdog
from mockthingspace.post import KEPT, Outcome, Post

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TIMEOUT_S = 0.2
WAIT_S = 5
HERE = "https://listener.example"
Answer = Callable[[socket.socket], object]


def read(made: socket.socket) -> bytes:
    """Read one request, up to the brace its message ends with, or what comes."""
    got = b""
    while not got.endswith(b"}") and (piece := made.recv(65536)):
        got += piece
        if got.startswith(b"\x16"):  # a TLS greeting has no end of ours
            break
    return got


class Scripted:
    """A listener on a socket: each connection gets the next answer's treatment."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[bytes] = []
        self.released = Event()
        self._answers = answers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(WAIT_S)
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.place}/cb?x=1"
        self._thread = Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        with self._socket:
            for answer in self._answers:
                made, _ = self._socket.accept()
                made.settimeout(WAIT_S)
                with made:
                    try:
                        self.requests.append(read(made))
                        answer(made)
                    except OSError:  # it was broken off
                        continue

    def close(self) -> None:
        """Let go whatever hangs, and wait for the end."""
        self.released.set()
        self._thread.join(WAIT_S)

    def hang(self, _: socket.socket) -> None:
        """Answer nothing until the test is over."""
        self.released.wait(WAIT_S)

    def drip(self, made: socket.socket) -> None:
        """Answer a byte at a time, each well in time."""
        made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not self.released.wait(0.02):
            made.sendall(b".")


def sends(*pieces: bytes) -> Answer:
    """Return an answer of these bytes."""
    return lambda made: [made.sendall(piece) for piece in pieces]


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Start listeners that end with the test."""
    made: list[Scripted] = []

    def start(*answers: Answer | str) -> Scripted:
        listener = Scripted(*[lambda s, one=one: run(one, s) for one in answers])
        made.append(listener)
        return listener

    def run(answer: Answer | str, connected: socket.socket) -> object:
        if isinstance(answer, str):
            return getattr(made[-1], answer)(connected)
        return answer(connected)

    yield start
    for one in made:
        one.close()


@pytest.fixture
def post() -> Iterator[Post]:
    """A post with patience: what it is told comes in time on a busy machine."""
    made = Post(WAIT_S, False, {})
    yield made
    made.close()


@pytest.fixture
def hasty() -> Iterator[Post]:
    """A post with little patience."""
    made = Post(TIMEOUT_S, False, {})
    yield made
    made.close()


@pytest.mark.parametrize("answer", ["hang", "drip"])
def test_a_listener_that_takes_too_long_is_given_up(
    scripted: Callable[..., Scripted], hasty: Post, answer: str
) -> None:
    """Whether nothing comes or a byte at a time, the time is up all told."""
    listener = scripted(answer)
    outcome = hasty(f"http://{listener.place}/", b"{}", False)
    assert Outcome(None, "no answer within 0.2 s", b"") == outcome
    assert not outcome.acknowledged


def test_a_message_goes_out_just_as_it_is(
    scripted: Callable[..., Scripted], post: Post
) -> None:
    """The request has the message, the two headers and what HTTP needs; no more."""
    listener = scripted(sends(OK))
    assert post(listener.url, b'{"a": 1}', False) == Outcome(200, None, b"ok")
    head, _, body = listener.requests[0].partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert ("POST /cb?x=1 HTTP/1.1", b'{"a": 1}') == (line, body)
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Content-Length: 8",
        "Content-Type: application/json",
        f"Host: {listener.place}",
        "User-Agent: Verizon's callback service",
    ]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (sends(), "{place} closed the connection before the end of its answer"),
        (sends(OK[:-1]), "{place} closed the connection before the end of its answer"),
        (sends(OK[:9]), "what {place} answered is not HTTP"),
        (sends(b"SSH-2.0-OpenSSH_9\r\n"), "what {place} answered is not HTTP"),
        (sends(b"\x00\xff" * 99), "what {place} answered is not HTTP"),
    ],
    ids=["closes", "mid-body", "mid-line", "ssh", "garbage"],
)
def test_a_bad_answer_ends_in_words(
    scripted: Callable[..., Scripted], post: Post, answer: Answer, words: str
) -> None:
    """Each way to fail is told in words that name the place."""
    listener = scripted(answer)
    outcome = post(f"http://{listener.place}/", b"{}", False)
    expected = words.format(place=f"http://{listener.place}")
    assert (None, b"") == (outcome.status_code, outcome.reply)
    assert (outcome.error or "").startswith(expected)
    assert not outcome.acknowledged


def test_headers_stand_in_the_place_of_our_own(
    scripted: Callable[..., Scripted], post: Post
) -> None:
    """Whatever their case, and for this message only; the length stays the body's."""

    def twice(made: socket.socket) -> None:
        made.sendall(OK)
        listener.requests.append(read(made))
        made.sendall(OK)

    listener = scripted(twice)
    given = {"content-TYPE": "text/plain", "X-A": "b", "content-length": "99"}
    post(listener.url, b"{}", False, given)
    post(listener.url, b"{}", False)
    first, second = (
        sorted(one.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
        for one in listener.requests
    )
    assert [
        "Accept-Encoding: identity",
        "Content-Length: 2",
        f"Host: {listener.place}",
        "User-Agent: Verizon's callback service",
        "X-A: b",
        "content-TYPE: text/plain",
    ] == first
    assert [
        "Accept-Encoding: identity",
        "Content-Length: 2",
        "Content-Type: application/json",
        f"Host: {listener.place}",
        "User-Agent: Verizon's callback service",
    ] == second


def test_nobody_listening_is_said(post: Post) -> None:
    """A refused connection asks whether a listener is there."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", b"{}", False).error == (
        f"connection refused: is a listener at http://127.0.0.1:{port}?"
    )


def test_a_name_that_cannot_be_resolved_is_said(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words name the host."""

    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert post("http://nowhere.example/", b"{}", False).error == (
        "the host name of http://nowhere.example:80 cannot be resolved"
    )


@pytest.mark.parametrize("verify", [False, True])
def test_https_to_a_plain_listener_is_no_tls(
    scripted: Callable[..., Scripted], post: Post, verify: bool
) -> None:
    """What is not TLS is said not to be."""
    listener = scripted(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    outcome = post(f"https://{listener.place}/", b"{}", verify)
    assert (outcome.error or "").startswith("no TLS connection to https://127.0.0.1:")


def test_a_redirect_is_not_followed(
    scripted: Callable[..., Scripted], post: Post
) -> None:
    """A redirect is an answer like another, and acknowledges nothing."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    listener = scripted(sends(moved))
    outcome = post(listener.url, b"{}", False)
    assert (Outcome(302, None, b""), False) == (outcome, outcome.acknowledged)


def test_at_most_64_kib_of_an_answer_are_kept(
    scripted: Callable[..., Scripted], post: Post
) -> None:
    """Of ten megabytes the first 64 KiB are read; the rest is not waited for."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n"
    listener = scripted(sends(head, b"x" * 10_000_000), sends(OK))
    assert post(listener.url, b"{}", False) == Outcome(200, None, b"x" * KEPT)
    assert post(listener.url, b"{}", False) == Outcome(200, None, b"ok")


def test_a_connection_is_kept_and_used_again(
    scripted: Callable[..., Scripted], post: Post
) -> None:
    """Two messages go over one connection."""

    def twice(made: socket.socket) -> None:
        made.sendall(OK)
        read(made)
        made.sendall(OK)

    listener = scripted(twice)
    outcomes = [post(listener.url, b"{}", False) for _ in range(2)]
    assert [200, 200] == [one.status_code for one in outcomes]
    assert len(listener.requests) == 1


def closing(post: Post, url: str, when: Callable[[], object]) -> float:
    """Close a post while one is under way; return how long that took to end."""
    outcomes: list[Outcome] = []
    sender = Thread(target=lambda: outcomes.append(post(url, b"{}", False)))
    sender.start()
    when()
    began = monotonic()
    post.close()
    sender.join(WAIT_S)
    assert [None] == [one.status_code for one in outcomes]
    return monotonic() - began


def test_closing_ends_what_is_under_way(scripted: Callable[..., Scripted]) -> None:
    """A listener that hangs holds nobody up once the post is closed."""
    asked = Event()
    listener = scripted(lambda made: (asked.set(), made.recv(1)))
    took_s = closing(Post(60, False, {}), listener.url, lambda: asked.wait(WAIT_S))
    assert took_s < 1


def test_closing_ends_a_handshake(scripted: Callable[..., Scripted]) -> None:
    """A listener that never speaks TLS holds nobody up either."""
    asked = Event()
    listener = scripted(lambda made: (asked.set(), made.recv(1)))
    url = f"https://{listener.place}/"
    assert closing(Post(60, False, {}), url, lambda: asked.wait(WAIT_S)) < 1


def test_a_closed_post_sends_nothing(scripted: Callable[..., Scripted]) -> None:
    """After a close each POST ends at once, on a new connection or an old one."""

    def twice(made: socket.socket) -> None:
        made.sendall(OK)
        made.recv(1)

    listener = scripted(twice)
    post = Post(WAIT_S, False, {})
    assert post(listener.url, b"{}", False).acknowledged
    post._watchdog.end_all()
    assert post(listener.url, b"{}", False).error == "no answer within 5 s"
    assert post("http://127.0.0.1:9/", b"{}", False).error == "no answer within 5 s"
    post.close()


def test_an_idle_watchdog_ends_and_comes_back(
    scripted: Callable[..., Scripted], hasty: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread goes when nothing is under way for a while."""
    monkeypatch.setattr(watchdog, "IDLE_S", 0.01)
    listener = scripted(sends(OK), sends(OK))
    for _ in range(2):
        assert hasty(listener.url, b"{}", False).acknowledged
        thread = hasty._watchdog._thread
        if thread is not None:
            thread.join(WAIT_S)
        assert hasty._watchdog._thread is None


def answering(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer what was asked for."""
    start("202 Accepted", [("Content-Type", "text/plain")])
    asked = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]]
    headers = [environ["CONTENT_TYPE"], environ["HTTP_USER_AGENT"]]
    text = "|".join([*asked, *headers, environ["wsgi.input"].read().decode()])
    return [text.encode()]


def raising(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Fail at once."""
    raise LookupError("no such thing")


def raising_late(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Fail in the middle of the answer."""
    start("200 OK", [])
    yield b"a"
    raise LookupError("no such thing")


def test_an_application_gets_its_messages_without_a_socket() -> None:
    """Messages for an origin go into the application, with its default port too."""
    post = Post(WAIT_S, False, {f"{HERE}:443": answering})
    outcome = post(f"{HERE}/cb?x=1", b"{}", True)
    post.close()
    expected = b"POST|/cb|x=1|application/json|Verizon's callback service|{}"
    assert Outcome(202, None, expected) == outcome
    assert outcome.acknowledged


@pytest.mark.parametrize("app", [raising, raising_late])
def test_an_application_that_raises_is_said_to(app: Any) -> None:
    """What an application raises, and when, is an outcome like another."""
    post = Post(WAIT_S, False, {HERE: app})
    outcome = post(f"{HERE}/cb", b"{}", True)
    post._apps[f"{HERE}:443"].close()
    post.close()
    assert outcome.error == "the application raised LookupError('no such thing')"


def test_other_failures_keep_their_own_words(
    monkeypatch: pytest.MonkeyPatch, post: Post
) -> None:
    """What is not foreseen is told by its kind and its own words."""

    def resolve(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert post("http://127.0.0.1:9/", b"{}", False).error == (
        "OSError: [Errno 24] Too many open files"
    )
