"""The exchanges of one double, in order, bounded."""

from collections import deque
from collections.abc import Callable
from threading import Condition

from mockthingspace.model import Exchange
from mockthingspace.sequence import Sequence


class Journal:
    """The last exchanges, each with a number that is never given twice.

    Args:
        limit: How many are kept; older ones are evicted and counted.
        sequence: Where the numbers come from.
    """

    def __init__(self, limit: int, sequence: Sequence) -> None:
        self._changed = Condition()
        self._closed = False
        self._kept: deque[Exchange] = deque(maxlen=limit)
        self._sequence = sequence
        self.evicted = 0

    def add(self, exchange: Exchange) -> Exchange:
        """Number an exchange, keep it and return it as kept."""
        with self._changed:
            kept = exchange._replace(seq=self._sequence.take())
            self.evicted += len(self._kept) == self._kept.maxlen
            self._kept.append(kept)
            self._changed.notify_all()
        self._sequence.kept()
        return kept

    def __len__(self) -> int:
        return len(self._kept)

    def every(self) -> list[Exchange]:
        """Return what is kept, oldest first."""
        with self._changed:
            return list(self._kept)

    def remove(self, unwanted: Callable[[Exchange], bool]) -> int:
        """Forget the exchanges a function picks; return how many."""
        with self._changed:
            before = len(self._kept)
            kept = [one for one in self._kept if not unwanted(one)]
            self._kept.clear()
            self._kept.extend(kept)
            return before - len(kept)

    def wait_for(
        self, wanted: Callable[[], list[Exchange]], timeout_s: float
    ) -> list[Exchange]:
        """Return what a function finds, once it finds something or time is up.

        Args:
            wanted: Asked again after each exchange that is added.
            timeout_s: How long to wait, in real time.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or wanted(), timeout_s)
            return wanted()

    def close(self) -> None:
        """Let go of whoever is waiting: nothing will come any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
