"""The command that checks a listener: what it prints and writes, how it exits."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mockthingspace import Listener, cli_check
from mockthingspace.checks import reports, run
from mockthingspace.checks.table import CHECKS
from mockthingspace.cli import main

Run = Callable[..., tuple[int, str, str]]
ONE = ("--only", "acknowledges")


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that answers 200."""
    with Listener() as listener:
        yield listener


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; return its exit code and what it said, out and err."""

    def check(*args: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["check-listener", *args])
        return (int(caught.value.code or 0), *capsys.readouterr())

    return check


def test_a_listener_that_passes_exits_with_0(check, listener):
    """A line a check, and the counts last."""
    code, out, _ = check(listener.url, *ONE, "--only", "not-json")

    assert 0 == code
    lines = out.splitlines()
    assert ["acknowledges:", "not-json:"] == [line.split()[1] for line in lines[:2]]
    told = "with Fota.upgradeScheduled of fota-v1: 2 passed, 0 failed, 0 skipped"
    assert f"{listener.url} {told}" == lines[2]


def test_a_listener_that_fails_exits_with_1(check, listener):
    """What failed is told in full."""
    listener.reply(503)

    code, out, _ = check(listener.url, *ONE)

    assert 1 == code
    assert "FAIL  acknowledges: a message must be acknowledged with a 2xx; 503" in out
    assert "        matters " in out


def test_a_listener_that_cannot_be_reached_exits_with_1(check):
    """That is a failure as well; a public address is not even tried."""
    code, out, _ = check("http://8.8.8.8/cb")

    assert 1 == code
    assert "8.8.8.8 is a public address; public_listeners=true would allow it" in out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Missing argument 'URL'"),
        (("http://127.0.0.1:1/", "--service", "Fotta"), "unknown service 'Fotta'"),
        (("http://127.0.0.1:1/", "--only", "x"), "unknown check 'x'"),
        (("http://127.0.0.1:1/", "--timeout-s", "0"), "--timeout-s"),
        (("http://127.0.0.1:1/", "--format", "xml"), "--format"),
        (("file:///etc/passwd",), "is not where a listener can be"),
    ],
)
def test_misuse_exits_with_2(check, args, told):
    """And says what could have been."""
    code, _, err = check(*args)

    assert 2 == code
    assert told in err


def test_what_is_given_is_what_is_sent(check, listener):
    """Service, event, account and credentials go into the messages."""
    check(
        *(listener.url, *ONE, "--service", "NiddService"),
        *("--event", "NiddService.queued", "--account", "0242078689-00001"),
        *("--username", "me", "--password", "hunter2"),
    )

    [message] = [one.json for one in listener.messages]
    assert ("me", "hunter2") == (message["username"], message["password"])
    told = message["niddResponse"]["niddMTDeliveryResponse"]
    assert "0242078689-00001" == told["accountName"]
    assert "Queued" == message["status"]


def test_a_signed_message_has_its_header(check, listener):
    """Named as the user says."""
    check(
        *(listener.url, *ONE, "--service", "Location", "--secret", "s3cret"),
        *("--signature-header", "X-Sig"),
    )

    [message] = listener.messages
    assert re.fullmatch("[0-9a-f]{64}", message.headers["X-Sig"])


def test_verbose_tells_all_of_what_passed(check, listener):
    """Without it a line is enough."""
    _, short, _ = check(listener.url, *ONE)
    _, out, _ = check(listener.url, *ONE, "--verbose")

    assert "        source  documented: https://" in out
    assert 2 == len(short.splitlines())


def test_tap_is_printed(check, listener):
    """For what reads it, verbose or not."""
    code, out, _ = check(listener.url, *ONE, "--format", "tap", "--verbose")

    assert 0 == code
    assert ["TAP version 14", "1..1", "ok 1 - acknowledges"] == out.splitlines()[:3]


def test_junit_is_written_to_a_file(check, listener, tmp_path: Path):
    """Then only the summary is printed, and the exit code is the same."""
    file = tmp_path / "report.xml"
    listener.reply(500)

    code, out, _ = check(listener.url, *ONE, "--format", "junit", "--output", str(file))

    assert 1 == code
    assert "1" == ElementTree.parse(file).getroot().get("failures")
    assert [out.strip()] == out.splitlines()
    assert "0 passed, 1 failed, 0 skipped" in out


def test_the_checks_are_listed(check):
    """Without a listener: name, how it is known, what it does."""
    code, out, _ = check("--list")

    assert 0 == code
    assert [one.name for one in CHECKS] == [
        line.split()[0] for line in out.splitlines()
    ]


def test_the_help_has_examples_that_are_not_wrapped(check):
    """Each on lines of its own."""
    _, out, _ = check("--help")

    examples = out.split("Examples:\n")[1]
    assert 5 == len(re.findall(r"^  +mockthingspace check-listener ", examples, re.M))


def test_the_command_says_what_the_package_does():
    """It repeats two values, so as not to load what makes the checks for its help."""
    assert tuple(reports.FORMATS) == cli_check.FORMATS
    assert run.LIMIT_S == cli_check.LIMIT_S
