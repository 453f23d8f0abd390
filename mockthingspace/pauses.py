"""Holding a reply back, on the double's clock."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Lock

from mockthingspace.clock import Timers

LONGEST_S = 60.0


class Pauses:
    """The pauses of one state; a reset ends them all.

    Args:
        timers: Of the double's clock.
    """

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._lock = Lock()
        self._under_way: dict[Event, str | None] = {}
        self._closed = False

    def wait(self, seconds: float, account: str | None = None) -> bool:
        """Block until so many seconds of the clock are over.

        On a clock that stands a minute of real time ends it too: nobody might
        ever advance it.

        Args:
            seconds: How long.
            account: Whose reply is held back, for ``end``.

        Returns:
            Whether it was left to end by itself; where not, none shall follow it.
        """
        over = Event()
        with self._lock:
            if self._closed:
                return False
            self._under_way[over] = account
        clock = self._timers.clock
        self._timers.at(clock.now() + timedelta(seconds=seconds), self, over.set)
        over.wait(LONGEST_S + (seconds if clock.mode == "real" else 0))
        with self._lock:
            left = over in self._under_way
            self._under_way.pop(over, None)
        return left

    @property
    def held(self) -> int:
        """How many replies are held back."""
        return len(self._under_way)

    def end(self, account: str) -> None:
        """End the pauses of an account."""
        self._end(lambda one: one == account)

    def close(self) -> None:
        """End every pause, for good."""
        with self._lock:
            self._closed = True
        self._timers.cancel(lambda owner: owner is self)
        self._end(lambda _: True)

    def _end(self, wanted: Callable[[str | None], bool]) -> None:
        with self._lock:
            ending = [over for over, one in self._under_way.items() if wanted(one)]
            for over in ending:
                del self._under_way[over]
                over.set()
