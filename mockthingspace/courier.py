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
from datetime import datetime, timedelta
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
        self._timed: set[str] = set()
        self._begun: dict[str, int] = {}
        self._under_way: dict[str, int] = {}
        self._closed = False
        self.reordered: dict[Lane, list[str]] = {}

    def keep(self, delivery: Delivery, before: str | None = None) -> Delivery:
        """Take a message on; ``go`` sends it out. Return it with its number.

        A courier that is closed takes nothing on: the delivery is cancelled.

        Args:
            delivery: What to take on; one that is over is kept and never sent.
            before: A delivery of its registration; it goes in front of that one,
                if it is still held back.
        """
        with self._lock:
            if self._closed:
                return self._deliveries.add(delivery._replace(status="cancelled"))
            kept = self._deliveries.add(delivery)
            if kept.status != "pending":
                return kept
            lane = self._lanes.setdefault(kept.lane, deque())
            behind = lane.index(before) if before in self._held else len(lane)
            lane.insert(behind, kept.id)
            self._held.add(kept.id)
        return kept

    def let_go(self, waiting: Iterable[str]) -> None:
        """Hold deliveries back no longer: each goes as soon as its turn comes."""
        now = self._means.timers.clock.now()
        with self._lock:
            going = self._held.intersection(waiting)
            self._held -= going
            for one in filter(None, map(self._deliveries.get, going)):
                self._deliveries.replace(one._replace(due_at=now))

    def go(self, kept: Iterable[Delivery]) -> None:
        """Send out what was kept, each when it is due and its turn comes."""
        now = self._means.timers.clock.now()
        for one in kept:
            if one.due_at > now:
                with self._lock:
                    self._timed.add(one.id)
                self._means.timers.at(one.due_at, self, partial(self._release, one))
            else:
                self._release(one)

    def _release(self, one: Delivery) -> None:
        with self._lock:
            self._held.discard(one.id)
            self._timed.discard(one.id)
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

    def idle(self, account: str | None = None) -> bool:
        """Say whether no attempt is under way or about to begin.

        Args:
            account: Only for this account; for everybody if None.
        """
        with self._lock:
            now = self._means.timers.clock.now()
            if account is None:
                about_to = self._held - self._timed  # no timer is to begin with them
                return not self._under_way and not self._due(about_to, now)
            heads = [one[0] for lane, one in self._lanes.items() if lane[1] == account]
            return not self._due(heads, now)

    def _due(self, identities: Iterable[str], now: datetime) -> bool:
        kept = map(self._deliveries.get, identities)
        return any(one is not None and one.due_at <= now for one in kept)

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
        overlap_s = 0.0 if delivery.overlaps else self._schedule.overlap_s
        if number == 1 and overlap_s is not None:
            overlap_at = started_at + timedelta(seconds=overlap_s)
            timers.at(overlap_at, self, partial(self._overlap, delivery.id))
        body = counted(delivery.message, delivery.counter, number)
        if delivery.breaks_off:
            body = _cut_off(body)
        headers = dict(delivery.headers)
        if delivery.secret is not None:
            headers[self._signature_header] = sign(body, delivery.secret)
        outcome = self._means.post(delivery.url, body, self._verify, headers)
        attempt = Attempt(
            seq=0,
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
            awaited = ("pending", "delivered") if delivery.overlaps else ("pending",)
            if kept is not None and kept.status in awaited:
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
            attempt = attempt._replace(seq=self._means.sequence.take())
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


def _cut_off(body: bytes) -> bytes:
    """Return a message without its end, or the beginning of one: no JSON."""
    return body[:-1] if body[-1:] in (b"}", b"]") else b"{"
