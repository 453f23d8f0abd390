"""Declaring actions, and what they do when they are asked for."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from mockthingspace.apis.handlers import Call
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.exceptions import (
    MissingDevices,
    NoAccount,
    RequestEnded,
    SeveralAccounts,
    UnknownRequest,
)
from mockthingspace.core.models import Claim, Delivery, Device, Provenance
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.fields import Text
from mockthingspace.spec.schemas import BaseSchema, Read, schema, to_json

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def body(
    known: Provenance,
    read: Read,
    required: Mapping[str, Any],
    optional: tuple[str, ...] = (),
    **own: Any,
) -> BaseSchema:
    """Make the schema of an action's body.

    Args:
        known: How we know of its members.
        read: Makes a document of its bytes.
        required: The members that must be there, each with an example.
        optional: The members that may be there.
        **own: Its account and devices, and what else has a field of its own.
    """
    members = {snake(key): _required(key, example) for key, example in required.items()}
    members |= {snake(key): Member(data_key=key) for key in optional}
    return schema(known, {}, read, **own, **members)


def ending(
    success: tuple[str, ...], failure: tuple[str, ...], groups: tuple[str, ...] = ()
) -> Action:
    """Declare what ``act`` ends with for each device, as ``Action`` says."""
    return Action(success, failure, groups, accepted.resume)


def act(
    call: Call,
    account: str | None = None,
    devices: tuple[Device, ...] = (),
    **members: Any,
) -> AcceptedAction:
    """Accept an action, and let its messages come after the reply.

    Raises:
        MissingDevices: It names neither a device nor a group of them.
        NoAccount, SeveralAccounts: It names no account, and no one can be meant.
    """
    operation = call.operation
    action, declared = operation.action, operation.body or operation.query
    assert action is not None
    assert declared is not None
    account = account or _account(call, action)
    values = {
        key: members[name] for key, name in declared.keys.items() if name in members
    }
    if not devices and not any(values.get(group) for group in action.groups):
        field = declared.fields["devices"]
        raise MissingDevices(
            f"{field.data_key or 'devices'}: no device is named; an example: "
            f"{to_json(field.metadata['example'])}"
        )
    send = partial(accepted.send_for_each, call.state, call.family)
    return accept(call, account, devices, send, details=values)


def accept(
    call: Call,
    account: str,
    devices: tuple[Device, ...],
    send: Callable[[AcceptedAction, datetime], list[Delivery]],
    *,
    details: Any = None,
    ends_at: datetime | None = None,
) -> AcceptedAction:
    """Accept an action that ends when the setting ``actions`` says.

    Args:
        call: The request.
        account: For whom.
        devices: The devices it is for.
        send: Makes the messages of its end.
        details: What is kept of it besides.
        ends_at: When it ends, whatever the setting says.
    """
    state = call.state
    action = accepted.accept(
        state,
        call.now,
        api=call.family,
        operation=call.operation,
        account=account,
        devices=devices,
        send=send,
        details=details,
        ends_at=ends_at,
    )
    warn_of_no_listener(call, account)
    if action.due_at == call.now:
        made = accepted.end(state, action, call.now)
        call.when_sent.append(partial(state.dispatcher.dispatch, made))
    else:
        accepted.end_when_due(state, action)
    return action


def warn_of_no_listener(call: Call, account: str) -> None:
    """Tell the developer of services that nobody listens for and messages go to."""
    action = call.operation.action
    assert action is not None
    missing = accepted.missing_listeners(call.state, call.family, action, account)
    if missing:
        call.reasons.append(
            f"account {account} has no listener for {', '.join(missing)}: "
            "messages there are lost"
        )


def cancel(call: Call, account: str, request_id: str) -> AcceptedAction:
    """Cancel an action that is pending: no message comes of it.

    Raises:
        UnknownRequest: The account has none under this id.
        RequestEnded: It is not pending any more.
    """
    found = status(call, account, request_id)
    if not cancelled(call, found):
        raise RequestEnded(f"request {request_id} has ended: {found.status}")
    return found


def cancelled(call: Call, action: AcceptedAction) -> bool:
    """Cancel an action, and note it; say whether it was pending."""
    if call.state.actions.update(action, lambda kept: kept.cancelled(call.now)) is None:
        return False
    summary = f"{accepted.named(action)} is cancelled"
    call.state.event_log.note("action", call.now, action.account, summary)
    return True


def status(call: Call, account: str, request_id: str) -> AcceptedAction:
    """Return an action of the account's.

    Raises:
        UnknownRequest: None was accepted under this id.
    """
    found = call.state.actions.get(request_id)
    if found is None or (found.account, found.family) != (account, call.family.name):
        raise UnknownRequest(f"account {account} has no request {request_id}")
    return found


def claim(action: Action, known: Provenance) -> Claim:
    """State what an action does, and how we know."""
    sent = " and ".join(action.success)
    return Claim(
        f"accepts with a request id, then sends {sent} for each device", *known
    )


def _account(call: Call, action: Action) -> str:
    """Return the account that can be meant where none is named."""
    services = accepted.services_of(call.family, action)
    names = {
        registration.account
        for registration in call.state.registry.every(family=call.family.name)
        if registration.service in services
    }
    if len(names) == 1:
        return names.pop()
    listening = f"listen for {' or '.join(services)}"
    if not names:
        raise NoAccount(
            f"accountName: none is named, and there are none that {listening}"
        )
    raise SeveralAccounts(
        f"accountName: none is named, and {len(names)} {listening}: "
        f"{', '.join(sorted(names)[:5])}"
    )


def _required(key: str, example: Any) -> Any:
    if isinstance(example, str):
        return Text(required=True, data_key=key, metadata={"example": example})
    return Member(example, required=True, data_key=key)


def snake(key: str) -> str:
    """Return our name of a key, ``campaign_name`` of ``campaignName``."""
    return _WORDS.sub("_", key).lower()
