"""Delivers messages: one at a time to a registration, registrations in parallel.

``deliver`` keeps a delivery and returns; a worker thread makes the attempt; a
timer of the double's clock brings the next one, until the listener takes the
message or the schedule is at its end. Each state has a courier of its own, so
a reset leaves the old one behind with all it had: what was queued is cancelled,
and an answer that is still to come is recorded as stale.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import perf_counter

from mockthingspace.clock import Timers
from mockthingspace.deliveries import Deliveries
from mockthingspace.events import counted
from mockthingspace.model import Attempt, Delivery
from mockthingspace.post import Post
from mockthingspace.schedule import Schedule
from mockthingspace.sequence import Sequence
from mockthingspace.signing import sign

WORKERS = 64
SEED = 20260924

Lane = tuple[str, str, str]


@dataclass
class Means:
    """What the couriers of one double share, over its resets.

    Args:
        timers: Of the double's clock.
        post: POSTs a message.
        sequence: Where the numbers of attempts come from.
        late: Told of a delivery that was answered after a reset.
    """

    timers: Timers
    post: Post
    sequence: Sequence
    late: Callable[[Delivery], None]

    def __post_init__(self) -> None:
        """Have threads ready to be made; each is made when it is first needed."""
        self.workers = ThreadPoolExecutor(WORKERS, "mockthingspace-courier")

    def close(self) -> None:
        """End what is under way, and every thread."""
        self.timers.close()
        self.post.close()
        self.workers.shutdown(cancel_futures=True)


class Courier:
    """Delivers the messages of one state.

    Args:
        means: What it works with.
        deliveries: Where it keeps them.
        schedule: When a message is sent again.
        verify: Whether a listener's certificate must be good.
        signature_header: What a signed message carries its signature in.
    """

    def __init__(
        self,
        means: Means,
        deliveries: Deliveries,
        schedule: Schedule,
        verify: bool,
        signature_header: str,
    ) -> None:
        self._means = means
        self._deliveries = deliveries
        self._schedule = schedule
        self._verify = verify
        self._signature_header = signature_header
        self._chance = random.Random(SEED)
        self._lock = deliveries.changed
        self._lanes: dict[Lane, deque[str]] = {}
        self._held: set[str] = set()
        self._begun: dict[str, int] = {}
        self._under_way: dict[str, int] = {}
        self._closed = False

    def keep(self, delivery: Delivery) -> Delivery:
        """Take a message on; ``go`` sends it out. Return it with its number.

        A courier that is closed takes nothing on: the delivery is cancelled.
        """
        with self._lock:
            if self._closed:
                return self._deliveries.add(delivery._replace(status="cancelled"))
            kept = self._deliveries.add(delivery)
            self._lanes.setdefault(kept.lane, deque()).append(kept.id)
            self._held.add(kept.id)
        return kept

    def go(self, kept: Iterable[Delivery]) -> None:
        """Send out what was kept, each when its registration's turn comes."""
        with self._lock:
            for one in kept:
                self._held.discard(one.id)
                self._next(one.lane)
            self._lock.notify_all()

    def lanes(self) -> list[Lane]:
        """Return the registrations for which deliveries are pending."""
        with self._lock:
            return list(self._lanes)

    def cancel(self, lanes: Iterable[Lane]) -> int:
        """Cancel what is pending for these registrations; return how many."""
        with self._lock:
            waiting = [one for lane in lanes for one in self._lanes.get(lane, ())]
            kept = [self._deliveries.get(identity) for identity in waiting]
            over = [
                self._deliveries.replace(one._replace(status="cancelled"))
                for one in kept
                if one is not None and one.status == "pending"
            ]
            for one in over:  # only now, or leaving would begin with the next
                self._leave(one)
        return len(over)

    def close(self) -> int:
        """Cancel everything, for good; return how many were pending."""
        with self._lock:
            self._closed = True
            self._means.timers.cancel(lambda owner: owner is self)
            self._lock.notify_all()
            return self.cancel(self.lanes())

    def pending(self) -> int:
        """Return how many deliveries are on their way."""
        with self._lock:
            return sum(len(lane) for lane in self._lanes.values())

    @property
    def closed(self) -> bool:
        """Whether it has been left behind by a reset, or its double is over."""
        return self._closed

    def idle(self) -> bool:
        """Say whether no attempt is under way or about to begin."""
        with self._lock:
            return not self._under_way and not self._held

    def _next(self, lane: Lane) -> None:
        """Begin with the first delivery of a registration, if it is waiting."""
        waiting = self._lanes.get(lane)
        if waiting and waiting[0] not in self._begun and waiting[0] not in self._held:
            self._begin(waiting[0])

    def _begin(self, identity: str) -> None:
        """Send a worker out with the next attempt of a delivery, if one is left."""
        with self._lock:
            delivery = self._deliveries.get(identity)
            begun = self._begun.get(identity, 0)
            if delivery is None or delivery.status != "pending":
                return
            if begun < self._schedule.attempts:
                self._begun[identity] = begun + 1
                self._under_way[identity] = self._under_way.get(identity, 0) + 1
                self._means.workers.submit(self._attempt, delivery, begun + 1)

    def _overlap(self, identity: str) -> None:
        """Send the second attempt although the first is still unanswered."""
        with self._lock:
            if identity in self._under_way:
                self._begin(identity)

    def _attempt(self, delivery: Delivery, number: int) -> None:
        """Make one attempt, in a worker."""
        if self._recalled(delivery):
            return
        timers = self._means.timers
        started_at = timers.clock.now()
        began = perf_counter()
        if number == 1 and self._schedule.overlap_s is not None:
            overlap_at = started_at + timedelta(seconds=self._schedule.overlap_s)
            timers.at(overlap_at, self, partial(self._overlap, delivery.id))
        body = counted(delivery.message, delivery.counter, number)
        headers = dict(delivery.headers)
        if delivery.secret is not None:
            headers[self._signature_header] = sign(body, delivery.secret)
        outcome = self._means.post(delivery.url, body, self._verify, headers)
        attempt = Attempt(
            seq=self._means.sequence.take(),
            number=number,
            started_at=started_at,
            duration_s=perf_counter() - began,
            status_code=outcome.status_code,
            error=outcome.error,
            reply=outcome.reply,
        )
        self._complete(delivery, attempt, outcome.acknowledged)

    def _recalled(self, delivery: Delivery) -> bool:
        """Say whether a delivery was over before a worker came to its attempt."""
        with self._lock:
            kept = self._deliveries.get(delivery.id)
            if kept is not None and kept.status == "pending":
                return False
            self._land(delivery)
            self._leave(delivery)
            self._lock.notify_all()
            return True

    def _land(self, delivery: Delivery) -> None:
        """Note that one of a delivery's attempts is no longer under way."""
        self._under_way[delivery.id] -= 1
        if not self._under_way[delivery.id]:
            del self._under_way[delivery.id]

    def _complete(self, begun: Delivery, attempt: Attempt, acknowledged: bool) -> None:
        """Record what came of an attempt, and decide what comes next."""
        with self._lock:
            self._land(begun)
            kept = self._deliveries.get(begun.id)
            before = kept or begun._replace(status="cancelled")
            after = before._replace(attempts=(*before.attempts, attempt))
            after = self._judged(after, acknowledged)
            if kept is None or self._closed:
                self._means.late(after)
            self._deliveries.replace(after)
            if after.status != "pending":
                self._leave(after)

    def _judged(self, delivery: Delivery, acknowledged: bool) -> Delivery:
        """Return a delivery as an attempt leaves it; arrange for the next one."""
        if delivery.status == "cancelled":
            return delivery._replace(status="stale")
        if delivery.status != "pending":  # the overlapping attempt decided it
            return delivery
        if acknowledged:
            return delivery._replace(status="delivered")
        if delivery.id in self._under_way:
            return delivery
        begun = self._begun[delivery.id]
        if begun == self._schedule.attempts:
            return delivery._replace(status="abandoned")
        pause_s = self._schedule.pause_s(begun, self._chance)
        due_at = self._means.timers.clock.now() + timedelta(seconds=pause_s)
        self._means.timers.at(due_at, self, partial(self._begin, delivery.id))
        return delivery._replace(due_at=due_at)

    def _leave(self, delivery: Delivery) -> None:
        """Take a delivery that is over out of its lane; the next one's turn comes."""
        if delivery.id in self._under_way:
            return
        lane = self._lanes.get(delivery.lane, deque())
        with suppress(ValueError):  # an overlapping attempt has taken it out
            lane.remove(delivery.id)
        self._begun.pop(delivery.id, None)
        self._held.discard(delivery.id)
        if lane:
            self._next(delivery.lane)
        else:
            self._lanes.pop(delivery.lane, None)
