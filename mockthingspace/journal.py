"""The exchanges of one double, in order, bounded."""

from collections import deque
from collections.abc import Callable
from threading import Lock

from mockthingspace.model import Exchange
from mockthingspace.notifier import Notifier
from mockthingspace.sequence import Sequence


class Journal:
    """The last exchanges, each with a number that is never given twice.

    Args:
        limit: How many are kept; older ones are evicted and counted.
        sequence: Where the numbers come from.
        notifier: Told of each exchange that is kept.
    """

    def __init__(self, limit: int, sequence: Sequence, notifier: Notifier) -> None:
        self._lock = Lock()
        self._kept: deque[Exchange] = deque(maxlen=limit)
        self._sequence = sequence
        self._notifier = notifier
        self.evicted = 0

    def add(self, exchange: Exchange) -> Exchange:
        """Number an exchange, keep it and return it as kept."""
        with self._lock:
            kept = exchange._replace(seq=self._sequence.take())
            self.evicted += len(self._kept) == self._kept.maxlen
            self._kept.append(kept)
        self._notifier.notify(kept)
        return kept

    def __len__(self) -> int:
        return len(self._kept)

    def every(self) -> list[Exchange]:
        """Return what is kept, oldest first."""
        with self._lock:
            return list(self._kept)

    def remove(self, unwanted: Callable[[Exchange], bool]) -> int:
        """Forget the exchanges a function picks; return how many."""
        with self._lock:
            before = len(self._kept)
            kept = [one for one in self._kept if not unwanted(one)]
            self._kept.clear()
            self._kept.extend(kept)
            return before - len(kept)
