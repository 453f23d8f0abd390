"""The numbers of what happens in one server, in one order."""

from threading import Lock


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
