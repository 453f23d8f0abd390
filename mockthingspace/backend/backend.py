"""The complete state of one server, and starting it over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from threading import Event, Lock
from typing import Any, NamedTuple

from mockthingspace.backend.delivery.dispatcher import DeliveryRuntime, Dispatcher
from mockthingspace.backend.delivery.transport import WebhookTransport
from mockthingspace.backend.faults.holds import Holds
from mockthingspace.backend.faults.models import REMEMBERING, Fault, Faults
from mockthingspace.backend.store.actions import Actions
from mockthingspace.backend.store.deliveries import Deliveries
from mockthingspace.backend.store.enabled import Enabled
from mockthingspace.backend.store.event_log import EventLog, LogEntry
from mockthingspace.backend.store.exclusions import Exclusions
from mockthingspace.backend.store.journal import Journal
from mockthingspace.backend.store.registrations import Registry
from mockthingspace.backend.store.tokens import Tokens
from mockthingspace.core.clock import LATEST, Clock, Mode, Timer, Timers, of_day
from mockthingspace.core.models import Attempt, Delivery, Exchange, Registration
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.retry_schedule import schedule
from mockthingspace.core.sequence import EventNumbers
from mockthingspace.core.settings import Settings
from mockthingspace.spec.events import Event as MessageEvent

LATE_KEPT = 100
GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class Seed:
    """What a server starts from, and goes back to."""

    registrations: tuple[Registration, ...] = ()
    events: tuple[tuple[str, MessageEvent], ...] = ()
    faults: tuple[Fault, ...] = ()
    actions: tuple["SeededAction", ...] = ()
    hyper_precise: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BackendState:
    """All that a reset makes anew. A request uses one state from start to end.

    So a request that is still running when a reset comes writes into the state
    it began with, where nobody looks any more: nothing of it reaches the next
    test.
    """

    settings: Settings
    registry: Registry
    tokens: Tokens
    journal: Journal
    timers: Timers
    actions: Actions
    deliveries: Deliveries
    dispatcher: Dispatcher
    faults: Faults
    pauses: Holds
    event_log: EventLog
    notifier: Notifier
    events: tuple[tuple[str, MessageEvent], ...]
    epoch: int
    hyper_precise: Enabled
    triggers: dict[str, Iterator[int]] = field(default_factory=dict)
    exclusions: Exclusions = field(default_factory=Exclusions)

    def number(self, account: str) -> int:
        """Return the number of an account's next trigger, from 1."""
        return next(self.triggers.setdefault(account, count(1)))


class SeededAction(NamedTuple):
    """A pending action of a seed: whose it is, and what goes on with it in a state."""

    account: str
    resume: Callable[[BackendState], None]


@dataclass
class Backend:
    """One server: its state, the seed it starts over from, and its clock.

    ``deliver_to`` has applications by origin, for messages to listeners there. ``told``
    is told of each thing that is kept or changes, as ``Notifier`` says.
    """

    settings: Settings
    seed: Seed = Seed()
    deliver_to: Mapping[str, Any] = field(default_factory=dict)
    told: Callable[[object], object] = lambda _: None
    state: BackendState = field(init=False)

    def __post_init__(self) -> None:
        """Start, as a reset would."""
        settings = self.settings
        self.sequence = EventNumbers()
        self.late: list[Delivery] = []
        transport = WebhookTransport(
            settings.attempt_timeout_s, settings.allow_public_listeners, self.deliver_to
        )
        timers = Timers(Clock(settings.clock), "mockthingspace-timers")
        self.runtime = DeliveryRuntime(
            timers, transport, self.sequence, self._note_late
        )
        self.started_at = self.clock.now()
        # In this order, and before the lock of the deliveries: see ARCHITECTURE.
        self._advancing = Lock()
        self._changing = Lock()
        self.state = self._fresh(settings, self.seed, 0)

    @property
    def clock(self) -> Clock:
        """What every instant and lifetime is read from."""
        return self.runtime.timers.clock

    def reset(self) -> dict[str, int]:
        """Make everything as just started, the clock too; return what there was."""
        return self.replace(self.settings, self.seed, restart=True)

    def replace(
        self, settings: Settings, seed: Seed, restart: bool = False
    ) -> dict[str, int]:
        """Start over from these settings and this seed, until the next reset.

        With ``restart`` the clock starts over too.
        """
        with self._changing:
            old = self.state
            if restart:
                self.runtime.timers.restart(self.settings.clock)
            self.state = self._fresh(settings, seed, old.epoch + 1)
        old.pauses.close()
        self.state.event_log.note("reset", self.clock.now(), None, "everything")
        cancelled = old.dispatcher.close()
        old.notifier.close()
        self.runtime.timers.sweep()  # what is due in the old state would keep all of it
        return {
            "registrations": len(old.registry.every()),
            "requests": len(old.journal),
            "tokens": len(old.tokens),
            "actions": old.actions.remove(lambda _: True),
            "deliveries": len(old.deliveries.every()),
            "cancelled": cancelled,
        }

    def reset_account(self, account: str) -> dict[str, int]:
        """Make one account as just started; leave others, all tokens, the clock."""
        with self._changing:
            state = self.state
            registrations = state.registry.remove(account=account)
            actions = state.actions.remove(lambda item: item.account == account)
            with state.deliveries.lock:  # or one might come in between
                pending = state.dispatcher.registrations()
                cancelled = state.dispatcher.cancel(
                    key for key in pending if key[1] == account
                )
                deliveries = state.deliveries.remove(
                    lambda item: item.account == account
                )
            for registration in self.seed.registrations:
                if registration.account == account:
                    state.registry.register(registration)
            now = self.clock.now()
            state.faults.remove(lambda item: item.account == account, now)
            state.pauses.end(account)
            state.triggers.pop(account, None)
            state.exclusions.forget(account)
            enabled = self.seed.hyper_precise.get(account, frozenset())
            state.hyper_precise.replace(account, enabled)
            state.event_log.remove(lambda item: item.account == account)
            state.event_log.note("reset", now, account, f"account {account}")
            for fault in self.seed.faults:
                if fault.account == account:
                    self.plan(fault, state)
            for action in self.seed.actions:
                if action.account == account:
                    action.resume(state)
        return {
            "registrations": registrations,
            "requests": state.journal.remove(lambda item: item.account == account),
            "tokens": 0,
            "actions": actions,
            "deliveries": deliveries,
            "cancelled": cancelled,
        }

    def advance(self, seconds: float) -> list[tuple[Delivery, Attempt]]:
        """Let time pass, and make all happen that falls due meanwhile, in order.

        Returns when every attempt due in that time has been answered or has
        failed; a reset ends it where it is. A listener has real time to answer:
        its ``attempt_timeout_s``, whatever the clock says.

        Returns:
            The attempts that fell due in that time, in order, each with its
            delivery; not those that were under way before.
        """
        timers, state = self.runtime.timers, self.state
        with self._advancing:
            now = self.clock.now()
            until = now + timedelta(seconds=seconds)
            self._settle(state, until)
            before = self.sequence.last
            noted = self._note_jump(state, "", now, until)
            while timer := self._take_due(state, until):
                timer.act()
                timers.do_due()  # what is due at one instant is awaited together
                self._settle(state, until)
            with self._changing:
                if state is self.state:
                    self.clock.move_to(until)
            if state is self.state:
                timers.do_due()  # what others put there meanwhile
        state.notifier.notify()  # whoever waits may move the clock again
        made = [
            (delivery, attempt)
            for delivery in state.deliveries.every()
            for attempt in delivery.attempts
            if attempt.seq > before
        ]
        state.event_log.add_to(noted, f"; attempts that fell due: {len(made)}")
        return sorted(made, key=lambda pair: pair[1].seq)

    def quiet(self, state: BackendState) -> bool:
        """Say whether the clock stands and only moving it makes more happen."""
        return not self._advancing.locked() and self._stands_quiet(state)

    def exhausted(self, state: BackendState) -> bool:
        """Say whether the clock stands and nothing is due, however far it moves."""
        return self.quiet(state) and self.runtime.timers.next_due(LATEST) is None

    def skip(self, state: BackendState) -> bool:
        """Move a clock that stands to what is due next, and let that happen.

        Where something is under way, or somebody else moves the clock, nothing is
        done: the notifier tells when that is over.

        Returns:
            Whether more may come: False where nothing is due.
        """
        if not self._advancing.acquire(blocking=False):
            return True
        try:
            if not self._stands_quiet(state):
                return True
            now = self.clock.now()
            timer = self._take_due(state, LATEST)
            if timer is None:
                return False
            self._note_jump(state, "a wait moves it ", now, timer.due_at)
            timer.act()
            self.runtime.timers.do_due()
            return True
        finally:
            self._advancing.release()
            state.notifier.notify()

    def set_mode(self, mode: Mode) -> None:
        """Let the clock run, or stop it."""
        before = self.clock.mode
        self.runtime.timers.set_mode(mode)
        if mode != before:
            summary = "it runs from now on" if mode == "real" else "it stands still"
            self.state.event_log.note("clock", self.clock.now(), None, summary)

    def wait_until_idle(
        self, timeout_s: float, account: str | None = None, over: Event | None = None
    ) -> bool:
        """Wait until nothing is under way or due; say whether that came in time.

        In real time, for one account or for all; setting ``over`` ends the wait.
        """
        state = self.state

        def idle() -> bool:
            if account is not None:
                return state.dispatcher.idle(account)
            due = self.runtime.timers.next_due(self.clock.now())
            return due is None and state.dispatcher.idle()

        return _wait(state.notifier, idle, timeout_s, over) or state.dispatcher.closed

    def close(self) -> None:
        """End what is under way, and every thread; the server is over."""
        self.state.dispatcher.close()
        self.state.pauses.close()
        self.state.notifier.close()
        self.runtime.close()

    def _stands_quiet(self, state: BackendState) -> bool:
        frozen = state is self.state and self.clock.mode == "manual"
        return frozen and state.dispatcher.quiet

    def _take_due(self, state: BackendState, until: datetime) -> Timer | None:
        """Move the clock to the next timer due by an instant, and take it.

        None where there is none, or the state was left behind by a reset.
        """
        with self._changing:
            current = state is self.state
            timer = self.runtime.timers.take_due(until) if current else None
            if timer is not None:
                self.clock.move_to(timer.due_at)
            return timer

    @staticmethod
    def _note_jump(
        state: BackendState, who: str, now: datetime, until: datetime
    ) -> LogEntry:
        seconds = (until - now).total_seconds()
        summary = (
            f"{who}{seconds:.10g} s on, from {of_day(now)} to {of_day(until, now)}"
        )
        return state.event_log.note("clock", now, None, summary)

    def _settle(self, state: BackendState, until: datetime) -> None:
        """Wait for the attempts under way, while one ends in the time each may take.

        Where a second attempt may overlap the first, the wait ends when that is due
        and something is: by an instant.
        """
        notifier, dispatcher = state.notifier, state.dispatcher
        listeners_s = state.settings.attempt_timeout_s + GRACE_S
        overlap_s = schedule(state.settings.retries).overlap_s
        step_s = listeners_s if overlap_s is None else min(overlap_s, listeners_s)
        since, waited_s = dispatcher.ended, 0.0
        while waited_s < listeners_s and not _wait(notifier, dispatcher.idle, step_s):
            if overlap_s is not None and self.runtime.timers.next_due(until):
                return
            waited_s = waited_s + step_s if since == dispatcher.ended else 0.0
            since = dispatcher.ended

    def _note_late(self, delivery: Delivery) -> None:
        self.late = [*self.late[-LATE_KEPT + 1 :], delivery]

    def _fresh(self, settings: Settings, seed: Seed, epoch: int) -> BackendState:
        notifier = Notifier(self.told)
        limit = settings.journal_limit
        deliveries = Deliveries(limit, self.sequence, notifier)
        event_log = EventLog(limit, self.sequence, notifier)

        def tell(what: str, fault: Fault, now: datetime) -> None:
            event_log.note("fault", now, fault.account, f"{what}: {fault}")

        state = BackendState(
            settings=settings,
            registry=Registry(seed.registrations),
            tokens=Tokens(settings.credentials),
            journal=Journal(limit, self.sequence, notifier),
            timers=self.runtime.timers,
            actions=Actions(limit, self.sequence, notifier),
            deliveries=deliveries,
            dispatcher=Dispatcher(
                self.runtime,
                deliveries,
                schedule(settings.retries),
                settings.registration_rules == "enforced",
                settings.signature_header,
            ),
            faults=Faults(self.sequence, tell),
            pauses=Holds(self.runtime.timers, partial(event_log.note, "fault")),
            event_log=event_log,
            notifier=notifier,
            events=seed.events,
            epoch=epoch,
            hyper_precise=Enabled(seed.hyper_precise),
        )
        for fault in seed.faults:
            self.plan(fault, state)
        for action in seed.actions:
            action.resume(state)
        return state

    def plan(self, fault: Fault, state: BackendState | None = None) -> Fault:
        """Let a fault act from now on; return it as planned."""
        state = state or self.state
        if fault.kind in REMEMBERING:
            fault = replace(fault, memory=state.registry.copy())
        return state.faults.plan(fault, self.clock.now())


def _wait(
    notifier: Notifier,
    idle: Callable[[], bool],
    timeout_s: float,
    over: Event | None = None,
) -> bool:
    """Wait until a function says that nothing is under way; say whether it did."""
    over = over or Event()
    was_idle = Event()  # for a moment will do

    def met(item: object) -> bool:
        if not isinstance(item, Exchange) and idle():
            was_idle.set()
        return was_idle.is_set()

    with notifier.watching(met, over):
        if not met(None):
            over.wait(timeout_s)
    return was_idle.is_set()
