"""The exchanges of one server, in order, bounded by number and by bytes."""

from collections import deque
from collections.abc import Callable
from itertools import chain
from threading import Lock

from mockthingspace.core.models import Exchange, Pairs
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

LONGEST_KEPT = 64 * 1024
MOST_BYTES = 64 * 1024 * 1024
OVERHEAD = 1024  # of an exchange's objects, about


class Journal:
    """The last exchanges, each with a number that is never given twice.

    Of each part of an exchange the first 64 KiB are kept.

    Args:
        limit: How many are kept; older ones are evicted and counted.
        sequence: Where the numbers come from.
        notifier: Told of each exchange that is kept.
        most_bytes: How large all that is kept may be, in bytes, about.
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
        self._kept: deque[Exchange] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._sequence = sequence
        self._notifier = notifier
        self.evicted = 0

    def add(self, exchange: Exchange) -> Exchange:
        """Number an exchange, keep it and return it as kept."""
        size = _size(exchange)
        if size > LONGEST_KEPT:
            exchange = _cut(exchange)
            size = _size(exchange)
        with self._lock:
            kept = exchange._replace(seq=self._sequence.take())
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

    def every(self) -> list[Exchange]:
        """Return what is kept, oldest first."""
        with self._lock:
            return list(self._kept)

    def remove(self, unwanted: Callable[[Exchange], bool]) -> int:
        """Forget the exchanges a function picks; return how many."""
        with self._lock:
            before = len(self._kept)
            kept = [item for item in self._kept if not unwanted(item)]
            self._kept = deque(kept)
            self._sizes = deque(map(_size, kept))
            self._bytes = sum(self._sizes)
            return before - len(kept)


def _size(exchange: Exchange) -> int:
    """Return about how many bytes an exchange takes."""
    return (
        OVERHEAD
        + len(exchange.method)
        + len(exchange.path)
        + len(exchange.query)
        + len(exchange.body)
        + len(exchange.reply)
        + len(exchange.reason or "")
        + sum(map(len, chain.from_iterable(exchange.headers)))
        + sum(map(len, chain.from_iterable(exchange.reply_headers)))
    )


def _cut(exchange: Exchange) -> Exchange:
    """Return an exchange with the first 64 KiB of each of its parts."""
    return exchange._replace(
        method=exchange.method[:LONGEST_KEPT],
        path=exchange.path[:LONGEST_KEPT],
        query=exchange.query[:LONGEST_KEPT],
        body=exchange.body[:LONGEST_KEPT],
        reply=exchange.reply[:LONGEST_KEPT],
        reason=exchange.reason and exchange.reason[:LONGEST_KEPT],
        headers=_cut_headers(exchange.headers),
        reply_headers=_cut_headers(exchange.reply_headers),
    )


def _cut_headers(pairs: Pairs) -> Pairs:
    room = LONGEST_KEPT
    kept = []
    for name, value in pairs:
        kept.append((name[:room], value[: max(room - len(name), 0)]))
        room -= len(name) + len(value)
        if room <= 0:
            break
    return tuple(kept)
