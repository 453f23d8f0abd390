"""What hyper-precise location is asked of devices: to be enabled, and their usage.

Disagreement: ``BullseyeEnable`` is true or false on the pages, in the SDK's model an
object that has it inside. Followed: the SDK, whose client finds it nowhere else; a
request may have either.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from marshmallow import ValidationError, fields

from mockthingspace.apis.actions import act, body, claim, ending
from mockthingspace.apis.handlers import Call
from mockthingspace.core.exceptions import (
    InvalidRequest,
    ThingSpaceError,
    TooManyDevices,
)
from mockthingspace.core.models import Claim, Provenance, documented
from mockthingspace.core.sources import (
    HYPER_PRECISE_ENABLE,
    HYPER_PRECISE_REPORT,
    HYPER_PRECISE_STATUS,
    SDK,
)
from mockthingspace.spec.actions import Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import MOST_DEVICES, ImeisOrAll
from mockthingspace.spec.fields import Account, Text
from mockthingspace.spec.schemas import BaseSchema, json_object, schema

FLAG = "BullseyeEnable"
IMEI = "990013907835573"
RULE = "/devices/services"
BY_SDK = documented(SDK)
ACCOUNT = Account(required=True, data_key="accountNumber")


class Flags(fields.Raw):
    """``[{"imei", "BullseyeEnable"}]``: on which devices it is to be enabled."""

    refusal: type[ThingSpaceError] = InvalidRequest
    absent = InvalidRequest
    secret = False
    refusals = (TooManyDevices,)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"example": [{"imei": IMEI, FLAG: True}]}, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Mapping[str, bool]:
        if not isinstance(value, list) or not value:
            raise ValidationError("must be an array of at least one device")
        if len(value) > MOST_DEVICES:
            raise ValidationError(f"must have at most {MOST_DEVICES:,} devices")
        return dict(_flag(item) for item in value)

    def refusal_of(self, value: object) -> type[ThingSpaceError]:
        """Say how devices that will not do are refused."""
        many = isinstance(value, list) and len(value) > MOST_DEVICES
        return TooManyDevices if many else self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        inside = {"type": "object", "properties": {FLAG: {"type": "boolean"}}}
        flag = {"anyOf": [{"type": "boolean"}, inside | {"required": [FLAG]}]}
        item = {
            "type": "object",
            "required": ["imei", FLAG],
            "properties": {"imei": {"type": "string", "minLength": 1}, FLAG: flag},
        }
        return {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_DEVICES,
            "items": item,
        }


def _flag(item: Any) -> tuple[str, bool]:
    given = item if isinstance(item, dict) else {}
    imei, flag = given.get("imei"), given.get(FLAG)
    enabled = flag.get(FLAG) if isinstance(flag, dict) else flag
    if not (isinstance(imei, str) and imei and isinstance(enabled, bool)):
        raise ValidationError(f'must have {{"imei": "...", "{FLAG}": true}} as items')
    return imei, enabled


def show(
    call: Call, account: str, imei: str, *, spelled: Callable[[bool], Any]
) -> Mapping[str, Any]:
    """Say whether it is enabled on a device."""
    enabled = imei in call.state.hyper_precise.of(account)
    return {"account": account, "devices": [{"imei": imei, FLAG: spelled(enabled)}]}


def switch(
    call: Call,
    account: str,
    devices: Mapping[str, bool],
    *,
    spelled: Callable[[bool], Any],
) -> Mapping[str, Any]:
    """Enable it on devices, or disable it."""
    call.state.hyper_precise.switch(account, devices)
    shown = [{"imei": imei, FLAG: spelled(flag)} for imei, flag in devices.items()]
    return {"account": account, "devices": shown}


def in_object(flag: bool) -> Any:
    """Spell a flag as the SDK's model has it."""
    return {FLAG: flag}


def _reply(known: Provenance, spelled: Callable[[bool], Any]) -> BaseSchema:
    devices = [{"imei": IMEI, FLAG: spelled(True)}]
    return schema(
        known,
        account=Text(data_key="accountNumber"),
        devices=Member(devices, data_key="deviceList"),
    )


def _in_dialects(handler: Callable[..., object], page: str) -> dict[str, Any]:
    """Return handler and reply of an operation, and those of the pages."""
    return {
        "handler": partial(handler, spelled=in_object),
        "reply": _reply(BY_SDK, in_object),
        "docs": {
            "handler": partial(handler, spelled=bool),
            "reply": _reply(documented(page), bool),
        },
    }


AGGREGATE = "BullseyeReporting.aggregateReport"
REPORT = ending((AGGREGATE,), (f"{AGGREGATE}.failed",))
OPERATIONS = (
    Operation(
        name="show-status",
        method="GET",
        rule=RULE,
        claim=Claim(
            "tells whether it is enabled on a device; it is not until requested",
            *documented(
                f"{HYPER_PRECISE_STATUS} (how a device is at first is assumed)"
            ),
        ),
        query=schema(
            BY_SDK,
            account=ACCOUNT,
            imei=Text(required=True, metadata={"example": IMEI}),
        ),
        **_in_dialects(show, HYPER_PRECISE_STATUS),
    ),
    Operation(
        name="change-status",
        method="PUT",
        rule=RULE,
        claim=Claim(
            "enables or disables it on devices",
            *documented(HYPER_PRECISE_ENABLE),
        ),
        body=schema(
            BY_SDK, account=ACCOUNT, devices=Flags(required=True, data_key="deviceList")
        ),
        **_in_dialects(switch, HYPER_PRECISE_ENABLE),
    ),
    Operation(
        "create-usage-report",
        "POST",
        "/report/async/aggregate",
        act,
        claim(REPORT, documented(HYPER_PRECISE_REPORT)),
        body=body(
            BY_SDK,
            json_object,
            {},
            ("startDate", "endDate", "deviceGroup", "dataPlan", "noSessionFlag"),
            account=ACCOUNT,
            devices=ImeisOrAll(required=True, data_key="imei"),
        ),
        reply=schema(
            BY_SDK,
            request_id=Text(data_key="txid"),
            status=fields.Constant("QUEUED"),
        ),
        action=REPORT,
    ),
)
