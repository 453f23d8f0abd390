"""Making deliveries: of an event, of a message of the user's own, or again."""

import json
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from mockthingspace.backend.backend import Backend, BackendState
from mockthingspace.backend.faults.delivery_faults import FaultContext, apply_fault
from mockthingspace.backend.faults.models import SCOPES
from mockthingspace.core.exceptions import AdminError, InvalidMessage
from mockthingspace.core.models import Delivery, Registration
from mockthingspace.core.retry_schedule import schedule
from mockthingspace.spec.api import Api
from mockthingspace.spec.events import Event, NewId, checked_message, ids, unknown_event

SERVER = "http://127.0.0.1:8440/"  # as "mockthingspace serve" does
LISTENS = "http://localhost:9001/callback"  # as "mockthingspace listen" does

SEED = 20260924  # what the ids of messages are drawn from


def catalogue(apis: Iterable[Api], state: BackendState) -> dict[str, tuple[str, Event]]:
    """Return every event that can be triggered, with its API, by name."""
    built_in = {event.name: (api.name, event) for api in apis for event in api.events}
    return built_in | {event.name: (family, event) for family, event in state.events}


def trigger(
    backend: Backend,
    apis: Iterable[Api],
    wanted: Mapping[str, Any],
    url: str = SERVER,
) -> list[Delivery]:
    """Make a delivery of an event for each registration that listens for it.

    ``wanted`` is ``{event, account, service?, overrides?, message?}``; ``url`` is where
    the server is asked, for the command a refusal names.

    Raises:
        AdminError: There is no such event or no such registration, or the
            message cannot be made so; the message says what there is.
    """
    state = backend.state
    known = catalogue(apis, state)
    if wanted["event"] not in known:
        raise unknown_event(wanted["event"], known)
    family, event = known[wanted["event"]]
    service = wanted.get("service") or event.service
    registrations = [
        registration
        for registration in state.registry.of(family, wanted["account"])
        if registration.service == service
    ]
    if not registrations:
        _check_service(service, family, apis)
        raise _nobody(state, family, service, wanted["account"], url)
    new_id = ids(f"{SEED} {wanted['account']} {state.number(wanted['account'])}")
    now = backend.clock.now()
    made = [
        delivery_of(now, state, event, registration, wanted, new_id=new_id)
        for registration in registrations
    ]
    state.event_log.note("trigger", now, wanted["account"], event.name)
    return [
        kept
        for item, registration in zip(made, registrations, strict=True)
        for kept in keep(now, state, item, registration)
    ]


def keep(
    now: datetime, state: BackendState, delivery: Delivery, registration: Registration
) -> list[Delivery]:
    """Take on a delivery as the planned faults leave it, and its duplicates."""
    whose = {name: getattr(delivery, name) for name in SCOPES if name != "operation"}
    copies, hold_back = 0, False
    for fault in state.faults.acting("deliveries", whose, now):
        before = fault.memory and fault.memory.find(*registration.queue_key)
        delivery = apply_fault(delivery, FaultContext(fault, before, registration))
        copies += fault.options.get("copies", 0)
        hold_back = hold_back or fault.kind == "reorder"
    copy = delivery._replace(trigger="duplicate")
    return _enqueue(state, [delivery, *[copy] * copies], registration, hold_back)


def _enqueue(
    state: BackendState,
    deliveries: list[Delivery],
    registration: Registration,
    hold_back: bool = False,
) -> list[Delivery]:
    def registered() -> bool:
        return state.registry.find(*registration.queue_key) == registration

    return state.dispatcher.enqueue(deliveries, registered, hold_back)


def resend(backend: Backend, identity: str, url: str = SERVER) -> Delivery:
    """Make a new delivery of a delivery's message, to where it is registered now.

    It is made as if there were no faults; ``url`` is as for ``trigger``.

    Raises:
        AdminError: There is no such delivery, or its registration is gone.
    """
    state = backend.state
    old = state.deliveries.get(identity)
    if old is None:
        raise AdminError("unknown_delivery", f"there is no delivery {identity}", 404)
    now = backend.clock.now()
    registration = state.registry.find(*old.queue_key)
    if registration is None:
        raise _nobody(state, old.family, old.service, old.account, url)
    return send_again(state, now, old, registration)[0]


def send_again(
    state: BackendState, now: datetime, old: Delivery, registration: Registration
) -> list[Delivery]:
    """Take on a delivery of an old one's message, as if there were no faults."""
    again = old._replace(
        url=registration.url,
        headers=registration.headers,
        secret=registration.secret,
        trigger="resend",
        due_at=now,
        made_at=now,
        status="pending",
        attempts=(),
        message=old.message if old.meant is None else old.meant,
        meant=None,
        faults=(),
        breaks_off=False,
        headless=False,
        overlaps=False,
    )
    return _enqueue(state, [again], registration)


def delivery_of(
    now: datetime,
    state: BackendState,
    event: Event,
    registration: Registration,
    wanted: Mapping[str, Any],
    *,
    new_id: NewId,
) -> Delivery:
    """Build a delivery of an event to a registration; ``keep`` takes it on.

    ``wanted`` is ``{overrides?, message?}``.

    Raises:
        AdminError: The message cannot be made so.
    """
    message, overrides = wanted.get("message"), wanted.get("overrides") or {}
    own = message is not None
    attempts = schedule(state.settings.retries).attempts if event.retried else 1
    limit = {event.limit: attempts} if event.limit else {}
    if own and overrides:
        raise AdminError(
            "invalid_message",
            "overrides are for the event's own message; a message of yours has none",
        )
    try:
        given = limit | overrides
        made = message if own else event.message(registration, given, new_id)
        body = json.dumps(checked_message(made)).encode()
    except InvalidMessage as error:
        raise AdminError("invalid_message", str(error)) from error
    return Delivery(
        id="",
        seq=0,
        family=registration.family,
        account=registration.account,
        service=registration.service,
        event=event.name,
        url=registration.url,
        message=body,
        trigger="message" if own else "event",
        due_at=now,
        made_at=now,
        headers=registration.headers,
        secret=registration.secret,
        counter=None if own else event.counter,
        retried=event.retried,
    )


def _check_service(service: str, family: str, apis: Iterable[Api]) -> None:
    """Refuse a service of another API, and say which."""
    owners = [each.name for each in apis if each.serves(service)]
    if family not in owners:
        raise AdminError(
            "unknown_service",
            f"service: {service} is of {', '.join(owners)}, and the event is of "
            f"{family}",
        )


def _nobody(
    state: BackendState, family: str, service: str, account: str, url: str
) -> AdminError:
    refused = state.settings.refuses(account)
    if refused is not None:  # a registration would be, too
        return AdminError("not_registered", refused, 404)
    there = state.registry.every()
    named = (f"{each.account} {each.family} {each.service}" for each in there[:5])
    shown = "; ".join(named) or "nothing"
    more = f" and {len(there) - 5} more" if len(there) > 5 else ""
    whose = {"family": family, "account": account, "service": service}
    body = json.dumps({**whose, "url": LISTENS})
    asked = f"{url}__admin/registrations"
    command = ["curl", asked, "-H", "Content-Type: application/json", "-d", body]
    return AdminError(
        "not_registered",
        f"account {account} has no registration with {family} for {service}; "
        f"registered: {shown}{more}; to register a listener: {shlex.join(command)}",
        404,
    )
