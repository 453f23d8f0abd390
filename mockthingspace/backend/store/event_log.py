"""What happened to a server besides requests and deliveries, in order, bounded."""

from collections import deque
from datetime import datetime
from typing import Literal, NamedTuple

from mockthingspace.backend.store.history import History

LONGEST_SAYS = 2000

Sort = Literal["trigger", "action", "fault", "clock", "reset"]


class LogEntry(NamedTuple):
    """One thing that happened: of which sort, when, whose, and in words.

    ``account`` is None where it concerns all.
    """

    seq: int
    sort: Sort
    at: datetime
    account: str | None
    summary: str


class EventLog(History[LogEntry]):
    """The last log entries of one state."""

    def note(
        self, sort: Sort, at: datetime, account: str | None, summary: str
    ) -> LogEntry:
        """Keep that something happened; return it with its number."""
        if len(summary) > LONGEST_SAYS:
            summary = f"{summary[:LONGEST_SAYS]}…"
        return self.add(LogEntry(0, sort, at, account, summary))

    def add_to(self, noted: LogEntry, summary: str) -> None:
        """Say more of what was noted; it keeps its number and its place."""
        more = noted._replace(summary=f"{noted.summary}{summary}")
        with self._lock:
            self._kept = deque(
                more if item.seq == noted.seq else item for item in self._kept
            )
