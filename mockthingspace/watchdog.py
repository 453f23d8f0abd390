"""Ending what takes too long: POSTs under way, and the thread that watches them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Thread
from time import monotonic

from urllib3.connection import HTTPConnection

IDLE_S = 0.25


class Flight:
    """One POST under way: the watchdog ends it through its socket."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.ended = False
        self.connection: HTTPConnection | None = None
        self._made: socket.socket | None = None

    def end(self) -> None:
        """Break its connection off; whoever reads from it is told so."""
        self.ended = True
        for one in (self._made, getattr(self.connection, "sock", None)):
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def made(self, one: socket.socket) -> None:
        """Note a socket that is about to connect, and perhaps to speak TLS."""
        self.landed()
        self._made = one.dup()
        if self.ended:
            raise TimeoutError

    def landed(self) -> None:
        """Let go of that socket; the connection has it."""
        if self._made is not None:
            self._made.close()
            self._made = None


class Watchdog:
    """Ends POSTs that take too long; one thread, there while there are any."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._flights: set[Flight] = set()
        self._thread: Thread | None = None
        self._closed = False

    @contextmanager
    def watching(self, flight: Flight) -> Iterator[None]:
        """Watch a POST while it is under way."""
        with self._changed:
            self._flights.add(flight)
            flight.ended = self._closed
            if self._thread is None and not self._closed:
                self._thread = Thread(
                    target=self._run, name="mockthingspace-watchdog", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._flights.discard(flight)
                flight.landed()

    def end_all(self) -> None:
        """End every POST that is under way, and the thread."""
        with self._changed:
            self._closed = True
            for flight in self._flights:
                flight.end()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                late = [one for one in self._flights if one.ends_at <= monotonic()]
                for flight in late:
                    flight.end()
                    self._flights.discard(flight)
                next_s = min((one.ends_at for one in self._flights), default=None)
                idle = next_s is None
                wait_s = IDLE_S if next_s is None else next_s - monotonic()
                woken = self._changed.wait(max(wait_s, 0))
                if idle and not woken and not self._flights:
                    break
            self._thread = None
