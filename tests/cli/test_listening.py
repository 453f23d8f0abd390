"""Listening from a terminal whose output nobody reads."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

BOUND_S = 30
HASTY = (
    "from mockthingspace.cli import output; output.GRACE_S = 0.01; "
    "output.MOST_BYTES = {most_bytes}; "
    "from mockthingspace.cli.main import main; main()"
)
MESSAGE = {"accountName": "0242078689-00001", "type": "x" * 30_000}


@contextmanager
def listening(most_bytes: int = 100_000) -> Iterator[Any]:
    """Listen in a process that does not wait long for its reader at the end."""
    command = ["-c", HASTY.format(most_bytes=most_bytes), "listen", "--port", "0"]
    with subprocess.Popen(
        [sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.fixture
def process() -> Iterator[Any]:
    """A process that listens."""
    with listening() as running:
        yield running


def url_of(process: Any) -> str:
    """Return where it listens."""
    return str(process.stdout.readline().partition("url=")[2].split()[0])


def test_it_answers_and_ends_although_nobody_reads(process: Any) -> None:
    """More messages than a pipe holds are answered, and SIGTERM ends it."""
    url = url_of(process)
    with requests.Session() as session:
        answers = [session.post(url, json=MESSAGE).status_code for _ in range(8)]
    process.send_signal(signal.SIGTERM)
    assert (answers, process.wait(BOUND_S)) == ([200] * 8, 0)


def test_messages_that_could_not_be_kept_are_counted() -> None:
    """Whoever reads again sees how many are missing."""
    with listening(most_bytes=0) as process:
        requests.post(url_of(process), json=MESSAGE, timeout=BOUND_S)
        shown = process.stdout.readline()
        process.terminate()
        process.wait(BOUND_S)
    assert shown == "messages not shown, because nobody read this: 1\n"


def test_a_reader_that_goes_ends_it(process: Any) -> None:
    """``listen | head -1`` ends with the first message that cannot be printed."""
    url = url_of(process)
    process.stdout.close()
    requests.post(url, json={}, timeout=BOUND_S)
    assert (process.wait(BOUND_S), process.stderr.read()) == (1, "")


def test_all_that_came_is_printed_before_it_ends(process: Any) -> None:
    """A reader that is slow gets everything, in order."""
    url = url_of(process)
    with requests.Session() as session:
        for number in range(50):
            session.post(url, json={"type": f"number {number}"})
    process.send_signal(signal.SIGTERM)
    bodies = process.stdout.read().split("-> 200\n")[1:]
    shown = [json.loads(body[: body.index("}") + 1])["type"] for body in bodies]
    assert shown == [f"number {number}" for number in range(50)]
