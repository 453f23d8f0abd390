"""The complete state of one server, and starting it over."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

from flask import current_app

from mockthingspace.clock import Clock, RealClock
from mockthingspace.journal import Journal
from mockthingspace.model import Registration
from mockthingspace.registry import Registry
from mockthingspace.settings import Settings
from mockthingspace.tokens import Tokens

EXTENSION = "mockthingspace"


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
    epoch: int


@dataclass
class Double:
    """One double: its state, the seed it starts over from, and its clock.

    Args:
        settings: As it was started.
        seed: The registrations it starts with, after every reset too.
        clock: What every instant and lifetime is read from.
    """

    settings: Settings
    seed: tuple[Registration, ...] = ()
    clock: Clock = field(default_factory=RealClock)
    state: State = field(init=False)

    def __post_init__(self) -> None:
        """Start, as a reset would."""
        self.started_at = self.clock.now()
        self._resetting = Lock()
        self.state = self._fresh(self.settings, self.seed, Journal(1), 0)

    def reset(self) -> dict[str, int]:
        """Make everything as just started; return what there was, by kind."""
        return self.replace(self.settings, self.seed)

    def replace(
        self, settings: Settings, registrations: Iterable[Registration]
    ) -> dict[str, int]:
        """Start over from these settings and registrations, until the next reset."""
        with self._resetting:
            old = self.state
            self.state = self._fresh(
                settings, registrations, old.journal, old.epoch + 1
            )
        return {
            "registrations": len(old.registry.every()),
            "requests": len(old.journal),
            "tokens": len(old.tokens),
        }

    def reset_account(self, account: str) -> dict[str, int]:
        """Make one account as just started; leave the others, and all tokens."""
        with self._resetting:
            state = self.state
            removed = {
                "registrations": state.registry.remove(account=account),
                "requests": state.journal.remove(lambda one: one.account == account),
                "tokens": 0,
            }
            for registration in self.seed:
                if registration.account == account:
                    state.registry.register(registration)
        return removed

    def _fresh(
        self,
        settings: Settings,
        registrations: Iterable[Registration],
        before: Journal,
        epoch: int,
    ) -> State:
        return State(
            settings=settings,
            registry=Registry(registrations),
            tokens=Tokens(settings.credentials),
            journal=Journal(settings.journal_limit, before.next_seq),
            epoch=epoch,
        )


def current() -> Double:
    """Return the double of the application that is handling a request."""
    double: Double = current_app.extensions[EXTENSION]
    return double
