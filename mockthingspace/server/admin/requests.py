"""``requests``: the journal of exchanges, with WireMock's keys."""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from flask import Response

from mockthingspace.apis import APIS
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
from mockthingspace.server.http.unmatched import nearest_operations

MOST_LOOKED_AT = 100
Show = Callable[[Exchange], dict[str, Any]]
_LOGGED = (
    *("method", "url", "absoluteUrl", "headers", "body", "clientIp", "cookies"),
    *("queryParams", "queryParameters", "basicAuthCredentials", "bodyAsBase64"),
    *("browserProxyRequest", "loggedDate", "loggedDateString"),
)
_FILTERS = ("account", "family", "operation", "status", "since", "limit")


def every() -> Response:
    """Show those that match the filters, oldest first; ``wait_s`` waits for one."""
    return _waiting(filters(*_FILTERS, "wait_s"), lambda _: True)


def unmatched() -> Response:
    """Show those that nothing serves; ``wait_s`` waits for one."""
    given = filters("account", "since", "limit", "wait_s")
    return _waiting(given, lambda exchange: not exchange.matched, serializers.logged)


def near_operations() -> Response:
    """Show for each that nothing serves the three operations that come nearest.

    Of the last hundred such requests, as looking takes a while.
    """
    found = [
        exchange
        for exchange in _select(filters("account", "since"))
        if not exchange.matched
    ]
    near: list[dict[str, Any]] = []
    for exchange in found[-MOST_LOOKED_AT:]:
        path = serializers.raw_path(exchange)
        near += _near_operations(serializers.logged(exchange), exchange.method, path)
    return json_response({"nearMisses": near})


def near_operations_of_one() -> Response:
    """Show the three operations that come nearest to a request as it is shown.

    The request is repeated without its secrets, and without its body in Base64.
    """
    asked = document()
    if unknown := asked.keys() - set(_LOGGED):
        raise AdminError(
            "unknown_key",
            f"unknown key {min(unknown)!r}; a request has {', '.join(_LOGGED)}",
        )
    for name in ("method", "url"):
        if not isinstance(asked.get(name), str):
            raise AdminError("invalid_pattern", f"{name}: must be a string")
    path = asked["url"].partition("?")[0]
    near = _near_operations(serializers.request_document(asked), asked["method"], path)
    return json_response({"nearMisses": near})


def _near_operations(
    shown: dict[str, Any], method: str, path: str
) -> list[dict[str, Any]]:
    return [
        {
            "request": shown,
            "requestPattern": {
                "method": operation.operation.method,
                "url": operation.path,
                "urlPathTemplate": operation.template,
            },
            "matchResult": {"distance": round(operation.distance, 3)},
            "family": operation.family.name,
            "operation": operation.operation.name,
        }
        for operation in nearest_operations(APIS, method, path)[: criteria.NEAREST]
    ]


def _waiting(
    given: dict[str, str],
    keep: Callable[[Exchange], bool],
    show: Show = serializers.document,
) -> Response:
    """Show what the filters find, once there is something or ``wait_s`` is over."""
    state = current().state
    matches = _filter(given)

    def found() -> list[Exchange]:
        every = current().state.journal.every()  # a reset ends a wait
        return [exchange for exchange in every if matches(exchange) and keep(exchange)]

    def met(item: object) -> bool:
        return isinstance(item, Exchange) and matches(item) and keep(item)

    if wait_s := min(number(given, "wait_s"), LONGEST_WAIT_S):
        block(state.notifier, met, lambda: bool(found()), wait_s)
    return _listing(found(), given, show)


def one(seq: int) -> Response:
    """Show one, by its number."""
    return json_response(serializers.document(_numbered(seq)))


def remove_one(seq: int) -> Response:
    """Forget one, by its number."""
    return _removed([_numbered(seq)])


def remove() -> Response:
    """Forget those that match the filters; say how many."""
    return _removed(_select(filters(*_FILTERS[:-1])))


def remove_all() -> Response:
    """Forget them all; say how many."""
    return _removed(current().state.journal.every())


def remove_found() -> Response:
    """Forget those that match a pattern; show them."""
    found = _matching()
    shown = [serializers.logged(item) for item in found]
    removed = _forget(found)
    return json_response({"requests": shown, "removed": removed})


def _numbered(seq: int) -> Exchange:
    for exchange in current().state.journal.every():
        if exchange.seq == seq:
            return exchange
    raise AdminError("unknown_request", f"the journal has no request {seq}", 404)


def _removed(found: list[Exchange]) -> Response:
    return json_response({"removed": _forget(found)})


def _forget(found: list[Exchange]) -> int:
    going = {item.seq for item in found}
    return current().state.journal.remove(lambda item: item.seq in going)


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
    return _since(since), request_patterns.criteria(pattern)


def _since(seq: int) -> list[Exchange]:
    return [
        exchange for exchange in current().state.journal.every() if exchange.seq > seq
    ]


def _select(given: dict[str, str]) -> list[Exchange]:
    matches = _filter(given)
    every = current().state.journal.every()
    return [exchange for exchange in every if matches(exchange)]


def _filter(given: dict[str, str]) -> Callable[[Exchange], bool]:
    """Return what says whether an exchange matches filters."""
    pattern: dict[str, Any] = dict(given)
    since = _start(pattern)
    for name in ("since", "limit", "wait_s"):
        pattern.pop(name, None)
    if "status" in pattern:
        pattern["status"] = number(pattern, "status")
    with_known_account(pattern)
    wanted = request_patterns.criteria(pattern)

    def matches(exchange: Exchange) -> bool:
        return exchange.seq > since and criteria.matches(exchange, wanted)

    return matches


def _start(given: Mapping[str, Any]) -> int:
    """Return the ``seq`` that ``since`` means; it may be an instant too."""
    since = str(given.get("since", ""))
    if "T" not in since:
        return number(given, "since")
    try:
        instant = datetime.fromisoformat(since.replace("Z", "+00:00"))
    except ValueError as error:
        raise AdminError("invalid_filter", f"since: {error}") from error
    instant = instant if instant.tzinfo else instant.replace(tzinfo=timezone.utc)
    earlier = [exchange for exchange in _since(0) if exchange.arrived_at <= instant]
    return max((item.seq for item in earlier), default=0)


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
