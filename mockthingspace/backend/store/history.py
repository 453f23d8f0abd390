"""What happened, in order: numbered, and bounded by number and by bytes."""

from collections import deque
from collections.abc import Callable
from itertools import compress
from sys import maxsize
from threading import Lock
from typing import Any, Generic, TypeVar

from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers, numbered_in

MOST_BYTES = 64 * 1024 * 1024
Item = TypeVar("Item", bound=Any)  # a named tuple whose first field is ``seq``


class History(Generic[Item]):
    """The last items of one state, each with a number that is never given twice.

    ``limit`` are kept, and about ``most_bytes``; older ones are evicted and counted.
    """

    def __init__(
        self,
        limit: int,
        sequence: EventNumbers,
        notifier: Notifier,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._lock = Lock()
        self._limit = limit
        self._most_bytes = most_bytes
        self._kept: deque[Item] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._sequence = sequence
        self._notifier = notifier
        self.evicted = 0

    def fit(self, item: Item) -> tuple[Item, int]:
        """Return an item as it is kept, and about how many bytes it takes."""
        return item, 0

    def add(self, item: Item) -> Item:
        """Number an item, keep it and return it as kept."""
        item, size = self.fit(item)
        with self._lock:
            kept: Item = item._make((self._sequence.take(), *item[1:]))
            self._kept.append(kept)
            self._sizes.append(size)
            self._bytes += size
            while len(self._kept) > self._limit or self._bytes > self._most_bytes:
                self._kept.popleft()
                self._bytes -= self._sizes.popleft()
                self.evicted += 1
        self._notifier.notify(kept)
        return kept

    def __len__(self) -> int:
        return len(self._kept)

    def every(self, since: int = 0) -> list[Item]:
        """Return what is kept with a number above ``since``, oldest first."""
        with self._lock:
            kept = list(self._kept)
        return numbered_in(range(since + 1, maxsize), kept)

    def remove(self, unwanted: Callable[[Item], bool]) -> int:
        """Forget the items a function picks; return how many."""
        with self._lock:
            going = [*map(unwanted, self._kept)]
            staying = [not goes for goes in going]
            self._kept = deque(compress(self._kept, staying))
            self._sizes = deque(compress(self._sizes, staying))
            self._bytes = sum(self._sizes)
            return sum(going)
