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
    return _waiting(filters(*_FILTERS, "wait_s"))


def unmatched() -> Response:
    """Show those that nothing serves; ``wait_s`` waits for one."""
    given = filters("account", "since", "limit", "wait_s")
    return _waiting(given, lambda exchange: not exchange.matched, serializers.logged)


def _waiting(
    given: dict[str, str],
    keep: Callable[[Exchange], bool] | None = None,
    show: Show = serializers.document,
) -> Response:
    """Show what the filters find, once there is something or ``wait_s`` is over."""
    since, wanted = _filter(given)
    found: list[Exchange] = []

    def matches(exchange: Exchange) -> bool:
        return criteria.matches(exchange, wanted) and (not keep or keep(exchange))

    def look() -> bool:
        """Look through what came since the last time; say whether any is found."""
        nonlocal since
        exchanges = current().state.journal.every(since)  # a reset ends a wait
        since = exchanges[-1].seq if exchanges else since
        found.extend(filter(matches, exchanges) if wanted or keep else exchanges)
        return bool(found)

    def met(item: object) -> bool:
        return isinstance(item, Exchange) and item.seq > since and matches(item)

    if wait_s := min(number(given, "wait_s"), LONGEST_WAIT_S):
        block(current().state.notifier, met, look, wait_s)
    look()
    return _listing(found, given, show)


def one(seq: int) -> Response:
    """Show one, by its number."""
    exchanges = current().state.journal.every(seq - 1)
    if exchanges and exchanges[0].seq == seq:
        return json_response(serializers.document(exchanges[0]))
    raise AdminError("unknown_request", f"the journal has no request {seq}", 404)


def remove() -> Response:
    """Forget those that match the filters; say how many."""
    since, wanted = _filter(filters(*_FILTERS[:-1]))
    journal = current().state.journal
    going = {
        exchange.seq
        for exchange in journal.every(since)
        if criteria.matches(exchange, wanted)
    }
    removed = journal.remove(lambda exchange: exchange.seq in going)
    return json_response({"removed": removed})


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
    exchanges = current().state.journal.every(since)
    return exchanges, request_patterns.criteria(pattern)


def _filter(given: dict[str, str]) -> tuple[int, list[criteria.Criterion]]:
    """Return the number above which filters look, and what they look for."""
    pattern: dict[str, Any] = dict(given)
    since = number(pattern, "since")
    for name in ("since", "limit", "wait_s"):
        pattern.pop(name, None)
    if "status" in pattern:
        pattern["status"] = number(pattern, "status")
    with_known_account(pattern)
    return since, request_patterns.criteria(pattern)


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
