"""The complete state of one server, and starting it over."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask import current_app

from mockthingspace.chronicle import Chronicle, Happening
from mockthingspace.clock import Clock, Mode, Timers, of_day
from mockthingspace.courier import Courier, Means
from mockthingspace.deliveries import Deliveries
from mockthingspace.events import Event
from mockthingspace.faults import Fault, Faults
from mockthingspace.journal import Journal
from mockthingspace.model import Attempt, Delivery, Registration
from mockthingspace.pauses import Pauses
from mockthingspace.post import Post
from mockthingspace.registry import Registry
from mockthingspace.schedule import schedule
from mockthingspace.sequence import Sequence
from mockthingspace.settings import Settings
from mockthingspace.tokens import Tokens

EXTENSION = "mockthingspace"
LATE_KEPT = 100
GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class Seed:
    """What a double starts from, and goes back to."""

    registrations: tuple[Registration, ...] = ()
    events: tuple[tuple[str, Event], ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """All that a reset makes anew. A request uses one state from start to end.

    So a request that is still running when a reset comes writes into the state
    it began with, where nobody looks any more: nothing of it reaches the next
    test.
    """

    settings: Settings
    registry: Registry
    tokens: Tokens
    journal: Journal
    deliveries: Deliveries
    courier: Courier
    faults: Faults
    pauses: Pauses
    chronicle: Chronicle
    events: tuple[tuple[str, Event], ...]
    epoch: int


@dataclass
class Double:
    """One double: its state, the seed it starts over from, and its clock.

    Args:
        settings: As it was started.
        seed: What it starts with, after every reset too.
        deliver_to: WSGI applications by origin, for messages to listeners there.
    """

    settings: Settings
    seed: Seed = Seed()
    deliver_to: Mapping[str, Any] = field(default_factory=dict)
    state: State = field(init=False)

    def __post_init__(self) -> None:
        """Start, as a reset would."""
        settings = self.settings
        self.sequence = Sequence()
        self.late: list[Delivery] = []
        post = Post(
            settings.attempt_timeout_s, settings.public_listeners, self.deliver_to
        )
        timers = Timers(Clock(settings.clock), "mockthingspace-timers")
        self.means = Means(timers, post, self.sequence, self._note_late)
        self.started_at = self.clock.now()
        self._changing = Lock()
        self._advancing = Lock()
        self.state = self._fresh(settings, self.seed, 0)

    @property
    def clock(self) -> Clock:
        """What every instant and lifetime is read from."""
        return self.means.timers.clock

    def reset(self) -> dict[str, int]:
        """Make everything as just started; return what there was, by kind."""
        return self.replace(self.settings, self.seed)

    def replace(self, settings: Settings, seed: Seed) -> dict[str, int]:
        """Start over from these settings and this seed, until the next reset."""
        with self._changing:
            old = self.state
            self.state = self._fresh(settings, seed, old.epoch + 1)
        old.journal.close()
        old.pauses.close()
        self.state.chronicle.note("reset", self.clock.now(), None, "everything")
        return {
            "registrations": len(old.registry.every()),
            "requests": len(old.journal),
            "tokens": len(old.tokens),
            "deliveries": len(old.deliveries.every()),
            "cancelled": old.courier.close(),
        }

    def reset_account(self, account: str) -> dict[str, int]:
        """Make one account as just started; leave the others, and all tokens."""
        with self._changing:
            state = self.state
            registrations = state.registry.remove(account=account)
            with state.deliveries.changed:  # or one might come in between
                lanes = [one for one in state.courier.lanes() if one[1] == account]
                cancelled = state.courier.cancel(lanes)
                deliveries = state.deliveries.remove(lambda one: one.account == account)
            for registration in self.seed.registrations:
                if registration.account == account:
                    state.registry.register(registration)
            now = self.clock.now()
            state.faults.remove(lambda one: one.account == account, now)
            state.pauses.end(account)
            state.chronicle.remove(lambda one: one.account == account)
            state.chronicle.note("reset", now, account, f"account {account}")
            for fault in self.seed.faults:
                if fault.account == account:
                    self.plan(fault, state)
        return {
            "registrations": registrations,
            "requests": state.journal.remove(lambda one: one.account == account),
            "tokens": 0,
            "deliveries": deliveries,
            "cancelled": cancelled,
        }

    def advance(self, seconds: float) -> list[tuple[Delivery, Attempt]]:
        """Let time pass, and make all happen that falls due meanwhile, in order.

        Returns when every attempt due in that time has been answered or has
        failed. A listener has real time to answer: its ``attempt_timeout_s``,
        whatever the clock says.

        Returns:
            The attempts that fell due in that time, in order, each with its
            delivery; not those that were under way before.
        """
        timers, state = self.means.timers, self.state
        with self._advancing:
            until = self.clock.now() + timedelta(seconds=seconds)
            self._settle(state)
            before = self.sequence.last
            noted = self._note_jump(state, seconds, until)
            while (timer := timers.take_due(until)) is not None:
                self.clock.move_to(timer.due_at)
                timer.act()
                self._settle(state)
            self.clock.move_to(until)
        made = [
            (delivery, attempt)
            for delivery in state.deliveries.every()
            for attempt in delivery.attempts
            if attempt.seq > before
        ]
        state.chronicle.add_to(noted, f"; attempts that fell due: {len(made)}")
        return sorted(made, key=lambda pair: pair[1].seq)

    def set_mode(self, mode: Mode) -> None:
        """Let the clock run, or stop it."""
        before = self.clock.mode
        self.means.timers.set_mode(mode)
        if mode != before:
            says = "it runs from now on" if mode == "real" else "it stands still"
            self.state.chronicle.note("clock", self.clock.now(), None, says)

    def wait_until_idle(self, timeout_s: float, account: str | None = None) -> bool:
        """Wait until nothing is under way or due; say whether that came in time.

        Args:
            timeout_s: How long, in real time.
            account: Only for this account's; for everybody's if None.
        """
        state = self.state

        def idle() -> bool:
            if account is not None:
                return state.courier.idle(account)
            due = self.means.timers.next_due(self.clock.now())
            return due is None and state.courier.idle()

        with state.deliveries.changed:
            return state.deliveries.changed.wait_for(idle, timeout_s)

    def close(self) -> None:
        """End what is under way, and every thread; the double is over."""
        self.state.courier.close()
        self.state.pauses.close()
        self.state.journal.close()
        self.sequence.close()
        self.means.close()
        with self.state.deliveries.changed:
            self.state.deliveries.changed.notify_all()

    def _note_jump(self, state: State, seconds: float, until: datetime) -> Happening:
        now = self.clock.now()
        says = f"{seconds:g} s on, from {of_day(now)} to {of_day(until, now)}"
        return state.chronicle.note("clock", now, None, says)

    def _settle(self, state: State) -> None:
        """Wait for the attempts under way, as long as a listener has to answer.

        Where a second attempt may overlap the first, the wait ends when the
        second is due.
        """
        listeners_s = state.settings.attempt_timeout_s + GRACE_S
        overlap_s = schedule(state.settings.profile).overlap_s
        timeout_s = listeners_s if overlap_s is None else min(overlap_s, listeners_s)
        with state.deliveries.changed:
            state.deliveries.changed.wait_for(state.courier.idle, timeout_s)

    def _note_late(self, delivery: Delivery) -> None:
        self.late = [*self.late[-LATE_KEPT + 1 :], delivery]

    def _fresh(self, settings: Settings, seed: Seed, epoch: int) -> State:
        deliveries = Deliveries(settings.journal_limit, self.sequence)
        chronicle = Chronicle(settings.journal_limit, self.sequence)

        def tell(what: str, fault: Fault, now: datetime) -> None:
            chronicle.note("fault", now, fault.account, f"{what}: {fault}")

        state = State(
            settings=settings,
            registry=Registry(seed.registrations),
            tokens=Tokens(settings.credentials),
            journal=Journal(settings.journal_limit, self.sequence),
            deliveries=deliveries,
            courier=Courier(
                self.means,
                deliveries,
                schedule(settings.profile),
                settings.strict,
                settings.signature_header,
            ),
            faults=Faults(self.sequence, tell),
            pauses=Pauses(self.means.timers),
            chronicle=chronicle,
            events=seed.events,
            epoch=epoch,
        )
        for fault in seed.faults:
            self.plan(fault, state)
        return state

    def plan(self, fault: Fault, state: State | None = None) -> Fault:
        """Let a fault act from now on; return it as planned."""
        state = state or self.state
        remembering = replace(fault, memory=state.registry.copy())
        return state.faults.plan(remembering, self.clock.now())


def current() -> Double:
    """Return the double of the application that is handling a request."""
    double: Double = current_app.extensions[EXTENSION]
    return double
