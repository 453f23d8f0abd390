"""What a failed assertion says, to the letter.

The texts stand in ``tests/golden``. After a change that means to change them, run
this file with ``MOCKTHINGSPACE_GOLDEN=write`` and read the diff.
"""

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Signal
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.backend.delivery.dispatcher import Dispatcher
from mockthingspace.core.matching.failure_reports import curl, differences, unmet

from ..rows import each

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
ORIGIN = "https://listener.example"
FINISHED, LIST = "Fota.upgradeFinished", "Fota.firmwareList"
PATIENCE_S = 10
WANTED = {"name": "Fota", "url": "https://example.com/fota"}


class Listening:
    """A listener in process that answers as it is told."""

    def __init__(self) -> None:
        self.statuses: list[int] = []

    def __call__(self, _: Any, start: Any) -> list[bytes]:
        """Answer a message."""
        start(f"{self.statuses.pop(0) if self.statuses else 200} Said", [])
        return [b""]


@pytest.fixture
def listening() -> Listening:
    """What answers the server's messages."""
    return Listening()


@pytest.fixture
def thing(listening: Listening) -> Iterator[MockThingSpace]:
    """A server of this test's own, on a clock that stands."""
    with MockThingSpace(deliver_to={ORIGIN: listening}) as server:
        yield server


def url_of(server: MockThingSpace, account: str = ACCOUNT) -> str:
    """Return the URL of an account's callbacks."""
    return f"{server.url_for('fota-v1')}/callbacks/{account}"


def ask(method: str, url: str, **how: Any) -> None:
    """Make a request of the server."""
    with requests.Session() as session:
        session.request(method, url, timeout=PATIENCE_S, **how)


def use(server: MockThingSpace) -> None:
    """Make requests that nearly are what the failures below expect."""
    proof = {"Authorization": "Bearer hunter2", "VZ-M2M-Token": "hunter2"}
    mine = {"name": "Fota", "url": "http://localhost:9001/fota", "password": "hunter2"}
    ask("POST", url_of(server), json=mine, headers=proof)
    ask("POST", url_of(server, OTHER), json=WANTED)
    ask("GET", url_of(server))
    ask("GET", f"{server.url}/nowhere?token=hunter2")


def deliver(server: MockThingSpace) -> None:
    """Have one message delivered, one refused, one that waits behind it."""
    for account in (ACCOUNT, OTHER):
        server.register(account, f"{ORIGIN}/cb/{account}")
    server.trigger(LIST, OTHER)
    server.wait_until_idle(PATIENCE_S)
    listener = server._deliver_to[ORIGIN]  # type: ignore[index]
    listener.statuses.append(503)
    server.trigger(FINISHED, ACCOUNT)
    server.wait_until_idle(PATIENCE_S)
    server.trigger(LIST, ACCOUNT)


def not_requested(server: MockThingSpace) -> None:
    """Expect a registration that was not quite made."""
    use(server)
    server.assert_requested("register", account=ACCOUNT, body=WANTED)


def not_in_the_journal(server: MockThingSpace) -> None:
    """Expect a request where there was none since."""
    use(server)
    last = server.requests()[-1].seq
    server.assert_requested("list", body="", since=last)


def unwanted_request(server: MockThingSpace) -> None:
    """Expect no registration."""
    use(server)
    server.assert_not_requested("register")


def secret_header(server: MockThingSpace) -> None:
    """Expect a token that was another."""
    use(server)
    server.assert_requested(account=ACCOUNT, headers={"VZ-M2M-Token": "secret"})


def not_delivered(server: MockThingSpace) -> None:
    """Expect a message that was refused at first."""
    deliver(server)
    server.assert_delivered(ACCOUNT, event=FINISHED)


def waited_in_vain(server: MockThingSpace) -> None:
    """Wait for a message that is behind another."""
    deliver(server)
    server.wait_for_delivery(ACCOUNT, event=LIST, timeout_s=0)


def unwanted_delivery(server: MockThingSpace) -> None:
    """Expect no message."""
    deliver(server)
    server.advance(minutes=5)
    server.assert_not_delivered(ACCOUNT)


def nothing_triggered(server: MockThingSpace) -> None:
    """Expect a message that nobody triggered."""
    server.assert_delivered(ACCOUNT, event=FINISHED, service="Fota")


FAILURES: dict[str, Callable[[MockThingSpace], None]] = {
    "not-requested": not_requested,
    "not-in-the-journal": not_in_the_journal,
    "unwanted-request": unwanted_request,
    "secret-header": secret_header,
    "not-delivered": not_delivered,
    "waited-in-vain": waited_in_vain,
    "unwanted-delivery": unwanted_delivery,
    "nothing-triggered": nothing_triggered,
}


def text_of(server: MockThingSpace, fail: Callable[[MockThingSpace], None]) -> str:
    """Return what a failure says, with the default port and one instant."""
    with pytest.raises(AssertionError) as caught:
        fail(server)
    text = str(caught.value).replace(server.url, "http://127.0.0.1:8440")
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    return re.sub(instant, "2026-01-01T12:00:00.000000Z", text) + "\n"


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_says_what_is_written_down(thing: MockThingSpace, name: str) -> None:
    """Every sort of failure has its text in a file, which a change must change."""
    text = text_of(thing, FAILURES[name])
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("MOCKTHINGSPACE_GOLDEN") == "write":
        file.write_text(text, "utf-8")

    assert file.read_text("utf-8") == text
    assert "hunter2" not in text


def test_every_file_is_of_a_failure() -> None:
    """No text is written down for nobody."""
    there = {file.stem for file in GOLDEN.iterdir()} - {"timeline"}
    assert sorted(FAILURES) == sorted(there)


def test_a_command_has_what_its_request_had(thing: MockThingSpace) -> None:
    """Method, URL, headers that matter and body are in it, quoted for a shell."""
    headers = {"X-A": "b c", "Accept": "text/plain", "X-Token": "t"}
    ask("PUT", f"{thing.url}/it's/a path", data=b"it's\n@all", headers=headers)
    words = shlex.split(curl(thing.requests()[-1].shown))
    assert words[:4] == ["curl", "-X", "PUT", f"{thing.url}/it's/a%20path"]
    assert words[-4:] == ["-H", "Content-Type:", "--data-raw", "it's\n@all"]
    shown = {"Accept: text/plain", "X-A: b c", "X-Token: ***", "-H"}
    assert shown == {*words[4:-4]}


COMMANDS: dict[str, tuple[dict[str, Any], str]] = {
    "get": ({}, "curl http://h/a"),
    "head": ({"method": "HEAD"}, "curl --head http://h/a"),
    "get with body": (
        {"body": "x", "headers": {"Content-Type": "a/b"}},
        "curl -X GET http://h/a -H 'Content-Type: a/b' --data-raw x",
    ),
    "no type": (
        {"method": "POST", "body": "x"},
        "curl -X POST http://h/a -H Content-Type: --data-raw x",
    ),
    "brackets": ({"absoluteUrl": "http://h/?a[0]=b"}, "curl -g 'http://h/?a[0]=b'"),
    "dots": ({"absoluteUrl": "http://h/../a"}, "curl --path-as-is http://h/../a"),
    "the client's own": (
        {"headers": {"Host": "h", "User-Agent": "a", "Accept": "*/*", "X-A": "b"}},
        "curl http://h/a -H 'X-A: b'",
    ),
    "empty header": ({"headers": {"X-A": ""}}, "curl http://h/a -H 'X-A;'"),
    "long": (
        {"method": "POST", "body": "x" * 2001, "headers": {"Content-Type": "a/b"}},
        "curl -X POST http://h/a -H 'Content-Type: a/b' --data-binary @body"
        "  # body: request.body of GET /__admin/requests/7",
    ),
    "bytes": (
        {"method": "POST", "body": "\ufffd", "headers": {"Content-Type": "a/b"}},
        "curl -X POST http://h/a -H 'Content-Type: a/b' --data-binary @body"
        "  # body: request.body of GET /__admin/requests/7",
    ),
}


@each(("request_", "command"), COMMANDS.values(), ids=list(COMMANDS))
def test_a_command_is_what_curl_needs(request_: dict[str, Any], command: str) -> None:
    """What curl would do otherwise than the client is said to it."""
    plain = {"method": "GET", "absoluteUrl": "http://h/a", "headers": {}, "body": ""}
    assert command == curl({"seq": 7, "request": plain | request_})


def test_a_long_value_is_shown_from_where_it_differs() -> None:
    """Two long texts are cut to the part that differs, and stay on their lines."""
    one, other = "a" * 500 + "b" * 300, "a" * 500 + "c\n" + "d" * 300
    lines = differences([{"field": "body", "expected": one, "actual": other}])
    assert lines == [
        f"body  expected  …{'a' * 40}{'b' * 120}…",
        f"      actual    …{'a' * 40}c\\n{'d' * 118}…",
    ]


def test_a_long_value_that_differs_at_once_is_shown_from_its_beginning() -> None:
    """What is cut off at one end only says so at that end."""
    found = [{"field": "f", "expected": "", "actual": "a" * 161}]
    assert differences(found) == ["f  expected  (empty)", f"   actual    {'a' * 160}…"]


def test_the_end_of_a_long_value_is_its_end() -> None:
    """Nothing is said to follow where nothing does."""
    found = [{"field": "f", "expected": "a" * 200, "actual": "a" * 200 + "b"}]
    assert differences(found) == (
        ["f  expected  …" + "a" * 40, "   actual    …" + "a" * 40 + "b"]
    )


def test_many_that_match_are_told_by_their_number(thing: MockThingSpace) -> None:
    """A report stays short: five are shown, the others are counted."""
    for _ in range(7):
        ask("GET", url_of(thing))
    with pytest.raises(AssertionError) as caught:
        thing.assert_not_requested("list")
    lines = str(caught.value).splitlines()
    assert len([line for line in lines if line.startswith("matched: ")]) == 5
    assert lines[-1] == "and 2 more"


def test_many_that_are_pending_are_told_by_their_number(thing: MockThingSpace) -> None:
    """Of what is to come the soonest five are shown, the others are counted."""
    deliver(thing)
    for _ in range(4):
        thing.trigger(LIST, ACCOUNT)
    with pytest.raises(AssertionError) as caught:
        thing.assert_delivered(ACCOUNT)
    lines = str(caught.value).splitlines()
    assert len([line for line in lines if line.startswith("pending: ")]) == 5
    assert lines[-1] == "and 1 more pending"


def test_a_clock_that_runs_needs_no_advance(thing: MockThingSpace) -> None:
    """What is due later is told with its instant alone."""
    deliver(thing)
    thing.admin.ask("PUT", "/clock", {"mode": "real"})
    with pytest.raises(AssertionError, match=r"due in [\d.]+ s, at [^;]*$"):
        thing.assert_delivered(ACCOUNT, event=FINISHED)


def test_what_is_under_way_is_told_so() -> None:
    """While a listener thinks, the message is said to be under way."""
    answers, asked = Signal(), Signal()

    def thinking(_: Any, start: Any) -> list[bytes]:
        asked.set()
        assert answers.wait(PATIENCE_S)
        start("200 OK", [])
        return [b""]

    with MockThingSpace(deliver_to={ORIGIN: thinking}) as server:
        server.register(ACCOUNT, ORIGIN)
        [made] = server.trigger(FINISHED, ACCOUNT)
        assert asked.wait(PATIENCE_S)
        with pytest.raises(AssertionError) as caught:
            server.assert_delivered(ACCOUNT, event=FINISHED)
        answers.set()
        server.wait_until_idle(PATIENCE_S)
    text = str(caught.value)
    assert re.sub(r"\d+\.\d s", "5.0 s", text).splitlines()[-1] == (
        f"pending: {made.id} {FINISHED}, attempt 1 has been under way for 5.0 s; "
        "the listener has 10 s to answer (attempt_timeout_s)"
    )
    assert "/resend" not in text


def test_an_attempt_that_waits_for_a_socket_is_told_so(
    thing: MockThingSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing says since when it is under way, the failure does not either."""
    thing.register(ACCOUNT, ORIGIN)
    monkeypatch.setattr(Dispatcher, "dispatch", lambda *_: None)
    [made] = thing.trigger(FINISHED, ACCOUNT)
    monkeypatch.setattr(Dispatcher, "under_way", lambda _: {made.id: None})

    with pytest.raises(AssertionError) as caught:
        thing.assert_delivered(ACCOUNT, event=LIST)

    assert str(caught.value).splitlines()[-1] == (
        f"pending: {made.id} {FINISHED}, attempt 1 is under way; the listener has "
        "10 s to answer (attempt_timeout_s)"
    )


def test_what_is_due_and_not_under_way_is_told_so(
    thing: MockThingSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its trigger and its attempt a message is due."""
    thing.register(ACCOUNT, ORIGIN)
    monkeypatch.setattr(Dispatcher, "dispatch", lambda *_: None)
    [made] = thing.trigger(FINISHED, ACCOUNT)

    with pytest.raises(AssertionError) as caught:
        thing.assert_delivered(ACCOUNT)

    last = str(caught.value).splitlines()[-1]
    assert last == f"pending: {made.id} {FINISHED}, attempt 1 is due"


def test_evicted_deliveries_are_told(listening: Listening) -> None:
    """A delivery that is not found may have been evicted, and the remedy is named."""
    with MockThingSpace(deliver_to={ORIGIN: listening}, journal_limit=1) as server:
        server.register(ACCOUNT, ORIGIN)
        for _ in range(3):
            server.trigger(LIST, ACCOUNT)
            server.wait_until_idle(PATIENCE_S)
        with pytest.raises(AssertionError) as caught:
            server.assert_delivered(ACCOUNT, event=FINISHED)
    assert str(caught.value).splitlines()[-1] == (
        "2 older deliveries were evicted; raise the setting journal_limit to keep more"
    )


def test_a_reply_that_is_held_back_is_told() -> None:
    """A request that a fault delays is not in the journal yet, and that is said."""
    found: dict[str, Any] = {"requests": [], "meta": {"evicted": 0}}
    near: dict[str, Any] = {"nearMisses": [], "meta": {"held": 1}}
    assert unmet({"operation": "list"}, None, found, near).splitlines()[-1] == (
        "replies held back by a fault: 1; a request is in the journal once it is "
        "answered"
    )


def test_a_failure_elsewhere_has_the_same_commands(thing: MockThingSpace) -> None:
    """Over the network the commands point at the server as it was asked."""
    deliver(thing)
    texts = []
    for handle in (thing, MockThingSpace.at(thing.url)):
        with pytest.raises(AssertionError) as caught:
            handle.assert_delivered(ACCOUNT, event=FINISHED)
        texts.append(str(caught.value))
    assert texts[0] == texts[1]
    assert f"curl -X POST {thing.url}/__admin/deliveries/" in texts[0]


def test_the_nearest_delivery_can_be_asked_for(thing: MockThingSpace) -> None:
    """A script gets what the assertion says, and each difference as a value."""
    deliver(thing)
    wanted = {"account": ACCOUNT, "event": FINISHED, "attempts": 2}
    told = thing.admin.ask("POST", "/near-misses/delivery-pattern", wanted)
    first = told["nearMisses"][0]
    assert list(first) == ["delivery", "matchResult", "differences"]
    assert first["differences"] == (
        [{"field": "attempts", "expected": "at least 2", "actual": "1"}]
    )
    assert told["message"].startswith("expected at least 1 delivery\n")


def test_the_command_makes_the_request_again(thing: MockThingSpace) -> None:
    """Run in a shell, it makes a request that differs in nothing that matters."""
    ask("POST", url_of(thing), json={"name": "Fota", "url": "http://localhost/it's"})
    [first] = thing.requests()
    subprocess.run(curl(first.shown), shell=True, check=True, capture_output=True)
    again = thing.requests()[-1]
    same = ("method", "url", "body", "status", "reply", "operation")
    assert [getattr(first, item) for item in same] == [
        getattr(again, item) for item in same
    ]
    assert first.headers["Content-Type"] == again.headers["Content-Type"]
    assert first.seq != again.seq


def test_the_command_sends_the_message_again(thing: MockThingSpace) -> None:
    """Run in a shell, it makes a delivery of the same message."""
    deliver(thing)
    with pytest.raises(AssertionError) as caught:
        thing.assert_not_delivered(OTHER)
    command = str(caught.value).splitlines()[-1]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    thing.wait_for_delivery(OTHER, count=2, timeout_s=PATIENCE_S)
    first, again = thing.deliveries(OTHER)
    assert (again.message, again.trigger) == (first.message, "resend")
