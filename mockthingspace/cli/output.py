"""Output that nobody may read: whoever has a line to write never waits for it.

A pipe that is not read, or a terminal that was stopped, must hold up neither serving
nor stopping.
"""

import os
from collections import deque
from collections.abc import Callable
from functools import partial
from selectors import EVENT_WRITE, DefaultSelector
from threading import Condition, Thread
from typing import TextIO

MOST_BYTES = 4 * 1024 * 1024
AT_ONCE = 64 * 1024
GATHERS_S = 0.02
GRACE_S = 2.0


class NonBlockingWriter:
    """Writes lines in their order, from a thread of its own.

    What is not read is kept, up to 4 MiB. What comes then is dropped and counted, and a
    line in its place says how many.

    Args:
        stream: Where to; None for nowhere.
        lost: Returns the line that says how many were dropped.
        failed: Told why a write failed; the lines count as dropped.
        first: A line to begin with, which is never dropped; none where it is empty.
    """

    def __init__(
        self,
        stream: TextIO | None,
        lost: Callable[[int], str],
        failed: Callable[[OSError], object] = lambda _: None,
        first: str = "",
    ) -> None:
        self._encoding, self._write = _writer(stream)
        self._lost = lost
        self._failed = failed
        self._changed = Condition()  # no other lock is taken while it is held
        self._lines = deque([self._encoded(first)] if first else [])
        self._bytes = sum(map(len, self._lines))
        self._dropped = 0
        self._broken = self._closed = self._done = False
        self._thread = Thread(target=self._run, name="mockthingspace-out", daemon=True)
        self._thread.start()

    def say(self, line: str) -> None:
        """Have a line written, or several in one text."""
        data = self._encoded(line)
        with self._changed:
            if self._closed or self._bytes + len(data) > MOST_BYTES:
                self._dropped += 1
                self._changed.notify_all()
                return
            self._say_dropped()
            self._add(data)

    def close(self) -> None:
        """Wait until all is written, but not for long if nobody reads it.

        A thread that is still writing then is left alone: it writes to the descriptor,
        past Python's own buffers, so the end of the program does not wait for it.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._done, GRACE_S)

    def _encoded(self, line: str) -> bytes:
        return f"{line}\n".encode(self._encoding, "backslashreplace")

    def _add(self, data: bytes) -> None:
        if not self._lines:
            self._changed.notify_all()
        self._lines.append(data)
        self._bytes += len(data)

    def _say_dropped(self) -> None:
        if self._dropped:
            number, self._dropped = self._dropped, 0
            self._add(self._encoded(self._lost(number)))

    def _run(self) -> None:
        while lines := self._taken():
            try:
                self._write(b"".join(lines))
                self._broken = False
            except OSError as error:
                self._broken = True
                with self._changed:
                    self._dropped += len(lines)
                self._failed(error)

    def _taken(self) -> list[bytes]:
        """Wait for lines, and take as many as are written at once; none at the end."""
        with self._changed:
            self._changed.wait_for(self._has_work)
            # A switch of threads for each line would cost more than the line.
            self._changed.wait_for(lambda: self._closed, GATHERS_S)
            if not self._lines and not self._broken:
                self._say_dropped()
            taken, size = [], 0
            while self._lines and size < AT_ONCE:
                taken.append(self._lines.popleft())
                size += len(taken[-1])
            self._bytes -= size
            if not taken:
                self._done = True
                self._changed.notify_all()
            return taken

    def _has_work(self) -> bool:
        dropped = self._dropped and not self._broken
        return bool(self._lines or dropped or self._closed)


def _writer(stream: TextIO | None) -> tuple[str, Callable[[bytes], object]]:
    """Return a stream's encoding and what writes to it: to its descriptor, if any."""
    if stream is None:
        return "utf-8", lambda _: None
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):  # it is no file, or is closed
        return "utf-8", partial(_print, stream)

    def write(data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(descriptor, left) :]
            except BlockingIOError:  # another holder of the descriptor wants it so
                with DefaultSelector() as selector:
                    selector.register(descriptor, EVENT_WRITE)
                    selector.select()

    return stream.encoding, write


def _print(stream: TextIO, data: bytes) -> None:
    """Write to a stream without a descriptor, as a test has it."""
    try:
        print(data.decode(), end="", file=stream, flush=True)
    except ValueError as error:  # it is closed
        raise OSError(str(error)) from error
