"""Campaigns of versions 2 and 3: queued, scheduled, ended.

Disagreement: of version 2 the SDK says that a campaign that has started cannot be
cancelled; three pages that it is aborted. Followed: the pages. Of version 3 one page
says so too; the page of its cancellation and the SDK say the opposite. Followed: these.
Disagreement: the SDK's enumeration has ``CampaignRequestQueued``, the pages
``CampaignQueued`` and, in version 3, ``CampaignPreScheduled``, which the SDK's example
has too. Followed: the pages.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from mockthingspace.apis.actions import snake
from mockthingspace.apis.fota import reports, scheduling
from mockthingspace.apis.fota.life_cycle import LifeCycle, Stage, Standing
from mockthingspace.core.models import Claim, documented
from mockthingspace.core.sources import (
    FOTA_CAMPAIGNS,
    FOTA_LIFE_V2,
    FOTA_LIFE_V3,
    FOTA_V2_CANCEL,
    FOTA_V2_SCHEDULE,
    FOTA_V2_SHOW,
    FOTA_V3_CANCEL,
    FOTA_V3_SCHEDULE,
    SDK,
)
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import Imeis
from mockthingspace.spec.fields import Account, Day, Text, Uuid, Word
from mockthingspace.spec.schemas import Success, schema

BY_SDK = documented(SDK)
ACCEPTED = Standing("Accepted", "success")
DATES = {"startDate": "start_date", "endDate": "end_date", "deviceList": "devices"}
SOFTWARE = ("softwareName", "softwareFrom", "softwareTo", "distributionType")
FIRMWARE = ("firmwareName", "firmwareFrom", "firmwareTo", "protocol")
EXAMPLES = {
    "accountName": "0242078689-00001",
    "id": "f858b8c4-2153-11ec-8c44-aeb16d1aa652",
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
    "firmwareName": "SEQUANSCommunications_GM01Q_SR1.2.0.0-10512_SR1.2.0.0-10657",
    "firmwareFrom": "SR1.2.0.0-10512",
    "firmwareTo": "SR1.2.0.0-10657",
    "protocol": "LWM2M",
}


def _events(version: str) -> dict[str, str]:
    return {
        name: f"Fota{version}.campaign{name}"
        for name in (
            *("Queued", "PreScheduled", "Scheduled", "Ended", "Ended.failed"),
            *("RequestFailed", "Cancelled", "Aborted"),
        )
    }


def _life_cycle(
    version: str,
    devices: tuple[Standing, ...],
    failed: Standing,
    program: tuple[str, ...],
    hardware: Mapping[str, str],
    *,
    cancelled: Standing,
    invalid: Standing,
    taken: Standing,
    aborts: bool,
) -> LifeCycle:
    """Build the life cycle of a version.

    Args:
        version: ``V2`` or ``V3``.
        devices: How devices stand while it is queued, pre-scheduled (version 3 only)
            and scheduled, and when it has ended.
        failed: How a device stands that has failed.
        program: The keys of what is installed.
        hardware: What the devices are said to be.
        cancelled: How a device stands whose campaign is cancelled.
        invalid: How a device stands whose IMEI is none.
        taken: How a device stands that another campaign has.
        aborts: Whether one that has started can be aborted, and one that starts at
            once is not queued.
    """
    events = _events(version)
    *waiting, scheduled, ended = devices
    names = ("Queued", "PreScheduled")
    return LifeCycle(
        pending=Stage("CampaignRequestPending", waiting[0]),
        stages=(
            *(
                Stage(f"Campaign{name}", standing, events[name])
                for name, standing in zip(names, waiting, strict=False)
            ),
            Stage("CampaignScheduled", scheduled, events["Scheduled"], at_start=True),
        ),
        finished=Stage("CampaignEnded", ended, events["Ended"]),
        failed=Stage("CampaignEnded", failed, events["Ended.failed"]),
        unscheduled=Stage(
            "CampaignRequestFailed",
            invalid,
            events["RequestFailed"],
        ),
        cancelled=Stage("CampaignCancelled", cancelled, events["Cancelled"]),
        aborted=Stage(
            "CampaignAborted", Standing("CampaignAborted", ""), events["Aborted"]
        )
        if aborts
        else None,
        queues_on_demand=not aborts,
        device_failed=failed,
        invalid=invalid,
        taken=taken,
        keys={
            **DATES,
            **{key: snake(key) for key in (*program, "campaignName")},
            "status": "status",
        },
        identity="campaignId",
        hardware=hardware,
    )


V2_LIFE = _life_cycle(
    "V2",
    (ACCEPTED, ACCEPTED, Standing("UpgradeSuccess", "DownloadInstallSucceeded")),
    Standing("UpgradedFailed for UpgradePending", "RovaClientDownloadFailed"),
    SOFTWARE,
    {"make": "Verizon", "model": "Model-A"},
    cancelled=Standing("CampaignCancelled", "success"),
    invalid=Standing("DeviceRejected", "Invalid device IMEI."),
    taken=Standing(
        "DeviceRejected",
        "Device scheduled for firmware upgrade previously, needs to be completed "
        "before another upgrade is scheduled.",
    ),
    aborts=True,
)
PENDING = Standing(
    "UpgradePending",
    "Upgrade pending, the device upgrade is estimated to be scheduled for {start}",
)
UNREACHABLE = Standing(
    "NoDeviceDataFromNetwork", "The network reports this device is not reachable."
)
V3_LIFE = _life_cycle(
    "V3",
    (
        Standing(
            "ReceivedDeviceDataFromNetwork",
            "Reachability information received from the network.",
        ),
        PENDING,
        Standing("UpgradeScheduled", "The upgrade is scheduled to begin on {start}"),
        Standing("UpgradeSuccess", "success"),
    ),
    Standing(
        "NoDeviceDataFromNetwork",
        "The network does not report this device is reachable, no retry available, "
        "try count 42",
    ),
    FIRMWARE,
    {"make": "SEQUANS Communications", "model": "GM01Q"},
    cancelled=PENDING,
    invalid=UNREACHABLE,
    taken=UNREACHABLE,
    aborts=False,
)


def _operations(
    life: LifeCycle,
    place: str,
    *,
    changed: str,
    reported: str,
    past: Mapping[str, str],
    program: tuple[str, ...],
    optional: tuple[str, ...],
    flags: tuple[str, ...] = (),
    change: Mapping[str, Any],
    cancels: Claim,
    known: Claim,
) -> tuple[Operation, ...]:
    """Return the operations on campaigns of a version.

    Args:
        life: Their life cycle.
        place: Where campaigns are scheduled.
        changed: Where one is changed.
        reported: Where those with a status are listed.
        past: What the history of a device has of one, our names by ThingSpace's.
        program: The keys of what is installed.
        optional: The keys that a request may have besides.
        flags: Those of them that are booleans.
        change: What the reply to changed devices has besides.
        cancels: What cancelling does, and how we know.
        known: What becomes of a campaign, and how we know.
    """
    shown = {
        "account": Text(data_key="accountName"),
        **{
            snake(key): Text(data_key=key, metadata={"example": EXAMPLES[key]})
            for key in ("id", "campaignName", *program, "make", "model")
        },
        **{
            snake(key): Text(data_key=key, metadata={"example": EXAMPLES[key]})
            for key in ("startDate", "endDate", "status")
        },
    }
    dates = {
        "start_date": Day(required=True, data_key="startDate"),
        "end_date": Day(required=True, data_key="endDate"),
    }
    more = {snake(key): Member(data_key=key) for key in optional}
    where = schema(BY_SDK, account=Account(required=True))
    which = schema(
        BY_SDK, account=Account(required=True), request_id=Uuid(required=True)
    )
    campaign = f"{changed}/<request_id>"
    told = (*life.stages, life.finished)
    events = tuple(stage.event for stage in told if stage.event)
    return (
        Operation(
            "schedule-campaign",
            "POST",
            place,
            partial(scheduling.schedule, life),
            known,
            where,
            body=schema(
                BY_SDK,
                campaign_name=Member(data_key="campaignName"),
                **{
                    snake(key): Text(
                        required=True, data_key=key, metadata={"example": EXAMPLES[key]}
                    )
                    for key in program
                },
                **dates,
                **{snake(key): Member(False, data_key=key) for key in flags},
                **more,
                devices=Imeis(required=True, data_key="deviceList"),
            ),
            reply=schema(BY_SDK, **shown),
            action=Action(events, events),
        ),
        Operation(
            "show-campaign",
            "GET",
            "/campaigns/<account>/<request_id>",
            partial(scheduling.show, life),
            Claim("a campaign as its messages tell of it", *BY_SDK),
            which,
            reply=schema(BY_SDK, **shown),
        ),
        Operation(
            "change-campaign-devices",
            "PUT",
            campaign,
            partial(scheduling.change_devices, life),
            Claim("appends or removes devices before it starts", *BY_SDK),
            which,
            body=schema(
                BY_SDK,
                change=Word(("append", "remove"), required=True, data_key="Type"),
                devices=Imeis(required=True, data_key="deviceList"),
            ),
            reply=schema(
                BY_SDK,
                account=Text(data_key="accountName"),
                id=Text(data_key="campaignId", metadata={"example": EXAMPLES["id"]}),
                **change,
            ),
        ),
        Operation(
            "change-campaign-dates",
            "PUT",
            f"{campaign}/dates",
            partial(scheduling.change_dates, life),
            Claim(
                "puts other dates in the place of its own, before it starts", *BY_SDK
            ),
            which,
            body=schema(
                BY_SDK,
                **dates,
                **{key: value for key, value in more.items() if "window" in key},
            ),
            reply=schema(BY_SDK, **shown),
        ),
        Operation(
            "cancel-campaign",
            "DELETE",
            "/campaigns/<account>/<request_id>",
            partial(scheduling.cancel, life),
            cancels,
            which,
            reply=Success(),
        ),
        *reports.of_campaigns(
            life,
            reported,
            schema(BY_SDK, **shown),
            {
                key: EXAMPLES[key]
                for key in (
                    *("accountName", "id", "campaignName", *program),
                    *("make", "model", "startDate", "endDate", "status"),
                )
            },
            {
                name: Text(data_key=key, metadata={"example": EXAMPLES[shown_as]})
                for key, name in past.items()
                for shown_as in (key if key in EXAMPLES else "id",)
            },
        ),
    )


V2 = _operations(
    V2_LIFE,
    "/campaigns/<account>",
    changed="/campaigns/<account>",
    reported="/reports/<account>/campaigns",
    past={"id": "id", "softwareName": "software_name", "startDate": "start_date"},
    program=SOFTWARE,
    optional=(
        *("downloadAfterDate", "downloadTimeWindowList"),
        *("installAfterDate", "installTimeWindowList"),
    ),
    change={
        "request_id": Text(
            data_key="requestId",
            metadata={"example": "595f5c44-c31c-4552-8670-020a1545a84d"},
        )
    },
    cancels=Claim(
        "cancels it before it starts, aborts it after; one message says so",
        *documented(f"{FOTA_V2_CANCEL}; {FOTA_V2_SHOW}"),
    ),
    known=Claim(
        "a campaign: queued at once (not if it starts at once), scheduled on its date, "
        "ended",
        "assumed",
        f"{FOTA_LIFE_V2} and {FOTA_V2_SCHEDULE} name the statuses; that it takes two "
        "hours is not said",
    ),
)
V3 = _operations(
    V3_LIFE,
    "/campaigns/firmware/<account>",
    changed="/campaigns/firmware/<account>",
    reported="/reports/<account>/firmware/campaigns",
    past={
        "campaignId": "id",
        "firmwareName": "firmware_name",
        "firmwareFrom": "firmware_from",
        "firmwareTo": "firmware_to",
        "startDate": "start_date",
    },
    program=FIRMWARE,
    optional=("campaignTimeWindowList",),
    flags=("autoAssignLicenseFlag", "autoAddDevicesFlag"),
    change={
        "devices": Member(
            [
                {
                    "deviceId": "990013907835573",
                    "status": "AddDeviceSucceed",
                    "Reason": "Device added Successfully",
                }
            ],
            data_key="deviceList",
        )
    },
    cancels=Claim(
        "cancels it before it starts; one message says so",
        *documented(FOTA_V3_CANCEL),
    ),
    known=Claim(
        "a campaign: queued and pre-scheduled at once, scheduled on its date, ended",
        "assumed",
        f"{FOTA_LIFE_V3}, {FOTA_CAMPAIGNS} and {FOTA_V3_SCHEDULE} name the statuses; "
        "that it takes two hours is not said",
    ),
)
