"""The command that checks a listener: what it prints and writes, how it exits."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree

import pytest

from mockthingspace import Listener
from mockthingspace.cli import check_listener
from mockthingspace.cli.main import main
from mockthingspace.testing.conformance import run
from mockthingspace.testing.conformance.checks import CHECKS

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

    assert code == 0
    lines = out.splitlines()
    assert [line.split()[1] for line in lines[:2]] == ["acknowledges:", "not-json:"]
    told = "with Fota.upgradeScheduled of fota-v1: 2 passed, 0 failed, 0 skipped"
    assert lines[2] == f"{listener.url} {told}"


def test_a_listener_that_fails_exits_with_1(check, listener):
    """What failed is told in full."""
    listener.reply(503)

    code, out, _ = check(listener.url, *ONE)

    assert code == 1
    assert "FAIL  acknowledges: a message must be acknowledged with a 2xx; 503" in out
    assert "        matters " in out


def test_a_listener_that_cannot_be_reached_exits_with_1(check):
    """That is a failure as well; a public address is not even tried."""
    code, out, _ = check("http://8.8.8.8/cb")

    assert code == 1
    assert "8.8.8.8 is a public address; --allow-public-listeners would allow it" in out
    assert "skip  23 more: " in out


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "Missing argument 'URL'"),
        (("http://127.0.0.1:1/", "--service", "Fotta"), "unknown service 'Fotta'"),
        (("http://127.0.0.1:1/", "--only", "x"), "unknown check 'x'"),
        (("http://127.0.0.1:1/", "--timeout-s", "0"), "--timeout-s"),
        (("http://127.0.0.1:1/", "--format", "xml"), "--format"),
        (("file:///etc/passwd",), "is not the URL of a listener"),
    ],
)
def test_misuse_exits_with_2(check, args, told):
    """And says what could have been."""
    code, _, err = check(*args)

    assert code == 2
    assert told in err


@pytest.fixture
def counting() -> Iterator[str]:
    """A listener that processes whatever comes; a GET answers how often it has."""

    class Counting(BaseHTTPRequestHandler):
        processed = 0

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            Counting.processed += 1
            self.do_GET()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{Counting.processed}\n".encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Counting) as server:
        thread = Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_what_a_listener_has_processed_is_asked_for(check, counting):
    """So one that processes a message twice fails here as well."""
    code, out, _ = check(counting, "--only", "duplicate", "--processed-url", counting)

    assert code == 1
    assert "FAIL  duplicate: it must process 1; it processed 2" in out


def test_a_count_that_is_none_is_misuse(check, listener):
    """It is asked for before anything is sent."""
    code, _, err = check("http://127.0.0.1:1/", "--processed-url", listener.url)

    assert code == 2
    assert "must answer 200 and a number, such as 3" in err


def test_what_is_given_is_what_is_sent(check, listener):
    """Service, event, account and credentials go into the messages."""
    check(
        *(listener.url, *ONE, "--service", "NiddService"),
        *("--event", "NiddService.queued", "--account", "0242078689-00001"),
        *("--username", "me", "--password", "hunter2"),
    )

    [message] = [message.json for message in listener.messages]
    assert (message["username"], message["password"]) == ("me", "hunter2")
    told = message["niddResponse"]["niddMTDeliveryResponse"]
    assert told["accountName"] == "0242078689-00001"
    assert message["status"] == "Queued"


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
    assert len(short.splitlines()) == 2


def test_junit_is_written_to_a_file(check, listener, tmp_path: Path):
    """Then only the summary is printed, and the exit code is the same."""
    file = tmp_path / "report.xml"
    listener.reply(500)

    code, out, _ = check(listener.url, *ONE, "--format", "junit", "--output", str(file))

    assert code == 1
    assert ElementTree.parse(file).getroot().get("failures") == "1"
    assert out.splitlines() == [out.strip()]
    assert "0 passed, 1 failed, 0 skipped" in out


def test_the_checks_are_listed(check):
    """Without a listener: name, how it is known, what it does."""
    code, out, _ = check("--list")

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        check.name for check in CHECKS
    ]


def test_the_help_has_examples_that_are_not_wrapped(check):
    """Each on lines of its own."""
    _, out, _ = check("--help")

    examples = out.split("Examples:\n")[1]
    assert len(re.findall(r"^  +mockthingspace check-listener ", examples, re.M)) == 6


def test_the_command_says_what_the_package_does():
    """It repeats the limit, so as not to load what makes the checks for its help."""
    assert check_listener.LIMIT_S == run.LIMIT_S
