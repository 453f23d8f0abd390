"""The exchanges of one double, in order, bounded."""

from collections import deque
from collections.abc import Callable
from threading import Lock

from mockthingspace.model import Exchange


class Journal:
    """The last exchanges, each with a number that is never given twice.

    Args:
        limit: How many are kept; older ones are evicted and counted.
        next_seq: The number of the first one; a journal that follows another
            counts on, so a cursor from before a reset stays good.
    """

    def __init__(self, limit: int, next_seq: int = 1) -> None:
        self._lock = Lock()
        self._kept: deque[Exchange] = deque(maxlen=limit)
        self.next_seq = next_seq
        self.evicted = 0

    def add(self, exchange: Exchange) -> Exchange:
        """Number an exchange, keep it and return it as kept."""
        with self._lock:
            kept = exchange._replace(seq=self.next_seq)
            self.next_seq += 1
            self.evicted += len(self._kept) == self._kept.maxlen
            self._kept.append(kept)
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
