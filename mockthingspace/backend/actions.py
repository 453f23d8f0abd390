"""Accepting actions and ending them: their messages come of it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.faults.models import Fault
from mockthingspace.backend.store.actions import NO_DEVICE, AcceptedAction
from mockthingspace.backend.triggers import SEED, delivery_of, keep
from mockthingspace.core.clock import rfc3339
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.models import Delivery, Device, Outcome
from mockthingspace.spec.actions import Action, echoes
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.devices import Subscribers, identifiers
from mockthingspace.spec.events import ids
from mockthingspace.spec.fields import millis

IDENTITIES = ("requestId", "txid", "transactionID")  # what a request id is called


def accept(
    state: BackendState,
    now: datetime,
    *,
    api: Api,
    operation: Operation,
    account: str,
    devices: tuple[Device, ...],
    send: Callable[[AcceptedAction, datetime], list[Delivery]],
    ends_at: datetime | None = None,
    details: Any = None,
) -> AcceptedAction:
    """Accept an action; it ends when the setting ``actions`` and the faults say.

    ``send`` makes the messages of its end, which comes at ``ends_at`` if that is given.
    No devices stand for a group. ``details`` is what its API keeps of it besides.
    """
    whose = {"account": account, "family": api.name, "operation": operation.name}
    devices = devices or NO_DEVICE
    identities = frozenset(identity for device in devices for identity, _ in device)
    faults = state.faults.acting("actions", whose, now, devices=identities)
    after = state.settings.actions
    manual = after == "manual" or any(fault.kind == "timeout" for fault in faults)
    seconds = 0.0 if isinstance(after, str) else after
    action = state.actions.add(
        AcceptedAction(
            request_id=new_request_id(state, account),
            family=api.name,
            operation=operation.name,
            account=account,
            devices=devices,
            accepted_at=now,
            due_at=None if manual else ends_at or now + timedelta(seconds=seconds),
            failing=frozenset(item for item in devices if _fails(item, faults)),
            details=details,
            send=send,
        )
    )
    outlook = f"; {how_it_ends(action)}" if after != "immediate" or manual else ""
    said = f"{named(action)} accepted for {_many(action)}{outlook}"
    state.event_log.note("action", now, account, said)
    return action


def resume(state: BackendState, *, api: Api, action: AcceptedAction) -> None:
    """Go on with an action of a seed: it ends at its time, at once if that is past."""
    kept = state.actions.add(
        replace(action, send=partial(send_for_each, state, api)),
    )
    now = state.timers.clock.now()
    said = f"{named(kept)} goes on; {how_it_ends(kept)}"
    state.event_log.note("action", now, kept.account, said)
    end_when_due(state, kept)


def complete(
    state: BackendState,
    request_id: str,
    now: datetime,
    outcome: Outcome | None = None,
) -> tuple[AcceptedAction, list[Delivery]]:
    """End the pending action of an id; return it, and its messages to dispatch.

    ``outcome`` is for all its devices; None: as it was to end.

    Raises:
        AdminError: There is no such action, or it has ended already.
    """
    action = state.actions.get(request_id)
    ended = action and state.actions.end(action, now, outcome)
    if not ended:
        raise _not_pending(state, request_id)
    return ended, _messages_of(state, ended, now)


def end(
    state: BackendState,
    action: AcceptedAction,
    now: datetime,
    outcome: Outcome | None = None,
) -> list[Delivery]:
    """End an action, and return its messages to dispatch.

    There are none where somebody ended it before, or a reset has forgotten it.
    """
    ended = state.actions.end(action, now, outcome)
    return _messages_of(state, ended, now) if ended else []


def end_when_due(state: BackendState, action: AcceptedAction) -> None:
    """End an action when its time has come, unless the test ends it before."""

    def act() -> None:
        state.dispatcher.dispatch(end(state, action, state.timers.clock.now()))

    if action.due_at is not None:
        at(state, action, action.due_at, act)


def new_request_id(state: BackendState, account: str) -> str:
    """Return an id that no other request has, those of a seed included."""
    made = (
        ids(f"{SEED} {account} {state.number(account)}")("requestId") for _ in count()
    )
    return next(item for item in made if state.actions.get(item) is None)


def at(
    state: BackendState,
    action: AcceptedAction,
    instant: datetime,
    act: Callable[[], None],
    moved: Callable[[], bool] = lambda: False,
) -> None:
    """Have something done at an instant, unless the action has ended or moved then."""

    def over() -> bool:
        ended = not state.actions.pending(action)
        return state.dispatcher.closed or ended or moved()

    state.timers.at(instant, over, act)


def missing_listeners(
    state: BackendState, api: Api, action: Action, account: str
) -> list[str]:
    """Return the services of its messages that the account does not listen for."""
    return [
        service
        for service in services_of(api, action)
        if state.registry.find(api.name, account, service) is None
    ]


def services_of(api: Api, action: Action) -> tuple[str, ...]:
    """Return the callback services an action's messages are sent to."""
    names = (*action.success, *action.failure)
    services = (api.events_by_name[name].service for name in names)
    return tuple(dict.fromkeys(services))


def _messages_of(
    state: BackendState, ended: AcceptedAction, now: datetime
) -> list[Delivery]:
    """Make the messages of an action that has ended, and note its end."""
    summary = f"{named(ended)} ends: {ended.status}"
    state.event_log.note("action", now, ended.account, summary)
    return ended.send(ended, now)


def send_for_each(
    state: BackendState, api: Api, ended: AcceptedAction, now: datetime
) -> list[Delivery]:
    """Make the messages of an action that has ended, device by device.

    They repeat the values of its request, which are its details.
    """
    declared = api.operations_by_name[ended.operation].action
    assert declared is not None
    made: list[Delivery] = []
    for device in ended.devices:
        ids_of_request = dict.fromkeys(IDENTITIES, ended.request_id)
        own = {"createdOn": millis(now), **_spelled(device)}
        repeated = {**ended.details, **ids_of_request, **own}
        for event in declared.events(ended.outcome_of(device)):
            made += send(
                state, now, api=api, action=ended, event=event, values=repeated
            )
    return made


def send(
    state: BackendState,
    now: datetime,
    *,
    api: Api,
    action: AcceptedAction,
    event: str,
    values: Mapping[str, Any],
) -> list[Delivery]:
    """Make a message of an action; none where nobody listens.

    ``values`` is what it repeats of the request, by key.
    """
    sent = api.events_by_name[event]
    registration = state.registry.find(api.name, action.account, sent.service)
    if registration is None:
        return []
    delivery = delivery_of(
        now,
        state,
        sent,
        registration,
        {"overrides": echoes(sent, values)},
        new_id=ids(f"{SEED} {action.account} {state.number(action.account)}"),
    )
    return keep(now, state, delivery._replace(trigger="action"), registration)


def _spelled(device: Device) -> Mapping[str, Any]:
    """Return how messages spell a device, by key; nothing for a group's."""
    if not device:
        return {}
    ids = identifiers(device)
    imeis = (item["id"] for item in ids if item["kind"].lower() == "imei")
    return {
        "deviceIds": ids,
        "device": ids[0],
        "imei": next(imeis, None),
        "msid": Subscribers.msid(device),
    }


def _fails(device: Device, faults: list[Fault]) -> bool:
    names = {None, *(identity for identity, _ in device)}
    return any(
        fault.kind == "failure" and fault.options["device"] in names for fault in faults
    )


def named(action: AcceptedAction) -> str:
    """Name an action to a person."""
    return f"{action.operation} {action.request_id}"


def how_it_ends(action: AcceptedAction) -> str:
    """Say what ends an action that is pending."""
    if action.due_at is None:
        return "complete() ends it"
    return f"it ends at {rfc3339(action.due_at)}"


def _many(action: AcceptedAction) -> str:
    if action.devices == NO_DEVICE:
        return "a group"
    return f"{len(action.devices)} device{'s' if len(action.devices) != 1 else ''}"


def _not_pending(state: BackendState, request_id: str) -> AdminError:
    action = state.actions.get(request_id)
    if action is not None:
        return AdminError(
            "action_over", f"action {request_id} has ended: {action.status}", 409
        )
    pending = [
        item.request_id for item in state.actions.every() if item.status == "pending"
    ]
    there = ", ".join(pending[:5]) or "none"
    return AdminError(
        "unknown_action", f"there is no action {request_id}; pending: {there}", 404
    )
