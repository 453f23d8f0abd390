"""Firmware upgrades of version 1: scheduled, started, finished."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from marshmallow.fields import Boolean

from mockthingspace.apis.fota import scheduling
from mockthingspace.apis.fota.life_cycle import LifeCycle, Stage, Standing, every
from mockthingspace.apis.handlers import Call
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import FOTA_CAMPAIGNS, FOTA_MESSAGES, SDK, UNSAID
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import Imeis
from mockthingspace.spec.fields import Account, Day, Text, Word
from mockthingspace.spec.schemas import Success, schema

MESSAGES = ("Fota.upgradeScheduled", "Fota.upgradeProgress", "Fota.upgradeFinished")
SCHEDULED, PROGRESS, FINISHED = MESSAGES
ACCEPTED = Standing("Device Accepted", "success")
UPGRADES = LifeCycle(
    pending=Stage("RequestPending", Standing("RequestPending")),
    stages=(
        Stage("Queued", ACCEPTED, SCHEDULED),
        Stage(
            "InProgress",
            Standing("UpgradeInProgress", "success"),
            PROGRESS,
            at_start=True,
        ),
    ),
    finished=Stage("Finished", Standing("UpgradeSuccess", "success"), FINISHED),
    failed=Stage("UpgradeFailed", Standing("UpgradeFailed"), FINISHED),
    unscheduled=Stage("RequestFailed", Standing("Device Rejected"), SCHEDULED),
    cancelled=Stage("Cancelled", ACCEPTED),
    device_failed=Standing("UpgradeFailed", "Upgrade failed"),
    invalid=Standing("Device Rejected", "Invalid Device IMEI"),
    taken=Standing("Device Rejected", "already scheduled for a firmware upgrade"),
    keys={
        "firmwareName": "firmware_name",
        "startDate": "start_date",
        "deviceList": "devices",
    },
    identity="upgradeId",
)


def firmware(call: Call, account: str) -> tuple[Mapping[str, Any], ...]:
    """Return the firmware that the message of new firmware announces."""
    announced = call.family.events_by_name["Fota.firmwareList"].template()
    return tuple(
        {**item, "participantName": account} for item in announced["firmwareList"]
    )


def devices(call: Call, account: str, index: str) -> Mapping[str, Any]:  # noqa: ARG001 (all are on one page)
    """Return the devices that the account's upgrades have named."""
    named = {
        identity: None
        for action in every(call, account)
        for device in action.devices
        for identity, _ in device
    }
    return {
        "account": account,
        "more": False,
        "last": next(reversed(named), ""),
        "devices": [{"deviceId": imei} for imei in named],
    }


def with_status(call: Call, account: str, status: str, index: str) -> Mapping[str, Any]:  # noqa: ARG001 (all are on one page)
    """Return the account's upgrades that have a status."""
    shown = [UPGRADES.document(action) for action in every(call, account)]
    found = [
        {
            "id": item["id"],
            "accountName": account,
            "firmwareName": item["firmware_name"],
            "firmwareTo": item["firmware_to"],
            "startDate": item["start_date"],
            "endDate": item["end_date"],
            "status": item["status"],
        }
        for item in shown
        if item["status"] == status
    ]
    last = found[-1]["id"] if found else ""
    return {"more": False, "last": last, "reports": found}


def history(call: Call, account: str, imei: str) -> tuple[Mapping[str, Any], ...]:
    """Return what upgrades have done to a device."""
    return tuple(
        {
            "device": imei,
            "id": action.request_id,
            "account": account,
            "firmware_to": action.details.asked["firmware_to"],
            "start_date": action.details.asked["start_date"],
            "status": standing["status"],
            "reason": standing.get("resultReason"),
        }
        for action in every(call, account)
        for standing in UPGRADES.standings(action)
        if standing["deviceId"] == imei
    )


BY_SDK = documented(SDK)
ACCOUNT = Account(required=True, data_key="accountName")
LIFE = assumed(
    f"{FOTA_MESSAGES} and {FOTA_CAMPAIGNS} name the messages; which one comes when it "
    "fails, that an upgrade takes two hours, and that there is a message for all "
    "devices, is not said"
)
_EXAMPLES = {
    "accountName": "0242078689-00001",
    "id": "e3a8d88a-04c6-4ef3-b039-89b62f91e962",
    "firmwareName": "FOTA_Verizon_Model-A_02To03_HF",
    "firmwareTo": "VerizonFirmwareVersion-03",
    "startDate": "2099-04-01",
    "endDate": "2099-04-02",
    "status": "Queued",
    "deviceId": "990013907835573",
    "reason": "success",
    "lastSeenUpgradeId": "e3a8d88a-04c6-4ef3-b039-89b62f91e962",
    "lastSeenDeviceId": "990013907835573",
    "participantName": "0242078689-00001",
    "launchDate": "2018-04-01T16:03:00.000Z",
    "releaseNote": "",
    "model": "Model-A",
    "make": "Verizon",
    "fromVersion": "VerizonFirmwareVersion-01",
    "toVersion": "VerizonFirmwareVersion-02",
}


def _text(key: str, **kwargs: Any) -> Text:
    return Text(data_key=key, metadata={"example": _EXAMPLES[key]}, **kwargs)


SHOWN = {
    "id": _text("id"),
    "account": Text(data_key="accountName"),
    "firmware_name": _text("firmwareName"),
    "firmware_to": _text("firmwareTo"),
    "start_date": _text("startDate"),
    "status": _text("status"),
    "devices": Member(
        [
            {
                "deviceId": "990013907835573",
                "status": "Device Accepted",
                "resultReason": "success",
            }
        ],
        data_key="deviceList",
    ),
}
PENDING = {
    "devices": Member(
        [{"deviceId": "990013907835573", "status": "RequestPending"}],
        data_key="deviceList",
    )
}
WHICH = schema(BY_SDK, account=Account(required=True), request_id=Text(required=True))
INDEX = Text(required=True, metadata={"example": "0"})
PAGE = schema(BY_SDK, account=Account(required=True), index=INDEX)
KNOWS_NONE = assumed(f"{SDK} has the reply; no inventory of devices is kept")
UPGRADE = "/upgrades/<account>/upgrade/<request_id>"
OPERATIONS = (
    Operation(
        "list-firmware",
        "GET",
        "/firmware/<account>",
        firmware,
        Claim("the firmware there is, an array; the example's", *BY_SDK),
        schema(BY_SDK, account=Account(required=True)),
        reply=schema(
            BY_SDK,
            **{
                name: _text(name)
                for name in (
                    *("firmwareName", "participantName", "launchDate", "releaseNote"),
                    *("model", "make", "fromVersion", "toVersion"),
                )
            },
        ),
        many=True,
    ),
    Operation(
        "schedule-upgrade",
        "POST",
        "/upgrades",
        partial(scheduling.schedule, UPGRADES),
        Claim("an upgrade: queued at once, started on its date, finished", *LIFE),
        body=schema(
            BY_SDK,
            account=ACCOUNT,
            firmware_name=_text("firmwareName", required=True),
            firmware_to=_text("firmwareTo", required=True),
            start_date=Day(required=True, data_key="startDate"),
            end_date=Day(required=True, data_key="endDate"),
            devices=Imeis(required=True, data_key="deviceList"),
        ),
        reply=schema(BY_SDK, **SHOWN | PENDING),
        action=Action(MESSAGES, (FINISHED,)),
    ),
    Operation(
        "show-upgrade",
        "GET",
        UPGRADE,
        partial(scheduling.show, UPGRADES),
        Claim("an upgrade as its messages tell of it", *BY_SDK),
        WHICH,
        reply=schema(BY_SDK, **SHOWN, end_date=_text("endDate")),
    ),
    Operation(
        "change-upgrade",
        "PUT",
        UPGRADE,
        partial(scheduling.change_devices, UPGRADES),
        Claim(
            "appends or removes devices, before it starts; without any it is cancelled",
            *documented(f"{SDK}; {FOTA_CAMPAIGNS}"),
        ),
        WHICH,
        body=schema(
            BY_SDK,
            change=Word(("append", "remove"), required=True, data_key="type"),
            devices=Imeis(required=True, data_key="deviceList"),
        ),
        reply=schema(
            BY_SDK,
            account=Text(data_key="accountName"),
            id=_text("id"),
            devices=Member(
                [
                    {
                        "deviceId": "990013907835573",
                        "status": "AddDeviceSucceed",
                        "Reason": "Device added Successfully",
                    }
                ],
                data_key="deviceList",
            ),
        ),
    ),
    Operation(
        "cancel-upgrade",
        "DELETE",
        UPGRADE,
        partial(scheduling.cancel, UPGRADES),
        Claim(
            "cancels it before it starts; no message comes of it",
            *assumed(f"{SDK} has the reply; {UNSAID} what is sent"),
        ),
        WHICH,
        reply=Success(),
    ),
    Operation(
        "list-upgraded-devices",
        "GET",
        "/devices/<account>/index/<index>",
        devices,
        Claim("the devices that upgrades were asked for, as one page", *KNOWS_NONE),
        PAGE,
        reply=schema(
            BY_SDK,
            account=Text(data_key="accountName"),
            more=Boolean(data_key="hasMoreData", metadata={"example": False}),
            last=_text("lastSeenDeviceId"),
            devices=Member([{"deviceId": "990013907835573"}], data_key="deviceList"),
        ),
    ),
    Operation(
        "list-upgrades",
        "GET",
        "/reports/<account>/status/<status>/index/<index>",
        with_status,
        Claim("the upgrades that have a status, as one page", *BY_SDK),
        schema(
            BY_SDK,
            account=Account(required=True),
            status=Text(required=True, metadata={"example": "Queued"}),
            index=INDEX,
        ),
        reply=schema(
            BY_SDK,
            more=Boolean(data_key="hasMoreFlag", metadata={"example": False}),
            last=_text("lastSeenUpgradeId"),
            reports=Member(
                [
                    {
                        key: _EXAMPLES[key]
                        for key in (
                            *("id", "accountName", "firmwareName", "firmwareTo"),
                            *("startDate", "endDate", "status"),
                        )
                    }
                ],
                data_key="reportList",
            ),
        ),
    ),
    Operation(
        "list-upgrades-of-device",
        "GET",
        "/reports/<account>/devices/<imei>",
        history,
        Claim("what upgrades have done to a device, an array", *BY_SDK),
        schema(
            BY_SDK,
            account=Account(required=True),
            imei=Text(required=True, metadata={"example": "990013907835573"}),
        ),
        reply=schema(
            BY_SDK,
            device=_text("deviceId"),
            id=_text("id"),
            account=Text(data_key="accountName"),
            firmware_to=_text("firmwareTo"),
            start_date=_text("startDate"),
            status=_text("status"),
            reason=_text("reason"),
        ),
        many=True,
    ),
)
