"""Planned misbehaviour: what, of whose, how often, and until when.

A fault is a value; what each kind does is ``faults.kinds``' to say. The store
hands out the faults that act on something, in the order they were planned, and
forgets those that have acted often enough or are past their time.
"""

import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Any, Literal, get_args
from weakref import WeakValueDictionary

from mockthingspace.core.sequence import EventNumbers

On = Literal["requests", "deliveries", "actions"]
TARGETS: tuple[On, ...] = get_args(On)
REMEMBERING = ("stale", "stale-credentials")  # the kinds that go back in time
HOLDING = ("delay", "slow")  # the kinds that hold a reply back, where on requests
SCOPES = ("account", "family", "operation", "service", "event")


@dataclass(frozen=True)
class Fault:
    """One planned misbehaviour: a kind, what it is on, and the options it takes.

    It is for this account, API and so on, as far as they are given, and acts so many
    ``times``; None: for as long as it lasts. The ``probability`` is more than 0 to 1;
    the same ``seed`` makes the same draws. After ``ttl_s`` seconds of the server's
    clock it expires.

    ``memory`` is the registry as it was when planned, for the kinds that go back to
    it. Of those with a ``slot`` only one acts on one request. ``method`` and ``only``,
    which are prefixes, say which requests it can do anything to. ``cleared`` is set
    when it is cleared, also where it has acted as often as it may.
    """

    kind: str
    on: On
    options: Mapping[str, Any] = field(default_factory=dict)
    account: str | None = None
    family: str | None = None
    operation: str | None = None
    service: str | None = None
    event: str | None = None
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    ttl_s: float = 300.0
    id: str = ""
    seq: int = 0
    planned_at: datetime | None = None
    acted: int = 0
    memory: Any = field(default=None, repr=False, compare=False)
    slot: str | None = None
    method: str | None = None
    only: frozenset[str] | None = None
    cleared: Event = field(default_factory=Event, repr=False, compare=False)

    def matches(
        self, whose: Mapping[str, str | None], devices: Collection[str] = ()
    ) -> bool:
        """Say whether it is for something of this account, API, devices and so on."""
        device = self.options.get("device")
        if device is not None and device not in devices:
            return False
        asked = ((name, getattr(self, name)) for name in (*SCOPES, "method"))
        if self.only is not None and whose.get("prefix") not in self.only:
            return False
        return all(value in (None, whose.get(name)) for name, value in asked)

    @property
    def holds_replies(self) -> bool:
        """Whether a request on which it acts has to wait."""
        return self.on == "requests" and self.kind in HOLDING

    def __str__(self) -> str:
        scope = "".join(
            f" {name}={getattr(self, name)}"
            for name in SCOPES
            if getattr(self, name) is not None
        )
        return f"{self.id} {self.kind} on {self.on}{scope}"

    def expires_at(self) -> datetime:
        """Return when it is past its time."""
        assert self.planned_at is not None
        return self.planned_at + timedelta(seconds=self.ttl_s)


@dataclass
class _Planned:
    """A fault as it stands, and its draws."""

    fault: Fault
    chance: random.Random


class Faults:
    """The faults of one state that still act.

    ``tell`` is told of each that is planned, acts or ends: what, the fault, when.
    """

    def __init__(
        self, sequence: EventNumbers, tell: Callable[[str, Fault, datetime], None]
    ) -> None:
        self._sequence = sequence
        self._tell = tell
        self._lock = Lock()
        self._planned: list[_Planned] = []
        # Each as it acted on a request that is still being handled.
        self._acted: WeakValueDictionary[tuple[str, int], Fault] = WeakValueDictionary()

    def plan(self, fault: Fault, now: datetime) -> Fault:
        """Number a fault, let it act from now on, and return it as planned."""
        with self._lock:
            seq = self._sequence.take()
            planned = replace(
                fault, id=str(seq), seq=seq, planned_at=now, cleared=Event()
            )
            self._planned.append(_Planned(planned, random.Random(fault.seed)))
        self._tell("planned", planned, now)
        return planned

    def acting(
        self,
        on: On,
        whose: Mapping[str, str | None],
        now: datetime,
        may_wait: bool = True,
        devices: Collection[str] = (),
    ) -> list[Fault]:
        """Return the faults that act on something now, each counted as acted.

        Of those that need the same of it, only the first planned acts; the others
        wait for the next.

        ``whose`` is its account, API and so on. Unless it ``may_wait``, none acts on it
        that holds a reply back.
        """
        with self._lock:
            ended = self._clear(now)
            acting: list[Fault] = []
            for item in self._planned:
                taken = {other.slot for other in acting} - {None}
                if (
                    item.fault.on == on
                    and (may_wait or not item.fault.holds_replies)
                    and item.fault.matches(whose, devices)
                    and item.fault.slot not in taken
                    and item.chance.random() < item.fault.probability
                ):
                    item.fault = replace(item.fault, acted=item.fault.acted + 1)
                    acting.append(item.fault)
                    self._acted[item.fault.id, item.fault.acted] = item.fault
            used_up = self._take(lambda item: item.acted == item.times)
        for fault in acting:
            self._tell("acted", fault, now)
        self._tell_cleared(ended + used_up, now)
        return acting

    @property
    def planned(self) -> bool:
        """Whether there is any fault that still acts, as far as is known."""
        return bool(self._planned)

    @property
    def hold_replies(self) -> bool:
        """Whether any fault that still acts may hold a reply back."""
        return any(item.fault.holds_replies for item in self._planned)

    def every(self, now: datetime) -> list[Fault]:
        """Return those that still act, in the order they were planned."""
        with self._lock:
            ended = self._clear(now)
            left = [fault.fault for fault in self._planned]
        self._tell_cleared(ended, now)
        return left

    def remove(self, unwanted: Callable[[Fault], bool], now: datetime) -> list[Fault]:
        """Clear the faults a function picks; return them."""
        with self._lock:
            ended = self._clear(now)
            gone = self._take(unwanted)
            for fault in filter(unwanted, [*gone, *self._acted.values()]):
                fault.cleared.set()
        self._tell_cleared(ended + gone, now)
        return gone

    def _tell_cleared(self, faults: list[Fault], now: datetime) -> None:
        for fault in faults:
            self._tell("cleared", fault, now)

    def _clear(self, now: datetime) -> list[Fault]:
        return self._take(lambda fault: fault.expires_at() <= now)

    def _take(self, unwanted: Callable[[Fault], bool]) -> list[Fault]:
        gone = [fault.fault for fault in self._planned if unwanted(fault.fault)]
        kept = [fault for fault in self._planned if not unwanted(fault.fault)]
        self._planned = kept
        return gone
