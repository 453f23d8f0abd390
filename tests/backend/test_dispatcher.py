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
from mockthingspace.apis import APIS
from mockthingspace.backend import backend as double_module
from mockthingspace.backend.backend import Backend, BackendState
from mockthingspace.backend.delivery import transport
from mockthingspace.backend.faults.models import Fault
from mockthingspace.backend.triggers import resend, trigger
from mockthingspace.core import clock
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
def make(listener: App) -> Iterator[Callable[..., Backend]]:
    """Make servers with two accounts' listeners; each is closed after the test."""
    made: list[Backend] = []
    before = set(threads())

    def start(**settings: Any) -> Backend:
        app = create_app(Settings(clock="manual", **settings), {HERE: listener})
        backend: Backend = app.extensions[EXTENSION]
        made.append(backend)
        backend.state.registry.register(registration(backend, ACCOUNT))
        backend.state.registry.register(registration(backend, OTHER))
        return backend

    yield start
    listener.released.set()
    for backend in made:
        backend.close()
    left = {thread.name for thread in set(threads()) - before}
    assert left.isdisjoint({"mockthingspace-deliveries", "mockthingspace-timers"})


def registration(backend: Backend, account: str) -> Registration:
    """Return a registration of an account, with its path of the listener."""
    url = f"{HERE}/{account[-1]}"
    return Registration(
        "fota-v1", account, "Fota", url, None, None, backend.clock.now()
    )


def send(backend: Backend, message: Any = 1, account: str = ACCOUNT) -> Delivery:
    """Trigger a message and send it out."""
    wanted = {"event": "Fota.firmwareList", "account": account, "message": message}
    kept = trigger(backend, APIS, wanted)
    backend.state.dispatcher.dispatch(kept)
    return kept[0]


def wait_until(state: BackendState, happened: Callable[[], object]) -> None:
    """Wait for something that a delivery's change brings."""
    over = Event()
    with state.notifier.watching(lambda _: bool(happened()), over):
        assert happened() or over.wait(WAIT_S)


async def nothing() -> None:
    """Do nothing, after what was begun before."""


def now(backend: Backend, delivery: Delivery) -> Delivery:
    """Return a delivery as it stands now."""
    found = backend.state.deliveries.get(delivery.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("retries", "pauses"),
    [("documented", [300, 300, 300]), ("none", []), ("1,2.5", [1, 2.5])],
)
def test_a_refused_message_is_sent_by_its_schedule(
    make: Callable[..., Backend], listener: App, retries: str, pauses: list[float]
) -> None:
    """Each attempt comes just after its pause, and after the last it is abandoned."""
    listener.statuses = [503] * 9
    backend = make(retries=retries)
    sent = send(backend)
    backend.advance(0)
    for number, pause in enumerate(pauses, 1):
        assert backend.advance(pause - STEP) == []
        [(_, attempt)] = backend.advance(STEP)
        assert (attempt.number, attempt.status_code) == (number + 1, 503)
    backend.advance(3600)
    after = now(backend, sent)
    assert (after.status, len(after.attempts)) == ("abandoned", len(pauses) + 1)


def test_the_observed_retry_comes_within_what_was_measured(
    make: Callable[..., Backend], listener: App
) -> None:
    """There is one more attempt, 1.15 to 1.69 s after the refusal."""
    listener.statuses = [500, 500]
    backend = make(retries="observed")
    sent = send(backend)
    backend.advance(60)
    first, second = now(backend, sent).attempts
    assert 1.15 <= (second.started_at - first.started_at).total_seconds() <= 1.69


def test_a_taken_message_is_not_sent_again(
    make: Callable[..., Backend], listener: App
) -> None:
    """Any 2xx delivers; the answer is kept."""
    listener.statuses = [500, 204]
    backend = make()
    sent = send(backend)
    backend.advance(3600)
    after = now(backend, sent)
    assert [attempt.status_code for attempt in after.attempts] == [500, 204]
    assert (after.status, after.attempts[0].reply) == ("delivered", b"hello")


def test_messages_of_a_registration_go_one_at_a_time_in_order(
    make: Callable[..., Backend], listener: App
) -> None:
    """The second waits until the first is over, retries and all."""
    listener.statuses = [500]
    backend = make()
    send(backend, 1)
    send(backend, 2)
    made = backend.advance(300)
    assert listener.asked == ["/11", "/11", "/12"]
    assert [item.seq for _, item in made] == sorted(item.seq for _, item in made)


def test_a_listener_that_hangs_delays_no_other(
    make: Callable[..., Backend], listener: App
) -> None:
    """Registrations are served in parallel."""
    listener.hangs_on = "/1"
    backend = make()
    send(backend)
    assert listener.begun.wait(WAIT_S)
    sent = send(backend, account=OTHER)
    wait_until(backend.state, lambda: now(backend, sent).status == "delivered")
    assert not backend.wait_until_idle(0)


@pytest.mark.parametrize("how", ["deregister", "reset", "reset_account"])
def test_what_is_queued_is_cancelled(
    make: Callable[..., Backend], listener: App, how: str
) -> None:
    """Neither the next attempt nor the next message goes out any more."""
    listener.statuses = [500]
    backend = make()
    send(backend, 1)
    send(backend, 2)
    backend.advance(0)
    old = backend.state
    if how == "deregister":
        assert old.dispatcher.cancel([KEY]) == 2
        assert {delivery.status for delivery in old.deliveries.every()} == {"cancelled"}
    else:
        told = backend.reset() if how == "reset" else backend.reset_account(ACCOUNT)
        assert (told["deliveries"], told["cancelled"]) == (2, 2)
    backend.advance(3600)
    assert (listener.asked, old.dispatcher.pending()) == (["/11"], 0)


@pytest.mark.parametrize("how", ["reset", "reset_account"])
def test_an_answer_after_a_reset_is_stale(
    make: Callable[..., Backend], listener: App, how: str
) -> None:
    """It is recorded as late, and the next test's list does not have it."""
    listener.hangs_on = "/1"
    backend = make()
    send(backend)
    assert listener.begun.wait(WAIT_S)
    told, note_late = Event(), backend.runtime.late
    backend.runtime.late = lambda delivery: (note_late(delivery), told.set())
    getattr(backend, how)(*([ACCOUNT] if how == "reset_account" else []))
    listener.released.set()
    assert told.wait(WAIT_S)
    [late] = backend.late
    assert (late.status, late.attempts[0].status_code) == ("stale", 200)
    assert backend.state.deliveries.every() == []


@pytest.mark.parametrize("how", ["cancelled", "delivered"])
def test_a_delivery_that_is_over_leaves_no_timer(
    make: Callable[..., Backend], listener: App, how: str
) -> None:
    """A wait in vain moves the clock for nothing that cannot happen any more."""
    backend = make(retries="observed")
    if how == "cancelled":
        listener.statuses = [503]
    sent = send(backend)
    backend.advance(0)
    if how == "cancelled":
        backend.state.dispatcher.cancel([KEY])
    before = backend.clock.now()
    moved = backend.skip(backend.state)
    assert (now(backend, sent).status, moved) == (how, False)
    assert (backend.clock.now(), backend.runtime.timers._heap) == (before, [])


def test_a_timer_that_comes_too_late_sends_nothing(
    make: Callable[..., Backend], listener: App
) -> None:
    """Its attempt was answered, or its delivery cancelled, just after it was taken."""
    listener.statuses = [503]
    backend = make(retries="observed")
    sent = send(backend)
    backend.advance(0)
    dispatcher = backend.state.dispatcher
    job = dispatcher._jobs[sent.id]
    dispatcher._overlap(job)
    dispatcher.cancel([KEY])
    dispatcher._send(job)
    assert (listener.asked, dispatcher.idle()) == (["/11"], True)


def test_no_more_than_a_hundred_late_deliveries_are_kept(
    make: Callable[..., Backend],
) -> None:
    """The newest are; a listener that hangs over many resets fills no memory."""
    backend = make()
    model = send(backend)
    for number in range(150):
        backend.runtime.late(model._replace(id=str(number)))
    kept = [delivery.id for delivery in backend.late]
    assert kept == [str(number) for number in range(50, 150)]


def test_an_overlapping_attempt_is_made_although_the_first_was_taken(
    make: Callable[..., Backend], listener: App
) -> None:
    """Under the fault a listener always sees a message twice."""
    backend = make()
    backend.plan(Fault("overlap", "deliveries"))
    sent = send(backend)
    backend.advance(0)
    attempts = [attempt.number for attempt in now(backend, sent).attempts]
    assert (sorted(attempts), listener.asked) == ([1, 2], ["/11", "/11"])


def test_what_comes_after_a_reset_is_cancelled(
    make: Callable[..., Backend], listener: App
) -> None:
    """A request that began before a reset sends nothing after it."""
    backend = make()
    old = backend.state.dispatcher
    model = send(backend)
    backend.advance(0)
    backend.reset()
    [kept] = old.enqueue([model], lambda: True)
    old.dispatch([kept])
    assert (kept.status, listener.asked, old.closed) == ("cancelled", ["/11"], True)


@pytest.mark.parametrize("what", ["loop", "timers"])
def test_where_nothing_can_be_sent_nothing_is_taken_on(
    make: Callable[..., Backend],
    listener: App,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
) -> None:
    """A system without a file or thread refuses the trigger; the next one is sent."""
    backend = make()

    def refuse() -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(getattr(backend.runtime, what), "start", refuse)
        with pytest.raises(OSError, match="Too many open files"):
            send(backend)
    before = backend.state.deliveries.every()
    send(backend, 2)
    backend.advance(0)
    assert (before, listener.asked) == ([], ["/12"])


def test_what_is_due_at_one_instant_is_sent_together(
    make: Callable[..., Backend], listener: App
) -> None:
    """However many listeners hang, an advance waits as for one."""
    listener.statuses = [503] * 2
    backend = make()
    for account in (ACCOUNT, OTHER):
        send(backend, account=account)
    backend.advance(0)
    both = Barrier(2)
    listener.on_message = lambda: both.wait(WAIT_S / 4)
    made = backend.advance(300)
    assert [attempt.status_code for _, attempt in made] == [200, 200]


def test_an_advance_waits_while_attempts_end(
    make: Callable[..., Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its patience begins anew with each, as some may wait for a socket."""
    backend, ended = make(), [1, 2, 0]
    waits: list[float] = []

    def wait(_: Any, __: Any, timeout_s: float) -> bool:
        waits.append(timeout_s)
        backend.state.dispatcher.ended += ended[len(waits) - 1]
        return False

    monkeypatch.setattr(double_module, "_wait", wait)
    backend.advance(0)
    assert waits == [11.0] * 3


def test_a_reset_ends_an_advance(make: Callable[..., Backend], listener: App) -> None:
    """The next test's clock does not jump."""
    listener.statuses = [503]
    backend = make()
    send(backend)
    backend.advance(0)
    listener.on_message = backend.reset
    backend.advance(1200)
    assert abs(backend.clock.ahead_s) < 300


def test_idle_for_a_moment_is_idle(
    make: Callable[..., Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What begins after that moment does not make the wait one in vain."""
    backend = make()
    idle = iter([False, True, False])
    monkeypatch.setattr(backend.state.dispatcher, "idle", lambda: next(idle))
    watching = backend.state.notifier.watching

    @contextmanager
    def watching_until_told(met: Any, over: Event) -> Iterator[None]:
        with watching(met, over):
            Timer(0, backend.state.notifier.notify).start()
            yield

    monkeypatch.setattr(backend.state.notifier, "watching", watching_until_told)
    assert backend.wait_until_idle(WAIT_S)


def test_a_reset_leaves_nothing_to_wait_for(
    make: Callable[..., Backend], listener: App
) -> None:
    """Whoever waits until all is idle is told that it is."""
    listener.hangs_on = "/1"
    backend = make()
    send(backend)
    assert listener.begun.wait(WAIT_S)
    Timer(0, backend.reset).start()
    assert backend.wait_until_idle(WAIT_S)


def test_what_was_deregistered_meanwhile_is_cancelled(
    make: Callable[..., Backend], listener: App
) -> None:
    """A trigger that found its registration just before it went sends nothing."""
    backend = make()
    model = send(backend)
    backend.advance(0)
    [kept] = backend.state.dispatcher.enqueue([model], lambda: False)
    backend.state.dispatcher.dispatch([kept])
    assert (kept.status, listener.asked) == ("cancelled", ["/11"])


def test_a_listener_that_hangs_holds_up_no_later_registration(
    make: Callable[..., Backend], listener: App
) -> None:
    """After a deregistration nobody waits for what is still under way."""
    listener.hangs_on = "/1"
    backend = make()
    send(backend)
    assert listener.begun.wait(WAIT_S)
    backend.state.dispatcher.cancel([KEY])
    listener.hangs_on = None
    sent = send(backend, 2)
    wait_until(backend.state, lambda: now(backend, sent).status == "delivered")


def test_whatever_goes_wrong_before_the_post_is_a_failed_attempt(
    make: Callable[..., Backend], listener: App
) -> None:
    """A count too long to be written is recorded; the next message goes out."""
    backend = make(retries="1")
    nines = int("9" * 4300)
    listener.statuses = [500]
    sent = send(backend, {"callbackCount": nines})
    with backend.state.deliveries.lock:
        before = now(backend, sent)
        backend.state.deliveries.replace(before._replace(counter="callbackCount"))
    send(backend, 2)
    backend.advance(1)
    after = now(backend, sent)
    assert [attempt.status_code for attempt in after.attempts] == [500, None]
    assert (after.attempts[1].error or "").startswith("ValueError: Exceeds the limit")
    assert (after.status, listener.asked[-1]) == ("abandoned", "/12")


def test_an_attempt_that_cannot_be_made_says_where_to(
    make: Callable[..., Backend], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails outside the transport is told in the same words."""

    async def refused(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    backend = make(retries="none")
    monkeypatch.setattr(backend.runtime.transport, "send", refused)
    sent = send(backend)
    backend.advance(0)
    [attempt] = now(backend, sent).attempts
    assert attempt.error == f"connection refused: is a listener at {HERE}:80?"


def test_an_account_is_idle_while_another_is_not(
    make: Callable[..., Backend], listener: App
) -> None:
    """An attempt under way is its own account's."""
    listener.hangs_on = "/1"
    backend = make()
    send(backend)
    assert listener.begun.wait(WAIT_S)
    idle = [backend.state.dispatcher.idle(account) for account in (ACCOUNT, OTHER)]
    listener.released.set()
    assert idle == [False, True]


def test_a_clock_that_is_let_run_ends_an_advance(
    make: Callable[..., Backend], listener: App
) -> None:
    """What is due later comes in its own time, and not at once."""
    listener.statuses = [503] * 4
    backend = make()
    sent = send(backend)
    backend.advance(0)
    listener.on_message = lambda: backend.set_mode("real")
    fired = backend.advance(1200)
    attempts = now(backend, sent).attempts
    assert (len(fired), len(attempts), backend.clock.mode) == (1, 2, "real")


def test_an_abandoned_message_can_be_sent_again(
    make: Callable[..., Backend], listener: App
) -> None:
    """A new delivery has the same message and a schedule of its own."""
    listener.statuses = [500]
    backend = make(retries="none")
    sent = send(backend)
    backend.advance(0)
    again = resend(backend, sent.id)
    backend.state.dispatcher.dispatch([again])
    backend.advance(0)
    assert (
        now(backend, sent).status,
        now(backend, again).status,
    ) == ("abandoned", "delivered")


def test_only_what_is_over_is_evicted_and_counted(
    make: Callable[..., Backend], listener: App
) -> None:
    """Pending deliveries stay, however many there are."""
    listener.statuses = [500]
    backend = make(journal_limit=1)
    pending = [send(backend, number) for number in range(3)]
    backend.advance(0)
    deliveries = backend.state.deliveries
    assert (len(deliveries.every()), deliveries.evicted) == (3, 0)
    backend.advance(300)
    assert [pending[-1].id] == [delivery.id for delivery in deliveries.every()]
    assert deliveries.evicted == 2


def test_an_attempt_that_is_cancelled_before_it_begins_is_not_made(
    make: Callable[..., Backend], listener: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for the loop is recalled like what waits for its turn."""
    backend = make()
    waiting: list[Callable[[], Any]] = []
    with monkeypatch.context() as patched:
        patched.setattr(backend.runtime.loop, "submit", waiting.append)
        sent = send(backend)
        cancelled = backend.state.dispatcher.cancel([sent.queue_key])
    backend.runtime.loop.future(waiting[0]).result()
    after = now(backend, sent)
    assert (cancelled, after.status, after.attempts) == (1, "cancelled", ())
    assert backend.state.dispatcher.idle()


def test_an_overlapping_attempt_is_recalled_while_the_first_is_under_way(
    make: Callable[..., Backend], listener: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was cancelled before it began is not made; the first ends as stale."""
    listener.hangs_on = "/1"
    backend = make()
    backend.plan(Fault("overlap", "deliveries"))
    submit, second = backend.runtime.loop.submit, list[Callable[[], Any]]()
    monkeypatch.setattr(
        backend.runtime.loop,
        "submit",
        lambda start: submit(start) if not listener.asked else second.append(start),
    )
    monkeypatch.setattr(
        backend.state.dispatcher,
        "_expect_overlap",
        lambda job, delivery: jobs.append(job),
    )
    jobs: list[Any] = []
    sent = send(backend)
    assert listener.begun.wait(WAIT_S)
    backend.state.dispatcher._overlap(jobs[0])
    backend.state.dispatcher.cancel([KEY])
    monkeypatch.undo()
    backend.runtime.loop.future(second[0]).result()
    under_way = not backend.state.dispatcher.idle()
    listener.released.set()
    wait_until(backend.state, lambda: now(backend, sent).status == "stale")
    assert (under_way, len(now(backend, sent).attempts)) == (True, 1)


def test_what_was_delivered_is_not_cancelled_with_its_overlapping_attempt(
    make: Callable[..., Backend], listener: App
) -> None:
    """One attempt was taken; that the other is still under way changes nothing."""
    listener.hangs_on = "/1"
    backend = make()
    backend.plan(Fault("overlap", "deliveries"))
    sent = send(backend)
    assert listener.begun.wait(WAIT_S)
    with backend.state.deliveries.lock:
        taken = now(backend, sent)._replace(status="delivered")
        backend.state.deliveries.replace(taken)
    assert backend.state.dispatcher.cancel([KEY]) == 0
    assert now(backend, sent).status == "delivered"


def test_a_taken_message_that_was_evicted_does_not_end_as_stale(
    make: Callable[..., Backend], listener: App
) -> None:
    """Only what was cancelled is late, whatever the limit has pushed out."""
    backend = make(journal_limit=1)
    backend.plan(Fault("overlap", "deliveries"))
    first = iter([True])
    listener.on_message = lambda: next(first, False) and listener.released.wait(WAIT_S)
    sent = send(backend)
    wait_until(backend.state, lambda: now(backend, sent).status == "delivered")
    send(backend, account=OTHER)
    wait_until(backend.state, lambda: backend.state.deliveries.get(sent.id) is None)
    listener.released.set()
    wait_until(backend.state, backend.state.dispatcher.idle)
    assert backend.late == []


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
        backend: Backend = mock._backend  # type: ignore[assignment]
        hanging.hang()
        mock.register(OTHER, hanging.url)
        mock.trigger("Fota.firmwareList", OTHER)
        hanging.wait_for(1, WAIT_S)  # it has the only one
        mock.register(ACCOUNT, good.url)
        mock.trigger("Fota.firmwareList", ACCOUNT)
        backend.runtime.loop.future(
            nothing
        ).result()  # now the message waits for its socket
        if how == "deregister":
            assert backend.state.dispatcher.cancel([KEY]) == 1
        else:
            assert mock.reset()["cancelled"] == 2
            mock.register(ACCOUNT, good.url)
        mock.trigger("Fota.upgradeFinished", ACCOUNT)
        hanging.stop()
        delivery = mock.wait_for_delivery(ACCOUNT, timeout_s=WAIT_S)
        assert [message.json for message in good.messages] == [delivery.message]


def test_eight_threads_may_trigger_what_is_reordered(
    make: Callable[..., Backend], listener: App
) -> None:
    """However they come between one another, each message is delivered once."""
    backend = make()
    for seconds in (1, 2, 3) * 10:
        backend.plan(Fault("reorder", "deliveries", options={"seconds": seconds}))

    def trigger_ten(worker: int) -> None:
        for number in range(10):
            send(backend, 10 * worker + number)

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(trigger_ten, range(8)))
    backend.advance(3)
    statuses = {delivery.status for delivery in backend.state.deliveries.every()}
    assert statuses == {"delivered"}
    assert sorted(listener.asked) == sorted(f"/1{number}" for number in range(80))
    assert backend.state.dispatcher.pending() == 0


def test_a_registration_without_deliveries_ends_at_no_cost(
    make: Callable[..., Backend],
    listener: App,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """None of the retries that others wait for is looked at."""
    looked: list[Any] = []
    listener.statuses = [503]
    backend = make()
    sent = send(backend)
    wait_until(backend.state, lambda: now(backend, sent).attempts)
    monkeypatch.setattr(clock.Timer, "wanted", lambda timer: not looked.append(timer))
    assert backend.state.dispatcher.cancel([("fota-v1", OTHER, "Fota")]) == 0
    assert looked == []
    assert backend.state.dispatcher.cancel([KEY]) == 1
    assert len(looked) == 1
