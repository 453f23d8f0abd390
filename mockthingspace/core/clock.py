"""The server's clock, and what is to happen at an instant of it.

Everything that has a time or a lifetime reads the clock. It runs, or stands
still until it is advanced, and only starting over puts it back.
"""

import heapq
import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import count
from threading import TIMEOUT_MAX, Condition, Lock, Thread
from typing import Literal, NamedTuple

from mockthingspace.core.monotonic import monotonic

Mode = Literal["real", "manual"]
_log = logging.getLogger("mockthingspace")
# Nobody can put a clock further than this, so that whatever is due later than it
# is still an instant.
LATEST = datetime(9000, 1, 1, tzinfo=timezone.utc)
FEWEST = 64  # timers among which none is looked for that is over


class Clock:
    """Tells the time of one server.

    Args:
        mode: ``real`` starts at the machine's time and runs as fast as time really
            passes, whatever becomes of the machine's; ``manual`` stands still.
    """

    def __init__(self, mode: Mode = "real") -> None:
        self._lock = Lock()
        # An instant, and when it was by `monotonic`; None where the clock stands.
        self._read: tuple[datetime, float | None]
        self.restart(mode)

    def restart(self, mode: Mode) -> None:
        """Start over at this machine's time, running or standing."""
        with self._lock:
            since = None if mode == "manual" else monotonic()
            self._read = datetime.now(timezone.utc), since

    @property
    def ahead_s(self) -> float:
        """How far it is ahead of this machine's clock, in seconds; behind: below 0."""
        return (self.now() - datetime.now(timezone.utc)).total_seconds()

    @property
    def mode(self) -> Mode:
        """Whether it runs or stands; changing that does not move it."""
        return "manual" if self._read[1] is None else "real"

    @mode.setter
    def mode(self, mode: Mode) -> None:
        with self._lock:
            self._read = self.now(), None if mode == "manual" else monotonic()

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        instant, since = self._read
        if since is None:
            return instant
        return instant + timedelta(seconds=monotonic() - since)

    def move_to(self, instant: datetime) -> None:
        """Put a clock that stands on to an instant; an earlier one is ignored."""
        with self._lock:
            stands_at, since = self._read
            if since is None and instant > stands_at:
                self._read = instant, None

    def advance(self, seconds: float) -> None:
        """Put a clock that stands on by so many seconds."""
        self.move_to(self.now() + timedelta(seconds=seconds))


class Timer(NamedTuple):
    """Something to do at an instant; in order of instant, then of making."""

    due_at: datetime
    order: int
    over: Callable[[], bool] | None
    act: Callable[[], None]

    def wanted(self) -> bool:
        """Say whether it is still to be done."""
        return self.over is None or not self.over()


class Timers:
    """What is to happen at an instant of a clock.

    On a clock that runs, one thread waits for the next instant; it comes with
    the first timer and stays. On one that stands, whoever advances it takes the
    timers that fall due.
    """

    def __init__(self, clock: Clock, name: str) -> None:
        self.clock = clock
        self._name = name
        self._changed = Condition()
        self._heap: list[Timer] = []
        self._full = FEWEST
        self._order = count()
        self._thread: Thread | None = None
        self._closed = False

    def at(
        self,
        instant: datetime,
        over: Callable[[], bool] | None,
        act: Callable[[], None],
    ) -> None:
        """Have something done at an instant; at once if that is past.

        ``over`` says whether it is never to be done any more, and takes no lock;
        ``act`` must be quick and must not raise.

        Raises:
            RuntimeError: The system has no thread left; nothing will be done.
        """
        with self._changed:
            timer = Timer(instant, next(self._order), over, act)
            if instant > self.clock.now():
                self._start()
                if len(self._heap) >= self._full:
                    self.sweep()
                heapq.heappush(self._heap, timer)
                self._changed.notify_all()
                return
        act()

    def sweep(self) -> None:
        """Forget the timers that are over; the first ones are without it."""
        with self._changed:
            self._heap = [timer for timer in self._heap if timer.wanted()]
            heapq.heapify(self._heap)
            self._full = max(FEWEST, 2 * len(self._heap))
            self._changed.notify_all()  # the thread waits for one that may be over

    def start(self) -> None:
        """Have the thread there if the clock runs, before anything depends on it.

        Raises:
            RuntimeError: The system has no thread left.
        """
        with self._changed:
            self._start()

    def close(self) -> None:
        """Forget every timer and end the thread, for good."""
        with self._changed:
            self._heap.clear()
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def set_mode(self, mode: Mode) -> None:
        """Let the clock run, or stop it; what was due by then is done."""
        with self._changed:
            self.clock.mode = mode
            self._start()
            self._changed.notify_all()
        self.do_due()

    def restart(self, mode: Mode) -> None:
        """Start the clock over at this machine's time."""
        with self._changed:
            self.clock.restart(mode)
            if self._heap:
                self._start()
            self._changed.notify_all()

    def next_due(self, until: datetime) -> Timer | None:
        """Return the next timer that falls due by an instant; leave it there."""
        with self._changed:
            first = self._first()
            return first if first and first.due_at <= until else None

    def take_due(self, until: datetime) -> Timer | None:
        """Take the next timer that falls due by an instant, to do what it is for.

        On a clock that runs there is none: its thread takes each when it is due.
        """
        with self._changed:
            if self.clock.mode == "real" or not self.next_due(until):
                return None
            return heapq.heappop(self._heap)

    def do_due(self) -> None:
        """Do all that is due by now, on a clock that stands."""
        while (timer := self.take_due(self.clock.now())) is not None:
            timer.act()

    def _first(self) -> Timer | None:
        while self._heap and not self._heap[0].wanted():
            heapq.heappop(self._heap)
        return self._heap[0] if self._heap else None

    def _start(self) -> None:
        if self.clock.mode == "real" and self._thread is None and not self._closed:
            thread = Thread(target=self._run, name=self._name, daemon=True)
            thread.start()
            self._thread = thread

    def _run(self) -> None:
        """Do what falls due, on a clock that runs."""
        while (due := self._wait()) is not None:
            try:
                due.act()
            except Exception:  # noqa: BLE001 (the others are still to come)
                _log.exception("what was due at %s failed", due.due_at)

    def _wait(self) -> Timer | None:
        with self._changed:
            while not self._closed:
                first = self._first()
                if first is None or self.clock.mode == "manual":
                    self._changed.wait()
                    continue
                left_s = (first.due_at - self.clock.now()).total_seconds()
                if left_s <= 0:
                    return heapq.heappop(self._heap)
                self._changed.wait(min(left_s, TIMEOUT_MAX))
        return None


def of_day(instant: datetime, day: datetime | None = None) -> str:
    """Spell an instant for a person: to the millisecond, with the date if another.

    ``day`` is an instant of the day whose date need not be said.
    """
    utc = instant.astimezone(timezone.utc)
    same = day is None or utc.date() == day.astimezone(timezone.utc).date()
    text = utc.time().isoformat(timespec="milliseconds")
    return text if same else f"{utc.date()} {text}"


def rfc3339(instant: datetime) -> str:
    """Spell an instant as the admin API does: UTC, to the microsecond."""
    text = instant.astimezone(timezone.utc).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
