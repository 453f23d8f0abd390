"""Firmware upgrades of version 1: scheduled, started, finished."""

from functools import partial
from typing import Any

from mockthingspace.apis.actions import snake
from mockthingspace.apis.fota import reports, scheduling
from mockthingspace.apis.fota.stages import FINISHED, MESSAGES, V1_LIFE
from mockthingspace.core.exceptions import InvalidStartDate
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import (
    FOTA_BY_STATUS,
    FOTA_CAMPAIGNS,
    FOTA_MESSAGES,
    SDK,
    UNSAID,
)
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import EXAMPLE_IMEI, Imeis
from mockthingspace.spec.fields import Account, Day, Index, Text, Uuid, Word
from mockthingspace.spec.schemas import Success, schema


class StartDay(Day):
    """The day on which an upgrade is to start."""

    refusal = absent = InvalidStartDate


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
}


def _text(key: str, **kwargs: Any) -> Text:
    return Text(data_key=key, metadata={"example": _EXAMPLES[key]}, **kwargs)


def _devices(status: str, **why: str) -> Member:
    """Make the field of devices, and how each stands."""
    device = {"deviceId": EXAMPLE_IMEI, "status": status, **why}
    return Member([device], data_key="deviceList")


UPGRADE_KEYS = ("firmwareName", "firmwareTo", "startDate", "status")
UPGRADED = {
    "id": _text("id"),
    "account": Text(data_key="accountName"),
    **{snake(key): _text(key) for key in UPGRADE_KEYS},
}
ACCEPTED_ONE = _devices("Device Accepted", resultReason="success")
SHOWN = schema(BY_SDK, **UPGRADED, devices=ACCEPTED_ONE, end_date=_text("endDate"))
WHICH = schema(BY_SDK, account=Account(required=True), request_id=Uuid(required=True))
UPGRADE = "/upgrades/<account>/upgrade/<request_id>"
OPERATIONS = (
    Operation(
        "schedule-upgrade",
        "POST",
        "/upgrades",
        partial(scheduling.schedule, V1_LIFE),
        Claim(
            "schedules an upgrade: queued at once, started on its date, then finished",
            *LIFE,
        ),
        body=schema(
            BY_SDK,
            account=ACCOUNT,
            firmware_name=_text("firmwareName", required=True),
            firmware_to=_text("firmwareTo", required=True),
            start_date=StartDay(required=True, data_key="startDate"),
            end_date=Day(required=True, data_key="endDate"),
            devices=Imeis(required=True, data_key="deviceList"),
        ),
        reply=schema(BY_SDK, **UPGRADED, devices=_devices("RequestPending")),
        action=Action(MESSAGES, (FINISHED,)),
    ),
    Operation(
        "show-upgrade",
        "GET",
        UPGRADE,
        partial(scheduling.show, V1_LIFE),
        Claim("shows an upgrade, consistent with its messages", *BY_SDK),
        WHICH,
        reply=SHOWN,
    ),
    Operation(
        "change-upgrade",
        "PUT",
        UPGRADE,
        partial(scheduling.change_devices, V1_LIFE),
        Claim(
            "adds or removes devices before the start; without devices it is cancelled",
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
            devices=_devices("AddDeviceSucceed", Reason="Device added Successfully"),
        ),
    ),
    Operation(
        "cancel-upgrade",
        "DELETE",
        UPGRADE,
        partial(scheduling.cancel, V1_LIFE),
        Claim(
            "cancels an upgrade before its start; sends no message",
            *assumed(f"{SDK} has the reply; {UNSAID} what is sent"),
        ),
        WHICH,
        reply=Success(),
    ),
    Operation(
        "list-upgrades",
        "GET",
        "/reports/<account>/status/<status>/index/<index>",
        partial(reports.numbered, V1_LIFE, SHOWN),
        Claim(
            "lists upgrades with a status, oldest first, a thousand from the index",
            *assumed(f"{FOTA_BY_STATUS} has the reply, not the order or how many"),
        ),
        schema(
            BY_SDK,
            account=Account(required=True),
            status=Text(required=True, metadata={"example": "Queued"}),
            index=Index(required=True),
        ),
        reply=schema(
            BY_SDK,
            more=Member(False, data_key="hasMoreFlag"),
            following=Member(0, data_key="lastSeenUpgradeId"),
            upgrades=Member(
                [
                    {
                        **{
                            key: _EXAMPLES[key]
                            for key in ("id", "accountName", *UPGRADE_KEYS, "endDate")
                        },
                        "deviceList": ACCEPTED_ONE.example,
                    }
                ],
                data_key="reportList",
            ),
        ),
    ),
    reports.of_device(
        V1_LIFE,
        "list-upgrades-of-device",
        id=_text("id"),
        firmware_to=_text("firmwareTo"),
        start_date=_text("startDate"),
    ),
)
