"""The numbers of what happens in one double, in one order; and waiting for it."""

from collections.abc import Callable
from threading import Event, Lock
from time import monotonic


class Sequence:
    """Numbers from 1 on, each given once, over resets too.

    Exchanges, deliveries and attempts share them, so any of them is a cursor:
    ``since`` a number means all that came after. A store takes a number and keeps
    what has it under one lock, then says so with ``kept``.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: tuple[Event, ...] = ()
        self._closed = False
        self.last = 0

    def take(self) -> int:
        """Return the next number."""
        with self._lock:
            self.last += 1
            return self.last

    def kept(self) -> None:
        """Wake whoever is waiting: what was numbered is there now."""
        for one in self._waiting:
            one.set()

    def wait_until(self, happened: Callable[[], bool], timeout_s: float) -> None:
        """Block until something has happened or time is up.

        Args:
            happened: Asked again after each thing that is kept; no lock is held.
            timeout_s: How long to wait, in real time.
        """
        until = monotonic() + timeout_s
        noticed = Event()
        with self._lock:
            self._waiting += (noticed,)
        try:
            while not self._closed and not happened():
                if not noticed.wait(until - monotonic()):
                    return
                noticed.clear()
        finally:
            with self._lock:
                self._waiting = tuple(one for one in self._waiting if one != noticed)

    def close(self) -> None:
        """Let go of whoever is waiting: nothing will come any more."""
        self._closed = True
        self.kept()
