"""Reports of where devices are: a transaction id now, one message of all later."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from mockthingspace.apis.actions import accept, status
from mockthingspace.apis.handlers import Call
from mockthingspace.apis.location.actions import (
    ACCEPTED,
    BY_PAGES,
    BY_SDK,
    DENIED,
    IDENTIFIER,
    OF_DEVICES,
    QUEUED,
    cancelling,
    queued,
)
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.exceptions import UnknownRequest
from mockthingspace.core.models import Claim, Delivery, Device, assumed
from mockthingspace.core.sources import SDK
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import Subscribers
from mockthingspace.spec.fields import Account, Index, Text
from mockthingspace.spec.schemas import schema

REPORT = "Location.report"
MAKE_REPORT = Action((REPORT,), (f"{REPORT}.failed",))
CACHED, PAGE = "0", 1000


def report(
    call: Call,
    account: str,
    devices: tuple[Device, ...],
    cache_mode: Any = None,
    **_: Any,
) -> Mapping[str, Any]:
    """Accept a report: one message tells of all devices; of cached places none.

    Those are there at once. Whom it leaves out is settled as it is accepted.
    """
    cached = str(cache_mode) == CACHED
    ends_at = call.now if cached else None
    excluded = call.state.exclusions.of(account)
    send = partial(_report, call, cached)
    return queued(
        accept(call, account, devices, send, details=excluded, ends_at=ends_at)
    )


def _report(
    call: Call, cached: bool, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    if cached:
        return []
    places = _places(call, action)
    [event] = MAKE_REPORT.events(action.status)
    values = {
        "txid": action.request_id,
        "totalCount": len(places),
        "devLocationList": places,
    }
    return accepted.send(
        call.state, now, api=call.family, action=action, event=event, values=values
    )


def _places(call: Call, action: AcceptedAction) -> list[Mapping[str, Any]]:
    """Return where each device of a report is, or why that is not known."""
    events = call.family.events_by_name
    denied = {"error": events[DENIED].template()["error"]}
    places: list[Mapping[str, Any]] = []
    for device in action.devices:
        [event] = MAKE_REPORT.events(action.outcome_of(device))
        [place] = events[event].template()["devLocationList"]
        place = denied if action.details.covers(device) else place
        places.append({**place, "msid": Subscribers.msid(device)})
    return places


def report_status(call: Call, account: str, request_id: str) -> Mapping[str, Any]:
    """Return how a report stands.

    Raises:
        UnknownRequest: The account has none of this id, or has cancelled it.
    """
    pending = _report_of(call, account, request_id).status == "pending"
    return {"request_id": request_id, "status": QUEUED if pending else "COMPLETED"}


def show_report(
    call: Call, account: str, request_id: str, start: str
) -> Mapping[str, Any]:
    """Return a page of a report, of which there is nothing before it is completed.

    Raises:
        UnknownRequest: The account has none of this id, or has cancelled it.
    """
    action = _report_of(call, account, request_id)
    places = [] if action.status == "pending" else _places(call, action)
    following = int(start) + PAGE
    return {
        "start": start,
        "request_id": request_id,
        "total": len(action.devices),
        "more": following < len(places),
        "places": places[int(start) : following],
    }


def _report_of(call: Call, account: str, request_id: str) -> AcceptedAction:
    found = status(call, account, request_id)
    if found.operation != "create-report" or found.status == "cancelled":
        raise UnknownRequest(f"account {account} has no report {request_id}")
    return found


WHICH = {"account": Account(required=True), "request_id": IDENTIFIER}
MOMENT = {"time": "20240115004421", "utcoffset": "+0000"}
POINT = {"x": "33.45324", "y": "-84.59621", "radius": "5571", "qos": False}
ERROR = {"type": "CONSENT", "info": "Consent check failed"}
PLACES = [
    {"msid": "7892345678", "pd": MOMENT | POINT},
    {"msid": "7897654321", "error": MOMENT | ERROR},
]
OPERATIONS = (
    Operation(
        "create-report",
        "POST",
        "/locationreports",
        report,
        Claim(
            f"accepts with a transaction id, then sends one {REPORT}; sends none of "
            "what is cached (cacheMode 0)",
            *BY_PAGES,
        ),
        body=OF_DEVICES,
        reply=ACCEPTED,
        action=MAKE_REPORT,
    ),
    cancelling(
        "cancel-report",
        "/locationreports/<account>/report/<request_id>",
        schema(BY_SDK, **WHICH),
    ),
    Operation(
        "report-status",
        "GET",
        "/locationreports/<account>/report/<request_id>/status",
        report_status,
        Claim(
            "tells the status of a report: QUEUED, then COMPLETED",
            *assumed(f"{SDK} has the words; not which one it is when"),
        ),
        schema(BY_SDK, **WHICH),
        reply=schema(
            BY_SDK,
            request_id=Text(data_key="txid"),
            status=Text(metadata={"example": "COMPLETED"}),
        ),
    ),
    Operation(
        "show-report",
        "GET",
        "/locationreports/<account>/report/<request_id>/index/<start>",
        show_report,
        Claim("shows a report: a thousand devices from the index", *BY_SDK),
        schema(BY_SDK, **WHICH, start=Index(required=True)),
        reply=schema(
            BY_SDK,
            start=Text(data_key="startIndex", metadata={"example": "0"}),
            request_id=Text(data_key="txid"),
            total=Member(1, data_key="totalCount"),
            more=Member(False, data_key="hasMoreData"),
            places=Member(PLACES, data_key="devLocationList"),
        ),
    ),
)
