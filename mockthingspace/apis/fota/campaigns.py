"""Campaigns of versions 2 and 3: scheduled, shown, changed, cancelled, reported."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mockthingspace.apis.actions import snake
from mockthingspace.apis.fota import reports, scheduling
from mockthingspace.apis.fota.life_cycle import LifeCycle
from mockthingspace.apis.fota.stages import FIRMWARE, SOFTWARE, V2_LIFE, V3_LIFE
from mockthingspace.apis.handlers import Call
from mockthingspace.core.models import Claim, Device, documented
from mockthingspace.core.sources import (
    FOTA_CAMPAIGNS,
    FOTA_LIFE_V2,
    FOTA_LIFE_V3,
    FOTA_V2_CANCEL,
    FOTA_V2_FILE,
    FOTA_V2_SCHEDULE,
    FOTA_V2_SHOW,
    FOTA_V3_CANCEL,
    FOTA_V3_SCHEDULE,
    SDK,
)
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Handler, Operation
from mockthingspace.spec.devices import EXAMPLE_IMEI, Imeis
from mockthingspace.spec.fields import Account, Day, Text, Uuid, Word
from mockthingspace.spec.schemas import Success, schema

BY_SDK = documented(SDK)
EXAMPLES = {
    "accountName": "0242078689-00001",
    "id": "f858b8c4-2153-11ec-8c44-aeb16d1aa652",
    "campaignId": "f858b8c4-2153-11ec-8c44-aeb16d1aa652",
    "requestId": "595f5c44-c31c-4552-8670-020a1545a84d",
    "campaignName": "Smart FOTA - test 4",
    "make": "Verizon",
    "model": "Model-A",
    "startDate": "2099-04-01",
    "endDate": "2099-04-02",
    "status": "CampaignQueued",
    "softwareName": "FOTA_Verizon_Model-A_02To03_HF",
    "softwareFrom": "FOTA_Verizon_Model-A_00To01_HF",
    "softwareTo": "FOTA_Verizon_Model-A_02To03_HF",
    "distributionType": "HTTP",
    "fileName": "configfile-Verizon_VZW1_hello-world.txt",
    "fileVersion": "1.0",
    "firmwareName": "SEQUANSCommunications_GM01Q_SR1.2.0.0-10512_SR1.2.0.0-10657",
    "firmwareFrom": "SR1.2.0.0-10512",
    "firmwareTo": "SR1.2.0.0-10657",
    "protocol": "LWM2M",
}
FILE = ("fileName", "fileVersion", "distributionType")
WHERE = schema(BY_SDK, account=Account(required=True))
WHICH = schema(BY_SDK, account=Account(required=True), request_id=Uuid(required=True))
DATES = {
    "start_date": Day(required=True, data_key="startDate"),
    "end_date": Day(required=True, data_key="endDate"),
}


def _text(key: str, **kwargs: Any) -> Text:
    return Text(data_key=key, metadata={"example": EXAMPLES[key]}, **kwargs)


def _texts(*keys: str, **kwargs: Any) -> dict[str, Text]:
    return {snake(key): _text(key, **kwargs) for key in keys}


def _key(field: Text) -> str:
    return str(field.data_key)


def _shown(program: tuple[str, ...]) -> dict[str, Text]:
    """Return the fields of a campaign that installs a program."""
    return {
        "account": Text(data_key="accountName"),
        **_texts("id", "campaignName", *program, "make", "model"),
        **_texts("startDate", "endDate", "status"),
    }


def schedule_file(
    call: Call,
    account: str,
    devices: tuple[Device, ...],
    file_name: str,
    file_version: str,
    **asked: Any,
) -> Mapping[str, Any]:
    """Accept a campaign for a file; no version must be on a device before it."""
    file = {"file_name": file_name, "file_version": file_version}
    told = {
        "software_name": file_name,
        "software_from": "",
        "software_to": file_version,
    }
    return scheduling.schedule(V2_LIFE, call, account, devices, **asked, **file, **told)


def _schedule(
    life: LifeCycle,
    name: str,
    place: str,
    handler: Handler,
    *,
    program: tuple[str, ...],
    more: Mapping[str, Member],
    reply: Mapping[str, Text],
    known: Claim,
) -> Operation:
    """Return an operation that schedules campaigns.

    Args:
        life: Their life cycle.
        name: The operation's.
        place: Where it is.
        handler: What does it.
        program: The keys of what is installed.
        more: What a request may have besides.
        reply: How a campaign is spelled.
        known: What becomes of one, and how we know.
    """
    told = (*life.stages, life.finished)
    events = tuple(stage.event for stage in told if stage.event)
    return Operation(
        name,
        "POST",
        place,
        handler,
        known,
        WHERE,
        body=schema(
            BY_SDK,
            campaign_name=Member(data_key="campaignName"),
            **_texts(*program, required=True),
            **DATES,
            **more,
            devices=Imeis(required=True, data_key="deviceList"),
        ),
        reply=schema(BY_SDK, **reply),
        action=Action(events, events),
    )


def _operations(
    life: LifeCycle,
    place: str,
    *,
    program: tuple[str, ...],
    windows: Mapping[str, Member],
    change: Mapping[str, Any],
    cancels: Claim,
    reported: str,
    past: Mapping[str, str],
) -> tuple[Operation, ...]:
    """Return the operations on campaigns of a version that are scheduled.

    Args:
        life: Their life cycle.
        place: Where one is changed.
        program: The keys of what is installed.
        windows: What a request for other dates may have besides.
        change: What the reply to changed devices has besides.
        cancels: What cancelling does, and how we know.
        reported: Where those with a status are listed.
        past: What the history of a device has of one, our names by ThingSpace's.
    """
    shown = _shown(program)
    campaign = f"{place}/<request_id>"
    return (
        Operation(
            "show-campaign",
            "GET",
            "/campaigns/<account>/<request_id>",
            partial(scheduling.show, life),
            Claim("shows a campaign, consistent with its messages", *BY_SDK),
            WHICH,
            reply=schema(BY_SDK, **shown),
        ),
        Operation(
            "change-campaign-devices",
            "PUT",
            campaign,
            partial(scheduling.change_devices, life),
            Claim("adds or removes devices before the start", *BY_SDK),
            WHICH,
            body=schema(
                BY_SDK,
                change=Word(("append", "remove"), required=True, data_key="Type"),
                devices=Imeis(required=True, data_key="deviceList"),
            ),
            reply=schema(
                BY_SDK,
                account=Text(data_key="accountName"),
                id=_text("campaignId"),
                **change,
            ),
        ),
        Operation(
            "change-campaign-dates",
            "PUT",
            f"{campaign}/dates",
            partial(scheduling.change_dates, life),
            Claim("changes a campaign's dates before the start", *BY_SDK),
            WHICH,
            body=schema(BY_SDK, **DATES, **windows),
            reply=schema(BY_SDK, **shown),
        ),
        Operation(
            "cancel-campaign",
            "DELETE",
            "/campaigns/<account>/<request_id>",
            partial(scheduling.cancel, life),
            cancels,
            WHICH,
            reply=Success(),
        ),
        *reports.of_campaigns(
            life,
            reported,
            schema(BY_SDK, **shown),
            {key: EXAMPLES[key] for key in map(_key, shown.values())},
            {name: _text(key) for key, name in past.items()},
        ),
    )


def _members(*keys: str) -> dict[str, Member]:
    return {snake(key): Member(data_key=key) for key in keys}


V2_WINDOWS = _members(
    *("downloadAfterDate", "downloadTimeWindowList"),
    *("installAfterDate", "installTimeWindowList"),
)
V3_WINDOWS = _members("campaignTimeWindowList")
V2 = (
    *(
        _schedule(
            V2_LIFE,
            name,
            place,
            partial(scheduling.schedule, V2_LIFE),
            program=SOFTWARE,
            more=V2_WINDOWS,
            reply=_shown(SOFTWARE),
            known=Claim(
                "schedules a campaign: queued at once (unless it starts at once), "
                "scheduled on its date, then ended",
                "assumed",
                f"{FOTA_LIFE_V2} and {FOTA_V2_SCHEDULE} name the statuses; that it "
                "takes two hours is not said",
            ),
        )
        for name, place in (
            ("schedule-campaign", "/campaigns/<account>"),
            ("schedule-software-campaign", "/campaigns/software/<account>"),
        )
    ),
    _schedule(
        V2_LIFE,
        "schedule-file-campaign",
        "/campaigns/files/<account>",
        schedule_file,
        program=FILE,
        more=V2_WINDOWS,
        reply=_shown((*SOFTWARE, *FILE[:2])),
        known=Claim(
            "schedules a campaign whose messages name the file as its software",
            "assumed",
            f"{FOTA_V2_FILE} has the request, and that it goes as any other; not how "
            "messages tell of a file",
        ),
    ),
    *_operations(
        V2_LIFE,
        "/campaigns/<account>",
        program=SOFTWARE,
        windows=V2_WINDOWS,
        change={"request_id": _text("requestId")},
        cancels=Claim(
            "cancels a campaign before its start, aborts it after; sends one message",
            *documented(f"{FOTA_V2_CANCEL}; {FOTA_V2_SHOW}"),
        ),
        reported="/reports/<account>/campaigns",
        past={"id": "id", "softwareName": "software_name", "startDate": "start_date"},
    ),
)
V3 = (
    _schedule(
        V3_LIFE,
        "schedule-campaign",
        "/campaigns/firmware/<account>",
        partial(scheduling.schedule, V3_LIFE),
        program=FIRMWARE,
        more={
            "auto_assign_license_flag": Member(False, data_key="autoAssignLicenseFlag"),
            "auto_add_devices_flag": Member(False, data_key="autoAddDevicesFlag"),
            **V3_WINDOWS,
        },
        reply=_shown(FIRMWARE),
        known=Claim(
            "schedules a campaign: queued and pre-scheduled at once, scheduled on "
            "its date, then ended",
            "assumed",
            f"{FOTA_LIFE_V3}, {FOTA_CAMPAIGNS} and {FOTA_V3_SCHEDULE} name the "
            "statuses; that it takes two hours is not said",
        ),
    ),
    *_operations(
        V3_LIFE,
        "/campaigns/firmware/<account>",
        program=FIRMWARE,
        windows=V3_WINDOWS,
        change={
            "devices": Member(
                [
                    {
                        "deviceId": EXAMPLE_IMEI,
                        "status": "AddDeviceSucceed",
                        "Reason": "Device added Successfully",
                    }
                ],
                data_key="deviceList",
            )
        },
        cancels=Claim(
            "cancels a campaign before its start; sends one message",
            *documented(FOTA_V3_CANCEL),
        ),
        reported="/reports/<account>/firmware/campaigns",
        past={
            "campaignId": "id",
            "firmwareName": "firmware_name",
            "firmwareFrom": "firmware_from",
            "firmwareTo": "firmware_to",
            "startDate": "start_date",
        },
    ),
)
