"""What happened to a server besides requests and deliveries, in order, bounded."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Literal, NamedTuple

from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

LONGEST_SAYS = 2000

Sort = Literal["trigger", "fault", "clock", "reset"]


class LogEntry(NamedTuple):
    """One thing that happened: of which sort, when, whose, and in words.

    ``account`` is None where it concerns all.
    """

    seq: int
    sort: Sort
    at: datetime
    account: str | None
    summary: str


class EventLog:
    """The last log entries of one state.

    Args:
        limit: How many are kept; older ones are evicted and counted.
        sequence: Where their numbers come from; shared with all that is numbered.
        notifier: Told of each that is kept.
    """

    def __init__(self, limit: int, sequence: EventNumbers, notifier: Notifier) -> None:
        self._lock = Lock()
        self._kept: deque[LogEntry] = deque(maxlen=limit)
        self._sequence = sequence
        self._notifier = notifier
        self.evicted = 0

    def note(
        self, sort: Sort, at: datetime, account: str | None, summary: str
    ) -> LogEntry:
        """Keep that something happened; return it with its number."""
        if len(summary) > LONGEST_SAYS:
            summary = f"{summary[:LONGEST_SAYS]}…"
        with self._lock:
            noted = LogEntry(self._sequence.take(), sort, at, account, summary)
            self.evicted += len(self._kept) == self._kept.maxlen
            self._kept.append(noted)
        self._notifier.notify(noted)
        return noted

    def add_to(self, noted: LogEntry, summary: str) -> None:
        """Say more of what was noted; it keeps its number and its place."""
        more = noted._replace(summary=f"{noted.summary}{summary}")
        with self._lock:
            kept = [more if item.seq == noted.seq else item for item in self._kept]
            self._kept = deque(kept, self._kept.maxlen)

    def every(self) -> list[LogEntry]:
        """Return what is kept, oldest first."""
        with self._lock:
            return list(self._kept)

    def remove(self, unwanted: Callable[[LogEntry], bool]) -> None:
        """Forget the log entries a function picks."""
        with self._lock:
            kept = [item for item in self._kept if not unwanted(item)]
            self._kept.clear()
            self._kept.extend(kept)
