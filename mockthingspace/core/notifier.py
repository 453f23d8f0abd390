"""Waiting for something to happen, without looking again at all there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

Met = Callable[[object], bool]


class Notifier:
    """Tells whoever waits of each thing that is kept or changes, one by one.

    Args:
        always: Told of each before those who wait, as ``watching`` says.
    """

    def __init__(self, always: Callable[[object], object] = lambda _: None) -> None:
        self._always = always
        self._lock = Lock()
        self._watchers: tuple[tuple[Met, Event], ...] = ()
        self._closed = False

    def notify(self, item: object = None) -> None:
        """Tell of an exchange, a delivery or a log entry as it stands now.

        None says that a delivery has begun, or is to begin, an attempt.
        """
        self._always(item)
        for met, over in self._watchers:
            if met(item):
                over.set()

    @contextmanager
    def watching(self, met: Met, over: Event) -> Iterator[None]:
        """Set an event once something meets a condition, or nothing can any more.

        Args:
            met: Asked with each thing told of, in the thread that tells, which may
                hold the lock of a store: it must be quick and must not raise.
            over: The event.
        """
        watcher = (met, over)
        with self._lock:
            self._watchers += (watcher,)
            if self._closed:
                over.set()
        try:
            yield
        finally:
            with self._lock:
                self._watchers = tuple(
                    other for other in self._watchers if other is not watcher
                )

    def close(self) -> None:
        """End every wait, for good."""
        with self._lock:
            self._closed = True
            for _, over in self._watchers:
                over.set()
