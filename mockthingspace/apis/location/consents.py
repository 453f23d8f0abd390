"""Consents to be located: of an account for all its devices, and of single devices.

Disagreement: a page has consent for coarse and for precise location, the SDK a number.
Followed: the SDK; 0 is no consent, any other number is one.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from mockthingspace.apis.actions import accept, claim
from mockthingspace.apis.handlers import Call
from mockthingspace.apis.location.actions import queued
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.store.actions import NO_DEVICE, AcceptedAction
from mockthingspace.backend.store.exclusions import COARSE, Excluded
from mockthingspace.core.models import Claim, Delivery, Device, assumed, documented
from mockthingspace.core.sources import LOCATION_CONSENT, SDK
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import EXAMPLE_IMEI, Subscribers
from mockthingspace.spec.fields import Account, Text
from mockthingspace.spec.schemas import schema

BY_SDK = documented(SDK)
RULE = "/devicelocations/action/consents"
CONSENT = Action(("DeviceLocation.consentUpdated",), ("DeviceLocation.consentDenied",))
ACCOUNT = Account(required=True, data_key="accountName")
DEVICES = Member(
    [*Subscribers.example, {"id": "990013907884259", "kind": "imei"}],
    data_key="deviceList",
)


def give(
    call: Call,
    account: str,
    devices: tuple[Device, ...] = (),
    consent: int = COARSE,
) -> Mapping[str, Any]:
    """Accept a consent, of devices or of the account for all it has."""
    return queued(accept(call, account, devices, partial(_end, call, consent)))


def show_consent(
    call: Call, account: str, identity: str | None = None
) -> Mapping[str, Any]:
    """Return what an account consents to, and the devices that do, or one of them."""
    kept = call.state.exclusions.of(account)
    return {
        "account": account,
        "consent": kept.consent,
        "devices": [
            Subscribers.spelled(device)
            for device in kept.consenting
            if identity in (None, *(name for name, _ in device))
        ],
    }


def _end(
    call: Call, consent: int, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    """Keep the consent where it succeeds, and tell of it, device by device."""
    given = [item for item in action.devices if action.outcome_of(item) == "success"]
    exclusions = call.state.exclusions
    exclusions.change(action.account, partial(_given, given, consent))
    made: list[Delivery] = []
    for device in action.devices:
        [event] = CONSENT.events(action.outcome_of(device))
        values = {
            "txid": action.request_id,
            "allDeviceConsent": exclusions.of(action.account).consent,
            "deviceList": [Subscribers.spelled(device)] if device else [],
            **({"msid": Subscribers.msid(device)} if device else {}),
        }
        made += accepted.send(
            call.state, now, api=call.family, action=action, event=event, values=values
        )
    return made


def _given(given: list[Device], consent: int, before: Excluded) -> Excluded:
    if NO_DEVICE[0] in given:
        return replace(before, consent=consent)
    kept = dict.fromkeys((*before.consenting, *given))
    return replace(before, consenting=tuple(kept))


TRANSACTION = schema(BY_SDK, request_id=Text(data_key="transactionId"), status=Text())
OPERATIONS = (
    Operation(
        "show-consent",
        "GET",
        RULE,
        show_consent,
        Claim(
            "shows the account's consent and the devices that have given theirs",
            *assumed(f"{SDK} has the reply, not how a device is spelled there"),
        ),
        query=schema(
            BY_SDK,
            account=ACCOUNT,
            identity=Text(data_key="deviceId", metadata={"example": EXAMPLE_IMEI}),
        ),
        reply=schema(
            BY_SDK,
            account=ACCOUNT,
            consent=Member(COARSE, data_key="allDeviceConsent"),
            devices=DEVICES,
        ),
    ),
    Operation(
        "give-consent",
        "POST",
        RULE,
        give,
        claim(CONSENT, documented(f"{LOCATION_CONSENT} (the message's name is ours)")),
        body=schema(
            BY_SDK, account=ACCOUNT, devices=Subscribers(data_key="deviceList")
        ),
        reply=TRANSACTION,
        action=CONSENT,
    ),
    Operation(
        "update-consent",
        "PUT",
        RULE,
        give,
        Claim(
            f"accepts with a request id, then sends {CONSENT.success[0]} for the "
            "account",
            *assumed(f"{LOCATION_CONSENT} says so of the POST alone"),
        ),
        body=schema(
            BY_SDK,
            account=ACCOUNT,
            consent=Member(0, required=True, data_key="allDeviceConsent"),
        ),
        reply=TRANSACTION,
        action=CONSENT,
    ),
)
