"""Output that nobody may read: nothing waits for it, and what is lost is counted."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, NamedTuple, TextIO

import pytest

from mockthingspace.cli import output as outlet_module
from mockthingspace.cli.output import NonBlockingWriter

BOUND_S = 30.0


class Pipe(NamedTuple):
    """Both ends of a pipe."""

    reader: TextIO
    writer: TextIO


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe."""
    reading, writing = os.pipe()
    with open(reading) as reader, open(writing, "w") as writer:
        yield Pipe(reader, writer)


def lost(number: int) -> str:
    """Say how many were dropped."""
    return f"{number} lost"


def read(pipe: Pipe, outlet: NonBlockingWriter) -> list[str]:
    """Close an outlet while all that it writes is read; return that."""
    lines: list[str] = []
    reading = Thread(target=lambda: lines.extend(pipe.reader))
    reading.start()
    outlet.close()
    outlet._thread.join(BOUND_S)
    pipe.writer.close()
    reading.join(BOUND_S)
    return [line.rstrip("\n") for line in lines]


def test_all_is_written_in_order(pipe: Pipe) -> None:
    """More lines than a pipe holds arrive, each once, before closing is over."""
    outlet = NonBlockingWriter(pipe.writer, lost)
    said = [f"line {number}" for number in range(20_000)]
    for line in said:
        outlet.say(line)
    assert read(pipe, outlet) == said


def test_what_nobody_reads_is_counted_in_its_place(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who says it does not wait; what was kept comes out, and how much was not."""
    monkeypatch.setattr(outlet_module, "MOST_BYTES", 200_000)
    outlet = NonBlockingWriter(pipe.writer, lost)
    said = [f"{number:999}" for number in range(1000)]
    for line in said:
        outlet.say(line)
    lines, left = read(pipe, outlet), list(said)
    counts = [int(line.split()[0]) for line in lines if line.endswith(" lost")]
    for line in lines:
        if line.endswith(" lost"):
            del left[: counts.pop(0)]
        else:
            assert line == left.pop(0)
    assert (len(lines) < len(said), left) == (True, [])


def test_what_is_said_after_a_loss_follows_it(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count stands where the lines would have."""
    monkeypatch.setattr(outlet_module, "MOST_BYTES", 20)
    outlet = NonBlockingWriter(pipe.writer, lost)
    outlet.say("x" * 20)
    assert pipe.reader.readline() == "1 lost\n"
    outlet.say("y" * 20)
    assert pipe.reader.readline() == "1 lost\n"
    outlet.say("next")
    assert read(pipe, outlet) == ["next"]


def test_closing_does_not_wait_for_who_never_reads(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its grace it leaves the thread that writes alone."""
    monkeypatch.setattr(outlet_module, "GRACE_S", 0.01)
    outlet = NonBlockingWriter(pipe.writer, lost)
    for number in range(200):
        outlet.say(f"{number:999}")
    outlet.close()
    still = outlet._thread.is_alive()
    assert (still, len(read(pipe, outlet))) == (True, 200)


def test_the_first_line_is_never_dropped(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes before all others, even where none can be kept."""
    monkeypatch.setattr(outlet_module, "MOST_BYTES", 0)
    outlet = NonBlockingWriter(pipe.writer, lost, first="ready")
    assert read(pipe, outlet) == ["ready"]


def test_what_is_said_after_closing_is_dropped(pipe: Pipe) -> None:
    """Nobody would write it."""
    outlet = NonBlockingWriter(pipe.writer, lost)
    outlet.close()
    outlet.say("late")
    assert read(pipe, outlet) == []


def test_a_pipe_that_does_not_block_loses_nothing(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program that shares it may have made it so. It fills before a read."""
    write, full = os.write, Event()

    def watched(descriptor: int, data: Any) -> int:
        try:
            return write(descriptor, data)
        except BlockingIOError:
            full.set()
            raise

    monkeypatch.setattr(os, "write", watched)
    os.set_blocking(pipe.writer.fileno(), False)
    outlet = NonBlockingWriter(pipe.writer, lost)
    said = [f"{number:999}" for number in range(500)]
    for line in said:
        outlet.say(line)
    assert (full.wait(BOUND_S), read(pipe, outlet)) == (True, said)


def test_a_write_that_fails_is_told_and_counted(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it can be written again the count comes first."""
    write, failing = os.write, [True]

    def full(descriptor: int, data: Any) -> int:
        if failing[0] and descriptor == pipe.writer.fileno():
            raise OSError("no space")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    told: SimpleQueue[OSError] = SimpleQueue()
    outlet = NonBlockingWriter(pipe.writer, lost, told.put)
    outlet.say("first")
    error = told.get(timeout=BOUND_S)
    failing[0] = False
    outlet.say("second")
    assert (str(error), read(pipe, outlet)) == ("no space", ["1 lost", "second"])


def test_a_character_the_stream_cannot_spell_is_escaped(tmp_path: Path) -> None:
    """An old terminal's encoding is no reason to lose a line."""
    file = tmp_path / "log.txt"
    with file.open("w", encoding="ascii") as stream:
        outlet = NonBlockingWriter(stream, lost)
        outlet.say("né")
        outlet.close()
    assert file.read_text() == "n\\xe9\n"


def test_a_stream_without_a_descriptor_is_written_as_it_can() -> None:
    """In a test standard error is often no file; without one nothing is written."""
    stream = io.StringIO()
    for target in (stream, None):
        outlet = NonBlockingWriter(target, lost)
        outlet.say("né")
        outlet.close()
    assert stream.getvalue() == "né\n"


@pytest.mark.parametrize("kind", ["a file", "no file"])
def test_a_stream_that_is_closed_is_a_write_that_fails(
    tmp_path: Path, kind: str
) -> None:
    """The thread that writes goes on, and closing waits for nothing."""
    stream = (tmp_path / "log").open("w") if kind == "a file" else io.StringIO()
    stream.close()
    told: SimpleQueue[OSError] = SimpleQueue()
    outlet = NonBlockingWriter(stream, lost, told.put)
    outlet.say("a line")
    error = told.get(timeout=BOUND_S)
    outlet.close()
    assert ("closed file" in str(error), outlet._done) == (True, True)
