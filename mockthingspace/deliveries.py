"""The deliveries of one double, in order, bounded; and waiting for them."""

from collections import deque
from collections.abc import Callable
from threading import Condition

from mockthingspace.model import Delivery
from mockthingspace.sequence import Sequence


class Deliveries:
    """Every delivery as it stands now, and who is waiting for one to change.

    A delivery is a frozen value that is replaced at each change, so whoever
    holds one holds a moment of it. Only those that are over are evicted.

    Args:
        limit: How many are kept.
        sequence: Where the numbers come from; shared with the exchanges.
    """

    def __init__(self, limit: int, sequence: Sequence) -> None:
        self.changed = Condition()
        self._limit = limit
        self._sequence = sequence
        self._kept: dict[str, Delivery] = {}
        self._over: deque[str] = deque()
        self.evicted = 0

    def add(self, delivery: Delivery) -> Delivery:
        """Number a new delivery, keep it and return it as kept."""
        with self.changed:
            seq = self._sequence.take()
            kept = delivery._replace(seq=seq, id=str(seq))
            self._kept[kept.id] = kept
            if kept.status != "pending":
                self._over.append(kept.id)
            self._evict()
            self.changed.notify_all()
            self._sequence.kept()
            return kept

    def replace(self, delivery: Delivery) -> Delivery:
        """Keep a delivery as it stands now, unless it has been forgotten."""
        with self.changed:
            before = self._kept.get(delivery.id)
            if before is not None:
                self._kept[delivery.id] = delivery
                if before.status == "pending" != delivery.status:
                    self._over.append(delivery.id)
                    self._evict()
            self.changed.notify_all()
            self._sequence.kept()
            return delivery

    def get(self, identity: str) -> Delivery | None:
        """Return a delivery as it stands now."""
        return self._kept.get(identity)

    def every(self) -> list[Delivery]:
        """Return them all, oldest first."""
        with self.changed:
            return list(self._kept.values())

    def remove(self, unwanted: Callable[[Delivery], bool]) -> int:
        """Forget the deliveries a function picks; return how many."""
        with self.changed:
            going = [one.id for one in self._kept.values() if unwanted(one)]
            for identity in going:
                del self._kept[identity]
            self.changed.notify_all()
            return len(going)

    def _evict(self) -> None:
        while len(self._kept) > self._limit and self._over:
            if self._kept.pop(self._over.popleft(), None) is not None:
                self.evicted += 1
