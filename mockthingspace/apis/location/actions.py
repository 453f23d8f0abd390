"""Locating devices: a transaction id now, where each device is in a message later."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from mockthingspace.apis.actions import accept, body, cancel, claim
from mockthingspace.apis.handlers import Call
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.models import Claim, Delivery, Device, assumed, documented
from mockthingspace.core.sources import LOCATION_MESSAGES, SDK, UNSAID
from mockthingspace.spec.actions import Action
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import Subscribers
from mockthingspace.spec.fields import Account, Text
from mockthingspace.spec.schemas import BaseSchema, json_object, schema

BY_SDK, BY_PAGES = documented(SDK), documented(LOCATION_MESSAGES)
POSITION = "DeviceLocation.position"
DENIED = "DeviceLocation.consentDenied"
LOCATE = Action((POSITION,), (f"{POSITION}.failed",))
QUEUED = "QUEUED"
IDENTIFIER = Text(required=True)
TRANSACTION = schema(BY_SDK, request_id=Text(data_key="txid"))
ACCEPTED = schema(BY_SDK, request_id=Text(data_key="txid"), status=Text())
OF_DEVICES = body(
    BY_SDK,
    json_object,
    {},
    ("accuracyMode", "cacheMode"),
    account=Account(required=True, data_key="accountName"),
    devices=Subscribers(required=True, data_key="deviceList"),
)


def locate(
    call: Call, account: str, devices: tuple[Device, ...], **_: Any
) -> Mapping[str, str]:
    """Accept that devices are to be located: a message tells of each."""
    return queued(accept(call, account, devices, partial(_locate, call)))


def queued(action: AcceptedAction) -> Mapping[str, str]:
    """Return what is replied to a request that is accepted."""
    return {"request_id": action.request_id, "status": QUEUED}


def _locate(call: Call, action: AcceptedAction, now: datetime) -> list[Delivery]:
    excluded = call.state.exclusions.of(action.account)
    made: list[Delivery] = []
    for device in action.devices:
        [event] = LOCATE.events(action.outcome_of(device))
        made += accepted.send(
            call.state,
            now,
            api=call.family,
            action=action,
            event=DENIED if excluded.covers(device) else event,
            values={"txid": action.request_id, "msid": Subscribers.msid(device)},
        )
    return made


def cancelling(
    name: str, rule: str, path: BaseSchema, query: BaseSchema | None = None
) -> Operation:
    """Return an operation that cancels one of these requests."""
    known = assumed(f"{SDK} has the reply; {UNSAID} what is sent")
    return Operation(
        name,
        "DELETE",
        rule,
        cancel,
        Claim("cancels what has not ended; sends no message", *known),
        path,
        query,
        reply=TRANSACTION,
    )


ACTIONS = (
    Operation(
        "locate",
        "POST",
        "/devicelocations",
        locate,
        claim(LOCATE, BY_PAGES),
        body=OF_DEVICES,
        reply=ACCEPTED,
        action=LOCATE,
    ),
    cancelling(
        "cancel-locating",
        "/devicelocations/<request_id>",
        schema(BY_SDK, request_id=IDENTIFIER),
        schema(BY_SDK, account=Account(required=True, data_key="accountName")),
    ),
)
