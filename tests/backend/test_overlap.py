"""A listener that does not answer in time is sent a second attempt meanwhile."""

from collections.abc import Callable, Iterator
from threading import Event, Semaphore

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.core.retry_schedule import SCHEDULES, Schedule

ACCOUNT = "0242078689-00001"
SOON = (0.01, 0.02)
OVERLAP_S = 0.06


class Scripted:
    """A WSGI listener that answers each call when, and as, the test says."""

    def __init__(self) -> None:
        self.came = Semaphore(0)
        self.calls: list[Event] = [Event() for _ in range(3)]
        self.statuses = ["200 OK"] * 3
        self.count = 0

    def __call__(self, environ: dict, start_response: Callable) -> list[bytes]:
        """Wait for the test, and answer what it said."""
        number, self.count = self.count, self.count + 1
        self.came.release()
        assert self.calls[number].wait(5)
        start_response(self.statuses[number], [])
        return []

    def answer(self, number: int, status: str) -> None:
        """Let one call be answered."""
        self.statuses[number] = status
        self.calls[number].set()


@pytest.fixture
def listener() -> Scripted:
    """The listener under the test's control."""
    return Scripted()


@pytest.fixture
def backend(
    listener: Scripted, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MockThingSpace]:
    """A server whose second attempt comes soon, registered and triggered."""
    quick = Schedule((SOON,), overlap_s=OVERLAP_S)
    monkeypatch.setitem(SCHEDULES, "observed", quick)
    origin = "http://listener.example"
    with MockThingSpace(
        clock="real", retries="observed", deliver_to={origin: listener}
    ) as made:
        made.register(ACCOUNT, origin)
        made.trigger("Fota.upgradeProgress", ACCOUNT)
        yield made


def test_an_advance_waits_for_the_second_attempt(
    listener: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves on when the second is due, and returns when both are answered."""
    quick = Schedule((SOON,), overlap_s=OVERLAP_S)
    monkeypatch.setitem(SCHEDULES, "observed", quick)

    def answer_late(environ: dict, start_response: Callable) -> list[bytes]:
        if listener.came.acquire(blocking=False):  # it is the second
            listener.calls[1].wait(3 * OVERLAP_S)  # nobody sets it
            listener.calls[0].set()
        else:
            listener.came.release()
            assert listener.calls[0].wait(5)
        start_response("200 OK", [])
        return []

    origin = "http://listener.example"
    with MockThingSpace(
        clock="manual", retries="observed", deliver_to={origin: answer_late}
    ) as server:
        server.register(ACCOUNT, origin)
        server.trigger("Fota.upgradeProgress", ACCOUNT)
        server.advance(seconds=60)
        assert _codes(server) == ("delivered", [200, 200])


def _codes(server: MockThingSpace) -> tuple[str, list[int | None]]:
    [delivery] = server.deliveries()
    return delivery.status, [attempt.status_code for attempt in delivery.attempts]


def test_the_second_attempt_overlaps_the_first(backend, listener):
    """It is sent while the first still runs; whichever is taken delivers."""
    assert listener.came.acquire(timeout=5)
    assert listener.came.acquire(timeout=5)
    listener.answer(1, "200 OK")
    backend.wait_for_delivery(ACCOUNT)
    listener.answer(0, "200 OK")
    backend.wait_until_idle()

    assert _codes(backend) == ("delivered", [200, 200])


def test_the_first_answer_decides_where_the_second_was_refused(backend, listener):
    """A refusal of the second attempt waits for what comes of the first."""
    for _ in range(2):
        assert listener.came.acquire(timeout=5)
    listener.answer(1, "503 Busy")
    backend.wait_for_delivery(ACCOUNT, attempts=1)
    pending = _codes(backend)
    listener.answer(0, "503 Busy")
    backend.wait_until_idle()

    assert pending == ("pending", [503])
    assert _codes(backend) == ("abandoned", [503, 503])


def test_there_is_no_third_attempt(backend, listener):
    """A slow second attempt is not overlapped by another."""
    listener.answer(0, "503 Busy")
    for _ in range(2):
        assert listener.came.acquire(timeout=5)
    assert not listener.came.acquire(timeout=2 * OVERLAP_S)
    listener.answer(1, "200 OK")
    backend.wait_for_delivery(ACCOUNT)

    assert _codes(backend) == ("delivered", [503, 200])
