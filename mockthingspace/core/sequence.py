"""The numbers of what happens in one server, in one order."""

from bisect import bisect_left
from operator import attrgetter
from threading import Lock
from typing import Protocol, TypeVar


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


Item = TypeVar("Item", bound=_Numbered)


class EventNumbers:
    """Numbers from 1 on, each given once, over resets too.

    Exchanges, deliveries and attempts share them, so any of them is a cursor:
    ``since`` a number means all that came after.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.last = 0

    def take(self) -> int:
        """Return the next number."""
        with self._lock:
            self.last += 1
            return self.last


def numbered_in(numbers: range, items: list[Item]) -> list[Item]:
    """Return the items whose numbers these are, of items in the order of theirs."""
    number = attrgetter("seq")
    start = bisect_left(items, numbers.start, key=number)
    return items[start : bisect_left(items, numbers.stop, start, key=number)]
