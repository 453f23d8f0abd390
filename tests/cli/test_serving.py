"""Serving from a terminal: what is printed, when, and how it ends."""

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Timer
from time import monotonic
from typing import Any, NamedTuple

import pytest
import requests

from mockthingspace import Listener, MockThingSpace, __version__
from mockthingspace.cli.main import main
from mockthingspace.cli.serving import JsonFormatter, TextFormatter, _logging_to_stderr

from ..rows import each

ACCOUNT = "0242078689-00001"
PATH = f"/api/fota/v1/callbacks/{ACCOUNT}"
SECRETS = ("hunter2", "bearer-secret", "session-secret")
REGISTRATION = {
    "name": "Fota",
    "url": "http://localhost:9000/cb",
    "username": "zaffod",
    "password": "hunter2",
}
HEADERS = {
    "Authorization": "Bearer bearer-secret",
    "VZ-M2M-Token": "session-secret",
}
URL = re.compile(r"http://[^\s/\"]+")
PROMPTLY_S = 4


class Story(NamedTuple):
    """What one process did from its start to its end."""

    pid: int
    ready: str
    port_file: str
    status: int
    log: str
    code: int
    took_s: float
    rest: str
    left: list[str]


def _story(folder: Path, log_format: str, number: signal.Signals) -> Story:
    """Serve in a process; register, with the connection kept; send it a signal."""
    port_file = folder / "port.txt"
    options = ("--port", "0", "--log-format", log_format, "--port-file", str(port_file))
    with (
        subprocess.Popen(
            [sys.executable, "-m", "mockthingspace", "serve", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        requests.Session() as client,
    ):
        ready = process.stdout.readline()
        try:
            url = URL.findall(ready)[0]
            port = port_file.read_text()
            reply = client.post(url + PATH, json=REGISTRATION, headers=HEADERS)
            log = process.stderr.readline()
            asked_at = monotonic()
            process.send_signal(number)
            code = process.wait(10)
        finally:
            process.kill()
        took_s = monotonic() - asked_at
        rest = process.stdout.read() + process.stderr.read()
    left = os.listdir(folder)
    return Story(
        process.pid, ready, port, reply.status_code, log, code, took_s, rest, left
    )


@pytest.fixture(scope="module")
def in_text(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story of a process that logs text and is ended by Ctrl-C."""
    return _story(tmp_path_factory.mktemp("text"), "text", signal.SIGINT)


@pytest.fixture(scope="module")
def in_json(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """The story of a process that logs JSON and is ended by SIGTERM."""
    return _story(tmp_path_factory.mktemp("json"), "json", signal.SIGTERM)


class Terminal(io.StringIO):
    """A standard output that does something once the ready line is there.

    What it does runs before the server waits for a signal, and a signal ends
    the server, so no test has to wait for anything.
    """

    def __init__(self, act: Callable[[str], object], number: signal.Signals) -> None:
        super().__init__()
        self.act = act
        self.number = number

    def flush(self) -> None:
        """Act on the URL in the ready line, then send the signal."""
        if "ready" in self.getvalue():
            try:
                self.act(URL.findall(self.getvalue())[0])
            finally:
                signal.raise_signal(self.number)


Serve = Callable[..., tuple[int, str]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve in this process until acted on; return the exit code and the output."""
    log = logging.getLogger("mockthingspace")
    before = log.handlers, log.level, log.propagate

    def serve(
        *args: str,
        command: tuple[str, ...] = ("serve",),
        act: Callable[[str], object] = str,
        number: signal.Signals = signal.SIGTERM,
    ) -> tuple[int, str]:
        terminal = Terminal(act, number)
        monkeypatch.setattr(sys, "stdout", terminal)
        with pytest.raises(SystemExit) as caught:
            main([*command, *args])
        monkeypatch.undo()
        return caught.value.code or 0, terminal.getvalue()

    yield serve
    log.handlers, log.propagate = before[0], before[2]
    log.setLevel(before[1])


def test_the_ready_line_names_version_url_admin_and_process(in_text):
    """The one line on standard output has all that a script wants to know."""
    url = f"http://127.0.0.1:{in_text.port_file.strip()}"

    assert in_text.ready == (
        f"mockthingspace {__version__} ready url={url} admin={url}/__admin "
        f"pid={in_text.pid}\n"
    )


def test_the_ready_line_is_one_json_object_where_json_is_asked_for(in_json):
    """``--log-format json`` makes the ready line JSON."""
    url = f"http://127.0.0.1:{in_json.port_file.strip()}"

    assert {
        "ready": True,
        "version": __version__,
        "url": url,
        "admin": f"{url}/__admin",
        "pid": in_json.pid,
    } == json.loads(in_json.ready)


@pytest.mark.parametrize("story", ["in_text", "in_json"])
def test_it_answers_once_the_ready_line_is_printed(request, story):
    """The first request after the ready line is served."""
    assert request.getfixturevalue(story).status == 200


def test_an_exchange_is_logged_in_a_line_for_a_person(in_text):
    """The log has the time, the request, the status and what served it."""
    line = rf"\d\d:\d\d:\d\d\.\d{{3}}  POST {PATH} -> 200  fota-v1 register\n"

    assert re.fullmatch(line, in_text.log)


def test_an_exchange_is_logged_in_full_as_json(in_json):
    """The JSON log has the exchange as the admin API shows it."""
    logged = json.loads(in_json.log)

    assert sorted(logged) == ["at", "exchange", "level", "message"]
    assert logged["level"] == "info"
    assert logged["exchange"]["family"] == "fota-v1"
    assert "zaffod" in logged["exchange"]["request"]["body"]


@pytest.mark.parametrize("story", ["in_text", "in_json"])
def test_secrets_are_not_logged(request, story):
    """Neither passwords nor tokens are printed anywhere."""
    told = request.getfixturevalue(story)
    printed = told.ready + told.log + told.rest

    assert [secret for secret in SECRETS if secret in printed] == []


@pytest.mark.parametrize(("story", "code"), [("in_text", 130), ("in_json", 0)])
def test_a_signal_ends_it_with_the_documented_code(request, story, code):
    """Ctrl-C is exit code 130, SIGTERM 0."""
    assert request.getfixturevalue(story).code == code


@pytest.mark.parametrize("story", ["in_text", "in_json"])
def test_a_signal_ends_it_promptly(request, story):
    """It ends at once, says only that, and does not wait for idle clients."""
    told = request.getfixturevalue(story)

    assert len(told.rest.splitlines()) == 1
    assert "stopped" in told.rest
    assert told.took_s < PROMPTLY_S


def test_the_port_file_is_there_while_it_serves(in_text):
    """The file holds the port once it answers, and is gone when it has stopped."""
    assert re.fullmatch(r"[1-9]\d*\n", in_text.port_file)
    assert in_text.left == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=str
)
def test_a_signal_that_comes_with_the_ready_line_is_not_lost(serve, number, code):
    """A signal before the server waits for one ends it all the same."""
    assert serve("--port", "0", number=number)[0] == code


def test_without_a_command_the_first_line_says_that_it_serves(
    serve, capsys, monkeypatch
):
    """It names ``--help``; with a command there is nothing to say."""
    monkeypatch.setenv("MOCKTHINGSPACE_PORT", "0")

    assert serve(command=())[0] == 0
    first, *_ = capsys.readouterr().err.splitlines()
    assert first.endswith("so this is 'serve'; see 'mockthingspace --help'")

    serve("--port", "0")
    assert "--help" not in capsys.readouterr().err


def test_the_handlers_of_signals_are_put_back(serve):
    """A program that serves from Python keeps its own signal handlers."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]

    serve("--port", "0")

    assert [signal.getsignal(number) for number in numbers] == before


def test_the_port_file_can_be_named_by_a_variable(serve, monkeypatch, tmp_path):
    """MOCKTHINGSPACE_PORT_FILE is ``--port-file``."""
    file, seen = tmp_path / "port.txt", []
    monkeypatch.setenv("MOCKTHINGSPACE_PORT_FILE", str(file))

    serve("--port", "0", act=lambda url: seen.append(f"{url}\n".endswith(_text(file))))

    assert seen == [True]


def _text(file: Path) -> str:
    return f":{file.read_text()}"


def test_a_port_file_that_was_removed_meanwhile_is_no_error(serve, tmp_path):
    """Whoever read the port file may remove it."""
    file = tmp_path / "port.txt"

    code, _ = serve(
        "--port", "0", "--port-file", str(file), act=lambda _: file.unlink()
    )

    assert code == 0


@pytest.mark.parametrize("name", ["no/such/folder/port.txt", "."], ids=str)
def test_a_port_file_that_cannot_be_written_is_a_usage_error(
    serve, capsys, tmp_path, name
):
    """It ends before the ready line, and names the file."""
    file = tmp_path / name

    code, out = serve("--port", "0", "--port-file", str(file))

    assert (code, out) == (2, "")
    assert f"cannot write the port file {file}: " in capsys.readouterr().err


def test_a_flag_wins_over_the_environment_the_file_and_the_default(
    serve, monkeypatch, tmp_path
):
    """Each setting comes from the first that has it: flag, variable, seed, default."""
    settings = {"auth": "strict", "deregister_missing": "ok", "journal_limit": 7}
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps({"settings": settings}))
    monkeypatch.setenv("MOCKTHINGSPACE_AUTH", "present")
    monkeypatch.setenv("MOCKTHINGSPACE_DEREGISTER_MISSING", "error")
    monkeypatch.setenv("MOCKTHINGSPACE_REGISTRATION_RULES", "enforced")
    found: dict[str, Any] = {}

    serve(
        "--port", "0", "--seed", str(seed), "--auth", "off",
        act=lambda url: found.update(_settings(url)),
    )  # fmt: skip

    assert (
        found["auth"],
        found["deregister_missing"],
        found["journal_limit"],
        found["accounts"],
    ) == ("off", "error", 7, None)
    assert found["registration_rules"] == "enforced"


@pytest.mark.parametrize(
    ("flag", "reached"),
    [("--allow-public-listeners", True), ("--no-allow-public-listeners", False)],
)
def test_a_switch_can_be_turned_on_and_off_by_a_flag(serve, monkeypatch, flag, reached):
    """A ``--no-`` flag wins over a variable that turns it on, and the reverse."""
    monkeypatch.setenv("MOCKTHINGSPACE_ALLOW_PUBLIC_LISTENERS", str(not reached))
    found: dict[str, Any] = {}

    def act(url: str) -> None:
        found.update(requests.get(f"{url}/__admin/settings", timeout=5).json())

    serve("--port", "0", flag, act=act)

    assert found["settings"]["allow_public_listeners"] is reached


def _settings(url: str) -> dict[str, Any]:
    return requests.get(f"{url}/__admin/snapshot", timeout=5).json()["settings"]


@pytest.mark.parametrize(
    ("host", "warned"),
    [("127.0.0.1", False), ("LocalHost", False), ("0x7f000001", True)],
    ids=["an address", "a name", "not known to be one"],
)
def test_a_host_that_is_not_known_to_be_loopback_is_warned_of(
    serve, capsys, host, warned
):
    """The warning says what is at stake; loopback goes without one."""
    code, _ = serve("--port", "0", "--host", host)

    said = f"warning: {host} is not a loopback address" in capsys.readouterr().err
    assert (0, warned) == (code, said)


def test_a_bug_is_logged_as_json_with_its_traceback():
    """A record with an exception is one line that holds the traceback."""
    try:
        raise KeyError("broken")
    except KeyError:
        log = logging.getLogger("mockthingspace.test")
        record = log.makeRecord(
            log.name,
            logging.ERROR,
            __file__,
            1,
            "failed on %s",
            ("GET",),
            sys.exc_info(),
        )

    logged = json.loads(JsonFormatter().format(record))

    assert (logged["level"], logged["message"]) == ("error", "failed on GET")
    assert logged["traceback"].endswith("KeyError: 'broken'")


@each(
    ("ahead_s", "line", "clock"),
    [
        (
            3600,
            "12:00:00.000  GET /  (the server's clock: 13:00:00.000)",
            "2026-01-01T13:00:00+00:00",
        ),
        (0.9, "12:00:00.000  GET /", None),
    ],
    ids=["ahead", "with it"],
)
def test_the_log_tells_both_clocks_where_they_differ(ahead_s, line, clock):
    """This machine's in UTC, and the server's, which the timeline has."""
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
    record = logging.makeLogRecord(
        {"msg": "GET /", "clock": noon + timedelta(seconds=ahead_s)}
    )
    record.created, record.msecs = noon.timestamp(), 0

    assert TextFormatter().format(record) == line
    assert json.loads(JsonFormatter().format(record)).get("clock") == clock


def test_a_request_is_logged_with_the_servers_clock(client, clock, caplog):
    """It is when the reply was given."""
    caplog.set_level(logging.INFO, "mockthingspace")
    clock.advance(3600)

    client.get("/nowhere")

    [record] = caplog.records
    assert record.clock == clock.now()


HASTY = (
    "from mockthingspace.cli import output; output.GRACE_S = {grace_s}; "
    "from mockthingspace.cli.main import main; main()"
)


ANNOUNCE = (
    "wait = signals.Stop.wait; "
    "signals.Stop.wait = lambda stop: "
    "print('waits', file=__import__('sys').stderr, flush=True) or wait(stop); "
)


@contextmanager
def _serving(*args: str, grace_s: float = 30) -> Iterator[tuple[Any, str]]:
    """Serve in a process; hand over that and its URL."""
    command = ["-c", HASTY.format(grace_s=grace_s), "serve", "--port", "0", *args]
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process, URL.findall(process.stdout.readline())[0]
        finally:
            process.kill()


def _ask(url: str, paths: Iterable[str]) -> set[int]:
    with requests.Session() as session:
        return {session.get(url + path, timeout=30).status_code for path in paths}


def test_it_serves_and_ends_although_nobody_reads_its_log():
    """A pipe that is full holds up neither an answer nor SIGTERM."""
    with _serving(grace_s=0.01) as (process, url):
        answers = _ask(url, (f"{PATH}?x={number:01000}" for number in range(90)))
        process.terminate()

        assert (answers, process.wait(30)) == ({200}, 0)


@pytest.mark.parametrize("command", ["serve", "listen"])
def test_it_ends_although_nobody_reads_its_ready_line(command):
    """Standard output may be a pipe that is full already; SIGTERM ends it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    code = HASTY.format(grace_s=0.01).replace(
        "main()", f"main({[command, '--port=0']})"
    )
    announce = "from mockthingspace.cli import output, signals; " + ANNOUNCE
    with subprocess.Popen(
        [sys.executable, "-c", announce + code],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        at_last = Timer(30, process.kill)
        at_last.start()
        try:
            assert process.stderr.readline() == "waits\n"
            process.terminate()
            assert process.wait(30) == 0
        finally:
            at_last.cancel()
            process.kill()
            os.close(reading)
            os.close(writing)


def test_a_closed_standard_output_ends_it_with_a_reason():
    """Nobody could learn where it serves."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mockthingspace", "serve", "--port", "0"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )
    os.close(writing)
    said = "mockthingspace: cannot write to standard output: "
    assert (done.returncode, said in done.stderr) == (1, True)


def test_all_is_logged_in_order_before_it_ends():
    """Whoever reads the log has every line, the last as well."""
    with _serving() as (process, url):
        _ask(url, (f"{PATH}?x={number}" for number in range(50)))
        process.terminate()
        log = process.stderr.read()

    asked = [int(number) for number in re.findall(r"\?x=(\d+) ", log)]
    assert asked == list(range(50))
    assert log.endswith("  stopped\n")


@pytest.mark.parametrize(
    ("log_format", "line"),
    [
        ("text", r"[\d:.]+  lines not logged, because nobody read the log: 3"),
        ("json", r"\{.*\"warning\".*\"lines not logged, .*: 3\"\}"),
    ],
)
def test_what_could_not_be_logged_is_counted(monkeypatch, capsys, log_format, line):
    """The log says in its own format how much of it is missing."""
    monkeypatch.setattr("mockthingspace.cli.output.MOST_BYTES", 0)
    log = logging.getLogger("mockthingspace")
    with _logging_to_stderr(log_format):
        [handler] = log.handlers
        with handler._outlet._changed:  # so that it cannot say it each time
            for _ in range(3):
                log.warning("lost")

    assert re.fullmatch(line, capsys.readouterr().err.strip())


def _delivered_twice(log_format: str) -> None:
    """Have a listener refuse a message once; deregister before the next is sent."""
    with (
        _logging_to_stderr(log_format),
        Listener() as listener,
        MockThingSpace() as thing,
    ):
        listener.reply(503, body=b"hunter2")
        url = listener.url.replace("//", "//zaffod:hunter2@")
        thing.register(ACCOUNT, url, password="hunter2")
        thing.trigger("Fota.upgradeFinished", ACCOUNT)
        thing.wait_for_delivery(ACCOUNT, attempts=1)
        thing.trigger("Fota.upgradeFinished", ACCOUNT)
        thing.advance(seconds=299)
        thing.admin.ask("DELETE", "/registrations")


def test_triggers_deliveries_and_attempts_are_logged(capsys):
    """A line each, as the timeline has it, and nothing secret in any."""
    _delivered_twice("text")

    lines = capsys.readouterr().err.splitlines()
    said = [
        re.sub(r"(?:[\d-]{10} )?\S*\d\d:\d\d\.\d+|:\d{4,}", "", line) for line in lines
    ]
    origin = "http://127.0.0.1"
    to = (
        f"of Fota.upgradeFinished for {ACCOUNT} to http://zaffod:***@127.0.0.1/callback"
    )
    assert said == [
        f"  trigger of Fota.upgradeFinished for {ACCOUNT}",
        f"  delivery 2 {to}: pending, attempt 1 due at ",
        f"  attempt 1 of delivery 2 to {origin}: 503, pending, attempt 2 due at ",
        f"  trigger of Fota.upgradeFinished for {ACCOUNT}",
        f"  delivery 5 {to}: pending, attempt 1 due at ",
        "  clock: 299 s on, from  to ",
        f"  delivery 2 {to}: cancelled",
        f"  delivery 5 {to}: cancelled",
    ]


def test_what_is_logged_of_deliveries_is_an_entry_of_the_timeline_as_json(capsys):
    """A program finds the kind, the instant, the account and what came of it."""
    _delivered_twice("json")

    out = capsys.readouterr().err
    entries = [json.loads(line)["entry"] for line in out.splitlines()]
    [attempt] = [entry for entry in entries if entry["sort"] == "attempt"]
    assert (attempt["account"], attempt["outcome"][:3]) == (ACCOUNT, "503")
    assert "hunter2" not in out


def test_what_libraries_warn_of_is_logged_as_well(capsys):
    """It goes through the same outlet, where it can hold up nobody."""
    before = logging.lastResort
    with _logging_to_stderr("text"):
        logging.lastResort.handle(logging.makeLogRecord({"msg": "from waitress"}))

    assert logging.lastResort is before
    assert capsys.readouterr().err.endswith("  from waitress\n")


def test_what_cannot_be_logged_fails_nobody(capsys):
    """A record that cannot be formatted is logged with the reason, escaped."""

    class Unspeakable:
        def __str__(self) -> str:
            raise TypeError("\x1b[2J")

    with _logging_to_stderr("text"):
        logging.getLogger("mockthingspace").info("%s", Unspeakable())

    first, *rest = capsys.readouterr().err.splitlines()
    assert (first.endswith("  cannot log '%s'"), rest[0], rest[-1]) == (
        True,
        "Traceback (most recent call last):",
        "TypeError: \\x1b[2J",
    )


def test_nothing_in_the_log_is_obeyed_by_a_terminal(capsys):
    """Messages, and what an exception says, are escaped; lines stay lines."""
    with _logging_to_stderr("text"):
        log = logging.getLogger("mockthingspace")
        try:
            raise ValueError("\x1b[2J")
        except ValueError:
            log.exception("failed on %s", "/\x1b[2J\n12:00:00.000  forged\u202e")

    first, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("failed on /\\x1b[2J\\n12:00:00.000  forged\\u202e")
    assert (rest[0], rest[-1]) == (
        "Traceback (most recent call last):",
        "ValueError: \\x1b[2J",
    )
