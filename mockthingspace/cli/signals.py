"""Waiting in the main thread for Ctrl-C or SIGTERM, or for another thread's word."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """What the main thread waits for.

    A signal's handler runs in the main thread only when that is in Python, so one that
    comes just before the thread blocks on a lock or a queue is not seen until something
    else wakes it. The system itself writes each signal's number into a socket instead,
    and reading from that misses none.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._reason: BaseException | None = None

    def because_of(self, reason: BaseException) -> None:
        """End the wait, from any thread, by raising an exception there."""
        self._reason = reason
        with suppress(OSError):  # it is over already
            self._writer.send(b"\0")

    def wait(self) -> bool:
        """Wait; say whether it was Ctrl-C.

        Raises:
            BaseException: What another thread ended it with.
        """
        while (number := self._reader.recv(1)[0]) not in SIGNALS:
            if self._reason is not None:
                raise self._reason
        return number == signal.SIGINT

    def close(self) -> None:
        """Close the sockets."""
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        """Return where signals are written to."""
        return self._writer.fileno()


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Have SIGINT and SIGTERM end a wait instead of the program; in the main thread."""
    stop = Stop()
    handlers = {number: signal.signal(number, _noted) for number in SIGNALS}
    before = signal.set_wakeup_fd(stop.fileno(), warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        stop.close()


def _noted(_: int, __: FrameType | None) -> None:
    """Do nothing: the signal's number is in the socket."""
