"""Deliveries that are queued in a server without its admin API."""

import gc
import threading
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event

import requests

from benchmarks.peers import free_port
from benchmarks.rounds import Sample, milliseconds
from mockthingspace import Settings, create_app
from mockthingspace.backend.backend import Backend
from mockthingspace.core.models import Delivery
from mockthingspace.server.http.current import EXTENSION

EVENT = "Fota.upgradeFinished"
MESSAGE = b'{"type":"upgradeFinished","number":%d,"more":"' + b"x" * 700 + b'"}'
QUEUED, DUE = 10_000, 1_000
LATE_S = 120.0


@contextmanager
def backend() -> Iterator[Backend]:
    """Make a server on a clock that stands."""
    app = create_app(Settings(clock="manual"))
    made: Backend = app.extensions[EXTENSION]
    try:
        yield made
    finally:
        made.close()


def delivery(made: Backend, number: int, urls: Sequence[str]) -> Delivery:
    """Return a delivery to one of these URLs, each of which has its account."""
    return Delivery(
        id="",
        seq=0,
        family="fota-v1",
        account=f"{number % len(urls):010d}-00001",
        service="Fota",
        event=EVENT,
        url=urls[number % len(urls)],
        message=MESSAGE % number,
        trigger="event",
        due_at=made.clock.now(),
    )


def keep(made: Backend, urls: Sequence[str], messages: int) -> list[Delivery]:
    """Queue messages, for each URL an account of its own, in turn."""
    deliveries = [delivery(made, number, urls) for number in range(messages)]
    return [
        kept
        for each in deliveries
        for kept in made.state.dispatcher.enqueue([each], lambda: True)
    ]


def deliver(made: Backend, urls: Sequence[str], messages: int) -> float:
    """Send messages out and return the seconds until all of them were taken."""
    kept, tick = keep(made, urls, messages), Event()
    dispatcher = made.state.dispatcher

    def all_there() -> None:
        dispatcher.dispatch(kept)
        while dispatcher.pending():
            tick.wait(0.002)

    spent = milliseconds(all_there) / 1000
    ends = {delivery.status for delivery in made.state.deliveries.every()}
    if ends != {"delivered"}:
        raise RuntimeError(f"the deliveries are {ends}")
    return spent


def weigh(accounts: int) -> Sample:
    """Say what pending deliveries weigh, each account's first one refused."""
    urls = _refusing(accounts)
    with backend() as made:
        gc.collect()
        tracemalloc.start()
        try:
            _go(made, urls, QUEUED)
            gc.collect()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return {"bytes each": held / QUEUED, "threads": threading.active_count()}


def advance() -> Sample:
    """Say how long a server takes over retries of as many accounts."""
    with backend() as made:
        _go(made, _refusing(DUE), DUE)
        made_now: list[int] = []
        spent = milliseconds(lambda: made_now.append(len(made.advance(300))))
    if made_now != [DUE]:
        raise RuntimeError(f"{made_now} attempts were made")
    return {"ms": spent}


def refused() -> Sample:
    """Say how long as many refusals take a session."""
    with requests.Session() as session:
        session.trust_env = False
        [url] = _refusing(1)

        def post() -> None:
            for number in range(DUE):
                with suppress(requests.ConnectionError):
                    session.post(url, MESSAGE % number)

        return {"ms": milliseconds(post)}


def _refusing(urls: int) -> list[str]:
    return [f"http://127.0.0.1:{free_port()}/callbacks"] * urls


def _go(made: Backend, urls: Sequence[str], messages: int) -> None:
    made.state.dispatcher.dispatch(keep(made, urls, messages))
    if not made.wait_until_idle(LATE_S):
        raise RuntimeError("the first attempts do not end")
