"""Reports on upgrades and campaigns: by status, by device, a device's history.

Disagreement: the SDK's statuses of campaigns have ``CampaignRequestQueued``, the pages
``CampaignQueued``. Followed: the pages; a report is asked for with either.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import dropwhile
from typing import Any

from mockthingspace.apis.fota.life_cycle import LifeCycle, every
from mockthingspace.apis.fota.scheduling import show
from mockthingspace.apis.handlers import Call
from mockthingspace.core.models import Claim, assumed, documented
from mockthingspace.core.sources import SDK
from mockthingspace.spec.actions import Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import EXAMPLE_IMEI, Imei
from mockthingspace.spec.fields import Account, Text, Uuid, Word
from mockthingspace.spec.schemas import BaseSchema, schema

PAGE = 1000
LONGEST_IMEI = 16
LAST_SEEN = Text(data_key="lastSeenDeviceId", metadata={"example": EXAMPLE_IMEI})
BY_SDK = documented(SDK)
UNORDERED = assumed(f"{SDK} has the reply, not the order or how many there are")
STATUSES = (
    *("CampaignQueued", "CampaignRequestQueued", "CampaignRequestPending"),
    *("CampaignRequestFailed", "CampaignPreScheduled", "CampaignScheduled"),
    *("CampaignEnded", "CampaignCancelled", "CampaignAborted", "CampaignFailed"),
)
_SPELLINGS = {"CampaignRequestQueued": "CampaignQueued"}


def numbered(
    life: LifeCycle,
    shown: BaseSchema,
    call: Call,
    *,
    account: str,
    status: str,
    index: str,
) -> Mapping[str, Any]:
    """Return the account's upgrades with a status, from one of a number on."""
    found = _with_status(life, call, account, status)
    page, more = first_page(found[int(index) :])
    return {
        "more": more,
        "following": int(index) + PAGE if more else 0,
        "upgrades": shown.dump(page, many=True),
    }


def with_status(
    life: LifeCycle,
    shown: BaseSchema,
    call: Call,
    *,
    account: str,
    wanted: str,
    last_seen: str | None = None,
) -> Mapping[str, Any]:
    """Return the account's campaigns with a status, those after one if it is named."""
    found = _with_status(life, call, account, _SPELLINGS.get(wanted, wanted))
    if last_seen is not None:
        found = list(dropwhile(lambda item: item["id"] != last_seen, found))[1:]
    page, more = first_page(found)
    return {
        "more": more,
        "last_seen": page[-1]["id"] if page else None,
        "campaigns": shown.dump(page, many=True),
    }


def of_campaign(
    life: LifeCycle, call: Call, account: str, request_id: str, last_seen: str = "0"
) -> Mapping[str, Any]:
    """Return how a campaign's devices stand, those with larger IMEIs than one.

    Raises:
        UnknownRequest: The account has no such campaign.
    """
    found = show(life, call, account, request_id)["devices"]
    return {"total": len(found), **page_of_devices(found, last_seen)}


def history(
    life: LifeCycle, call: Call, account: str, imei: str
) -> tuple[Mapping[str, Any], ...]:
    """Return the upgrades or campaigns of a device, newest first."""
    return tuple(
        {
            **life.document(action),
            "device": imei,
            "status": standing["status"],
            "reason": standing.get("resultReason"),
        }
        for action in reversed(every(call, account))
        if ((imei, "imei"),) in action.devices
        for standing in life.standings(action)
        if standing["deviceId"] == imei
    )


def first_page(found: list[Any]) -> tuple[list[Any], bool]:
    """Return the first of what was found, and whether there is more."""
    return found[:PAGE], len(found) > PAGE


def page_of_devices(
    devices: Iterable[Mapping[str, Any]], last_seen: str
) -> Mapping[str, Any]:
    """Return the devices whose IMEIs are larger than one, in their order."""
    seen = _number({"deviceId": last_seen})
    larger = [item for item in devices if _number(item) > seen]
    page, more = first_page(sorted(larger, key=_number))
    last = page[-1]["deviceId"] if page else None
    return {"more": more, "last_seen": last, "size": PAGE, "devices": page}


def _number(device: Mapping[str, Any]) -> str:
    """Return what orders devices by their IMEIs, whatever was given as one."""
    imei: str = device["deviceId"]
    return imei.rjust(LONGEST_IMEI, "0")


def _with_status(
    life: LifeCycle, call: Call, account: str, status: str
) -> list[Mapping[str, Any]]:
    documents = (life.document(action) for action in every(call, account))
    return [document for document in documents if document["status"] == status]


def of_device(life: LifeCycle, name: str, **past: Text) -> Operation:
    """Return the operation that tells the history of a device.

    Args:
        life: What its upgrades or campaigns go through.
        name: The operation's.
        **past: What the reply has of one.
    """
    return Operation(
        name,
        "GET",
        "/reports/<account>/devices/<imei>",
        partial(history, life),
        Claim("lists what a device has had as an array, newest first", *UNORDERED),
        schema(BY_SDK, account=Account(required=True), imei=Imei(required=True)),
        reply=schema(
            BY_SDK,
            device=Imei(data_key="deviceId"),
            account=Text(data_key="accountName"),
            **past,
            status=Text(metadata={"example": "UpgradeSuccess"}),
            reason=Text(metadata={"example": "success"}),
        ),
        many=True,
    )


def of_campaigns(
    life: LifeCycle,
    by_status: str,
    shown: BaseSchema,
    examples: Mapping[str, str],
    past: Mapping[str, Text],
) -> tuple[Operation, ...]:
    """Return the reports on campaigns of a version.

    Args:
        life: Their life cycle.
        by_status: The path of the report on all with a status.
        shown: How that spells a campaign.
        examples: A campaign.
        past: What the history of a device has of one.
    """
    account = Account(required=True)
    seen = Text(data_key="lastSeenCampaignId", metadata={"example": examples["id"]})
    more = Member(False, data_key="hasMoreData")
    return (
        Operation(
            "list-campaigns",
            "GET",
            by_status,
            partial(with_status, life, shown),
            Claim(
                "lists the account's campaigns with a status, oldest first", *UNORDERED
            ),
            schema(BY_SDK, account=account),
            query=schema(
                BY_SDK,
                wanted=Word(STATUSES, required=True, data_key="campaignStatus"),
                last_seen=seen,
            ),
            reply=schema(
                BY_SDK,
                more=more,
                last_seen=seen,
                campaigns=Member([dict(examples)], data_key="campaignList"),
            ),
        ),
        Operation(
            "list-campaign-devices",
            "GET",
            "/reports/<account>/campaigns/<request_id>/devices",
            partial(of_campaign, life),
            Claim("lists the status of a campaign's devices", *BY_SDK),
            schema(BY_SDK, account=account, request_id=Uuid(required=True)),
            query=schema(BY_SDK, last_seen=LAST_SEEN),
            reply=schema(
                BY_SDK,
                total=Member(1, data_key="totalDevice"),
                more=more,
                last_seen=LAST_SEEN,
                size=Member(PAGE, data_key="maxPageSize"),
                devices=Member(
                    [
                        {
                            "deviceId": EXAMPLE_IMEI,
                            "status": "UpgradeSuccess",
                            "resultReason": "success",
                        }
                    ],
                    data_key="deviceList",
                ),
            ),
        ),
        of_device(life, "list-campaigns-of-device", **past),
    )
