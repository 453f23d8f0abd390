"""The clock never goes back, and timers fire in order, once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Event, Thread
from threading import enumerate as threads

import pytest

from mockthingspace.core.clock import FEWEST, LATEST, Clock, Mode, Timers
from mockthingspace.core.sequence import EventNumbers

NAME = "timers-of-a-test"
WAIT_S = 5


def thread() -> object:
    """Return the timers' thread, if there is one."""
    return next((thread for thread in threads() if thread.name == NAME), None)


@pytest.fixture
def standing() -> Timers:
    """Timers of a clock that stands."""
    return Timers(Clock("manual"), NAME)


@pytest.fixture
def running() -> Iterator[Timers]:
    """Timers of a clock that runs."""
    made = Timers(Clock(), NAME)
    yield made
    made.close()


def later(timers: Timers, seconds: float) -> datetime:
    """Return an instant so many seconds from now."""
    return timers.clock.now() + timedelta(seconds=seconds)


def fire_all(timers: Timers, until: datetime) -> None:
    """Do what falls due by an instant, as an advance does."""
    while (timer := timers.take_due(until)) is not None:
        timer.act()


def test_a_running_clock_is_utc_and_goes_on() -> None:
    """The machine's clock is read as an aware instant, later each time."""
    clock = Clock()
    first, second = clock.now(), clock.now()
    assert (first.utcoffset(), first <= second) == (timedelta(0), True)


def test_a_standing_clock_moves_when_told() -> None:
    """A manual clock stands until it is advanced."""
    clock = Clock("manual")
    before = clock.now()
    assert clock.now() == before
    clock.advance(0.5)
    assert clock.now() == before + timedelta(seconds=0.5)


def test_a_standing_clock_does_not_go_back() -> None:
    """An instant that is past is ignored."""
    clock = Clock("manual")
    before = clock.now()
    clock.move_to(before - timedelta(seconds=1))
    assert clock.now() == before


def test_a_running_clock_is_not_moved() -> None:
    """Only a clock that stands can be put on."""
    clock = Clock()
    clock.advance(3600)
    assert clock.now() - Clock().now() < timedelta(seconds=60)


@pytest.mark.parametrize(
    "modes",
    [("real", "manual"), ("manual", "real"), ("manual", "manual"), ("real", "real")],
    ids="-".join,
)
def test_a_change_of_mode_does_not_move_the_clock_back(
    modes: tuple[Mode, ...],
) -> None:
    """However modes change, and however far it was advanced, time goes on."""
    clock = Clock("manual")
    clock.advance(3600)
    for mode in modes:
        before = clock.now()
        clock.mode = mode
        assert clock.mode == mode
        after = clock.now()
        assert timedelta(0) <= after - before < timedelta(seconds=60)


def test_timers_fire_in_the_order_of_their_instants(standing: Timers) -> None:
    """The earlier is first; of equal ones, the one made first."""
    fired: list[str] = []
    for name, seconds in [("c", 3), ("a", 1), ("b", 2), ("a2", 1)]:
        standing.at(
            later(standing, seconds), None, lambda name=name: fired.append(name)
        )
    fire_all(standing, later(standing, 2.5))
    assert fired == ["a", "a2", "b"]


def test_what_is_due_is_done_at_once(standing: Timers) -> None:
    """A timer for now or the past needs nobody to take it."""
    fired: list[int] = []
    standing.at(standing.clock.now(), None, lambda: fired.append(1))
    standing.at(later(standing, -1), None, lambda: fired.append(2))
    assert fired == [1, 2]


def test_a_timer_that_is_not_due_stays(standing: Timers) -> None:
    """Asking for the next one leaves what is later alone, and takes nothing."""
    standing.at(later(standing, 10), None, list)
    assert standing.next_due(later(standing, 9)) is None
    assert standing.next_due(later(standing, 10)) is not None
    assert standing.next_due(later(standing, 10)) is not None


def test_a_timer_is_taken_once(standing: Timers) -> None:
    """Whoever comes second is told that it has gone."""
    standing.at(later(standing, 1), None, list)
    until = later(standing, 1)
    taken = [standing.take_due(until) is not None for _ in range(2)]
    assert taken == [True, False]


def test_a_timer_that_is_over_is_not_done(standing: Timers) -> None:
    """Nobody need take it away; the others stay, in order."""
    fired: list[str] = []
    over: set[str] = set()
    for name, seconds in [("b", 2), ("a", 1), ("d", 4), ("c", 3)]:
        standing.at(
            later(standing, seconds),
            lambda name=name: name in over,
            lambda name=name: fired.append(name),
        )
    over |= {"a", "c"}
    fire_all(standing, later(standing, 4))
    assert fired == ["b", "d"]


def test_timers_that_are_over_do_not_pile_up(standing: Timers) -> None:
    """However many were made behind one that stays, no more than a few are kept."""
    standing.at(later(standing, 1), None, list)
    for _ in range(10 * FEWEST):
        standing.at(later(standing, 2), lambda: True, list)
    assert len(standing._heap) <= FEWEST


def test_a_standing_clock_needs_no_thread(standing: Timers) -> None:
    """A timer of a clock that stands waits for an advance, not in a thread."""
    standing.at(later(standing, 1), None, list)
    assert thread() is None


def test_a_running_clock_fires_by_itself(running: Timers) -> None:
    """A thread does what is due, and waits for no timer that was made before."""
    fired: list[str] = []
    done = Event()
    running.at(later(running, 3600), None, lambda: fired.append("later"))
    running.at(later(running, 0.01), None, lambda: (fired.append("now"), done.set()))
    assert done.wait(WAIT_S)
    assert fired == ["now"]


def test_a_thread_that_is_idle_stays(running: Timers) -> None:
    """A timer that comes after a while without any is done."""
    over = Event()
    running.at(later(running, 3600), over.is_set, list)
    made = running._thread
    over.set()
    with running._changed:  # a wait without a timer has no end that could be missed
        waits: list[float | None] = []
        wait = running._changed.wait

        def waited(timeout: float | None = None) -> bool:
            waits.append(timeout)
            asleep.set()
            return wait(timeout)

        asleep = Event()
        running._changed.wait = waited  # type: ignore[method-assign]
        running._changed.notify_all()
    assert asleep.wait(WAIT_S)
    done = Event()
    running.at(later(running, 0.001), None, done.set)
    assert done.wait(WAIT_S)
    assert (waits[0], running._thread) == (None, made)


def test_a_thread_that_cannot_be_started_is_started_later(
    running: Timers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system has nothing left nothing is half-done; closing works too."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    done = Event()
    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            running.at(later(running, 3600), None, list)
        Timers(running.clock, NAME).close()
    running.at(later(running, 0.002), None, done.set)
    assert done.wait(WAIT_S)
    assert running.next_due(later(running, 7200)) is None


def test_a_timer_of_another_age_keeps_no_other(running: Timers) -> None:
    """No thread can wait for it in one go: that is 292 years at most."""
    done = Event()
    running.at(LATEST, None, list)
    running.at(later(running, 0.002), None, done.set)

    assert done.wait(WAIT_S)
    assert running.next_due(LATEST) is not None


def test_a_timer_fires_once_the_clock_is_let_run(standing: Timers) -> None:
    """What was made while it stood is waited for when it runs."""
    done = Event()
    standing.at(later(standing, 0.01), None, done.set)
    standing.set_mode("real")
    fired = done.wait(WAIT_S)
    standing.close()
    assert fired


def test_a_clock_that_was_stopped_fires_nothing(running: Timers) -> None:
    """Stopping it leaves the timer for an advance; the thread stays idle."""
    done = Event()
    running.at(later(running, 600), None, done.set)
    running.set_mode("manual")
    running.clock.advance(1200)
    assert not done.is_set()
    fire_all(running, running.clock.now())
    assert done.is_set()


def test_what_is_due_when_the_clock_is_stopped_is_done(running: Timers) -> None:
    """Its thread may not have come to it; nobody else would before an advance."""
    done, instant = Event(), later(running, 3600)
    running.at(instant, None, done.set)
    began, since = running.clock._read
    running.clock._read = began + timedelta(hours=2), since  # while the thread sleeps
    running.set_mode("manual")
    assert done.is_set()


def test_closing_ends_the_thread_and_forgets_all() -> None:
    """After a close there is no thread, and none comes with another timer."""
    timers = Timers(Clock(), NAME)
    timers.at(later(timers, 600), None, list)
    timers.close()
    timers.at(later(timers, 600), None, list)
    assert thread() is None


def test_what_fails_when_it_is_due_stops_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged, and the next is done."""
    timers, done = Timers(Clock("manual"), NAME), Event()

    def fail() -> None:
        raise LookupError("no such thing")

    timers.at(later(timers, 0.001), None, fail)
    timers.at(later(timers, 0.002), None, done.set)
    timers.set_mode("real")
    assert done.wait(WAIT_S)
    timers.close()
    assert "no such thing" in caplog.text


def test_a_sequence_gives_each_number_once() -> None:
    """Numbers go up from 1, and the last one is known."""
    sequence = EventNumbers()
    assert ([sequence.take() for _ in range(3)], sequence.last) == ([1, 2, 3], 3)


def test_a_clock_starts_over_at_the_machines_time() -> None:
    """What is made then is due by that time."""
    timers, done = Timers(Clock("manual"), NAME), Event()
    timers.clock.advance(3600)
    timers.restart("real")
    assert abs(timers.clock.ahead_s) < 1800

    timers.at(later(timers, 0.01), None, done.set)

    assert done.wait(WAIT_S)
    timers.close()


def test_a_clock_behind_says_so() -> None:
    """Standing still, it falls behind the machine's."""
    clock = Clock("manual")
    assert clock.ahead_s < 0
