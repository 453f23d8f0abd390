"""A server beside the libraries that users' tests play HTTP and time with.

What is a neighbour's is played by the neighbour; what is ours, it never sees.
"""

import datetime
import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import freezegun
import httpx
import pytest
import requests
import requests_mock
import responses
import respx
import time_machine
import vcr

from mockthingspace import Listener, MockThingSpace

ACCOUNT = "0242078689-00001"
ELSEWHERE = "http://elsewhere.example/"
EVENT = "Fota.firmwareList"
LONGEST_S = 20
CASSETTE = """
version: 1
interactions:
- request: {body: null, headers: {}, method: GET, uri: "http://elsewhere.example/"}
  response:
    body: {string: theirs}
    headers: {}
    status: {code: 200, message: OK}
"""

Neighbour = AbstractContextManager[Callable[[], list[str]]]


@contextmanager
def _responses(_: Path) -> Iterator[Callable[[], list[str]]]:
    with responses.RequestsMock() as mock:
        mock.get(ELSEWHERE, body="theirs")
        yield lambda: [requests.get(ELSEWHERE, timeout=LONGEST_S).text, *_seen(mock)]


def _seen(mock: responses.RequestsMock) -> list[str]:
    return [str(call.request.url) for call in mock.calls]


@contextmanager
def _requests_mock(_: Path) -> Iterator[Callable[[], list[str]]]:
    with requests_mock.Mocker() as mock:
        mock.get(ELSEWHERE, text="theirs")
        yield lambda: [
            requests.get(ELSEWHERE, timeout=LONGEST_S).text,
            *(request.url for request in mock.request_history),
        ]


@contextmanager
def _respx(_: Path) -> Iterator[Callable[[], list[str]]]:
    with respx.mock() as mock:
        mock.get(ELSEWHERE).respond(text="theirs")
        yield lambda: [
            httpx.get(ELSEWHERE).text,
            *(str(call.request.url) for call in mock.calls),
        ]


@contextmanager
def _vcrpy(folder: Path) -> Iterator[Callable[[], list[str]]]:
    file = folder / "cassette.yaml"
    file.write_text(CASSETTE)
    with vcr.use_cassette(str(file), record_mode="new_episodes") as cassette:
        yield lambda: [
            requests.get(ELSEWHERE, timeout=LONGEST_S).text,
            *(request.uri for request in cassette.requests),
        ]


@contextmanager
def _freezegun(_: Path) -> Iterator[Callable[[], list[str]]]:
    with freezegun.freeze_time("2001-02-03"):
        yield lambda: [str(datetime.datetime.now(tz=datetime.timezone.utc).date())]


@contextmanager
def _time_machine(_: Path) -> Iterator[Callable[[], list[str]]]:
    with time_machine.travel("2001-02-03T00:00:00+00:00", tick=False):
        yield lambda: [str(datetime.datetime.now(tz=datetime.timezone.utc).date())]


PLAYED = ["theirs", ELSEWHERE]
NEIGHBOURS = {
    "responses": (_responses, PLAYED),
    "requests-mock": (_requests_mock, PLAYED),
    "respx": (_respx, PLAYED),
    "vcrpy": (_vcrpy, PLAYED),
    "freezegun": (_freezegun, ["2001-02-03"]),
    "time-machine": (_time_machine, ["2001-02-03"]),
}


@contextmanager
def _server(where: str) -> Iterator[MockThingSpace]:
    """A server of this process, by its own handle or by one for elsewhere."""
    with MockThingSpace() as server:
        yield server if where == "here" else MockThingSpace.at(server.url)


@pytest.mark.parametrize("started", ["before", "after"])
@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_messages_arrive_beside(name, where, started, tmp_path):
    """A message is delivered and told of, and the neighbour sees its own alone."""
    neighbour, expected = NEIGHBOURS[name]
    with ExitStack() as stack:
        if started == "before":
            theirs = stack.enter_context(neighbour(tmp_path))
        handle = stack.enter_context(_server(where))
        listener = stack.enter_context(Listener())
        if started == "after":
            theirs = stack.enter_context(neighbour(tmp_path))

        handle.register(ACCOUNT, listener.url)
        handle.trigger(EVENT, ACCOUNT)
        delivery = handle.wait_for_delivery(ACCOUNT, timeout_s=LONGEST_S)
        [message] = listener.wait_for(1, timeout_s=LONGEST_S)

        assert delivery.status == "delivered"
        assert message.json == delivery.message
        assert theirs() == expected


@pytest.mark.parametrize("started", ["before", "after"])
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_server_elsewhere_is_asked_beside(name, started, tmp_path):
    """The handle of a server elsewhere works, and the neighbour sees its own alone."""
    neighbour, expected = NEIGHBOURS[name]
    with ExitStack() as stack:
        server = stack.enter_context(MockThingSpace())
        if started == "before":
            theirs = stack.enter_context(neighbour(tmp_path))
        handle = MockThingSpace.at(server.url)
        if started == "after":
            theirs = stack.enter_context(neighbour(tmp_path))

        made = handle.register(ACCOUNT, "http://localhost:9/cb")

        assert handle.registrations(ACCOUNT) == [made]
        assert theirs() == expected


def test_a_server_imported_beside_all_of_them_works(tmp_path):
    """It does not matter who was imported, or began to play, first."""
    loaded = [name for name in sys.modules if name.startswith("mockthingspace")]
    with ExitStack() as stack:
        recorder = vcr.use_cassette(str(tmp_path / "cassette.yaml"))
        recorded = stack.enter_context(recorder)
        for mock in (responses.mock, requests_mock.Mocker(), respx.mock):
            stack.enter_context(mock)
        modules = stack.enter_context(patch.dict(sys.modules))
        for name in loaded:
            del modules[name]
        afresh = importlib.import_module("mockthingspace")
        server = stack.enter_context(afresh.MockThingSpace())
        listener = stack.enter_context(afresh.Listener())

        handle = afresh.MockThingSpace.at(server.url)
        handle.register(ACCOUNT, listener.url)
        handle.trigger(EVENT, ACCOUNT)
        delivery = handle.wait_for_delivery(timeout_s=LONGEST_S)

        assert afresh.MockThingSpace is not MockThingSpace
        told = (delivery.status, len(listener.messages), len(recorded))
        assert told == ("delivered", 1, 0)


FROZEN = """
import freezegun
with freezegun.freeze_time("2001-02-03"):
    from mockthingspace import Listener, MockThingSpace

    with MockThingSpace(attempt_timeout_s=0.05, retries="none") as server, \\
            Listener() as listener:
        listener.hang(times=None)
        server.register({account!r}, listener.url)
        server.trigger({event!r}, {account!r})
        server.wait_until_idle(timeout_s={longest_s})
        print(server.deliveries()[0].attempts[0].error)
"""


def test_an_attempt_ends_though_time_was_frozen_at_the_import():
    """Its time is up when so much has really passed."""
    code = FROZEN.format(account=ACCOUNT, event=EVENT, longest_s=LONGEST_S)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=3 * LONGEST_S,
        check=False,
    )

    assert done.stdout == "no answer within 0.05 s\n"


def test_a_clock_that_runs_goes_on_beside_time_machine():
    """Time travel neither puts it back nor makes its retries wait for years."""
    with MockThingSpace(clock="real", retries="0.05") as server, Listener() as listener:
        listener.reply(503)
        server.register(ACCOUNT, listener.url)
        with time_machine.travel("2100-02-03T00:00:00+00:00"):
            server.trigger(EVENT, ACCOUNT)
            server.wait_for_delivery(ACCOUNT, attempts=1, timeout_s=LONGEST_S)
            ahead = server.now
        back = server.now
        delivery = server.wait_for_delivery(ACCOUNT, timeout_s=LONGEST_S)

    assert (delivery.status, len(delivery.attempts)) == ("delivered", 2)
    assert 0 <= (back - ahead).total_seconds() < 3 * LONGEST_S


SYNCHRONOUS = """
def test_a_message_arrives(thingspace, thingspace_account, thingspace_listener):
    thingspace.register(thingspace_account, thingspace_listener.url)
    thingspace.trigger("Fota.firmwareList", thingspace_account)
    delivery = thingspace.wait_for_delivery(thingspace_account, timeout_s=20)
    assert delivery.status == "delivered"
    assert len(thingspace_listener.wait_for(1, timeout_s=20)) == 1
"""
ASYNCHRONOUS = "import pytest\n\n@pytest.mark.{}\nasync " + SYNCHRONOUS.lstrip()
PLUGINS = {
    "anyio": ("anyio.pytest_plugin", "anyio", ("-k", "asyncio")),
    "asyncio": ("pytest_asyncio.plugin", "asyncio", ()),
    "randomly": ("pytest_randomly", None, ()),
    "socket": ("pytest_socket", None, ("--allow-hosts=127.0.0.1",)),
    "timeout": ("pytest_timeout", None, ("--timeout=60",)),
    "timeout in a thread": (
        "pytest_timeout",
        None,
        ("--timeout=60", "--timeout-method=thread"),
    ),
}


@pytest.mark.parametrize("where", ["here", "elsewhere"])
@pytest.mark.parametrize("name", PLUGINS)
def test_the_fixtures_work_beside(name, where, pytester, monkeypatch):
    """Tests with the fixtures pass under a plugin that acts on the session."""
    plugin, marker, options = PLUGINS[name]
    pytester.makepyfile(ASYNCHRONOUS.format(marker) if marker else SYNCHRONOUS)
    if name == "asyncio":
        pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    with ExitStack() as stack:
        if where == "elsewhere":
            url = stack.enter_context(MockThingSpace(clock="real")).url
            monkeypatch.setenv("MOCKTHINGSPACE_URL", url)

        ran = pytester.runpytest("-p", plugin, *options)

    assert ran.parseoutcomes()["passed"] == 1
    assert not ran.parseoutcomes().keys() & {"failed", "errors", "warnings"}


def test_blocked_sockets_are_said_to_be_blocked(pytester):
    """Under ``--disable-socket`` the fixture fails with pytest-socket's own words."""
    pytester.makepyfile(SYNCHRONOUS)

    # This run makes errors of warnings, and pytest-socket warns before it raises.
    options = ("--disable-socket", "-W", "default", "--tb=short")
    ran = pytester.runpytest("-p", "pytest_socket", *options)

    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["*SocketBlockedError: A test tried to use socket.*"])
