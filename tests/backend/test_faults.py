"""Faults as values, and the store: what acts on what, how often, until when."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Barrier, Event, Thread
from typing import Any

import pytest

from mockthingspace.apis import APIS
from mockthingspace.backend.faults.holds import Holds
from mockthingspace.backend.faults.kinds import FAULTS
from mockthingspace.backend.faults.models import Fault, Faults
from mockthingspace.backend.faults.parser import document, fault
from mockthingspace.core.clock import Clock, Timers
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.sequence import EventNumbers
from mockthingspace.core.waiting import HOLDING

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
LONG = 30 * 24 * 3600
EVENTS = [event for api in APIS for event in api.events]
WHOSE = {
    "account": ACCOUNT,
    "family": "fota-v1",
    "operation": "list",
    "method": "GET",
    "prefix": "/api/fota/v1",
}
Told = list[tuple[str, str]]


@pytest.fixture
def told() -> Told:
    """What the store has told: what, and of which fault."""
    return []


@pytest.fixture
def store(told: Told) -> Faults:
    """A store without faults."""
    return Faults(EventNumbers(), lambda what, item, _: told.append((what, item.id)))


DELAY = {"kind": "delay", "on": "requests"}


def planned(**given: Any) -> Fault:
    """Return a fault as a document spells it."""
    return fault({"kind": "reset", **given}, APIS, EVENTS)


def acting(store: Faults, now: datetime = NOW, **whose: Any) -> list[str]:
    """Return the kinds that act on a request."""
    return [fault.kind for fault in store.acting("requests", {**WHOSE, **whose}, now)]


@pytest.mark.parametrize(("times", "acts"), [(1, 1), (3, 3), (None, 5)])
def test_a_fault_acts_so_often(
    store: Faults, told: Told, times: int | None, acts: int
) -> None:
    """After its last time it has ended; without one it goes on."""
    store.plan(planned(times=times), NOW)
    assert sum(len(acting(store)) for _ in range(5)) == acts
    assert store.planned == (times is None)
    ends = [] if times is None else [("cleared", "1")]
    assert told == [("planned", "1"), *[("acted", "1")] * acts, *ends]


@each("kind", FAULTS, ids=lambda item: f"{item.name} {item.on}")
def test_a_kind_acts_as_often_as_it_says(kind: Any) -> None:
    """What a user leaves out is as the table of kinds has it."""
    made = planned(kind=kind.name, on=kind.on)
    assert (made.times, made.on, made.slot) == (kind.times, kind.on, kind.slot)
    assert made.options.keys() == kind.options.keys()


def test_a_likelihood_is_drawn_from_its_seed(store: Faults) -> None:
    """The same seed acts on the same requests, another one on others."""

    def drawn(seed: int) -> list[int]:
        store = Faults(EventNumbers(), lambda *_: None)
        store.plan(planned(probability=0.5, seed=seed, times=None), NOW)
        return [len(acting(store)) for _ in range(40)]

    chance = random.Random(7)
    assert drawn(7) == [int(chance.random() < 0.5) for _ in range(40)]
    assert drawn(7) == drawn(7) != drawn(8)


def test_a_likelihood_is_drawn_only_for_what_it_is_for(store: Faults) -> None:
    """Other accounts' requests do not change which of one's own are hit."""
    given = {"probability": 0.5, "seed": 3, "times": None, "account": ACCOUNT}
    alone = Faults(EventNumbers(), lambda *_: None)
    for item in (store, alone):
        item.plan(planned(**given), NOW)
    mixed = []
    for _ in range(20):
        assert acting(store, account=OTHER) == []
        mixed.append(acting(store))
    assert mixed == [acting(alone) for _ in range(20)]


def test_each_thing_is_told_with_its_instant() -> None:
    """What was planned, has acted and is used up stands in a timeline at its time."""
    instants: list[datetime] = []
    store = Faults(EventNumbers(), lambda what, fault, now: instants.append(now))
    store.plan(planned(times=1), NOW)
    store.acting("requests", {}, NOW)
    assert instants == [NOW, NOW, NOW]


def test_a_forgotten_fault_expires(store: Faults, told: Told) -> None:
    """At its ttl of the clock it is gone, whoever looks first."""
    store.plan(planned(times=None, ttl_s=2.5), NOW)
    late = NOW + timedelta(seconds=2.5)
    assert acting(store, late - timedelta(microseconds=1)) == ["reset"]
    assert acting(store, late) == store.every(late) == []
    store.plan(planned(ttl_s=1), NOW)
    assert store.every(late) == []
    store.plan(planned(ttl_s=1), NOW)
    assert store.remove(lambda _: True, late) == []
    assert [what for what, _ in told].count("cleared") == 3


@pytest.mark.parametrize(
    ("given", "hit", "missed"),
    [
        ({"account": ACCOUNT}, {}, {"account": OTHER}),
        ({"account": ACCOUNT}, {}, {"account": None}),
        ({"family": "fota-v1"}, {}, {"family": "fota-v2"}),
        ({"operation": "list"}, {}, {"operation": "register"}),
        ({"kind": "stale"}, {}, {"method": "POST"}),
        (
            {"kind": "refuse", "refusal": "wrong-password"},
            {"prefix": "/api/m2m/v1/session"},
            {"prefix": "/api/ts/v1/oauth2"},
        ),
    ],
    ids=lambda item: str(item)[:40],
)
def test_a_fault_acts_only_on_what_it_is_for(
    store: Faults, given: dict[str, Any], hit: dict[str, Any], missed: dict[str, Any]
) -> None:
    """What it misses does not count."""
    store.plan(planned(**given), NOW)
    assert acting(store, **missed) == []
    assert len(acting(store, **hit)) == 1


def test_a_fault_on_deliveries_is_scoped_too(store: Faults) -> None:
    """By service and by event; and requests are not its business."""
    scope = {"service": "Fota", "event": "Fota.firmwareList"}
    store.plan(planned(kind="drop", **scope), NOW)
    assert acting(store) == []
    assert store.acting("deliveries", {**scope, "service": "Location"}, NOW) == []
    assert store.acting("deliveries", {**scope, "event": "other"}, NOW) == []
    assert len(store.acting("deliveries", scope, NOW)) == 1


def test_what_only_one_can_have_goes_to_the_first_planned(store: Faults) -> None:
    """Faults that need the same of a request are a script; the others add up."""
    kinds = ("delay", "status", "refuse", "reset", "empty", "malformed", "delay")
    for kind in kinds:
        store.plan(planned(kind=kind, on="requests"), NOW)
    assert [acting(store) for _ in range(3)] == [
        ["delay", "status", "reset", "malformed", "delay"],
        ["refuse", "empty"],
        [],
    ]


def test_exactly_so_many_act_under_many_threads(store: Faults) -> None:
    """No two requests get the same time of a fault."""
    store.plan(planned(times=25), NOW)
    ready = Barrier(8)

    def ask(_: int) -> int:
        ready.wait(5)
        return sum(len(acting(store)) for _ in range(20))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == 25
    assert not store.planned


def test_a_fault_is_said_in_a_few_words(store: Faults) -> None:
    """With its number, what it is on, and whose."""
    made = store.plan(planned(account=ACCOUNT, operation="list"), NOW)
    assert str(made) == f"1 reset on requests account={ACCOUNT} operation=list"


BAD: list[tuple[Any, str]] = [
    *((item, "a fault must be an object with a kind: ") for item in (None, [], "a", 1)),
    *(({"kind": item}, "a fault must be an object w") for item in (None, 1, [], {})),
    ({"kind": "rest"}, "kind: unknown 'rest'; did you mean 'reset'? known: refuse"),
    ({"kind": "?"}, "kind: unknown '?'; known: refuse, status"),
    ({"kind": "drop", "on": "requests"}, "kind: 'drop' is on deliveries, not on re"),
    ({"on": "request"}, "on: unknown 'request'; known: requests, deliveries"),
    ({"on": []}, "on: unknown []"),
    ({"tims": 2}, "unknown option 'tims' of reset: did you mean 'times'? it takes n"),
    ({"?": 2}, "unknown option '?' of reset: it takes nothing, and every fault kind"),
    ({"status": 503}, "unknown option 'status' of reset"),
    *(
        ({"times": item}, f"times: {item!r} cannot be used")
        for item in (0, -1, True, 1.5)
    ),
    *(({"times": item}, "times: ") for item in ([], {}, "many", 10**400, "9" * 5000)),
    *(
        ({"probability": item}, "probability: ")
        for item in (0, 1.1, True, "a", [], 1e999)
    ),
    ({"probability": float("nan")}, "probability: nan cannot be used; allowed: more"),
    ({"probability": 10**400}, "probability: "),
    *(({"seed": item}, "seed: ") for item in (-1, False, 0.5, {}, 2**64)),
    *(
        ({"ttl_s": item}, "ttl_s: ")
        for item in (0, -1, True, LONG + 1, "x", {}, 10**400)
    ),
    *(({"account": item}, "account: ") for item in ("5", "", 5, True, [], "x" * 999)),
    *(({"family": item}, "family: ") for item in (5, "", [], "fota")),
    ({"operation": "lst"}, "operation: unknown 'lst'; "),
    ({"operation": "login", "family": "fota-v1"}, "operation: unknown 'login'; known"),
    ({"operation": "login", "account": ACCOUNT}, "account: login is not of an account"),
    (
        {"family": "session", "account": ACCOUNT},
        "account: session is not of an account",
    ),
    (
        {"service": "Fota"},
        "service: a fault on requests takes no service",
    ),
    (
        {"event": "Fota.firmwareList"},
        "event: a fault on requests takes no event",
    ),
    ({"kind": "drop", "operation": "list"}, "operation: a fault on deliveries takes"),
    ({"kind": "drop", "family": "session"}, "family: unknown 'session'; known: "),
    ({"kind": "drop", "service": "fota"}, "service: unknown 'fota'; "),
    (
        {"kind": "drop", "service": "Fota", "family": "location"},
        "service: unknown 'Fota'",
    ),
    ({"kind": "drop", "event": "Fota"}, "event: unknown 'Fota'; "),
    ({"kind": "stale", "operation": "register"}, "kind: stale does not apply to regis"),
    (
        {"kind": "refuse", "refusal": "wrong-password", "family": "fota-v1"},
        "kind: refuse wrong-password does not apply to fota-v1",
    ),
    *(
        ({"kind": "refuse", "refusal": item}, "refusal: ")
        for item in ("no", 5, [], {}, True)
    ),
    *(
        ({"kind": "status", "status": item}, "status: ")
        for item in (200, 600, "a", True)
    ),
    *(
        ({"kind": "status", "status": item}, "status: ")
        for item in ([], 503.5, 10**400)
    ),
    ({"kind": "status", "retry_after_s": -1}, "retry_after_s: -1 cannot be used"),
    (
        {"kind": "delay", "seconds": 1},
        "on: is required for 'delay': requests (delays the reply, on the server's "
        "clock) or deliveries (the message is delayed, and those queued behind it)",
    ),
    *(
        ({**DELAY, "seconds": item}, "seconds: ")
        for item in (-1, LONG + 1, True, [], "x", float("nan"), float("inf"), 10**400)
    ),
    ({"kind": "wrong-account", "other": 5}, "other: 5 cannot be used"),
    ({"kind": "wrong-account", "other": "5"}, "other: '5' cannot be used"),
]


@each(("given", "words"), BAD, ids=[f"{n} {row[1]:.30}" for n, row in enumerate(BAD)])
def test_a_fault_that_cannot_be_is_refused(given: Any, words: str) -> None:
    """The message says what cannot be used, and what can."""
    if isinstance(given, dict):
        given = {"kind": "reset", **given}
    with pytest.raises(SettingsError) as caught:
        fault(given, APIS, EVENTS)
    assert str(caught.value)[: len(words)] == words


def test_null_is_as_if_it_were_not_there() -> None:
    """But for times: null is for as long as it lasts."""
    given = dict.fromkeys(("on", "account", "family", "operation", "service", "event"))
    given |= dict.fromkeys(("probability", "seed", "ttl_s"))
    assert planned(**given) == planned()
    assert planned(times=None).times is None
    assert planned(kind="status", status=None) == planned(kind="status")


@each("kind", FAULTS, ids=lambda item: f"{item.name} {item.on}")
def test_a_fault_is_read_back_as_it_is_spelled(kind: Any) -> None:
    """What a snapshot exports is what a seed takes."""
    made = planned(kind=kind.name, on=kind.on, account=ACCOUNT, times=3, ttl_s=7)
    assert fault(document(made), APIS, EVENTS) == made
    assert document(replace(made, acted=2))["times"] == 1
    assert document(replace(made, times=None, acted=2))["times"] is None


@each(
    ("kind", "options"),
    [
        ({"kind": "delay", "on": "requests"}, {"seconds": 1.0}),
        ({"kind": "slow", "chunks": "2"}, {"chunks": 2, "seconds": 5.0}),
    ],
)
def test_what_is_not_given_has_its_default(kind: Any, options: Any) -> None:
    """A text is a number, as the command line has it."""
    assert planned(**kind).options == options


@pytest.fixture
def timers() -> Any:
    """The timers of a clock that stands; one event tells of each that is set."""

    class Watched(Timers):
        set_up = Event()

        def at(self, *args: Any) -> None:
            super().at(*args)
            self.set_up.set()

    made = Watched(Clock("manual"), "mockthingspace-test")
    made.set_up = Event()
    yield made
    made.close()


def held(pauses: Holds, timers: Any, account: str | None = None) -> Thread:
    """Hold a reply back in a thread, for a minute of the clock."""
    thread = Thread(target=pauses.wait, args=(60, account))
    timers.set_up.clear()
    thread.start()
    assert timers.set_up.wait(5)
    return thread


def test_a_pause_ends_with_its_time(timers: Any) -> None:
    """On a clock that stands, when it is advanced."""
    pauses = Holds(timers, print)
    thread = held(pauses, timers)
    assert pauses.held == 1
    timers.clock.advance(60)
    timers.take_due(timers.clock.now()).act()
    thread.join(30)
    assert (pauses.held, thread.is_alive()) == (0, False)


def test_a_pause_on_a_clock_that_stands_is_bounded(
    timers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody might ever advance it."""
    monkeypatch.setattr("mockthingspace.backend.faults.holds.LONGEST_S", 0.001)
    pauses = Holds(timers, print)
    pauses.wait(60)
    assert pauses.held == 0


def test_a_pause_on_a_clock_that_runs_takes_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be longer than one on a clock that stands."""
    monkeypatch.setattr("mockthingspace.backend.faults.holds.LONGEST_S", 0.0)
    timers = Timers(Clock("real"), "mockthingspace-test")
    pauses = Holds(timers, print)
    before = timers.clock.now()
    pauses.wait(0.02)
    assert timers.clock.now() - before >= timedelta(seconds=0.01)
    timers.close()


def test_a_pause_that_cannot_begin_holds_nothing(timers: Any) -> None:
    """Where the system has no thread left to wait in, none counts as held."""

    def no_more(_: Event) -> None:
        raise RuntimeError("can't start new thread")

    pauses = Holds(timers, print)
    with pytest.raises(RuntimeError):
        pauses.wait(60, environ={HOLDING: no_more})
    assert pauses.held == 0


@each("times", [1, None], ids=["used up", "still planned"])
def test_a_fault_cleared_before_its_pause_begins_holds_nothing(
    timers: Any, monkeypatch: pytest.MonkeyPatch, times: int | None
) -> None:
    """It has acted on a request that is on its way to where it waits."""
    monkeypatch.setattr("mockthingspace.backend.faults.holds.LONGEST_S", 0.001)
    faults, pauses = Faults(EventNumbers(), lambda *_: None), Holds(timers, print)
    now = timers.clock.now()
    faults.plan(Fault("delay", "requests", times=times), now)
    acting = tuple(faults.acting("requests", {}, now))
    faults.remove(lambda _: True, now)
    pauses.clear(lambda _: True)
    timers.set_up.clear()
    pauses.wait(60, faults=acting)
    assert not timers.set_up.is_set()


def test_an_accounts_pauses_end_alone(timers: Any) -> None:
    """A reset of one account leaves the others' replies held; closing none."""
    pauses = Holds(timers, print)
    mine, other = held(pauses, timers, ACCOUNT), held(pauses, timers, OTHER)
    pauses.end(ACCOUNT)
    mine.join(30)
    assert (pauses.held, other.is_alive()) == (1, True)
    pauses.close()
    other.join(30)
    pauses.wait(60)
    assert pauses.held == 0
