"""The command line, the module that runs it, and the package's public names."""

import json
import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator
from importlib import import_module

import click
import pytest
import requests
from click.testing import CliRunner, Result

import mockthingspace
from mockthingspace import MockThingSpace, __version__
from mockthingspace.cli.common import EXIT_CODES
from mockthingspace.cli.main import cli, main
from mockthingspace.client.transport import AdminClient, remote
from mockthingspace.core.exceptions import AdminError, SettingsError
from mockthingspace.core.settings import rows
from mockthingspace.server.server import Server
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
URL = "http://localhost:9000/cb"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; return its exit code and what it said, out and err."""

    def run(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main([*args])
        code = caught.value.code
        return (0 if code is None else int(code), *capsys.readouterr())

    return run


RULES = "--registration-rules, with enforced instead of true, relaxed instead of false"
OLD: dict[str, str] = {
    "serve --follow pages": "--dialect, with docs instead of pages",
    "serve --missing refuse": "--deregister-missing, with error instead of refuse, "
    "ok instead of succeed",
    "serve --strict": RULES,
    "serve --no-strict": RULES,
    "serve --profile none": "--retries",
    "serve --no-public-listeners": "--allow-public-listeners",
    "check-listener --public-listeners": "--allow-public-listeners",
    "check-listener --public": "--allow-public-listeners",
    "faults heal --all": "clear",
    "fidelity --mark assumed": "--evidence",
}


@each(("typed", "name"), OLD.items())
def test_an_old_word_is_told_the_new_one(run: Run, typed: str, name: str) -> None:
    """An option or a command with an old name is told what it is called now."""
    code, _, err = run(*typed.split())
    assert (code, err.rpartition("; it is now ")[2]) == (2, f"{name}.\n")


@pytest.fixture
def restored_log() -> Iterator[None]:
    """Put the log back as it was: serving takes it over."""
    log = logging.getLogger("mockthingspace")
    before = log.handlers, log.level, log.propagate
    yield
    log.handlers, log.propagate = before[0], before[2]
    log.setLevel(before[1])


def _invoke(*args: str, said: str | None = None) -> Result:
    return CliRunner().invoke(cli, [*args], input=said, catch_exceptions=False)


def _answering(status: str, content: bytes) -> Server:
    """Return a server, not started, that gives everybody the same answer."""

    def app(_: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response(status, [("Content-Length", str(len(content)))])
        return [content]

    return Server(app, "127.0.0.1", 0, lambda _: True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _busy_port_message(port: int) -> str:
    return f"cannot serve on 127.0.0.1:{port}: the port is taken by another process"


def test_health_says_that_a_server_answers(thingspace):
    """``health`` prints one line: the state, the version, the URL, the uptime."""
    result = _invoke("health")

    line = f"healthy: mockthingspace {__version__} at {thingspace.url}, up 0 s\n"
    assert (result.exit_code, result.output) == (0, line)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("health", "status"),
        ("registrations", "registrations"),
        ("requests", "requests"),
        ("reset", "epoch"),
        ("snapshot", "settings"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("thingspace")
def test_every_command_prints_the_admin_apis_document_as_json(command, key):
    """``--json`` prints what the admin API answered."""
    assert key in json.loads(_invoke(command, "--json").output)


def test_a_url_on_the_command_line_wins_over_the_environment(thingspace, monkeypatch):
    """``--url`` names the server to ask, whatever MOCKTHINGSPACE_URL says."""
    monkeypatch.setenv("MOCKTHINGSPACE_URL", "http://127.0.0.1:1")

    assert _invoke("health", "--url", f"{thingspace.url}/").exit_code == 0


def test_a_url_may_leave_out_its_scheme(thingspace):
    """``--url 127.0.0.1:8440`` is as good as with ``http://``."""
    bare = thingspace.url.removeprefix("http://")

    assert _invoke("health", "--url", bare).exit_code == 0


def test_registrations_are_listed_one_a_line(thingspace):
    """A line has account, API, service, URL, any user name, and since when."""
    made = thingspace.register(ACCOUNT, URL, username="zaffod", password="hidden")
    thingspace.register(OTHER, URL)

    lines = _invoke("registrations").output.splitlines()

    since = f"{made.registered_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    heads = ["ACCOUNT", "FAMILY", "SERVICE", "URL", "USER NAME", "REGISTERED"]
    assert [re.split("  +", line) for line in lines] == [
        heads,
        [ACCOUNT, "fota-v1", "Fota", URL, "zaffod", since],
        [OTHER, "fota-v1", "Fota", URL, "-", since],
    ]
    assert len({line.index("fota-v1") for line in lines[1:]}) == 1


@pytest.mark.parametrize(
    "filters",
    [
        ("--account", OTHER),
        ("--family", "session"),
        ("--account", OTHER, "--service", "Fota"),
    ],
    ids=["account", "family", "account and service"],
)
def test_registrations_are_filtered(thingspace, filters):
    """Each filter leaves out what does not match; an empty list says so."""
    thingspace.register(ACCOUNT, URL)

    assert _invoke("registrations", *filters).output == "no registrations\n"


def test_requests_are_listed_one_a_line_oldest_first(thingspace):
    """A line holds the instant, the request, the status and what served it."""
    path = f"/api/fota/v1/callbacks/{ACCOUNT}"
    requests.get(f"{thingspace.url}{path}", timeout=30)
    requests.get(f"{thingspace.url}/nowhere", timeout=30)

    first, second = _invoke("requests").output.splitlines()

    assert first.endswith(f"Z  GET {path} -> 200  fota-v1 list")
    assert "GET /nowhere -> 404  -  (no operation has the path" in second


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--unmatched"], ["/nowhere"]),
        (["--account", OTHER], [f"/api/fota/v1/callbacks/{OTHER}"]),
        (["--limit", "1"], [f"/api/fota/v1/callbacks/{OTHER}"]),
        (["--unmatched", "--account", ACCOUNT], []),
    ],
    ids=["unmatched", "account", "limit", "unmatched of an account"],
)
def test_requests_are_filtered(thingspace, options, shown):
    """Each option leaves out what it does not ask for."""
    for path in ("/nowhere", f"/api/fota/v1/callbacks/{OTHER}"):
        requests.get(f"{thingspace.url}{path}", timeout=30)

    document = json.loads(_invoke("requests", "--json", *options).output)

    assert [exchange["request"]["url"] for exchange in document["requests"]] == shown


@pytest.mark.usefixtures("thingspace")
def test_an_empty_journal_is_said_to_be_empty():
    """``requests`` of a server that nobody asked says so."""
    assert _invoke("requests").output == "no requests\n"


def test_evicted_requests_are_counted():
    """``requests`` says how many older requests are no longer kept."""
    with MockThingSpace(journal_limit=1) as thingspace:
        for _ in range(3):
            requests.get(f"{thingspace.url}/nowhere", timeout=30)

        lines = _invoke("requests", "--url", thingspace.url).output.splitlines()

    assert lines[0] == "(2 older ones were evicted)"
    assert len(lines) == 2


def test_reset_says_what_is_gone(thingspace):
    """``reset`` starts everything over and counts what there was."""
    thingspace.register(ACCOUNT, URL)

    told = _invoke("reset").output

    assert told == "reset; removed registrations: 1, requests: 0, tokens: 0\n"
    assert thingspace.registrations() == []


def test_reset_of_an_account_leaves_the_others(thingspace):
    """``reset --account`` starts only that account over."""
    thingspace.register(ACCOUNT, URL)
    thingspace.register(OTHER, URL)

    _invoke("reset", "--account", ACCOUNT)

    assert [registration.account for registration in thingspace.registrations()] == [
        OTHER
    ]


def test_a_snapshot_can_be_restored(thingspace, tmp_path):
    """What ``snapshot`` prints, ``snapshot --restore`` puts back."""
    thingspace.register(ACCOUNT, URL)
    saved = tmp_path / "seed.json"
    saved.write_text(_invoke("snapshot").output)
    thingspace.reset()

    result = _invoke("snapshot", "--restore", str(saved))

    assert result.output == "restored 1 registrations\n"
    assert [registration.account for registration in thingspace.registrations()] == [
        ACCOUNT
    ]


def test_a_snapshot_can_be_restored_from_standard_input(thingspace):
    """``--restore -`` reads what is piped in."""
    result = _invoke("snapshot", "--restore", "-", said='{"registrations": []}')

    assert (result.exit_code, result.output) == (0, "restored 0 registrations\n")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "must hold a JSON object"),
    ],
    ids=["truncated", "not UTF-8", "too deep", "an array"],
)
def test_a_file_that_is_no_snapshot_is_a_usage_error(run, tmp_path, content, complaint):
    """What cannot be a snapshot is refused before a server is asked."""
    file = tmp_path / "seed.json"
    file.write_bytes(content)

    code, _, err = run("snapshot", "--restore", str(file))

    assert code == 2
    assert f"{file} {complaint}" in err


@pytest.mark.usefixtures("thingspace")
def test_a_snapshot_that_is_refused_says_why(run, tmp_path):
    """A file that the admin API cannot use is one sentence and exit code 2."""
    file = tmp_path / "seed.json"
    file.write_text('{"registration": []}')

    code, out, err = run("snapshot", "--restore", str(file))

    assert (code, out) == (2, "")
    assert err.startswith("mockthingspace: unknown key 'registration'")


@pytest.mark.parametrize(
    "args",
    [
        ("trigger", "fota-v1", "--message", "\x1b]0;pwn\a"),
        ("\x1b]0;pwn\a",),
        ("health", "--\x1b]0;pwn\a"),
        ("health", "\x1b]0;pwn\a"),
        ("snapshot", "--restore", "/\x1b]0;pwn\a"),
    ],
    ids=["a value", "a command", "an option", "an argument", "a file"],
)
def test_a_mistake_in_what_is_typed_is_told_without_what_a_terminal_obeys(run, args):
    """What was typed may have come from anywhere."""
    code, out, err = run(*args)

    assert (code, out, "pwn" in err) == (2, "", True)
    assert [char for char in err if not char.isprintable() and char != "\n"] == []


def test_no_server_is_exit_code_1_and_a_sentence(run):
    """Where nothing answers, the sentence names the URL and the likely cause."""
    url = f"http://127.0.0.1:{_free_port()}"

    code, out, err = run("health", "--url", url)

    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"no server answers at {url}; is 'mockthingspace serve' running" in err


@pytest.mark.parametrize(
    ("status", "content"),
    [
        ("200 OK", b"<html>"),
        ("200 OK", b"[]"),
        ("200 OK", b'{"status": "healthy"}'),
        ("302 Found", b""),
        ("404 Not Found", b'{"detail": "nothing here"}'),
        ("500 Internal Server Error", b"[]"),
    ],
    ids=["a page", "an array", "another program", "a redirect", "a refusal", "broken"],
)
def test_what_is_no_server_is_exit_code_1_and_a_sentence(run, status, content):
    """Another program at the URL is told from a server, without a traceback."""
    server = _answering(status, content)
    server.start()

    code, out, err = run("health", "--url", server.url)
    server.stop()

    told = (
        f"the server at {server.url} is not mockthingspace (it answered {status[:3]})"
    )
    assert (code, out, err) == (1, "", f"mockthingspace: {told}\n")


@each(
    ("command", "place", "expected"),
    [
        ("health", "{dead}", "no server answers at {dead} (from {name}); is "),
        ("requests", "{other}", "the server at {other} (from {name}) is not "),
        ("reset", "ftp://x", "'ftp://x' (from {name}) is not the URL of a server; "),
    ],
)
def test_an_error_names_the_variable_that_chose_the_url(
    run, monkeypatch, command, place, expected
):
    """Who set it in another terminal, or a year ago, reads where it comes from."""
    name = "MOCKTHINGSPACE_URL"
    other, dead = _answering("404 Not Found", b"{}"), f"http://127.0.0.1:{_free_port()}"
    names = {"name": name, "dead": dead, "other": other.url}
    monkeypatch.setenv(name, place.format(**names))
    other.start()

    _, _, err = run(command)
    other.stop()

    said = f"mockthingspace: {expected.format(**names)}"
    assert err[: len(said)] == said


def test_a_refusal_of_the_admin_api_has_its_code_and_status(thingspace):
    """The client raises what the admin API said, in its words."""
    client = AdminClient(remote(thingspace.url))

    with pytest.raises(AdminError, match="unknown filter 'sevrice'") as caught:
        client.ask("GET", "/registrations", sevrice="Fota")

    assert (caught.value.code, caught.value.status) == ("unknown_filter", 400)


def test_a_proxy_of_the_environment_is_not_used(thingspace, monkeypatch):
    """A server is asked directly, whatever proxy the environment names."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")

    assert _invoke("health").exit_code == 0


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["serve", "--auth", "maybe"], "off | present | strict"),
        (["serve", "--port", "99999"], "a port from 0 to 65535"),
        (["serve", "--prot", "0"], "--port"),
        (["serve", "--seed", "/no/such/file"], "/no/such/file"),
        (["serve", "--log-format", "xml"], "'json'"),
        (["serve", "0"], "unexpected extra argument"),
        (["--auth", "maybe"], "off | present | strict"),
        (["heath"], "heath"),
        (["requests", "--limit", "0"], "0"),
        (["snapshot", "--restore", "/no/such/file"], "/no/such/file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_usage_error_is_exit_code_2_and_names_what_is_allowed(run, args, named):
    """What cannot be used is named with what could be, and nothing starts."""
    code, out, err = run(*args)

    assert (code, out) == (2, "")
    assert named in err


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("MOCKTHINGSPACE_AUHT", "strict", "did you mean 'auth'?"),
        ("MOCKTHINGSPACE_DEREGISTER_MISSING", "ignore", "error | ok"),
        ("MOCKTHINGSPACE_LOG_FORMAT", "xml", "'json'"),
    ],
    ids=["unknown", "bad value", "bad log format"],
)
def test_a_variable_that_cannot_be_used_is_a_usage_error(
    run, monkeypatch, variable, value, named
):
    """A variable with our prefix is a setting, or an error that says which are."""
    monkeypatch.setenv(variable, value)

    code, out, err = run("serve")

    assert (code, out) == (2, "")
    assert named in err


@each(
    "args",
    [
        "trigger gone --account 0242078689-00001",
        "trigger Fota.upgradeFinished --account 0242078689-00001 --service gone",
        "events gone",
        "events --family gone",
        "events --service gone",
        "registrations --service gone",
        "registrations --family gone",
        "requests --operation gone",
        "deliveries --event gone",
        "fidelity --family gone",
        "faults plan gone",
        "faults plan reset --family gone",
        "faults plan drop --event gone",
        "check-listener http://127.0.0.1:9 --service gone",
        "check-listener http://127.0.0.1:9 --only gone",
        "gone",
        "faults gone",
    ],
)
def test_an_unknown_word_is_exit_code_2_everywhere(thingspace, run, args):
    """Whoever checks it, the command line or the server."""
    code, out, err = run(*args.split())

    assert (code, out, "gone" in err) == (2, "", True)


def test_help_has_every_exit_code(run):
    """``mockthingspace --help`` says what each means."""
    table = run("--help")[1].partition("Exit codes:\n")[2]

    assert table.split() == [
        word
        for code, summary in EXIT_CODES.items()
        for word in (str(code), *summary.split())
    ]


def test_a_password_that_cannot_be_used_is_not_printed(run):
    """The error about credentials does not repeat them."""
    code, _, err = run("serve", "--credentials", "alice-hunter2")

    assert code == 2
    assert "NAME:PASSWORD" in err
    assert "hunter2" not in err


@pytest.mark.parametrize("args", [["serve", "--port"], ["--port"]], ids=" ".join)
def test_a_busy_port_is_exit_code_3_and_names_who_has_it(run, args, restored_log):
    """``serve`` on a taken port ends at once; without a command it is ``serve``."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, out, err = run(*args, str(port))

    assert (code, out) == (3, "")
    assert _busy_port_message(port) in err


def test_without_a_command_it_is_serve(run, monkeypatch, restored_log):
    """``mockthingspace`` alone serves, at the port that is set."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("MOCKTHINGSPACE_PORT", str(port))

        code, _, err = run()

    assert code == 3
    assert _busy_port_message(port) in err


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_exit_code_130(run, monkeypatch, interruption):
    """A command that is interrupted leaves with the shell's code for it."""

    @click.command()
    def interrupted() -> None:
        raise interruption

    monkeypatch.setitem(cli.commands, "interrupted", interrupted)

    assert run("interrupted")[0] == 130


def test_every_setting_is_a_flag_of_serve():
    """``serve`` has one option for each setting, spelled with hyphens."""
    flags = {option.name: option.opts for option in cli.commands["serve"].params}

    assert {
        name: flags[name] for name in flags.keys() - {"port_file", "log_format"}
    } == {row.name: ["--" + row.name.replace("_", "-")] for row in rows()}


def test_the_help_of_serve_says_what_each_setting_takes():
    """``serve --help`` has every setting's words, values and default."""
    shown = " ".join(_invoke("serve", "--help").output.split())

    for row in rows():
        assert row.metadata["does"].split(";")[0] in shown
    assert "[off | present | strict] (default: off)" in shown
    assert "(default: none)" in shown
    assert "(default: false)" in shown


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["serve", "-h"]], ids=" ".join)
def test_help_has_examples(run, args):
    """Help ends with lines that can be typed as they stand."""
    code, out, _ = run(*args)

    assert code == 0
    assert "    mockthingspace serve --" in out.partition("Examples:\n")[2]


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_has_help(command):
    """Each command says what it does."""
    result = _invoke(command, "--help")

    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: cli {command} [OPTIONS]")


def test_the_examples_use_options_that_exist():
    """The help of the group names no option that its commands lack."""
    used = [line.split() for line in (cli.epilog or "").splitlines()]
    known = {name: _options(command) for name, command in cli.commands.items()}
    lines = [line for line in used if line[:1] == ["mockthingspace"]]

    assert len(lines) > 5
    for _, *words in lines:
        flags = {word for word in words if word.startswith("--")}
        assert flags <= known[words[0] if words[0] in known else "serve"]


def _options(command: click.Command) -> set[str]:
    return {flag for option in command.params for flag in option.opts}


def test_the_version_is_printed(run):
    """``--version`` prints the name and the version."""
    assert run("--version") == (0, f"mockthingspace {__version__}\n", "")


def test_the_module_runs_the_command(monkeypatch, capsys):
    """``python -m mockthingspace`` is the ``mockthingspace`` command."""
    monkeypatch.setattr(sys, "argv", ["mockthingspace", "--version"])

    with pytest.raises(SystemExit) as caught:
        import_module("mockthingspace.__main__")

    assert caught.value.code in (0, None)
    assert capsys.readouterr().out == f"mockthingspace {__version__}\n"


@each("name", mockthingspace.__all__)
def test_every_public_name_is_there(name):
    """What ``__all__`` promises can be imported from the package."""
    assert getattr(mockthingspace, name) is not None


def test_a_public_name_is_loaded_from_its_module(monkeypatch):
    """A name that was not used yet is loaded from its module, and then kept."""
    monkeypatch.delitem(vars(mockthingspace), "MockThingSpaceError", raising=False)

    assert issubclass(SettingsError, mockthingspace.MockThingSpaceError)
    assert "MockThingSpaceError" in vars(mockthingspace)


def test_an_unknown_name_is_an_attribute_error():
    """A name the package does not have is refused as any module refuses it."""
    with pytest.raises(
        AttributeError, match=r"^module 'mockthingspace' has no attribute 'Mock'$"
    ):
        _ = mockthingspace.Mock


def test_no_name_reaches_the_terminal_with_control_sequences(thingspace, run):
    """What users and listeners chose is escaped, in listings and in complaints."""
    evil = "\x1b[2J\x9b\u202e\u2028"
    with Listener() as listener:
        listener.reply(500, body=evil.encode())
        thingspace.register(ACCOUNT, listener.url, username=evil, password=evil)
        thingspace.trigger("Fota.upgradeFinished", ACCOUNT)
        thingspace.wait_until_idle()
    path = f"{thingspace.url_for('fota-v1')}/callbacks/{evil}"
    requests.post(path, json={evil: evil})
    said = [
        *(run(command) for command in ("registrations", "requests", "timeline")),
        run("deliveries"),
        run("trigger", evil, "--account", evil),
        run("health", "--url", f"http://localhost:1/{evil}"),
        run("faults", "plan", "reset", "--account", evil),
    ]
    bare = {char for _, *texts in said for text in texts for char in text}
    assert sorted(char for char in bare if not char.isprintable()) == ["\n"]
    assert r"  \x1b[2J\x9b\u202e\u2028  " in said[0][1]


@each(
    "words",
    [
        *(("registrations",), ("requests",), ("requests", "--unmatched"), ("reset",)),
        *(("deliveries",), ("timeline",), ("faults",)),
        *(("faults", "clear"), ("faults", "plan", "reset")),
        ("trigger", "Fota.upgradeFinished"),
    ],
)
def test_a_mistyped_account_is_exit_code_2(thingspace, run, words):
    """Every command that takes an account refuses what can be none, and says why."""
    code, out, err = run(*words, "--account", "12345")

    assert (code, out) == (2, "")
    assert "0242078689-00001" in err


@each(
    ("words", "expected"),
    [
        (("trigger", "--overide", "a=1"), "--set PATH=VALUE"),
        (("trigger", "--overrides=a=1"), "--set PATH=VALUE"),
        (("trigger", "--acount", ACCOUNT), "--account"),
    ],
)
def test_words_that_are_nearly_right_are_told_what_is(run, words, expected):
    """The nearest option, or how a value is set."""
    code, out, err = run(*words)

    assert (code, out, expected in err) == (2, "", True), err
