"""Which deliveries are not over, and in which order each registration's go out."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from mockthingspace.core.models import QueueKey


@dataclass(eq=False, slots=True)
class Job:
    """A delivery that is not over, and how far it is.

    It is ``released`` when its turn may come. ``begun`` counts its attempts,
    ``in_flight`` those unanswered; ``since`` is when the first of these was sent.
    One that is ``cancelled`` is remembered as that when its delivery is forgotten.
    """

    id: str
    queue: "Queue"
    released: bool = False
    begun: int = 0
    in_flight: int = 0
    since: float | None = None
    cancelled: bool = False


@dataclass(eq=False, slots=True)
class Queue:
    """The jobs of one registration, in the order in which they are sent.

    Those ``held_back`` let the next message overtake them.
    """

    key: QueueKey
    jobs: deque[Job] = field(default_factory=deque)
    held_back: list[Job] = field(default_factory=list)

    @property
    def account(self) -> str:
        """Whose registration it is."""
        return self.key[1]

    def add(self, job: Job) -> None:
        """Put a job last, but before those that are held back."""
        waiting = [other for other in self.held_back if not other.released]
        before = self.jobs.index(waiting[0]) if waiting else len(self.jobs)
        self.jobs.insert(before, job)


class Queues:
    """The queues that have jobs, by account and registration."""

    def __init__(self) -> None:
        self._of: dict[str, dict[QueueKey, Queue]] = {}

    def __iter__(self) -> Iterator[Queue]:
        return (queue for queues in self._of.values() for queue in queues.values())

    def of(self, account: str) -> list[Queue]:
        """Return an account's."""
        return [*self._of.get(account, {}).values()]

    def of_registration(self, key: QueueKey) -> Queue:
        """Return a registration's; there is a new one if there was none."""
        return self._of.setdefault(key[1], {}).setdefault(key, Queue(key))

    def take(self, key: QueueKey) -> Queue | None:
        """Take away a registration's, if there is one."""
        queues = self._of.get(key[1], {})
        queue = queues.pop(key, None)
        if not queues:
            self._of.pop(key[1], None)
        return queue

    def finish(self, job: Job) -> None:
        """Take a job out of its queue, and the queue away with its last."""
        queue = job.queue
        if job in queue.jobs:
            queue.jobs.remove(job)
            if not queue.jobs:
                self.take(queue.key)
