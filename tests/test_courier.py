"""Messages are delivered in order, again when refused, and never after a reset."""

from collections.abc import Callable, Iterator
from threading import Event
from threading import enumerate as threads
from typing import Any

import pytest

from mockthingspace.app import create_app
from mockthingspace.double import EXTENSION, Double
from mockthingspace.families import FAMILIES
from mockthingspace.model import Delivery, Registration
from mockthingspace.settings import Settings
from mockthingspace.triggering import resend, trigger

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
HERE = "http://listener.example"
LANE = ("fota-v1", ACCOUNT, "Fota")
WAIT_S = 5
STEP = 0.001


class App:
    """A listener: answers with the next status, or waits to be let go on."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.asked: list[str] = []
        self.hangs_on: str | None = None
        self.begun, self.released = Event(), Event()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        """Answer a message."""
        path = environ["PATH_INFO"]
        self.asked.append(path + environ["wsgi.input"].read().decode())
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
    assert [one for one in threads() if "mockthingspace-" in one.name] == []


def registration(double: Double, account: str) -> Registration:
    """Return a registration of an account, with its path of the listener."""
    url = f"{HERE}/{account[-1]}"
    return Registration("fota-v1", account, "Fota", url, None, None, double.clock.now())


def send(double: Double, message: Any = 1, account: str = ACCOUNT) -> Delivery:
    """Trigger a message and send it out."""
    wanted = {"event": "Fota.firmwareList", "account": account, "message": message}
    kept = trigger(double, FAMILIES, wanted)
    double.state.courier.go(kept)
    return kept[0]


def now(double: Double, delivery: Delivery) -> Delivery:
    """Return a delivery as it stands now."""
    found = double.state.deliveries.get(delivery.id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("profile", "pauses"),
    [("documented", [300, 300, 300]), ("none", []), ("1,2.5", [1, 2.5])],
)
def test_a_refused_message_is_sent_by_its_schedule(
    make: Callable[..., Double], listener: App, profile: str, pauses: list[float]
) -> None:
    """Each attempt comes just after its pause, and after the last it is abandoned."""
    listener.statuses = [503] * 9
    double = make(profile=profile)
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
    double = make(profile="observed")
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
    with double.state.deliveries.changed:
        assert double.state.deliveries.changed.wait_for(
            lambda: now(double, sent).status == "delivered", WAIT_S
        )
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
        assert old.courier.cancel([LANE]) == 2
        assert {one.status for one in old.deliveries.every()} == {"cancelled"}
    else:
        told = double.reset() if how == "reset" else double.reset_account(ACCOUNT)
        assert (told["deliveries"], told["cancelled"]) == (2, 2)
    double.advance(3600)
    assert (listener.asked, old.courier.pending()) == (["/11"], 0)


@pytest.mark.parametrize("how", ["reset", "reset_account"])
def test_an_answer_after_a_reset_is_stale(
    make: Callable[..., Double], listener: App, how: str
) -> None:
    """It is recorded as late, and the next test's list does not have it."""
    listener.hangs_on = "/1"
    double = make()
    send(double)
    assert listener.begun.wait(WAIT_S)
    old = double.state
    getattr(double, how)(*([ACCOUNT] if how == "reset_account" else []))
    listener.released.set()
    with old.deliveries.changed:
        assert old.deliveries.changed.wait_for(old.courier.idle, WAIT_S)
    [late] = double.late
    assert ("stale", 200) == (late.status, late.attempts[0].status_code)
    assert double.state.deliveries.every() == []


def test_a_closed_courier_takes_nothing_on(
    make: Callable[..., Double], listener: App
) -> None:
    """A request that began before a reset sends nothing after it."""
    double = make()
    sent = double.state.courier
    model = send(double)
    double.advance(0)
    double.reset()
    kept = sent.keep(model)
    sent.go([kept])
    assert ("cancelled", ["/11"], True) == (kept.status, listener.asked, sent.closed)


def test_an_abandoned_message_can_be_sent_again(
    make: Callable[..., Double], listener: App
) -> None:
    """A new delivery has the same message and a schedule of its own."""
    listener.statuses = [500]
    double = make(profile="none")
    sent = send(double)
    double.advance(0)
    again = resend(double, sent.id)
    double.state.courier.go([again])
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


def test_an_attempt_cancelled_before_a_worker_comes_to_it_is_not_made(
    make: Callable[..., Double], listener: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for a worker is recalled like what waits for its turn."""
    double = make()
    waiting: list[Callable[[], None]] = []

    class Busy:
        """Workers that come to what they are given when the test says."""

        def submit(self, attempt: Callable[..., None], *given: Any) -> None:
            """Keep an attempt for later."""
            waiting.append(lambda: attempt(*given))

    with monkeypatch.context() as patched:
        patched.setattr(double.means, "workers", Busy())
        sent = send(double)
        cancelled = double.state.courier.cancel([sent.lane])
        waiting[0]()

    after = now(double, sent)
    assert (1, "cancelled", ()) == (cancelled, after.status, after.attempts)
    assert double.state.courier.idle()
