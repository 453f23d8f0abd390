"""``requests``: the journal of exchanges, with WireMock's keys."""

from collections.abc import Callable
from typing import Any

from flask import Response

from mockthingspace import matching, patterns, rendering
from mockthingspace.admin.asking import document, filters, known, number
from mockthingspace.double import current
from mockthingspace.errors import AdminError
from mockthingspace.model import Exchange
from mockthingspace.views import json_response

LONGEST_WAIT_S = 600
_FILTERS = ("account", "family", "operation", "status", "since", "limit")


def every() -> Response:
    """Show those that match the filters, oldest first; ``wait_s`` waits for one."""
    return _waiting(filters(*_FILTERS, "wait_s"), lambda _: True)


def unmatched() -> Response:
    """Show those that nothing serves; ``wait_s`` waits for one."""
    given = filters("account", "since", "limit", "wait_s")
    return _waiting(given, lambda one: not one.matched)


def _waiting(given: dict[str, str], keep: Callable[[Exchange], bool]) -> Response:
    """Show what the filters find, once there is something or ``wait_s`` is over."""
    wait_s = min(number(given, "wait_s"), LONGEST_WAIT_S)
    found = current().state.journal.wait_for(
        lambda: [one for one in _select(given) if keep(one)], wait_s
    )
    return _shown(found, given)


def one(seq: int) -> Response:
    """Show one, by its number."""
    for exchange in current().state.journal.every():
        if exchange.seq == seq:
            return json_response(rendering.document(exchange))
    raise AdminError("unknown_request", f"the journal has no request {seq}", 404)


def remove() -> Response:
    """Forget those that match the filters; say how many."""
    going = {one.seq for one in _select(filters(*_FILTERS[:-1]))}
    removed = current().state.journal.remove(lambda one: one.seq in going)
    return json_response({"removed": removed})


def find() -> Response:
    """Show those that match a pattern."""
    exchanges, wanted = _pattern()
    return _shown([one for one in exchanges if matching.matches(one, wanted)], {})


def count() -> Response:
    """Count those that match a pattern."""
    exchanges, wanted = _pattern()
    found = sum(matching.matches(one, wanted) for one in exchanges)
    return json_response({"count": found, **_meta(found)})


def near_misses() -> Response:
    """Show the three that come nearest to a pattern, and how each differs."""
    exchanges, wanted = _pattern()
    missed = matching.near_misses(exchanges, wanted)
    return json_response({"nearMisses": [_near_miss(one) for one in missed]})


def _pattern() -> tuple[list[Exchange], list[matching.Criterion]]:
    pattern = document()
    since = number(pattern, "since")
    pattern.pop("since", None)
    known(pattern)
    return _since(since), patterns.criteria(pattern)


def _since(seq: int) -> list[Exchange]:
    return [one for one in current().state.journal.every() if one.seq > seq]


def _select(given: dict[str, str]) -> list[Exchange]:
    pattern: dict[str, Any] = dict(given)
    since = number(pattern, "since")
    for name in ("since", "limit", "wait_s"):
        pattern.pop(name, None)
    if "status" in pattern:
        pattern["status"] = number(pattern, "status")
    known(pattern)
    wanted = patterns.criteria(pattern)
    return [one for one in _since(since) if matching.matches(one, wanted)]


def _shown(exchanges: list[Exchange], given: dict[str, str]) -> Response:
    limit = number(given, "limit") if "limit" in given else len(exchanges)
    last = exchanges[max(len(exchanges) - limit, 0) :]
    shown = [rendering.document(one) for one in last]
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


def _near_miss(miss: matching.NearMiss) -> dict[str, Any]:
    return {
        "request": rendering.document(miss.exchange),
        "matchResult": {"distance": round(miss.distance, 3)},
        "differences": [one._asdict() for one in miss.differences],
    }
