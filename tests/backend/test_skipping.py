"""A wait on a clock of one's own that stands moves time to what is due."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event as Signal
from typing import Any

import pytest

from mockthingspace import Listener, MockThingSpace
from mockthingspace.backend.backend import Backend
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.models import Delivery
from mockthingspace.server.admin import deliveries

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
ORIGIN = "https://listener.example"
FINISHED = "Fota.upgradeFinished"
HANG_S = 30  # only a wait that hangs takes so long


class Listening:
    """A listener in process that answers as it is told, to each account."""

    def __init__(self) -> None:
        self.statuses: dict[str, list[int]] = {}
        self.answers = Signal()
        self.answers.set()

    def __call__(self, environ: Any, start: Any) -> list[bytes]:
        """Answer a message; the other account's as soon as it may."""
        account = environ["PATH_INFO"].strip("/")
        if account == OTHER:
            assert self.answers.wait(HANG_S)
        statuses = self.statuses.get(account)
        start(f"{statuses.pop(0) if statuses else 200} Said", [])
        return [b""]


@pytest.fixture
def listener() -> Iterator[Listening]:
    """A listener that acknowledges unless it is told otherwise."""
    made = Listening()
    yield made
    made.answers.set()


@pytest.fixture
def mock(listener: Listening) -> Iterator[MockThingSpace]:
    """A server of the test's own with two registered accounts."""
    with MockThingSpace(deliver_to={ORIGIN: listener}) as running:
        for account in (ACCOUNT, OTHER):
            running.register(account, f"{ORIGIN}/{account}")
        yield running


@pytest.fixture
def backend(mock: MockThingSpace) -> Backend:
    """The server inside."""
    assert mock._backend is not None
    return mock._backend


@pytest.fixture(params=["here", "elsewhere"])
def handle(mock: MockThingSpace, request: pytest.FixtureRequest) -> MockThingSpace:
    """A handle of it by either transport."""
    return mock if request.param == "here" else MockThingSpace.at(mock.url)


def jumps(mock: MockThingSpace) -> list[str]:
    """Return what the timeline says of the clock."""
    return [entry.summary for entry in mock.timeline() if entry.sort == "clock"]


def test_a_wait_moves_time_to_each_retry(
    handle: MockThingSpace, listener: Listening
) -> None:
    """It moves to what is due until it is met, and no further."""
    listener.statuses[ACCOUNT] = [503, 503]
    before = handle.now
    handle.trigger(FINISHED, ACCOUNT)

    delivery = handle.wait_for_delivery(ACCOUNT, timeout_s=HANG_S)

    assert [each.status_code for each in delivery.attempts] == [503, 503, 200]
    assert handle.now - before == timedelta(minutes=10)


def test_a_wait_that_moves_time_looks_at_each_delivery_once(
    mock: MockThingSpace, listener: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it moves time, it looks again only at what has changed."""
    looked: Counter[str] = Counter()

    def counted(*args: Any) -> Callable[[Delivery], bool]:
        is_wanted = matching(*args)

        def look(delivery: Delivery) -> bool:
            looked[delivery.id] += 1
            return is_wanted(delivery)

        return look

    others = [mock.trigger(FINISHED, OTHER)[0] for _ in range(5)]
    mock.wait_until_idle()
    listener.statuses[ACCOUNT] = [503, 503, 503]
    mock.trigger(FINISHED, ACCOUNT)
    mock.wait_until_idle()
    matching = deliveries._matching
    monkeypatch.setattr(deliveries, "_matching", counted)
    done = mock.wait_for_delivery(account=ACCOUNT)
    assert len(jumps(mock)) == 3
    assert {other.id: looked[other.id] for other in others} == {
        other.id: 1 for other in others
    }
    assert looked[done.id] == 4  # as it stood, and after each attempt


def test_a_wait_says_in_the_timeline_that_it_moves_time(
    mock: MockThingSpace, listener: Listening
) -> None:
    """Each move is there, with from when to when; one by nothing is not."""
    mock.fault("delay", on="deliveries", seconds=2, times=2)
    for account in (ACCOUNT, OTHER):
        mock.trigger(FINISHED, account)

    mock.wait_for_delivery(count=2, timeout_s=HANG_S)

    [said] = jumps(mock)
    assert said.startswith("clock: a wait moves it 2 s on, from ")


def test_a_wait_fails_at_once_where_nothing_is_due(mock: MockThingSpace) -> None:
    """The failure says so, and what came."""
    mock.trigger(FINISHED, ACCOUNT)

    with pytest.raises(AssertionError) as caught:
        mock.wait_for_delivery(ACCOUNT, count=2, timeout_s=HANG_S * 10)

    assert str(caught.value).startswith(
        "waited for 2 deliveries, and nothing more is due\n"
    )


def test_a_wait_for_an_abandoned_message_ends_with_its_schedule(
    mock: MockThingSpace, listener: Listening
) -> None:
    """What never comes is known as soon as the last attempt is over."""
    listener.statuses[ACCOUNT] = [503] * 4
    mock.trigger(FINISHED, ACCOUNT)

    with pytest.raises(AssertionError, match="abandoned, 4 attempts"):
        mock.wait_for_delivery(ACCOUNT, timeout_s=HANG_S * 10)


def test_a_wait_moves_no_time_while_an_attempt_is_under_way(
    mock: MockThingSpace, listener: Listening
) -> None:
    """Whose attempt it is does not matter."""
    listener.statuses[ACCOUNT] = [503]
    mock.trigger(FINISHED, ACCOUNT)
    mock.wait_for_delivery(ACCOUNT, attempts=1, timeout_s=HANG_S)
    listener.answers.clear()
    mock.trigger(FINISHED, OTHER)

    with pytest.raises(AssertionError, match=r"^waited 0\.05 s for 1 delivery"):
        mock.wait_for_delivery(ACCOUNT, timeout_s=0.05)

    assert jumps(mock) == []


def test_a_wait_of_no_time_moves_none(
    mock: MockThingSpace, listener: Listening
) -> None:
    """With ``timeout_s=0`` it only looks."""
    listener.statuses[ACCOUNT] = [503]
    mock.trigger(FINISHED, ACCOUNT)
    mock.wait_until_idle(HANG_S)

    with pytest.raises(AssertionError, match=r"^waited 0 s for 1 delivery"):
        mock.wait_for_delivery(ACCOUNT, timeout_s=0)

    assert jumps(mock) == []


def test_a_shared_clock_is_not_moved(mock: MockThingSpace, listener: Listening) -> None:
    """A handle that keeps to an account waits for as long as it was told."""
    listener.statuses[ACCOUNT] = [503]
    scoped = MockThingSpace.at(mock.url, ACCOUNT)
    scoped.trigger(FINISHED)

    with pytest.raises(AssertionError, match=r"^waited 0\.01 s for 1 delivery"):
        scoped.wait_for_delivery(timeout_s=0.01)

    assert jumps(mock) == []


def test_a_script_may_wait_without_moving_time(
    mock: MockThingSpace, listener: Listening
) -> None:
    """``"advance": false`` leaves the clock alone."""
    listener.statuses[ACCOUNT] = [503]
    mock.trigger(FINISHED, ACCOUNT)
    wanted = {"account": ACCOUNT, "timeout_s": 0.01, "advance": False}

    with pytest.raises(AdminError, match=r"^waited 0\.01 s for 1 delivery"):
        mock.admin.ask("POST", "/deliveries/wait", wanted)

    assert jumps(mock) == []


def test_a_clock_that_runs_is_not_moved(listener: Listening) -> None:
    """It gets there by itself."""
    with MockThingSpace(clock="real", deliver_to={ORIGIN: listener}) as running:
        running.register(ACCOUNT, f"{ORIGIN}/{ACCOUNT}")
        listener.statuses[ACCOUNT] = [503]
        running.trigger(FINISHED, ACCOUNT)

        with pytest.raises(AssertionError, match=r"^waited 0\.05 s for 1 delivery"):
            running.wait_for_delivery(ACCOUNT, timeout_s=0.05)

        assert jumps(running) == []


def test_two_waits_move_one_clock(mock: MockThingSpace, listener: Listening) -> None:
    """Each is met, and time moves once for what is due at one instant."""
    for account in (ACCOUNT, OTHER):
        listener.statuses[account] = [503, 503]
        mock.trigger(FINISHED, account)
    mock.wait_until_idle(HANG_S)
    before = mock.now

    with ThreadPoolExecutor(2) as threads:
        waits = [
            threads.submit(mock.wait_for_delivery, account, timeout_s=HANG_S)
            for account in (ACCOUNT, OTHER)
        ]
        attempts = [len(wait.result(HANG_S).attempts) for wait in waits]

    assert attempts == [3, 3]
    assert mock.now - before == timedelta(minutes=10)


def test_a_wait_goes_on_after_somebody_elses_advance(
    mock: MockThingSpace, listener: Listening
) -> None:
    """While another moves the clock, a wait leaves it alone."""
    listener.statuses[ACCOUNT] = [503, 503]
    mock.trigger(FINISHED, ACCOUNT)
    mock.wait_for_delivery(ACCOUNT, attempts=1, timeout_s=HANG_S)
    listener.answers.clear()
    mock.trigger(FINISHED, OTHER)  # which the advance has to wait for

    with ThreadPoolExecutor(2) as threads:
        advance = threads.submit(mock.advance, minutes=5)
        wait = threads.submit(mock.wait_for_delivery, ACCOUNT, timeout_s=HANG_S)
        listener.answers.set()
        advance.result(HANG_S)

        assert len(wait.result(HANG_S).attempts) == 3


def test_only_one_moves_the_clock_at_a_time(backend: Backend) -> None:
    """Whoever comes second is told to look again, and changes nothing."""
    before = backend.clock.now()
    with backend._advancing:
        assert backend.skip(backend.state)
        assert not backend.quiet(backend.state)
    assert backend.clock.now() == before


def test_no_time_is_moved_for_a_state_of_before_a_reset(
    mock: MockThingSpace, backend: Backend, listener: Listening
) -> None:
    """What is due now is nothing that an old wait waits for."""
    old = backend.state
    mock.reset()
    mock.register(ACCOUNT, f"{ORIGIN}/{ACCOUNT}")
    listener.statuses[ACCOUNT] = [503]
    mock.trigger(FINISHED, ACCOUNT)
    mock.wait_until_idle(HANG_S)

    assert backend.skip(old)
    assert jumps(mock) == []


def test_a_wait_for_an_account_without_listener_says_what_to_call(
    mock: MockThingSpace,
) -> None:
    """To register one is first, to trigger is next."""
    with pytest.raises(AssertionError) as caught:
        mock.wait_for_delivery("0242078689-00003", event=FINISHED, timeout_s=HANG_S)

    assert str(caught.value).splitlines()[-3:] == [
        "no listener is registered for 0242078689-00003; first: "
        'register("0242078689-00003", url)',
        "nothing was triggered for 0242078689-00003; to send a message: "
        f'trigger("{FINISHED}", "0242078689-00003"), or',
        f"  mockthingspace trigger {FINISHED} --account 0242078689-00003 "
        f"--url {mock.url}",
    ]


def test_a_wait_for_what_was_not_triggered_says_what_to_call(
    mock: MockThingSpace,
) -> None:
    """What came for another account is no message for this one."""
    mock.trigger(FINISHED, OTHER)
    last = mock.wait_for_delivery(OTHER, timeout_s=HANG_S)

    with pytest.raises(AssertionError) as caught:
        mock.wait_for_delivery(ACCOUNT, since=last.seq - 1, timeout_s=HANG_S)

    assert str(caught.value).splitlines()[-1] == (
        f"nothing was triggered for {ACCOUNT} after {last.seq - 1}; to send a message: "
        f'trigger(event, "{ACCOUNT}")'
    )


def test_a_listener_that_hangs_costs_real_time_once_an_attempt() -> None:
    """``attempt_timeout_s`` says how long; the pause before the retry costs none."""
    with MockThingSpace(attempt_timeout_s=0.05) as mock, Listener() as hanging:
        hanging.hang(times=None)
        mock.register(ACCOUNT, hanging.url)
        mock.trigger(FINISHED, ACCOUNT)

        delivery = mock.wait_for_delivery(ACCOUNT, attempts=2, timeout_s=HANG_S)

        first, second = delivery.attempts[:2]
        assert first.duration_s >= 0.05
        assert second.started_at - first.started_at == timedelta(seconds=300)


def test_a_wait_does_not_give_up_what_is_still_to_be_dispatched(
    mock: MockThingSpace, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delayed message has no timer before the reply to its trigger is written."""
    kept: list[Any] = []
    dispatcher = backend.state.dispatcher
    dispatch = dispatcher.dispatch
    monkeypatch.setattr(dispatcher, "dispatch", kept.extend)
    mock.fault("delay", on="deliveries", seconds=60)
    mock.trigger(FINISHED, ACCOUNT)
    assert not backend.exhausted(backend.state)

    with ThreadPoolExecutor(1) as threads:
        wait = threads.submit(mock.wait_for_delivery, ACCOUNT, timeout_s=HANG_S)
        dispatch(kept)

        assert wait.result(HANG_S).status == "delivered"
