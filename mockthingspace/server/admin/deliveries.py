"""``events`` and ``deliveries``: trigger messages, see what came of them, wait."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from threading import Event
from typing import Any

from flask import Response, request

from mockthingspace.apis import APIS
from mockthingspace.backend.actions import how_it_ends, named
from mockthingspace.backend.backend import Backend, BackendState
from mockthingspace.backend.store.deliveries import Forgotten
from mockthingspace.backend.triggers import catalogue, resend, trigger
from mockthingspace.core import serializers
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.matching.criteria import near_misses
from mockthingspace.core.matching.failure_reports import (
    Scene,
    delivery_criteria,
    expected,
    undelivered,
)
from mockthingspace.core.models import STATUSES, Delivery, Exchange
from mockthingspace.core.monotonic import monotonic
from mockthingspace.core.redaction import value_without_secrets
from mockthingspace.core.sources import date_of
from mockthingspace.core.waiting import holding
from mockthingspace.server.admin import schemas
from mockthingspace.server.admin.common import (
    Given,
    error_response,
    filters,
    last,
    matching,
    number,
    with_known_account,
)
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current
from mockthingspace.spec.events import ECHOES, Field
from mockthingspace.spec.events import Event as MessageEvent

_EXACT = ("account", "family", "service", "event", "status")
_FILTERS = (*_EXACT, "since", "limit")
DELIVERIES = ("delivery", "deliveries")
_TRIGGER, _WAIT = schemas.TriggerRequest(), schemas.DeliveryWait()
_FILTER, _IDLE_WAIT = schemas.DeliveryFilter(), schemas.IdleWait()


def events() -> Response:
    """Show the events that can be triggered, each field with evidence and source."""
    given = with_known_account(filters("family", "service"))
    there = catalogue(APIS, current().state)
    shown = [_event(family, event) for family, event in there.values()]
    matching = [
        item
        for item in shown
        if all(item[name] == value for name, value in given.items())
    ]
    return json_response({"events": matching})


def every() -> Response:
    """Show the deliveries that match the filters, oldest first."""
    backend = current()
    given = _checked(backend, filters(*_FILTERS))
    deliveries = backend.state.deliveries.every()
    if given.get("status") == "stale":
        deliveries = [*backend.late, *deliveries]
    exact = {name: given[name] for name in _EXACT if name in given}
    since = number(given, "since")
    if exact or since:
        deliveries = [*filter(_matching(exact, since), deliveries)]
    return _listing(backend, last(deliveries, given), len(deliveries))


def one(identity: str) -> Response:
    """Show one delivery with all its attempts."""
    found = current().state.deliveries.get(identity)
    if found is None:
        raise AdminError("unknown_delivery", f"there is no delivery {identity}", 404)
    return json_response(serializers.delivery(found))


def add() -> Response:
    """Trigger an event; 202 and the deliveries made, which go out after this reply."""
    backend = current()
    wanted = with_known_account(schemas.loaded(_TRIGGER))
    return _going(backend, trigger(backend, APIS, wanted, request.host_url))


def again(identity: str) -> Response:
    """Send a delivery's message again; 202 and the new delivery."""
    backend = current()
    return _going(backend, [resend(backend, identity, request.host_url)])


def wait() -> Response:
    """Block until matching deliveries are there: 200, or 408 with what came.

    On a clock that stands, time moves to what is due, unless ``advance`` is false.
    """
    backend = current()
    state = backend.state
    wanted = _checked(backend, schemas.loaded(_WAIT))
    moved = backend if wanted["advance"] else None
    attempts = wanted.get("attempts") or 0
    matches = _matching(_exact(wanted), wanted["since"], attempts)
    found = _come(state, matches, wanted["count"], wanted["timeout_s"], moved)
    if len(found) >= wanted["count"]:
        return _listing(backend, found, len(found))
    deliveries = state.deliveries.every()
    recent = [*filter(_matching({}, wanted["since"]), deliveries)][-10:]
    told = {"error": "timed_out", "message": _unmet(wanted, backend, state)}
    shown = [serializers.delivery(item) for item in recent]
    return json_response({**told, "deliveries": shown}, 408)


def _come(
    state: BackendState,
    matching: Callable[[Delivery], bool],
    count: int,
    timeout_s: float,
    moved: Backend | None = None,
) -> list[Delivery]:
    """Wait for so many deliveries that match; return those that did at that moment.

    Each delivery is looked at when it changes, so a wait costs the same however
    many there are.

    In real time. The clock of ``moved`` moves to what is due next whenever nothing else
    brings more; the wait ends where nothing is due.
    """
    until = monotonic() + timeout_s
    deliveries = state.deliveries
    matched: dict[str, Delivery] = {}
    over, quiet = Event(), Event()

    def met(item: object) -> bool:
        if len(matched) >= count:
            return True  # what changes after that moment changes nothing
        if isinstance(item, Delivery) and matching(item):
            matched[item.id] = item
        elif isinstance(item, Delivery | Forgotten):
            matched.pop(item.id, None)
        if moved and not isinstance(item, Exchange) and moved.quiet(state):
            quiet.set()
        return quiet.is_set() or len(matched) >= count

    def moves_on() -> bool:
        """Move the clock if that may bring more; say whether to go on waiting."""
        short = len(matched) < count and monotonic() < until
        stands = short and quiet.is_set()
        quiet.clear()
        over.clear()
        closed = state.dispatcher.closed  # that ended the wait, and is not told again
        return stands and not closed and bool(moved and moved.skip(state))

    with state.notifier.watching(met, over):
        with deliveries.lock:  # nothing changes while they are looked at
            found = {each.id: each for each in filter(matching, deliveries.every())}
            matched.clear()
            matched.update(found)
        with holding(request.environ, over) as gone:
            waiting = True
            while waiting:
                if not (gone() or met(None)):
                    over.wait(until - monotonic())
                waiting = not gone() and moves_on()
    with deliveries.lock:
        return sorted(matched.values(), key=lambda delivery: delivery.seq)


def nearest() -> Response:
    """Show the three that come nearest, how each differs, and all of it in words."""
    backend = current()
    wanted = _checked(backend, schemas.loaded(_FILTER))
    scene = _scene(wanted, backend, backend.state)
    asked, count = _criteria_of(wanted), wanted["count"]
    there = [*filter(_matching({}, wanted["since"]), scene.deliveries)]
    shown = [
        {
            "delivery": serializers.delivery(delivery.exchange),
            "matchResult": {"distance": round(delivery.distance, 3)},
            "differences": [each._asdict() for each in delivery.differences],
        }
        for delivery in near_misses(there, delivery_criteria(asked))
    ]
    heading = f"expected {expected(count, *DELIVERIES)}"
    message = undelivered(heading, count, asked, scene)
    return json_response({"nearMisses": shown, "message": message})


def wait_until_idle() -> Response:
    """Block until no attempt is under way or due: 200, or 408."""
    wanted = with_known_account(schemas.loaded(_IDLE_WAIT))
    timeout_s = wanted["timeout_s"]
    over = Event()
    with holding(request.environ, over):
        idle = current().wait_until_idle(timeout_s, wanted.get("account"), over)
    if idle:
        return json_response({"idle": True})
    return error_response(
        "timed_out", f"attempts were still under way after {timeout_s:g} s", 408
    )


def _checked(backend: Backend, given: Given) -> Given:
    there = catalogue(APIS, backend.state)
    return with_known_account(given, status=STATUSES, event=there)


def _unmet(wanted: Mapping[str, Any], backend: Backend, state: BackendState) -> str:
    """Say what was awaited, what came instead, and what is still to come."""
    count = wanted["count"]
    heading = f"waited {wanted['timeout_s']:g} s for {expected(count, *DELIVERIES)}"
    if state.dispatcher.closed:
        during = "the server was reset or stopped during the wait"
        heading = f"{during} for {expected(count, *DELIVERIES)}"
    elif backend.exhausted(state):
        heading = f"waited for {expected(count, *DELIVERIES)}, and nothing more is due"
    return undelivered(
        heading, count, _criteria_of(wanted), _scene(wanted, backend, state)
    )


def _criteria_of(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what deliveries should have, as it is told."""
    more = {name: wanted[name] for name in ("attempts", "since") if wanted.get(name)}
    return {**_exact(wanted), **more}


def _scene(wanted: Mapping[str, Any], backend: Backend, state: BackendState) -> Scene:
    deliveries = state.deliveries
    with deliveries.lock:  # what is under way is pending
        return Scene(
            url=request.host_url.rstrip("/"),
            now=backend.clock.now(),
            frozen=backend.clock.mode == "manual",
            shared=not wanted["advance"],
            evicted=deliveries.evicted,
            deliveries=deliveries.every(),
            registered=frozenset(
                each.account for each in backend.state.registry.every()
            ),
            under_way=state.dispatcher.under_way(),
            attempt_timeout_s=state.settings.attempt_timeout_s,
            acting=tuple(
                (action.account, f"{named(action)}; {how_it_ends(action)}")
                for action in state.actions.every()
                if action.status == "pending"
            ),
        )


def _exact(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return what deliveries must have: delivered, unless said otherwise."""
    exact = {name: wanted[name] for name in _EXACT if wanted.get(name) is not None}
    if "status" not in exact and not wanted.get("attempts"):
        exact["status"] = "delivered"
    return exact


def _matching(
    exact: Mapping[str, Any], since: int, attempts: int = 0
) -> Callable[[Delivery], bool]:
    is_exact = matching(exact)
    return lambda delivery: (
        delivery.seq > since
        and len(delivery.attempts) >= attempts
        and is_exact(delivery)
    )


def _going(backend: Backend, kept: list[Delivery]) -> Response:
    """Answer with deliveries, and send them out once the answer is written."""
    response = json_response(
        {"deliveries": [serializers.delivery(item) for item in kept]}, 202
    )
    dispatcher = backend.state.dispatcher
    response.call_on_close(lambda: dispatcher.dispatch(kept))
    return response


def _listing(backend: Backend, deliveries: list[Delivery], total: int) -> Response:
    shown = [serializers.delivery(delivery) for delivery in deliveries]
    meta = {
        "total": total,
        "evicted": backend.state.deliveries.evicted,
        "last_seq": backend.sequence.last,
    }
    return json_response({"deliveries": shown, "meta": meta})


def _event(family: str, event: MessageEvent) -> dict[str, Any]:
    return {
        "event": event.name,
        "family": family,
        "service": event.service,
        "summary": event.summary,
        "evidence": event.provenance.evidence,
        "source": event.provenance.source,
        "date": date_of(event.provenance.source),
        "fields": [_field(field) for field in event.fields],
    }


def _field(field: Field) -> dict[str, Any]:
    echoed = field.default in ECHOES
    default = value_without_secrets(field.path, field.default)
    return {
        **asdict(field),
        "default": field.default if echoed else default,
        "date": date_of(field.source),
    }
