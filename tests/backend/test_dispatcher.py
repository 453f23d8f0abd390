"""Messages are delivered in order, again when refused, and never after a reset."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event, Timer
from threading import enumerate as threads
from typing import Any

import pytest

from mockthingspace import Listener, MockThingSpace
from mockthingspace.apis import FAMILIES
from mockthingspace.backend import backend as double_module
from mockthingspace.backend.backend import Double, State
from mockthingspace.backend.delivery import transport
from mockthingspace.backend.faults.models import Fault
from mockthingspace.backend.triggers import resend, trigger
from mockthingspace.core.models import Delivery, Registration
from mockthingspace.core.settings import Settings
from mockthingspace.server.app import create_app
from mockthingspace.server.http.current import EXTENSION

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
HERE = "http://listener.example"
KEY = ("fota-v1", ACCOUNT, "Fota")
WAIT_S = 20
STEP = 0.001


class App:
    """A listener: answers with the next status, or waits to be let go on."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.asked: list[str] = []
        self.hangs_on: str | None = None
        self.on_message: Callable[[], object] = bool
        self.begun, self.released = Event(), Event()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        """Answer a message."""
        path = environ["PATH_INFO"]
        self.asked.append(path + environ["wsgi.input"].read().decode())
        self.on_message()
        if path == self.hangs_on:
            self.begun.set()
            self.released.wait(WAIT_S)
        status = self.statuses.pop(0) if self.statuses else 200
        start(f"{status} As Told", [])
        return [b"hello"]


@pytest.fixture
def listener() -> App:
    """A listener that takes everything."""
    return App()


@pytest.fixture
def make(listener: App) -> Iterator[Callable[..., Double]]:
    """Make doubles with two accounts' listeners; each is closed after the test."""
    made: list[Double] = []
    before = set(threads())

    def start(**settings: Any) -> Double:
        app = create_app(Settings(clock="manual", **settings), {HERE: listener})
        double: Double = app.extensions[EXTENSION]
        made.append(double)
        double.state.registry.register(registration(double, ACCOUNT))
        double.state.registry.register(registration(double, OTHER))
        return double

    yield start
    listener.released.set()
    for double in made:
        double.close()
    left = {thread.name for thread in set(threads()) - before}
    assert left.isdisjoint({"mockthingspace-deliveries", "mockthingspace-timers"})


def registration(double: Double, account: str) -> Registration:
    """Return a registration of an account, with its path of the listener."""
    url = f"{HERE}/{account[-1]}"
    return Registration("fota-v1", account, "Fota", url, None, None, double.clock.now())


def send(double: Double, message: Any = 1, account: str = ACCOUNT) -> Delivery:
    """Trigger a message and send it out."""
    wanted = {"event": "Fota.firmwareList", "account": account, "message": message}
    kept = trigger(double, FAMILIES, wanted)
    double.state.dispatcher.dispatch(kept)
    return kept[0]


def wait_until(state: State, happened: Callable[[], object]) -> None:
    """Wait for something that a delivery's change brings."""
    over = Event()
    with state.notifier.watching(lambda _: bool(happened()), over):
        assert happened() or over.wait(WAIT_S)


async def nothing() -> None:
    """Do nothing, after what was begun before."""


def now(double: Double, delivery: Delivery) -> Delivery:
    """Return a delivery as it stands now."""
    found = double.state.deliveries.get(delivery.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("retries", "pauses"),
    [("documented", [300, 300, 300]), ("none", []), ("1,2.5", [1, 2.5])],
)
def test_a_refused_message_is_sent_by_its_schedule(
    make: Callable[..., Double], listener: App, retries: str, pauses: list[float]
) -> None:
    """Each attempt comes just after its pause, and after the last it is abandoned."""
    listener.statuses = [503] * 9
    double = make(retries=retries)
    sent = send(double)
    double.advance(0)
    for number, pause in enumerate(pauses, 1):
        assert double.advance(pause - STEP) == []
        [(_, attempt)] = double.advance(STEP)
        assert (attempt.number, attempt.status_code) == (number + 1, 503)
    double.advance(3600)
    after = now(double, sent)
    assert ("abandoned", len(pauses) + 1) == (after.status, len(after.attempts))


def test_the_observed_retry_comes_within_what_was_measured(
    make: Callable[..., Double], listener: App
) -> None:
    """There is one more attempt, 1.15 to 1.69 s after the refusal."""
    listener.statuses = [500, 500]
    double = make(retries="observed")
    sent = send(double)
    double.advance(60)
    first, second = now(double, sent).attempts
    assert 1.15 <= (second.started_at - first.started_at).total_seconds() <= 1.69


def test_a_taken_message_is_not_sent_again(
    make: Callable[..., Double], listener: App
) -> None:
    """Any 2xx delivers; the answer is kept."""
    listener.statuses = [500, 204]
    double = make()
    sent = send(double)
    double.advance(3600)
    after = now(double, sent)
    assert [500, 204] == [one.status_code for one in after.attempts]
    assert ("delivered", b"hello") == (after.status, after.attempts[0].reply)


def test_messages_of_a_registration_go_one_at_a_time_in_order(
    make: Callable[..., Double], listener: App
) -> None:
    """The second waits until the first is over, retries and all."""
    listener.statuses = [500]
    double = make()
    send(double, 1)
    send(double, 2)
    made = double.advance(300)
    assert listener.asked == ["/11", "/11", "/12"]
    assert [one.seq for _, one in made] == sorted(one.seq for _, one in made)


def test_a_listener_that_hangs_delays_no_other(
    make: Callable[..., Double], listener: App
) -> None:
    """Registrations are served in parallel."""
    listener.hangs_on = "/1"
    double = make()
    send(double)
    assert listener.begun.wait(WAIT_S)
    sent = send(double, account=OTHER)
    wait_until(double.state, lambda: now(double, sent).status == "delivered")
    assert not double.wait_until_idle(0)


@pytest.mark.parametrize("how", ["deregister", "reset", "reset_account"])
def test_what_is_queued_is_cancelled(
    make: Callable[..., Double], listener: App, how: str
) -> None:
    """Neither the next attempt nor the next message goes out any more."""
    listener.statuses = [500]
    double = make()
    send(double, 1)
    send(double, 2)
    double.advance(0)
    old = double.state
    if how == "deregister":
        assert old.dispatcher.cancel([KEY]) == 2
        assert {one.status for one in old.deliveries.every()} == {"cancelled"}
    else:
        told = double.reset() if how == "reset" else double.reset_account(ACCOUNT)
        assert (told["deliveries"], told["cancelled"]) == (2, 2)
    double.advance(3600)
    assert (listener.asked, old.dispatcher.pending()) == (["/11"], 0)


@pytest.mark.parametrize("how", ["reset", "reset_account"])
def test_an_answer_after_a_reset_is_stale(
    make: Callable[..., Double], listener: App, how: str
) -> None:
    """It is recorded as late, and the next test's list does not have it."""
    listener.hangs_on = "/1"
    double = make()
    send(double)
    assert listener.begun.wait(WAIT_S)
    told, note_late = Event(), double.runtime.late
    double.runtime.late = lambda delivery: (note_late(delivery), told.set())
    getattr(double, how)(*([ACCOUNT] if how == "reset_account" else []))
    listener.released.set()
    assert told.wait(WAIT_S)
    [late] = double.late
    assert ("stale", 200) == (late.status, late.attempts[0].status_code)
    assert double.state.deliveries.every() == []


def test_no_more_than_a_hundred_late_deliveries_are_kept(
    make: Callable[..., Double],
) -> None:
    """The newest are; a listener that hangs over many resets fills no memory."""
    double = make()
    model = send(double)
    for number in range(150):
        double.runtime.late(model._replace(id=str(number)))
    kept = [delivery.id for delivery in double.late]
    assert kept == [str(number) for number in range(50, 150)]


def test_an_overlapping_attempt_is_made_although_the_first_was_taken(
    make: Callable[..., Double], listener: App
) -> None:
    """Under the fault a listener always sees a message twice."""
    double = make()
    double.plan(Fault("overlap", "deliveries"))
    sent = send(double)
    double.advance(0)
    attempts = [attempt.number for attempt in now(double, sent).attempts]
    assert (sorted(attempts), listener.asked) == ([1, 2], ["/11", "/11"])


def test_what_comes_after_a_reset_is_cancelled(
    make: Callable[..., Double], listener: App
) -> None:
    """A request that began before a reset sends nothing after it."""
    double = make()
    old = double.state.dispatcher
    model = send(double)
    double.advance(0)
    double.reset()
    [kept] = old.enqueue([model], lambda: True)
    old.dispatch([kept])
    assert (kept.status, listener.asked, old.closed) == ("cancelled", ["/11"], True)


@pytest.mark.parametrize("what", ["loop", "timers"])
def test_where_nothing_can_be_sent_nothing_is_taken_on(
    make: Callable[..., Double],
    listener: App,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    """A system without a file or thread refuses the trigger; the next one is sent."""
    double = make()

    def refuse() -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(getattr(double.runtime, what), "start", refuse)
        with pytest.raises(OSError, match="Too many open files"):
            send(double)
    before = double.state.deliveries.every()
    send(double, 2)
    double.advance(0)
    assert (before, listener.asked) == ([], ["/12"])


def test_what_is_due_at_one_instant_is_sent_together(
    make: Callable[..., Double], listener: App
) -> None:
    """However many listeners hang, an advance waits as for one."""
    listener.statuses = [503] * 2
    double = make()
    for account in (ACCOUNT, OTHER):
        send(double, account=account)
    double.advance(0)
    both = Barrier(2)
    listener.on_message = lambda: both.wait(WAIT_S / 4)
    made = double.advance(300)
    assert [attempt.status_code for _, attempt in made] == [200, 200]


def test_an_advance_waits_while_attempts_end(
    make: Callable[..., Double], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its patience begins anew with each, as some may wait for a socket."""
    double, ended = make(), [1, 2, 0]
    waits: list[float] = []

    def wait(_: Any, __: Any, timeout_s: float) -> bool:
        waits.append(timeout_s)
        double.state.dispatcher.ended += ended[len(waits) - 1]
        return False

    monkeypatch.setattr(double_module, "_wait", wait)
    double.advance(0)
    assert waits == [11.0] * 3


def test_a_reset_ends_an_advance(make: Callable[..., Double], listener: App) -> None:
    """The next test's clock does not jump."""
    listener.statuses = [503]
    double = make()
    send(double)
    double.advance(0)
    listener.on_message = double.reset
    double.advance(1200)
    assert abs(double.clock.ahead_s) < 300


def test_idle_for_a_moment_is_idle(
    make: Callable[..., Double], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What begins after that moment does not make the wait one in vain."""
    double = make()
    idle = iter([False, True, False])
    monkeypatch.setattr(double.state.dispatcher, "idle", lambda: next(idle))
    watching = double.state.notifier.watching

    @contextmanager
    def watching_until_told(met: Any, over: Event) -> Iterator[None]:
        with watching(met, over):
            Timer(0, double.state.notifier.notify).start()
            yield

    monkeypatch.setattr(double.state.notifier, "watching", watching_until_told)
    assert double.wait_until_idle(WAIT_S)


def test_a_reset_leaves_nothing_to_wait_for(
    make: Callable[..., Double], listener: App
) -> None:
    """Whoever waits until all is idle is told that it is."""
    listener.hangs_on = "/1"
    double = make()
    send(double)
    assert listener.begun.wait(WAIT_S)
    Timer(0, double.reset).start()
    assert double.wait_until_idle(WAIT_S)


def test_what_was_deregistered_meanwhile_is_cancelled(
    make: Callable[..., Double], listener: App
) -> None:
    """A trigger that found its registration just before it went sends nothing."""
    double = make()
    model = send(double)
    double.advance(0)
    [kept] = double.state.dispatcher.enqueue([model], lambda: False)
    double.state.dispatcher.dispatch([kept])
    assert (kept.status, listener.asked) == ("cancelled", ["/11"])


def test_a_listener_that_hangs_holds_up_no_later_registration(
    make: Callable[..., Double], listener: App
) -> None:
    """After a deregistration nobody waits for what is still under way."""
    listener.hangs_on = "/1"
    double = make()
    send(double)
    assert listener.begun.wait(WAIT_S)
    double.state.dispatcher.cancel([KEY])
    listener.hangs_on = None
    sent = send(double, 2)
    wait_until(double.state, lambda: now(double, sent).status == "delivered")


def test_whatever_goes_wrong_before_the_post_is_a_failed_attempt(
    make: Callable[..., Double], listener: App
) -> None:
    """A count too long to be written is recorded; the next message goes out."""
    double = make(retries="1")
    nines = int("9" * 4300)
    listener.statuses = [500]
    sent = send(double, {"callbackCount": nines})
    with double.state.deliveries.lock:
        before = now(double, sent)
        double.state.deliveries.replace(before._replace(counter="callbackCount"))
    send(double, 2)
    double.advance(1)
    after = now(double, sent)
    assert [attempt.status_code for attempt in after.attempts] == [500, None]
    assert (after.attempts[1].error or "").startswith("ValueError: Exceeds the limit")
    assert (after.status, listener.asked[-1]) == ("abandoned", "/12")


def test_a_clock_that_is_let_run_ends_an_advance(
    make: Callable[..., Double], listener: App
) -> None:
    """What is due later comes in its own time, and not at once."""
    listener.statuses = [503] * 4
    double = make()
    sent = send(double)
    double.advance(0)
    listener.on_message = lambda: double.set_mode("real")
    fired = double.advance(1200)
    attempts = now(double, sent).attempts
    assert (len(fired), len(attempts), double.clock.mode) == (1, 2, "real")


def test_an_abandoned_message_can_be_sent_again(
    make: Callable[..., Double], listener: App
) -> None:
    """A new delivery has the same message and a schedule of its own."""
    listener.statuses = [500]
    double = make(retries="none")
    sent = send(double)
    double.advance(0)
    again = resend(double, sent.id)
    double.state.dispatcher.dispatch([again])
    double.advance(0)
    assert ("abandoned", "delivered") == (
        now(double, sent).status,
        now(double, again).status,
    )


def test_only_what_is_over_is_evicted_and_counted(
    make: Callable[..., Double], listener: App
) -> None:
    """Pending deliveries stay, however many there are."""
    listener.statuses = [500]
    double = make(journal_limit=1)
    pending = [send(double, number) for number in range(3)]
    double.advance(0)
    deliveries = double.state.deliveries
    assert (len(deliveries.every()), deliveries.evicted) == (3, 0)
    double.advance(300)
    assert [pending[-1].id] == [one.id for one in deliveries.every()]
    assert deliveries.evicted == 2


def test_an_attempt_that_is_cancelled_before_it_begins_is_not_made(
    make: Callable[..., Double], listener: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for the loop is recalled like what waits for its turn."""
    double = make()
    waiting: list[Callable[[], Any]] = []
    with monkeypatch.context() as patched:
        patched.setattr(double.runtime.loop, "submit", waiting.append)
        sent = send(double)
        cancelled = double.state.dispatcher.cancel([sent.queue_key])
    double.runtime.loop.call(waiting[0])
    after = now(double, sent)
    assert (cancelled, after.status, after.attempts) == (1, "cancelled", ())
    assert double.state.dispatcher.idle()


def test_an_overlapping_attempt_is_recalled_while_the_first_is_under_way(
    make: Callable[..., Double], listener: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was cancelled before it began is not made; the first ends as stale."""
    listener.hangs_on = "/1"
    double = make()
    double.plan(Fault("overlap", "deliveries"))
    submit, second = double.runtime.loop.submit, list[Callable[[], Any]]()
    monkeypatch.setattr(
        double.runtime.loop,
        "submit",
        lambda start: submit(start) if not listener.asked else second.append(start),
    )
    monkeypatch.setattr(
        double.state.dispatcher,
        "_expect_overlap",
        lambda job, delivery: jobs.append(job),
    )
    jobs: list[Any] = []
    sent = send(double)
    assert listener.begun.wait(WAIT_S)
    double.state.dispatcher._overlap(jobs[0])
    double.state.dispatcher.cancel([KEY])
    monkeypatch.undo()
    double.runtime.loop.call(second[0])
    under_way = not double.state.dispatcher.idle()
    listener.released.set()
    wait_until(double.state, lambda: now(double, sent).status == "stale")
    assert (under_way, len(now(double, sent).attempts)) == (True, 1)


def test_what_was_delivered_is_not_cancelled_with_its_overlapping_attempt(
    make: Callable[..., Double], listener: App
) -> None:
    """One attempt was taken; that the other is still under way changes nothing."""
    listener.hangs_on = "/1"
    double = make()
    double.plan(Fault("overlap", "deliveries"))
    sent = send(double)
    assert listener.begun.wait(WAIT_S)
    with double.state.deliveries.lock:
        taken = now(double, sent)._replace(status="delivered")
        double.state.deliveries.replace(taken)
    assert double.state.dispatcher.cancel([KEY]) == 0
    assert now(double, sent).status == "delivered"


def test_many_listeners_that_hang_delay_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Attempts are bounded by nothing but the files the process may open."""
    monkeypatch.setattr(transport, "open_files_limit", lambda: 8000)
    with (
        socket.create_server(("127.0.0.1", 0), backlog=300) as deaf,
        Listener() as good,
        MockThingSpace() as mock,
    ):
        port = deaf.getsockname()[1]
        for number in range(150):
            account = f"{number:010}-00001"
            mock.register(account, f"http://127.0.0.1:{port}/")
            mock.trigger("Fota.firmwareList", account)
        mock.register(OTHER, good.url)
        mock.trigger("Fota.firmwareList", OTHER)
        assert mock.wait_for_delivery(OTHER, timeout_s=WAIT_S).status == "delivered"


@pytest.mark.parametrize("how", ["deregister", "reset"])
def test_what_waits_for_a_socket_is_recalled(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A message that was cancelled before it had one is never sent."""
    monkeypatch.setattr(transport, "open_files_limit", lambda: 8)
    monkeypatch.setattr(transport, "LEAST", 1)
    with Listener() as hanging, Listener() as good, MockThingSpace() as mock:
        double: Double = mock._double  # type: ignore[assignment]
        hanging.hang()
        mock.register(OTHER, hanging.url)
        mock.trigger("Fota.firmwareList", OTHER)
        hanging.wait_for(1, WAIT_S)  # it has the only one
        mock.register(ACCOUNT, good.url)
        mock.trigger("Fota.firmwareList", ACCOUNT)
        double.runtime.loop.call(nothing)  # now the message waits for its socket
        if how == "deregister":
            assert double.state.dispatcher.cancel([KEY]) == 1
        else:
            assert mock.reset()["cancelled"] == 2
            mock.register(ACCOUNT, good.url)
        mock.trigger("Fota.upgradeFinished", ACCOUNT)
        hanging.stop()
        delivery = mock.wait_for_delivery(ACCOUNT, timeout_s=WAIT_S)
        assert [message.json for message in good.messages] == [delivery.message]


def test_eight_threads_may_trigger_what_is_reordered(
    make: Callable[..., Double], listener: App
) -> None:
    """However they come between one another, each message is delivered once."""
    double = make()
    for seconds in (1, 2, 3) * 10:
        double.plan(Fault("reorder", "deliveries", options={"seconds": seconds}))

    def trigger_ten(worker: int) -> None:
        for number in range(10):
            send(double, 10 * worker + number)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(trigger_ten, range(8)))
    double.advance(3)
    statuses = {delivery.status for delivery in double.state.deliveries.every()}
    assert statuses == {"delivered"}
    assert sorted(listener.asked) == sorted(f"/1{number}" for number in range(80))
    assert double.state.dispatcher.pending() == 0
