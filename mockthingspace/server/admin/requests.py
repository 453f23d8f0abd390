"""``requests``: the journal of exchanges, with WireMock's keys."""

from collections.abc import Callable
from typing import Any

from flask import Response

from mockthingspace.core import serializers
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.matching import criteria, request_patterns
from mockthingspace.core.models import Exchange
from mockthingspace.server.admin.common import (
    LONGEST_WAIT_S,
    block,
    document,
    filters,
    last,
    number,
    with_known_account,
)
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current

Show = Callable[[Exchange], dict[str, Any]]
_FILTERS = ("account", "family", "operation", "status", "since", "limit")


def every() -> Response:
    """Show those that match the filters, oldest first; ``wait_s`` waits for one."""
    return _waiting(filters(*_FILTERS, "wait_s"), lambda _: True)


def unmatched() -> Response:
    """Show those that nothing serves; ``wait_s`` waits for one."""
    given = filters("account", "since", "limit", "wait_s")
    return _waiting(given, lambda exchange: not exchange.matched, serializers.logged)


def _waiting(
    given: dict[str, str],
    keep: Callable[[Exchange], bool],
    show: Show = serializers.document,
) -> Response:
    """Show what the filters find, once there is something or ``wait_s`` is over."""
    state = current().state
    matches = _filter(given)

    def found() -> list[Exchange]:
        every = _journal()  # the current one, as a reset ends a wait
        return [exchange for exchange in every if matches(exchange) and keep(exchange)]

    def met(item: object) -> bool:
        return isinstance(item, Exchange) and matches(item) and keep(item)

    if wait_s := min(number(given, "wait_s"), LONGEST_WAIT_S):
        block(state.notifier, met, lambda: bool(found()), wait_s)
    return _listing(found(), given, show)


def one(seq: int) -> Response:
    """Show one, by its number."""
    return json_response(serializers.document(_numbered(seq)))


def remove() -> Response:
    """Forget those that match the filters; say how many."""
    matches = _filter(filters(*_FILTERS[:-1]))
    going = {exchange.seq for exchange in _journal() if matches(exchange)}
    removed = current().state.journal.remove(lambda exchange: exchange.seq in going)
    return json_response({"removed": removed})


def _numbered(seq: int) -> Exchange:
    for exchange in _journal():
        if exchange.seq == seq:
            return exchange
    raise AdminError("unknown_request", f"the journal has no request {seq}", 404)


def find() -> Response:
    """Show those that match a pattern."""
    return _listing(_matching(), {}, serializers.logged)


def _matching() -> list[Exchange]:
    exchanges, wanted = _pattern()
    return [exchange for exchange in exchanges if criteria.matches(exchange, wanted)]


def count() -> Response:
    """Count those that match a pattern."""
    found = len(_matching())
    return json_response({"count": found, **_meta(found)})


def near_misses() -> Response:
    """Show the three that come nearest to a pattern, and how each differs."""
    exchanges, wanted = _pattern()
    missed = criteria.near_misses(exchanges, wanted)
    shown = [_near_miss(item) for item in missed]
    meta = {"held": current().state.pauses.held}
    return json_response({"nearMisses": shown, "meta": meta})


def _pattern() -> tuple[list[Exchange], list[criteria.Criterion]]:
    pattern = document()
    since = number(pattern, "since")
    pattern.pop("since", None)
    with_known_account(pattern)
    exchanges = [exchange for exchange in _journal() if exchange.seq > since]
    return exchanges, request_patterns.criteria(pattern)


def _journal() -> list[Exchange]:
    return current().state.journal.every()


def _filter(given: dict[str, str]) -> Callable[[Exchange], bool]:
    """Return what says whether an exchange matches filters."""
    pattern: dict[str, Any] = dict(given)
    since = number(pattern, "since")
    for name in ("since", "limit", "wait_s"):
        pattern.pop(name, None)
    if "status" in pattern:
        pattern["status"] = number(pattern, "status")
    with_known_account(pattern)
    wanted = request_patterns.criteria(pattern)

    def matches(exchange: Exchange) -> bool:
        return exchange.seq > since and criteria.matches(exchange, wanted)

    return matches


def _listing(exchanges: list[Exchange], given: dict[str, str], show: Show) -> Response:
    shown = [show(item) for item in last(exchanges, given)]
    return json_response({"requests": shown, **_meta(len(exchanges))})


def _meta(total: int) -> dict[str, Any]:
    journal = current().state.journal
    return {
        "meta": {
            "total": total,
            "evicted": journal.evicted,
            "last_seq": current().sequence.last,
        },
        "requestJournalDisabled": False,
    }


def _near_miss(miss: criteria.NearMiss) -> dict[str, Any]:
    return {
        "request": serializers.logged(miss.exchange),
        "matchResult": {"distance": round(miss.distance, 3)},
        "differences": [difference._asdict() for difference in miss.differences],
    }
