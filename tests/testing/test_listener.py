"""The listener: what it records, how it answers, and how it ends."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from time import monotonic
from urllib.parse import urlsplit

import pytest
import requests

from mockthingspace import Listener, MockThingSpace, MockThingSpaceError
from mockthingspace.cli.listening import message_lines
from mockthingspace.cli.main import main
from mockthingspace.core.exceptions import CannotBind
from mockthingspace.testing.listener import ReceivedMessage

from ..nested import FAST
from ..rows import each

ACCOUNT = "0242078689-00001"
LOOPBACK = "127.0.0.1"
PATIENCE_S = 30  # for what happens at once, on the busiest machine
MESSAGE = {
    "accountName": ACCOUNT,
    "type": "upgradeFinished",
    "username": "zaffod",
    "password": "hunter2",
}
HEAD = b"POST /callback HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A running listener."""
    with Listener() as listener:
        yield listener


@pytest.fixture(autouse=True)
def _no_listener_is_left() -> Iterator[None]:
    """Fail a test after which a thread of a listener still runs."""
    yield
    names = [thread.name for thread in threading.enumerate()]
    assert "mockthingspace-listener" not in names


def _post(listener: Listener, body: object = None) -> requests.Response:
    return requests.post(listener.url, json=body or MESSAGE, timeout=PATIENCE_S)


def _statuses(listener: Listener, number: int) -> list[int]:
    return [_post(listener).status_code for _ in range(number)]


def _connected(listener: Listener) -> socket.socket:
    parts = urlsplit(listener.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)


def test_a_message_is_recorded_as_it_came(listener):
    """Method, path with query, headers, body and instant are what was sent."""
    before = datetime.now(timezone.utc)

    requests.put(
        listener.url + "?a=b", json=MESSAGE, headers={"X-One": "1"}, timeout=PATIENCE_S
    )

    [message] = listener.messages
    assert (message.method, message.path) == ("PUT", "/callback?a=b")
    assert message.json == MESSAGE
    assert message.body == json.dumps(MESSAGE).encode()
    assert message.headers["x-one"] == message.headers["X-ONE"] == "1"
    assert before <= message.arrived_at <= datetime.now(timezone.utc)
    assert message.status_code == 200


def test_headers_are_a_mapping_by_title_case(listener):
    """Names are spelled in title case, and one sent twice is joined."""
    with _connected(listener) as client:
        client.sendall(HEAD + b"x-one: 1\r\nX-ONE: 2\r\n\r\n")
        client.recv(1000)

    [message] = listener.messages
    assert dict(message.headers) == {"Host": "x", "X-One": "1, 2"}
    assert repr(message.headers) == "{'Host': 'x', 'X-One': '1, 2'}"
    assert len(message.headers) == 2
    assert message.headers.get("x-two") is None


def test_a_body_that_is_not_json_is_kept_as_bytes(listener):
    """The bytes are there; reading them as JSON raises ValueError."""
    requests.post(listener.url, data=b"\xff{", timeout=PATIENCE_S)

    [message] = listener.messages
    assert message.body == b"\xff{"
    with pytest.raises(ValueError, match="decode"):
        _ = message.json


def test_without_a_script_the_answer_is_200_and_empty(listener):
    """Whatever comes is acknowledged."""
    response = _post(listener)

    assert (response.status_code, response.content) == (200, b"")


SCRIPTS: dict[str, tuple[Callable[[Listener], object], list[int]]] = {
    "once": (lambda listener: listener.reply(503), [503, 200, 200]),
    "times": (lambda listener: listener.reply(503, times=2), [503, 503, 200, 200]),
    "for-good": (lambda listener: listener.reply(503, times=None), [503, 503, 503]),
    "chained": (
        lambda listener: listener.reply(503).then(404, times=2).then(202),
        [503, 404, 404, 202, 200],
    ),
    "added": (
        lambda listener: [listener.reply(500), listener.reply(501)],
        [500, 501, 200],
    ),
    "cleared": (lambda listener: [listener.reply(500), listener.clear()], [200]),
}


@pytest.mark.parametrize(("script", "expected"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_used_up_in_order(listener, script, expected):
    """Each step is given as often as it says, then the next; then 200."""
    script(listener)

    assert _statuses(listener, len(expected)) == expected


@pytest.mark.parametrize("body", ["né", "né".encode()], ids=["text", "bytes"])
def test_an_answer_can_have_a_body_and_headers(listener, body):
    """They are sent beside the length."""
    listener.reply(202, body=body, headers={"Content-Type": "text/plain"})

    response = _post(listener)

    assert response.content == "né".encode()
    assert response.headers["Content-Type"] == "text/plain"
    assert response.headers["Content-Length"] == "3"


@each(
    ("script", "words"),
    [
        (lambda listener: listener.reply(199), "from 200 to 599, got 199"),
        (lambda listener: listener.reply(600), "from 200 to 599, got 600"),
        (
            lambda listener: listener.reply(200, delay_s=-1),
            "0 or more seconds, got -1",
        ),
        (lambda listener: listener.reply(200, times=0), "1 or more, or None, got 0"),
        (lambda listener: listener.close(times=-1), "1 or more, or None, got -1"),
        (lambda listener: listener.hang(times=0), "1 or more, or None, got 0"),
    ],
    ids=["low", "high", "early", "reply-never", "close-never", "hang-never"],
)
def test_a_step_that_cannot_be_is_refused(script, words):
    """The error says what is allowed and what came."""
    with pytest.raises(ValueError, match=words):
        script(Listener())


@pytest.mark.parametrize(
    ("method", "status", "length"),
    [("HEAD", 200, "4"), ("GET", 204, None), ("GET", 304, None)],
    ids=["head", "204", "304"],
)
def test_an_answer_that_has_no_body_is_sent_without(listener, method, status, length):
    """The next answer on the connection is not confused with the body."""
    listener.reply(status, body="body").then(202)
    with requests.Session() as client:
        first = client.request(method, listener.url, timeout=PATIENCE_S)
        second = client.get(listener.url, timeout=PATIENCE_S)

    assert (first.status_code, first.content) == (status, b"")
    assert first.headers.get("Content-Length") == length
    assert second.status_code == 202


def test_a_connection_is_closed_without_an_answer(listener):
    """The sender sees its connection end; the message is recorded."""
    listener.close().then(202)

    with pytest.raises(requests.ConnectionError):
        _post(listener)

    assert _statuses(listener, 1) == [202]
    assert [message.status_code for message in listener.messages] == [None, 202]


def test_a_close_fails_the_next_attempt(listener):
    """Scripted after an answer, too: no kept connection is left to meet it."""
    with MockThingSpace(retries="none") as mock:
        mock.register(ACCOUNT, listener.url)
        mock.trigger("Fota.firmwareList", ACCOUNT)
        mock.wait_until_idle(PATIENCE_S)
        listener.close()
        mock.trigger("Fota.firmwareList", ACCOUNT)
        mock.wait_until_idle(PATIENCE_S)

        statuses = [delivery.status for delivery in mock.deliveries()]

    assert statuses == ["delivered", "abandoned"]
    assert [message.status_code for message in listener.messages] == [200, None]


def test_an_answer_is_delayed(listener):
    """It comes after so many seconds, and the message is there before it."""
    listener.reply(202, delay_s=0.03)
    began_at = monotonic()

    assert _statuses(listener, 1) == [202]
    assert monotonic() - began_at >= 0.03


@pytest.mark.parametrize(
    "script",
    [
        lambda listener: listener.hang(),
        lambda listener: listener.reply(200, delay_s=10**6),
    ],
    ids=["hanging", "delayed"],
)
def test_stopping_ends_what_is_not_answered_yet(listener, script):
    """A sender that waits is told by the end of its connection."""
    script(listener)
    with _connected(listener) as client:
        client.sendall(HEAD + b"\r\n")
        listener.wait_for(1)

        listener.stop()

        assert client.recv(100) == b""


def test_a_sender_that_does_not_wait_does_no_harm(listener, capfd):
    """Its message is recorded, nothing is printed, and others are answered."""
    listener.reply(200, delay_s=0.01, body=b"x" * 10**7)
    with _connected(listener) as client:
        client.sendall(HEAD + b"\r\n")
        listener.wait_for(1)

    assert _statuses(listener, 1) == [200]
    listener.stop()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("rest", "answer"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 411 "),
        (b"Content-Length: -1\r\n\r\n", b"HTTP/1.1 411 "),
        (b"Content-Length: 9\r\n\r\n{}", b""),
    ],
    ids=["chunked", "no-length", "cut-off"],
)
def test_what_is_not_a_whole_message_is_not_recorded(listener, rest, answer):
    """Without a length it is refused; cut off, it is dropped."""
    with _connected(listener) as client:
        client.sendall(HEAD + rest)
        client.shutdown(socket.SHUT_WR)

        assert client.recv(1000)[: len(b"HTTP/1.1 411 ")] == answer

    assert listener.messages == []


def test_senders_do_not_wait_for_one_another(listener):
    """One that is not answered yet does not delay the next."""
    listener.hang()
    with _connected(listener) as client:
        client.sendall(HEAD + b"\r\n")
        listener.wait_for(1)

        assert _statuses(listener, 1) == [200]


def test_waiting_returns_the_first_messages(listener):
    """As many as were asked for, oldest first, though more have come."""
    for number in range(3):
        _post(listener, {"n": number})

    assert [item.json["n"] for item in listener.wait_for(2)] == [0, 1]


def test_waiting_ends_when_the_last_has_come(listener):
    """It blocks until another thread's messages are there."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(listener.wait_for, 2)
        _post(listener)
        _post(listener)

        assert len(waiting.result(PATIENCE_S)) == 2


def test_waiting_in_vain_says_what_came(listener):
    """The error has the numbers, and a line for each message."""
    listener.close()
    with pytest.raises(requests.ConnectionError):
        requests.post(listener.url + "/a", data=b"12", timeout=PATIENCE_S)
    _post(listener, {"a": 1})

    with pytest.raises(AssertionError) as error:
        listener.wait_for(3, timeout_s=0.01)

    head, first, second, advice = str(error.value).splitlines()
    assert head == "expected 3 messages in 0.01 s, got 2"
    assert "thingspace.wait_for_delivery(...)" in advice
    assert first.endswith(" POST /callback/a 2 B -> no answer")
    assert second.endswith(" POST /callback 8 B -> 200")


def test_waiting_in_vain_for_one_message_says_message(listener):
    """The noun agrees with the number."""
    with pytest.raises(AssertionError) as error:
        listener.wait_for(1, timeout_s=0)

    assert str(error.value).startswith("expected 1 message in 0 s, got 0\n")


def test_clearing_forgets_the_messages(listener):
    """Afterwards it is as just started."""
    _post(listener)

    listener.clear()

    assert listener.messages == []


def test_the_messages_are_the_callers_own(listener):
    """Changing the list that was returned changes nothing."""
    _post(listener)

    listener.messages.clear()

    assert len(listener.messages) == 1


def test_a_listener_can_be_started_again():
    """What it received is kept; stopping twice does no harm."""
    listener = Listener().start()
    _post(listener)
    listener.stop()
    listener.stop()

    with listener:
        assert _statuses(listener, 1) == [200]

    assert len(listener.messages) == 2


def test_a_running_listener_can_be_a_context():
    """Entering one that was started does not start it again."""
    with Listener().start() as listener:
        assert _statuses(listener, 1) == [200]


def test_a_running_listener_cannot_be_started(listener):
    """The error says where it runs."""
    with pytest.raises(MockThingSpaceError, match=f"already running at {listener.url}"):
        listener.start()


def test_a_listener_that_is_not_running_has_no_url():
    """The error says what to do."""
    with pytest.raises(MockThingSpaceError, match="start"):
        _ = Listener().url


def test_a_listener_says_where_it_is(listener):
    """Its repr has the URL, or that there is none, and the number of messages."""
    _post(listener)

    assert repr(listener) == f"<Listener {listener.url}, 1 message>"
    assert repr(Listener()) == "<Listener not running, 0 messages>"


def test_a_busy_port_is_told_with_what_to_do():
    """The error says what to do; nothing is left running."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotBind) as error:
            Listener(port=port).start()

    assert f"cannot serve on {LOOPBACK}:{port}: the port is taken by " in str(
        error.value
    )
    assert "choose another with --port, or in code with port= (0 picks" in str(
        error.value
    )


def test_a_port_that_is_none_cannot_be_had():
    """A number beyond the last port is CannotBind as well."""
    with pytest.raises(CannotBind, match=r"^cannot serve on .*:70000: "):
        Listener(port=70000).start()


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")],
    ids=["any", "ipv6"],
)
def test_the_url_is_one_a_sender_here_can_use(host, url):
    """It is on the loopback where any address is bound; IPv6 is in brackets."""
    with Listener(host) as listener:
        assert listener.url.startswith(url)
        assert _statuses(listener, 1) == [200]


def test_the_retries_of_a_delivery_end_with_the_answer():
    """Refused twice, the message comes a third time and is acknowledged."""
    with Listener() as listener, MockThingSpace() as thingspace:
        listener.reply(503, times=2).then(200)
        thingspace.register(ACCOUNT, listener.url, username="zaffod")

        thingspace.trigger("Fota.upgradeFinished", ACCOUNT)
        listener.wait_for(1)
        fired = thingspace.advance(minutes=15)

        [delivered] = thingspace.assert_delivered(ACCOUNT)
        assert fired[-1]["number"] == 3
        assert [attempt.status_code for attempt in delivered.attempts] == [
            503,
            503,
            200,
        ]
        came = listener.wait_for(3)
        assert [item.json for item in came] == [delivered.message] * 3
        assert came[0].headers["user-agent"] == "Verizon's callback service"


def test_the_fixture_is_a_listener_of_the_tests_own(pytester):
    """It runs during the test, and the next test has another."""
    pytester.makepyfile("""
        import pytest, requests

        seen = []

        @pytest.mark.parametrize("turn", range(2))
        def test_it(thingspace_listener, turn):
            seen.append(thingspace_listener)
            thingspace_listener.reply(503)
            assert requests.post(thingspace_listener.url).status_code == 503
            assert len(thingspace_listener.wait_for(1)) == 1

        def test_after():
            first, second = seen
            assert first is not second
            assert "not running" in repr(first) and "not running" in repr(second)
        """)

    result = pytester.runpytest_inprocess(*FAST, "-W", "error")

    result.assert_outcomes(passed=3)


def test_the_fixture_receives_what_the_server_delivers(pytester):
    """The two fixtures together are the whole loop."""
    pytester.makepyfile("""
        def test_it(thingspace, thingspace_account, thingspace_listener):
            thingspace.register(thingspace_account, thingspace_listener.url)
            thingspace.trigger("Fota.upgradeFinished", thingspace_account)
            [message] = thingspace_listener.wait_for(1)
            assert message.json["accountName"] == thingspace_account
        """)

    result = pytester.runpytest_inprocess(*FAST, "-W", "error")

    result.assert_outcomes(passed=1)


def _received(body: bytes, path: str = "/callback") -> ReceivedMessage:
    at = datetime(2018, 4, 1, 16, 3, 0, 5000, timezone.utc)
    return ReceivedMessage("POST", path, {}, body, at, None)


@each(
    ("body", "lines"),
    [
        (b"", []),
        (b"a=\x1b[2J\nn\xc3\xa9", ["a=\\x1b[2J", "né"]),
        (b"password=hunter2", ["password=***"]),
        (b"[1]", ["[", "  1", "]"]),
        (b'"\\ud800\\u001b"', ['"\\ud800\\u001b"']),
        (b"[" * 10**5, ["[" * 10**5]),
    ],
    ids=["empty", "text", "secret", "list", "surrogate", "deep"],
)
def test_a_body_is_shown_so_that_a_terminal_can(body, lines):
    """JSON is indented, anything else is in lines; control characters are escaped."""
    assert message_lines(_received(body))[1:] == lines


def test_a_messages_line_tells_the_most():
    """Time, method and path, account and type, size and answer; no secrets."""
    path = "/callback?token=hunter2&\x1b"
    body = json.dumps(MESSAGE).encode()

    [line, *_] = message_lines(_received(body, path))

    rest = f"{ACCOUNT}  upgradeFinished  {len(body)} bytes  -> no answer"
    assert line.endswith(f":03:00.005  POST /callback?token=***&\\x1b  {rest}")


def test_listen_prints_what_arrives_until_it_is_interrupted():
    """A line and the JSON for each, passwords hidden; Ctrl-C is exit code 130."""
    options = ("--port", "0", "--reply", "503", "--times", "1", "--delay-s", "0.01")
    with subprocess.Popen(
        [sys.executable, "-m", "mockthingspace", "listen", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            ready = process.stdout.readline()
            url = ready.partition("url=")[2].split()[0]
            statuses = [
                requests.post(url, json=MESSAGE, timeout=PATIENCE_S).status_code
                for _ in range(2)
            ]
            printed = [process.stdout.readline() for _ in range(14)]
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()

    assert ready.endswith(f" pid={process.pid}\n")
    assert url.endswith("/callback")
    assert statuses == [503, 200]
    assert printed[0].endswith("-> 503\n")
    assert printed[7].endswith("-> 200\n")
    body = {**MESSAGE, "password": "***"}
    assert json.loads("".join(printed[1:7])) == body
    assert (process.returncode, out, err) == (130, "", "")


def test_listen_ends_well_when_it_is_terminated(monkeypatch, capsys):
    """SIGTERM is exit code 0, and the signals mean what they meant before."""
    before = signal.getsignal(signal.SIGTERM)

    class Raising(Listener):
        def start(self) -> Listener:
            signal.raise_signal(signal.SIGTERM)
            return super().start()

    monkeypatch.setattr("mockthingspace.cli.listening.Listener", Raising)

    with pytest.raises(SystemExit) as end:
        main(["listen", "--port", "0"])

    assert end.value.code in (None, 0)
    assert " listening url=http://127.0.0.1:" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) == before


def test_listen_on_a_busy_port_is_exit_code_3(capsys):
    """The error says who has it."""
    with (
        socket.create_server((LOOPBACK, 0)) as taken,
        pytest.raises(SystemExit) as end,
    ):
        main(["listen", "--port", str(taken.getsockname()[1])])

    assert end.value.code == 3
    assert "the port is taken by" in capsys.readouterr().err


@pytest.mark.parametrize("length", ["9" * 5000, "10000000000000"])
def test_a_length_nobody_would_send_is_refused(length):
    """The connection is answered and closed, whatever it announces."""
    with Listener() as listener:
        host, port = LOOPBACK, int(urlsplit(listener.url).port)
        with socket.create_connection((host, port), PATIENCE_S) as client:
            head = f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n"
            client.sendall(head.encode())
            answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_listener_can_be_stopped_by_who_is_told_of_a_message():
    """It does not wait for itself."""
    stopped = threading.Event()

    def stop(_):
        listener.stop()
        stopped.set()

    listener = Listener(on_message=stop).start()
    with contextlib.suppress(requests.RequestException):
        requests.post(listener.url, timeout=PATIENCE_S)
    assert stopped.wait(PATIENCE_S)
    for thread in threading.enumerate():  # the one that was told ends with its message
        if thread.name == "mockthingspace-listener":
            thread.join(PATIENCE_S)
