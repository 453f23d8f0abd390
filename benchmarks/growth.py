"""What a large server costs: time per request and bytes per registration."""

from collections.abc import Callable
from typing import Any

from benchmarks import large
from benchmarks.bare import application
from benchmarks.replies import LIST, WANTED
from benchmarks.rounds import (
    HTTPSERVER,
    LIMIT,
    MOTO,
    OURS,
    Metric,
    Plan,
    Sample,
    interleave,
    microseconds,
    show,
)
from mockthingspace import Settings

LITTLE = 100
ONE, MANY, GROWS = "us at 1", "us at many", "grows by"
METRICS = (
    Metric(ONE),
    Metric(MANY),
    Metric(GROWS, decimals=2, compared=False),
    Metric("bytes each", decimals=0),
)


def _pair(
    item: Callable[[], object], many: Callable[[], object], **more: float
) -> Callable[[], Sample]:
    def measure() -> Sample:
        at_one, at_many = microseconds(item), microseconds(many)
        return {ONE: at_one, MANY: at_many, GROWS: at_many / at_one, **more}

    return measure


def run(plan: Plan) -> None:
    """Call each application in this process, with one account and with many."""
    listing: dict[str, Callable[[], Sample]] = {}
    registering: dict[str, Callable[[], Sample]] = {}
    makers = {OURS: large.backend, HTTPSERVER: large.httpserver, MOTO: large.moto}
    wanted: dict[str, Any] = {"method": "POST", "path": LIST, "body": WANTED}
    for name, make in makers.items():
        one, many = large.weighed(make, 1), large.weighed(make, plan.accounts)
        listing[name] = _pair(
            large.caller(one.app, **one.listing),
            large.caller(many.app, **many.listing),
            **{"bytes each": many.bytes_each},
        )
        if name == OURS:
            registering[name] = _pair(
                large.caller(one.app, **wanted), large.caller(many.app, **wanted)
            )
    bare = large.caller(application, path=LIST)
    listing[LIMIT] = lambda: {ONE: microseconds(bare)}
    show(
        f"one listing in process, 1 and {plan.accounts:,} accounts",
        interleave(listing, plan.rounds),
        METRICS,
        "pytest-httpserver: an expected request for each account; "
        "moto: a topic for each, GetTopicAttributes of one",
        "a constant reply has no accounts",
    )
    show(
        f"one registration in process, 1 and {plan.accounts:,} accounts",
        interleave(registering, plan.rounds),
        METRICS[:3],
        "the peers keep nothing of it, or something else",
    )
    little, full = large.busy(LITTLE), large.busy(Settings().journal_limit)
    last: dict[str, Callable[[], Sample]] = {
        path: _pair(
            large.caller(little, path=f"/__admin/{path}", query_string="limit=10"),
            large.caller(full, path=f"/__admin/{path}", query_string="limit=10"),
        )
        for path in ("requests", "timeline", "deliveries")
    }
    show(
        f"the last ten in process, of {LITTLE} of each and of a full journal",
        interleave(last, plan.rounds),
        [Metric(ONE, compared=False), Metric(MANY, compared=False), METRICS[2]],
    )
