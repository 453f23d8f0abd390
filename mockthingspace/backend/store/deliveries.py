"""The deliveries of one server, in order, bounded."""

from collections.abc import Callable
from itertools import chain
from threading import RLock
from typing import NamedTuple

from mockthingspace.backend.store.ended import Ended
from mockthingspace.backend.store.history import MOST_BYTES
from mockthingspace.core.models import Delivery
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

OVERHEAD = 1024  # bytes a delivery takes besides its message and replies


class Forgotten(NamedTuple):
    """The id of a delivery that there is no more; whoever waits is told of it."""

    id: str


class Deliveries:
    """Every delivery as it stands now.

    A delivery is a frozen value that is replaced at each change, so whoever
    holds one holds a moment of it. Only those that are over are bounded and evicted.

    Of those, ``limit`` are kept, and at most ``most_bytes``.
    """

    def __init__(
        self,
        limit: int,
        sequence: EventNumbers,
        notifier: Notifier,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        # Taken before the locks of timers, the sequence and other stores, never after.
        self.lock = RLock()
        self._sequence = sequence
        self._notifier = notifier
        self._kept: dict[str, Delivery] = {}
        self._ended = Ended(limit, most_bytes)

    @property
    def evicted(self) -> int:
        """How many have been evicted."""
        return self._ended.evicted

    def add(self, delivery: Delivery) -> Delivery:
        """Number a new delivery, keep it and return it as kept."""
        with self.lock:
            seq = self._sequence.take()
            kept = delivery._replace(seq=seq, id=str(seq))
            self._keep(kept)
            return kept

    def replace(self, delivery: Delivery) -> Delivery:
        """Keep a delivery as it stands now, unless it has been forgotten."""
        with self.lock:
            if delivery.id in self._kept:
                self._keep(delivery)
            else:
                self._notifier.notify()
            return delivery

    def get(self, identity: str) -> Delivery | None:
        """Return a delivery as it stands now."""
        return self._kept.get(identity)

    def every(self) -> list[Delivery]:
        """Return them all, oldest first."""
        with self.lock:
            return list(self._kept.values())

    def remove(self, unwanted: Callable[[Delivery], bool]) -> int:
        """Forget the deliveries a function picks; return how many."""
        with self.lock:
            going = [each for each in self._kept.values() if unwanted(each)]
            for delivery in going:
                self._forget(delivery.id)
                self._notifier.notify(Forgotten(delivery.id))
            return len(going)

    def notify(self) -> None:
        """Tell that a delivery has begun, or is to begin, an attempt."""
        self._notifier.notify()

    def _keep(self, delivery: Delivery) -> None:
        self._kept[delivery.id] = delivery
        if delivery.status != "pending":
            self._ended.put(delivery.id, _size(delivery))
            for identity in self._ended.surplus():
                del self._kept[identity]
        self._notifier.notify(delivery)

    def _forget(self, identity: str) -> None:
        del self._kept[identity]
        self._ended.discard(identity)


def _size(delivery: Delivery) -> int:
    """Return about how many bytes a delivery takes."""
    replies = sum(
        len(attempt.reply) + len(attempt.error or "") + len(attempt.warning or "")
        for attempt in delivery.attempts
    )
    headers = sum(map(len, chain.from_iterable(delivery.headers)))
    sent = len(delivery.url) + headers + len(delivery.message)
    return OVERHEAD + sent + len(delivery.meant or b"") + replies
