"""Delivering messages: how many, how soon, what they weigh, and ``advance``."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median, quantiles
from threading import Thread
from time import monotonic, perf_counter

import requests
from requests.adapters import HTTPAdapter

from benchmarks import queueing
from benchmarks.queueing import EVENT, MESSAGE
from benchmarks.responder import arrival_s, responding
from benchmarks.rounds import (
    OURS,
    Metric,
    Plan,
    Sample,
    interleave,
    milliseconds,
    show,
)
from mockthingspace import MockThingSpace
from mockthingspace.backend.delivery.transport import HEADERS

ACCOUNT = "0242078689-00001"
LISTENERS, MESSAGES, TIMES = 16, 3_200, 300
CROWD, PENDING = 500, 5_000
RATE = Metric("messages/s", more_is_better=True, decimals=0)
SOON = (Metric("p50 us", decimals=0), Metric("p99 us", decimals=0))
WEIGHT = (
    Metric("bytes each", decimals=0, compared=False),
    Metric("threads", decimals=0, compared=False),
)
TAKES = Metric("ms", decimals=0)


def _ours(urls: Sequence[str]) -> Sample:
    """Send out what is queued, an account for each listener, until all is there."""
    with queueing.backend() as backend:
        queueing.deliver(backend, urls, LISTENERS)  # connects
        spent = queueing.deliver(backend, urls, MESSAGES)
    return {RATE.name: MESSAGES / spent}


def _session(listeners: int = LISTENERS) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", HTTPAdapter(pool_connections=listeners))
    return session


def _pending(urls: Sequence[str]) -> Sample:
    """Send out what is pending for many listeners, none of them known before."""
    with queueing.backend() as backend:
        return {TAKES.name: queueing.deliver(backend, urls, PENDING) * 1000}


def _posted_to(urls: Sequence[str]) -> Sample:
    """POST as many messages through one session, one after another."""
    with _session(len(urls)) as session:

        def post() -> None:
            for number in range(PENDING):
                url = urls[number % len(urls)]
                session.post(url, MESSAGE % number, headers=HEADERS)

        return {TAKES.name: milliseconds(post)}


def _bare(urls: Sequence[str], threads: int) -> Sample:
    """POST through one session a thread, each to its share of the listeners."""
    each = MESSAGES // threads

    def post(session: requests.Session, mine: Sequence[str], messages: int) -> None:
        for number in range(messages):
            url, body = mine[number % len(mine)], MESSAGE % number
            request = requests.Request("POST", url, HEADERS, data=body)
            session.send(request.prepare(), allow_redirects=False).raise_for_status()

    shares = [(_session(), urls[at::threads]) for at in range(threads)]
    for session, mine in shares:
        post(session, mine, len(mine))  # connects
    workers = [Thread(target=post, args=(*share, each)) for share in shares]
    began = perf_counter()
    for worker in workers:
        worker.start()
    for item in workers:
        item.join()
    spent = perf_counter() - began
    for session, _ in shares:
        session.close()
    return {RATE.name: each * threads / spent}


def _fresh(urls: Sequence[str]) -> Sample:
    """POST on a new connection each."""
    began = perf_counter()
    for number in range(MESSAGES // 4):
        url, body = urls[number % len(urls)], MESSAGE % number
        requests.post(url, body, headers=HEADERS, timeout=5)
    return {RATE.name: MESSAGES // 4 / (perf_counter() - began)}


def _soon(call: Callable[[], float]) -> Sample:
    """Say how long a message is on its way: the middle and nearly the slowest."""
    call()
    spent = [call() * 1e6 for _ in range(TIMES)]
    return {"p50 us": median(spent), "p99 us": quantiles(spent, n=100)[-1]}


def _triggered(thingspace: MockThingSpace) -> float:
    began = monotonic()
    [made] = thingspace.trigger(EVENT, ACCOUNT)
    done = thingspace.wait_for_delivery(since=made.seq - 1)
    return arrival_s(done.attempts[-1].reply) - began


def _posted(session: requests.Session, url: str) -> float:
    began = monotonic()
    reply = session.post(url, MESSAGE % 0, headers=HEADERS)
    return arrival_s(reply.content) - began


def _rates(urls: Sequence[str], plan: Plan) -> None:
    for some in (urls[:1], urls):
        subjects = {
            OURS: partial(_ours, some),
            "limit: requests.Session": partial(_bare, some, 1),
            "a session and a thread each": partial(_bare, some, len(some)),
            "requests.post: a connection each": partial(_fresh, some),
        }
        if len(some) == 1:
            del subjects["a session and a thread each"]
        show(
            f"{MESSAGES:,} messages to {len(some)} listener(s)",
            interleave(subjects, plan.rounds * 2 - 1),
            [RATE],
        )


def run(plan: Plan) -> None:
    """Deliver to listeners in another process, and to none at all."""
    with responding(CROWD) as urls:
        pending = {
            OURS: partial(_pending, urls),
            "limit: requests.Session": partial(_posted_to, urls),
        }
        show(
            f"{PENDING:,} pending deliveries to {CROWD} listeners",
            interleave(pending, plan.rounds),
            [TAKES],
        )
    with responding(LISTENERS) as urls:
        _rates(urls, plan)
        with MockThingSpace() as thingspace, _session() as session:
            thingspace.register(ACCOUNT, urls[0])
            soon = {
                OURS: lambda: _soon(partial(_triggered, thingspace)),
                "limit: requests.Session": lambda: _soon(
                    partial(_posted, session, urls[0])
                ),
            }
            show(
                "from the trigger to the message's arrival",
                interleave(soon, plan.rounds),
                SOON,
                "handle.trigger: through the admin API, the message is built",
            )
    weights = {
        "queued behind one that failed": [queueing.weigh(1)],
        "each failed once, an account each": [queueing.weigh(queueing.QUEUED)],
    }
    show(f"{queueing.QUEUED:,} pending deliveries", weights, WEIGHT)
    due = {OURS: queueing.advance, "limit: requests.Session": queueing.refused}
    show(
        f"advance(300) over {queueing.DUE:,} retries that are refused",
        interleave(due, plan.rounds),
        [TAKES],
    )
