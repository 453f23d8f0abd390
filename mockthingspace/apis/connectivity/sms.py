"""SMS of devices: those that were sent, and sending again what nobody took.

An SMS of a device is what a test triggers. It is known by its message, so one that
was sent again by the admin API is the same SMS.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from marshmallow.fields import Boolean

from mockthingspace.apis.handlers import Call
from mockthingspace.backend.triggers import send_again
from mockthingspace.core.clock import rfc3339
from mockthingspace.core.models import Claim, Delivery, assumed, documented
from mockthingspace.core.sources import SDK, START_SMS, UNSAID
from mockthingspace.spec.actions import Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.fields import SimulatorAccount as Account
from mockthingspace.spec.schemas import Success, schema

RECEIVED = "EnhancedConnectivityService.smsReceived"
NOT_TAKEN = ("abandoned", "cancelled")


def start_callbacks(call: Call, account: str) -> Mapping[str, Any]:
    """Send again each SMS that no listener has acknowledged."""
    service = call.family.events_by_name[RECEIVED].service
    registration = call.state.registry.find(call.family.name, account, service)
    made: list[Delivery] = []
    with call.state.deliveries.lock:  # or two requests would send each SMS twice
        queued = _queued(call, account)
        if registration is None:
            call.reasons.append(
                f"account {account} has no listener for {service}: what is queued "
                f"stays so ({len(queued)})"
            )
            return {}
        for delivery in queued:
            made += send_again(call.state, call.now, delivery, registration)
    call.when_sent.append(partial(call.state.dispatcher.dispatch, made))
    return {}


def history(call: Call, account: str) -> Mapping[str, Any]:
    """Return the SMS of the account's devices, oldest first."""
    sent = _sent(call, account).values()
    return {
        "has_more_data": False,
        "messages": [_document(deliveries[0]) for deliveries in sent],
    }


def _queued(call: Call, account: str) -> list[Delivery]:
    return [
        sent[0]
        for sent in _sent(call, account).values()
        if all(delivery.status in NOT_TAKEN for delivery in sent)
    ]


def _sent(call: Call, account: str) -> Mapping[bytes, list[Delivery]]:
    """Return each SMS of the account's devices, and its deliveries."""
    sent: dict[bytes, list[Delivery]] = {}
    for delivery in call.state.deliveries.every():
        if (delivery.account, delivery.event) == (account, RECEIVED):
            sent.setdefault(_meant(delivery), []).append(delivery)
    return sent


def _meant(delivery: Delivery) -> bytes:
    return delivery.message if delivery.meant is None else delivery.meant


def _document(delivery: Delivery) -> Mapping[str, Any]:
    message = json.loads(_meant(delivery))
    told = message if isinstance(message, dict) else {}
    return {
        "deviceIds": told.get("deviceIds", []),
        "message": told.get("smsMessage", ""),
        "timestamp": rfc3339(delivery.made_at or delivery.due_at),
    }


BY_SDK = documented(SDK)
WHERE = schema(BY_SDK, account=Account(required=True))
MESSAGES = [
    {
        "deviceIds": [{"id": "89148000000800784259", "kind": "iccid"}],
        "message": "testmessage1",
        "timestamp": "2024-01-15T23:57:53.000000Z",
    }
]
OPERATIONS = (
    Operation(
        "start-sms-callbacks",
        "PUT",
        "/sms/<account>/startCallbacks",
        start_callbacks,
        Claim(
            "resends SMS from devices that were not acknowledged",
            *documented(START_SMS),
        ),
        WHERE,
        reply=Success(),
    ),
    Operation(
        "list-sms",
        "GET",
        "/sms/<account>/history",
        history,
        Claim(
            "lists triggered SMS from devices, all in one reply",
            *assumed(
                f"{SDK} has 100 in a reply; {UNSAID} whether one that was "
                "acknowledged is still there"
            ),
        ),
        WHERE,
        reply=schema(
            BY_SDK,
            has_more_data=Boolean(data_key="hasMoreData", metadata={"example": False}),
            messages=Member(MESSAGES),
        ),
    ),
)
