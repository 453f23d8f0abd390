"""Locating devices: a transaction id now, where each device is in a message later."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from mockthingspace.apis.actions import accept, body, cancel, claim
from mockthingspace.apis.handlers import Call
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.models import Claim, Delivery, Device, assumed, documented
from mockthingspace.core.sources import LOCATION_MESSAGES, SDK, UNSAID
from mockthingspace.spec.actions import Action
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.devices import Subscribers
from mockthingspace.spec.fields import Account, Text
from mockthingspace.spec.schemas import BaseSchema, json_object, schema

BY_SDK, BY_PAGES = documented(SDK), documented(LOCATION_MESSAGES)
POSITION, REPORT = "DeviceLocation.position", "Location.report"
DENIED = "DeviceLocation.consentDenied"
LOCATE = Action((POSITION,), (f"{POSITION}.failed",))
MAKE_REPORT = Action((REPORT,), (f"{REPORT}.failed",))
TRANSACTION = schema(BY_SDK, request_id=Text(data_key="txid"))


def locate(
    call: Call, account: str, devices: tuple[Device, ...], **_: Any
) -> AcceptedAction:
    """Accept that devices are to be located: a message tells of each."""
    return accept(call, account, devices, partial(_locate, call.state, call.family))


def _locate(
    state: BackendState, api: Api, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    excluded = state.exclusions.of(action.account)
    made: list[Delivery] = []
    for device in action.devices:
        [event] = LOCATE.events(action.outcome_of(device))
        made += accepted.send(
            state,
            now,
            api=api,
            action=action,
            event=DENIED if excluded.covers(device) else event,
            values={"txid": action.request_id, "msid": Subscribers.msid(device)},
        )
    return made


def report(
    call: Call, account: str, devices: tuple[Device, ...], **_: Any
) -> Mapping[str, Any]:
    """Accept a report: one message tells of all devices."""
    send = partial(_report, call.state, call.family)
    return _document(accept(call, account, devices, send))


def _report(
    state: BackendState, api: Api, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    failed = action.status == "failure"
    event = f"{REPORT}.failed" if failed else REPORT
    [example] = api.events_by_name[REPORT].template()["devLocationList"]
    denied = api.events_by_name[DENIED].template()
    excluded = state.exclusions.of(action.account)
    places = [
        {
            **({"error": denied["error"]} if excluded.covers(device) else example),
            "msid": Subscribers.msid(device),
        }
        for device in action.devices
    ]
    values = {
        "txid": action.request_id,
        "totalCount": len(places),
        "devLocationList": places,
    }
    return accepted.send(state, now, api=api, action=action, event=event, values=values)


def _document(action: AcceptedAction) -> Mapping[str, Any]:
    return {
        "request_id": action.request_id,
        "account": action.account,
        "status": "QUEUED",
    }


def _body() -> Any:
    return body(
        BY_SDK,
        json_object,
        {},
        ("accuracyMode", "cacheMode"),
        account=Account(required=True, data_key="accountName"),
        devices=Subscribers(required=True, data_key="deviceList"),
    )


def _cancel(
    name: str, rule: str, path: BaseSchema, query: BaseSchema | None = None
) -> Operation:
    known = assumed(f"{SDK} has the reply; {UNSAID} what is sent")
    return Operation(
        name,
        "DELETE",
        rule,
        cancel,
        Claim("cancels what has not ended: no message comes of it", *known),
        path,
        query,
        reply=TRANSACTION,
    )


IDENTIFIER = Text(required=True)
ACTIONS = (
    Operation(
        "locate",
        "POST",
        "/devicelocations",
        locate,
        claim(LOCATE, BY_PAGES),
        body=_body(),
        reply=TRANSACTION,
        action=LOCATE,
    ),
    _cancel(
        "cancel-locating",
        "/devicelocations/<request_id>",
        schema(BY_SDK, request_id=IDENTIFIER),
        schema(BY_SDK, account=Account(required=True, data_key="accountName")),
    ),
    Operation(
        "create-report",
        "POST",
        "/locationreports",
        report,
        Claim(f"accepted with a transaction id; then {REPORT}, for all", *BY_PAGES),
        body=_body(),
        reply=schema(BY_SDK, request_id=Text(data_key="txid"), status=Text()),
        action=MAKE_REPORT,
    ),
    _cancel(
        "cancel-report",
        "/locationreports/<account>/report/<request_id>",
        schema(BY_SDK, request_id=IDENTIFIER, account=Account(required=True)),
    ),
)
