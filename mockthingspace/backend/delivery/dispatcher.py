"""Delivers messages: one at a time to a registration, registrations in parallel.

``enqueue`` keeps deliveries and ``dispatch`` lets them go; an attempt is a coroutine
of the background loop; a timer of the server's clock brings the next one, until the
listener takes the message or the schedule is at its end. Whatever happens in an
attempt, it ends and is recorded. Each state has a dispatcher of its own, so a reset
leaves the old one behind with all it had: what was queued is cancelled, and an
answer that is still to come is recorded as stale.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from mockthingspace.backend.delivery.outcome import Outcome, describe
from mockthingspace.backend.delivery.queues import Job, Queue, Queues
from mockthingspace.backend.delivery.transport import WebhookTransport
from mockthingspace.backend.store.deliveries import Deliveries
from mockthingspace.core.background_loop import BackgroundLoop
from mockthingspace.core.clock import Timers
from mockthingspace.core.models import Attempt, Delivery, QueueKey
from mockthingspace.core.monotonic import monotonic
from mockthingspace.core.retry_schedule import Schedule
from mockthingspace.core.sequence import EventNumbers
from mockthingspace.core.signatures import sign
from mockthingspace.spec.events import counted

SEED = 20260924


@dataclass
class DeliveryRuntime:
    """What the dispatchers of one server share, over its resets.

    ``late`` is told of a delivery that was answered after a reset.
    """

    timers: Timers
    transport: WebhookTransport
    numbers: EventNumbers
    late: Callable[[Delivery], None]

    def __post_init__(self) -> None:
        """Have a loop ready; its thread starts with the first delivery."""
        self.loop = BackgroundLoop("mockthingspace-deliveries")

    def close(self) -> None:
        """End what is under way, and every thread."""
        self.timers.close()
        self.loop.close(self.transport.close)


class Dispatcher:
    """Delivers the messages of one state.

    ``verify`` is whether a listener's certificate must be good.
    """

    def __init__(
        self,
        runtime: DeliveryRuntime,
        deliveries: Deliveries,
        schedule: Schedule,
        verify: bool,
        signature_header: str,
    ) -> None:
        self._runtime = runtime
        self._deliveries = deliveries
        self._schedule = schedule
        self._verify = verify
        self._signature_header = signature_header
        self._random = random.Random(SEED)
        self._lock = deliveries.lock
        self._queues = Queues()
        self._jobs: dict[str, Job] = {}
        self._undispatched: set[Job] = set()
        self._sending: Counter[str] = Counter()  # attempts under way, by account
        self.ended = 0  # attempts, whatever came of them
        self._closed = False

    def enqueue(
        self,
        deliveries: Sequence[Delivery],
        registered: Callable[[], bool],
        hold_back: bool = False,
    ) -> list[Delivery]:
        """Take on deliveries to one registration; ``dispatch`` sends them out.

        They are cancelled where the registration has gone meanwhile, or everything
        was reset. What the registration's queue holds back goes right after them.

        Args:
            deliveries: At least one; those that are over are kept and never sent.
            registered: Whether the registration is still there.
            hold_back: Whether the registration's next message overtakes them.

        Returns:
            The deliveries with their numbers.

        Raises:
            OSError, RuntimeError: The system has nothing left to send them with;
                none is taken on.
        """
        self._runtime.timers.start()
        self._runtime.loop.start()
        with self._lock:
            if self._closed or not registered():
                deliveries = [each._replace(status="cancelled") for each in deliveries]
            kept = [self._deliveries.add(delivery) for delivery in deliveries]
            pending = [delivery for delivery in kept if delivery.status == "pending"]
            if pending:
                queue = self._queues.of_registration(pending[0].queue_key)
                jobs = [Job(delivery.id, queue) for delivery in pending]
                for job in jobs:
                    queue.add(job)
                    self._jobs[job.id] = job
                    self._undispatched.add(job)
                self._overtake(queue)
                queue.held_back = jobs if hold_back else []
        return kept

    def _overtake(self, queue: Queue) -> None:
        """Hold back no longer what waited for another message."""
        now = self._runtime.timers.clock.now()
        for job in queue.held_back:
            delivery = self._deliveries.get(job.id)
            if delivery is not None and not job.released:
                self._deliveries.replace(delivery._replace(due_at=now))
            job.released = True
            self._undispatched.discard(job)

    def dispatch(self, kept: Iterable[Delivery]) -> None:
        """Send out what was taken on, each when it is due and its turn comes."""
        for delivery in kept:
            with self._lock:
                job = self._jobs.get(delivery.id)
                if job is not None:
                    self._undispatched.discard(job)
                    release = partial(self._release, job)
                    self._at(delivery.due_at, job, release)
                    self._deliveries.notify()

    def _release(self, job: Job) -> None:
        with self._lock:
            job.released = True
            self._send_next(job.queue)
            self._deliveries.notify()

    def registrations(self) -> list[QueueKey]:
        """Return the registrations for which deliveries are pending."""
        with self._lock:
            return [queue.key for queue in self._queues]

    def cancel(self, keys: Iterable[QueueKey]) -> int:
        """Cancel what is pending for these registrations; return how many.

        What is under way is recorded as stale when it is answered; no later
        message waits for it.
        """
        cancelled = 0
        with self._lock:
            for key in keys:
                queue = self._queues.take(key)
                while queue and queue.jobs:
                    cancelled += self._cancel(queue.jobs.popleft())
            if cancelled:
                self._runtime.timers.sweep()
        return cancelled

    def _cancel(self, job: Job) -> bool:
        self._forget(job)
        job.cancelled = True
        delivery = self._deliveries.get(job.id)
        if delivery is None or delivery.status != "pending":
            return False
        self._deliveries.replace(delivery._replace(status="cancelled"))
        return True

    def close(self) -> int:
        """Cancel everything, for good; return how many were pending."""
        with self._lock:
            self._closed = True
            return self.cancel(self.registrations())

    def pending(self) -> int:
        """Return how many deliveries are on their way."""
        with self._lock:
            return sum(len(queue.jobs) for queue in self._queues)

    @property
    def closed(self) -> bool:
        """Whether it has been left behind by a reset, or its server is over."""
        return self._closed

    def idle(self, account: str | None = None) -> bool:
        """Say whether no attempt is under way or about to begin.

        For one account, or for everybody if None.
        """
        with self._lock:
            if account is None:
                return not self._sending and not any(map(self._due, self._undispatched))
            first = [queue.jobs[0] for queue in self._queues.of(account)]
            return account not in self._sending and not any(map(self._due, first))

    def under_way(self) -> dict[str, float | None]:
        """Return the deliveries whose attempt is under way, by id.

        Each with the seconds for which it has been; None where nothing says.
        """
        now = monotonic()
        with self._lock:
            return {
                job.id: None if job.since is None else now - job.since
                for job in self._jobs.values()
                if job.in_flight
            }

    @property
    def quiet(self) -> bool:
        """Whether only timers begin more: nothing is under way or undispatched."""
        with self._lock:
            return not self._sending and not self._undispatched

    def _due(self, job: Job) -> bool:
        delivery = self._deliveries.get(job.id)
        now = self._runtime.timers.clock.now()
        return delivery is not None and delivery.due_at <= now

    def _send_next(self, queue: Queue) -> None:
        """Begin with the first delivery of a registration, if it is waiting."""
        if queue.jobs and queue.jobs[0].released and not queue.jobs[0].begun:
            self._send(queue.jobs[0])

    def _send(self, job: Job) -> None:
        """Begin the next attempt of a delivery, if one is left."""
        with self._lock:
            delivery = self._deliveries.get(job.id)
            if delivery is None or delivery.status != "pending":
                return
            if job.begun < self._attempts(delivery):
                job.begun += 1
                job.in_flight += 1
                self._sending[delivery.account] += 1
                attempt = partial(self._attempt, job, delivery, job.begun)
                self._runtime.loop.submit(attempt)

    def _attempts(self, delivery: Delivery) -> int:
        return self._schedule.attempts if delivery.retried else 1

    def _overlap(self, job: Job) -> None:
        """Send the second attempt although the first is still unanswered."""
        with self._lock:
            if job.in_flight:
                self._send(job)

    async def _attempt(self, job: Job, delivery: Delivery, number: int) -> None:
        """Make one attempt once there is a socket for it, unless it is recalled."""
        async with self._runtime.transport.slot(delivery.url):
            if not self._no_longer_wanted(job, delivery.overlaps):
                await self._make(job, delivery, number)

    async def _make(self, job: Job, delivery: Delivery, number: int) -> None:
        """Make one attempt and record what came of it, whatever that is."""
        started_at = self._runtime.timers.clock.now()
        after = self._runtime.numbers.last
        began = monotonic()
        if job.since is None:
            job.since = began
        try:
            if number == 1:
                self._expect_overlap(job, delivery)
            outcome = await self._post(delivery, number)
        except BaseException as error:  # noqa: BLE001 (every attempt is recorded)
            outcome = Outcome(None, describe(error, delivery.url), b"")
        attempt = Attempt(
            seq=0,
            number=number,
            started_at=started_at,
            duration_s=monotonic() - began,
            status_code=outcome.status_code,
            error=outcome.error,
            reply=outcome.reply,
            warning=outcome.warning,
            after=after,
        )
        self._complete(job, delivery, attempt, outcome.acknowledged)

    async def _post(self, delivery: Delivery, number: int) -> Outcome:
        body = counted(delivery.message, delivery.counter, number)
        if delivery.breaks_off:
            body = _cut_off(body)
        if delivery.headless:
            body = body.removeprefix(b"{")
        headers = dict(delivery.headers)
        if delivery.secret is not None:
            headers[self._signature_header] = sign(body, delivery.secret)
        return await self._runtime.transport.send(
            delivery.url, body, verify=self._verify, headers=headers
        )

    def _expect_overlap(self, job: Job, delivery: Delivery) -> None:
        overlap_s = 0.0 if delivery.overlaps else self._schedule.overlap_s
        if overlap_s is not None:
            now = self._runtime.timers.clock.now()
            overlap_at = now + timedelta(seconds=overlap_s)
            self._at(overlap_at, job, partial(self._overlap, job))

    def _no_longer_wanted(self, job: Job, overlaps: bool) -> bool:
        """Say whether a delivery was over before its attempt could begin."""
        awaited = ("pending", "delivered") if overlaps else ("pending",)
        with self._lock:
            delivery = self._deliveries.get(job.id)
            if delivery is not None and delivery.status in awaited:
                return False
            self._attempt_ended(job)
            if not job.in_flight:
                self._finish(job)
            self._deliveries.notify()
            return True

    def _attempt_ended(self, job: Job) -> None:
        job.in_flight -= 1
        job.since = None
        self.ended += 1
        account = job.queue.account
        self._sending[account] -= 1
        if not self._sending[account]:
            del self._sending[account]

    def _complete(
        self, job: Job, begun: Delivery, attempt: Attempt, acknowledged: bool
    ) -> None:
        with self._lock:
            self._attempt_ended(job)
            attempt = attempt._replace(seq=self._runtime.numbers.take())
            kept = self._deliveries.get(begun.id)
            before = kept or begun._replace(
                status="cancelled" if job.cancelled else "delivered"
            )
            after = before._replace(attempts=(*before.attempts, attempt))
            after = self._decide_next_attempt(job, after, acknowledged)
            if (kept is None and job.cancelled) or self._closed:
                self._runtime.late(after)
            if after.status != "pending" and not job.in_flight:
                self._finish(job)
            self._deliveries.replace(after)

    def _decide_next_attempt(
        self, job: Job, delivery: Delivery, acknowledged: bool
    ) -> Delivery:
        """Return a delivery as an attempt leaves it; arrange for the next one."""
        if delivery.status == "cancelled":
            return delivery._replace(status="stale")
        if delivery.status != "pending":  # the overlapping attempt decided it
            return delivery
        if acknowledged:
            return delivery._replace(status="delivered")
        if job.in_flight:
            return delivery
        if job.begun == self._attempts(delivery):
            return delivery._replace(status="abandoned")
        pause_s = self._schedule.pause_s(job.begun, self._random)
        due_at = self._runtime.timers.clock.now() + timedelta(seconds=pause_s)
        self._at(due_at, job, partial(self._send, job))
        return delivery._replace(due_at=due_at)

    def _at(self, instant: datetime, job: Job, act: Callable[[], None]) -> None:
        """Have something done at an instant, unless its job is over by then."""
        self._runtime.timers.at(instant, lambda: job.id not in self._jobs, act)

    def _finish(self, job: Job) -> None:
        """Take a delivery that is over out of its queue; the next one's turn comes."""
        self._forget(job)
        self._queues.finish(job)
        self._send_next(job.queue)

    def _forget(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        self._undispatched.discard(job)


def _cut_off(body: bytes) -> bytes:
    """Return a message without its end, or the beginning of one: no JSON."""
    return body[:-1] if body[-1:] in (b"}", b"]") else b"{"
