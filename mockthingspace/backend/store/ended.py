"""Which of what a store keeps is over: that alone is bounded."""

from collections.abc import Iterator


class Ended:
    """The sizes of what is over, by id, oldest first.

    ``limit`` are kept, and at most ``most_bytes``. Its store holds a lock around it.
    """

    def __init__(self, limit: int, most_bytes: int) -> None:
        self._limit = limit
        self._most_bytes = most_bytes
        self._sizes: dict[str, int] = {}
        self._bytes = 0
        self.evicted = 0

    def put(self, identity: str, size: int) -> None:
        """Note that something is over, or how large it is now."""
        self._bytes += size - self._sizes.get(identity, 0)
        self._sizes[identity] = size

    def discard(self, identity: str) -> None:
        """Forget something, if it is over."""
        self._bytes -= self._sizes.pop(identity, 0)

    def surplus(self) -> Iterator[str]:
        """Evict what is too much, the oldest first; return the ids."""
        while len(self._sizes) > self._limit or self._bytes > self._most_bytes:
            oldest = next(iter(self._sizes))
            self.discard(oldest)
            self.evicted += 1
            yield oldest
