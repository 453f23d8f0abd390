"""The handle over its life: started, used at once by many, forgotten."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests

from mockthingspace import MockThingSpace, MockThingSpaceError
from mockthingspace.client.transport import with_scheme
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.server.server import Server

BOUND_S = 30


def test_starting_at_once_from_many_threads_starts_one_server():
    """Of four starts one succeeds, and stopping ends all there is."""
    server = MockThingSpace()

    def start(_):
        with suppress(MockThingSpaceError):
            return server.start()

    with ThreadPoolExecutor(4) as pool:
        started = [item for item in pool.map(start, range(4)) if item]
    url = server.url
    server.stop()

    assert started == [server]
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_stopping_at_once_from_many_threads_does_no_harm():
    """Of four stops one ends the server, and none fails."""
    server = MockThingSpace().start()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: server.stop(), range(4)))

    assert not server.running


@pytest.fixture
def others() -> set[threading.Thread]:
    """The threads there are besides the test's."""
    return set(threading.enumerate())


@pytest.fixture
def forgotten(others: set[threading.Thread]) -> Iterator[list[MockThingSpace]]:
    """A server that is in this list and nowhere else; its threads end."""
    yield [MockThingSpace().start()]
    for thread in set(threading.enumerate()) - others:
        thread.join(BOUND_S)
        assert not thread.is_alive()


def _is_gone(url: str, others: set[threading.Thread]) -> bool:
    """Wait until a server has stopped; say that it has."""
    for thread in set(threading.enumerate()) - others:
        if thread.name == "mockthingspace":
            thread.join(BOUND_S)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=BOUND_S)
    return True


def test_a_forgotten_server_stops_and_says_so(forgotten, others):
    """A server that nobody can stop any more does not run on."""
    url = forgotten[0].url
    requests.get(f"{url}/__admin/health", timeout=BOUND_S)

    with pytest.warns(ResourceWarning, match=f"{url}> was not stopped"):
        forgotten.clear()

    assert _is_gone(url, others)


def test_a_server_can_be_forgotten_in_its_own_thread(forgotten, others):
    """It is collected wherever that happens, and waits for no thread then."""
    url, done = forgotten[0].url, threading.Event()
    trigger = forgotten[0]._server._listener.trigger

    def forget():
        forgotten.clear()
        done.set()

    def wait():
        trigger.pull_trigger(forget)
        return done.wait(BOUND_S)

    with pytest.warns(ResourceWarning, match=f"{url}> was not stopped"):
        assert wait()

    assert _is_gone(url, others)


def test_a_server_that_was_let_go_need_not_be_stopped(forgotten, others):
    """A program's own end may stop it after Python's has let it go."""
    url = forgotten[0].url
    with pytest.warns(ResourceWarning, match="was not stopped"):
        forgotten[0]._forgotten()

    forgotten[0].stop()

    assert _is_gone(url, others)
    assert not forgotten[0].running


def _run(script: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a script that is warned of what it forgets."""
    return subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", "\n".join(script)],
        check=False,
        capture_output=True,
        text=True,
        timeout=BOUND_S,
    )


def test_a_script_that_forgets_to_stop_ends():
    """It is warned of each server, whatever holds it, and waits for no thread."""
    script = [
        "from urllib.request import urlopen",
        "from mockthingspace import MockThingSpace",
        "def use():",
        "    it = MockThingSpace().start()",
        "    assert urlopen(it.url + '/__admin/health').status == 200",
        "    return it",
        "use()",
        "cycle = use(); cycle.self = cycle; del cycle",
        "kept = use()",
    ]
    ran = _run(script)

    # A socket that the program's end met open is warned of by Python itself.
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ran.stderr.count("> was not stopped\n") == 3
    assert "Traceback" not in ran.stderr


def test_a_script_that_forgets_to_stop_waits_for_no_listener():
    """Neither for one that hangs on a socket nor for an application that does."""
    script = [
        "import socket, threading",
        "from mockthingspace import MockThingSpace",
        "deaf = socket.create_server(('127.0.0.1', 0))",
        "hang = lambda environ, start: threading.Event().wait()",
        "it = MockThingSpace(deliver_to={'http://app.example': hang}).start()",
        "urls = f'http://127.0.0.1:{deaf.getsockname()[1]}', 'http://app.example'",
        "for number, url in enumerate(urls):",
        "    it.register(f'0242078689-0000{number}', url)",
        "    it.trigger('Fota.upgradeFinished', f'0242078689-0000{number}')",
        "print('end')",
    ]
    ran = _run(script)
    assert (ran.returncode, ran.stdout) == (0, "end\n")
    assert "> was not stopped" in ran.stderr


def test_a_server_on_every_ipv6_address_answers_at_its_url():
    """The URL is one that a client on this machine can use."""
    with MockThingSpace(host="::", allowed_hosts=["::1"]) as server:
        assert server.url.startswith("http://[::1]:")
        assert (
            requests.get(f"{server.url}/__admin/health", timeout=5).status_code == 200
        )


def test_a_handle_says_where_it_is():
    """Its repr has the URL, and the account it keeps to."""
    scoped = MockThingSpace.at("localhost:1", account="0242078689-00001")

    assert repr(MockThingSpace()) == "<MockThingSpace not running>"
    assert repr(scoped) == (
        "<MockThingSpace http://localhost:1, account 0242078689-00001>"
    )


def test_settings_can_be_given_by_name(thingspace):
    """A mapping of settings is as good as a value; an unknown one is named."""
    assert MockThingSpace({"auth": "strict"}).settings.auth == "strict"
    with pytest.raises(SettingsError, match="did you mean 'auth'"):
        MockThingSpace({"aut": "strict"})


def test_the_second_prefix_of_the_sessions_has_a_url(thingspace):
    """``oauth2`` is the other of the two prefixes that ``session`` has."""
    assert thingspace.url_for("session") == thingspace.url + "/api/m2m/v1/session"
    assert thingspace.url_for("oauth2") == thingspace.url + "/api/ts/v1/oauth2"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://localhost",
        "http://",
        "http://h/path",
        "http://h:x",
        "http://h:0",
        "http://[::1",
        "http://user:secret@h",
    ],
)
def test_a_place_no_server_can_be_at_is_refused(url):
    """What is no scheme, host and port is refused before anything is sent."""
    with pytest.raises(SettingsError, match="scheme, host and port"):
        with_scheme(url)


def test_the_admin_api_answers_while_all_others_are_busy(thingspace):
    """Requests of the admin API have threads of their own."""
    with ThreadPoolExecutor(8) as pool:
        url = f"{thingspace.url}/__admin/health"
        replies = list(pool.map(lambda _: requests.get(url, timeout=5), range(16)))

    assert {reply.status_code for reply in replies} == {200}


def test_a_reply_in_pieces_arrives_whole():
    """A reply that an application gives piece by piece is sent as one."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "6")])
        return [b"abc", b"def"]

    server = Server(app, "127.0.0.1", 0, lambda _: True)
    server.start()
    try:
        assert requests.get(server.url, timeout=5).content == b"abcdef"
    finally:
        server.stop()


def test_output_that_cannot_be_written_is_a_sentence(thingspace):
    """A full disk is no traceback, but exit code 1 and the reason."""
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "mockthingspace", "health", "--url", thingspace.url],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert ran.returncode == 1
    assert "No space left on device" in ran.stderr
    assert "Traceback" not in ran.stderr
