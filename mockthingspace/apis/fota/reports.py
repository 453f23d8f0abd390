"""Reports on campaigns of versions 2 and 3: by status, by device, a device's history.

Disagreement: the SDK's statuses have ``CampaignRequestQueued``, the pages
``CampaignQueued``. Followed: the pages; a report is asked for with either.
"""

from collections.abc import Mapping
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
from mockthingspace.spec.fields import Account, Text, Word
from mockthingspace.spec.schemas import BaseSchema, schema

PAGE = 1000
BY_SDK = documented(SDK)
UNORDERED = assumed(f"{SDK} has the reply, not the order or how many there are")
STATUSES = (
    *("CampaignQueued", "CampaignRequestQueued", "CampaignRequestPending"),
    *("CampaignRequestFailed", "CampaignPreScheduled", "CampaignScheduled"),
    *("CampaignEnded", "CampaignCancelled", "CampaignAborted", "CampaignFailed"),
)
_SPELLINGS = {"CampaignRequestQueued": "CampaignQueued"}


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
    documents = (life.document(action) for action in every(call, account))
    status = _SPELLINGS.get(wanted, wanted)
    found = [item for item in documents if item["status"] == status]
    page, more = _page(found, "id", last_seen)
    return {
        "more": more,
        "last_seen": page[-1]["id"] if page else None,
        "campaigns": shown.dump(page, many=True),
    }


def of_campaign(
    life: LifeCycle,
    call: Call,
    account: str,
    request_id: str,
    last_seen: str | None = None,
) -> Mapping[str, Any]:
    """Return how a campaign's devices stand, those after one if it is named.

    Raises:
        UnknownRequest: The account has no such campaign.
    """
    found = show(life, call, account, request_id)["devices"]
    page, more = _page(found, "deviceId", last_seen)
    return {
        "total": len(found),
        "more": more,
        "last_seen": page[-1]["deviceId"] if page else None,
        "size": PAGE,
        "devices": page,
    }


def history(
    life: LifeCycle, call: Call, account: str, imei: str
) -> tuple[Mapping[str, Any], ...]:
    """Return the campaigns of a device, newest first."""
    return tuple(
        {
            **life.document(action),
            "device": imei,
            "status": standing["status"],
            "reason": standing.get("resultReason"),
        }
        for action in reversed(every(call, account))
        for standing in life.standings(action)
        if standing["deviceId"] == imei
    )


def _page(found: list[Any], key: str, last: str | None) -> tuple[list[Any], bool]:
    """Return the next of what was found, and whether there is more."""
    if last is not None:
        found = list(dropwhile(lambda item: item[key] != last, found))[1:]
    return found[:PAGE], len(found) > PAGE


def operations(
    life: LifeCycle,
    by_status: str,
    shown: BaseSchema,
    examples: Mapping[str, str],
    past: Mapping[str, Text],
) -> tuple[Operation, ...]:
    """Return the reports of a version.

    Args:
        life: The life cycle of its campaigns.
        by_status: The path of the report on all with a status.
        shown: How that spells a campaign.
        examples: A campaign.
        past: What the history of a device has of a campaign.
    """
    account = Account(required=True)
    imei = {"example": "990013907835573"}
    campaign = {"example": examples["id"]}
    more = Member(False, data_key="hasMoreData")
    device = {"deviceId": imei["example"], "status": "UpgradeSuccess"}
    return (
        Operation(
            "list-campaigns",
            "GET",
            by_status,
            partial(with_status, life, shown),
            Claim("its campaigns with a status, oldest first", *UNORDERED),
            schema(BY_SDK, account=account),
            query=schema(
                BY_SDK,
                wanted=Word(STATUSES, required=True, data_key="campaignStatus"),
                last_seen=Text(data_key="lastSeenCampaignId", metadata=campaign),
            ),
            reply=schema(
                BY_SDK,
                more=more,
                last_seen=Text(data_key="lastSeenCampaignId", metadata=campaign),
                campaigns=Member([dict(examples)], data_key="campaignList"),
            ),
        ),
        Operation(
            "list-campaign-devices",
            "GET",
            "/reports/<account>/campaigns/<request_id>/devices",
            partial(of_campaign, life),
            Claim("how the devices of a campaign stand", *BY_SDK),
            schema(BY_SDK, account=account, request_id=Text(required=True)),
            query=schema(
                BY_SDK, last_seen=Text(data_key="lastSeenDeviceId", metadata=imei)
            ),
            reply=schema(
                BY_SDK,
                total=Member(1, data_key="totalDevice"),
                more=more,
                last_seen=Text(data_key="lastSeenDeviceId", metadata=imei),
                size=Member(PAGE, data_key="maxPageSize"),
                devices=Member(
                    [{**device, "resultReason": "success"}], data_key="deviceList"
                ),
            ),
        ),
        Operation(
            "list-campaigns-of-device",
            "GET",
            "/reports/<account>/devices/<imei>",
            partial(history, life),
            Claim("the campaigns of a device, newest first, an array", *UNORDERED),
            schema(BY_SDK, account=account, imei=Text(required=True, metadata=imei)),
            reply=schema(
                BY_SDK,
                device=Text(data_key="deviceId", metadata=imei),
                account=Text(data_key="accountName"),
                **past,
                status=Text(metadata={"example": "UpgradeSuccess"}),
                reason=Text(metadata={"example": "success"}),
            ),
            many=True,
        ),
    )
