"""The SDK schedules upgrades of every version, and a listener hears of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from verizon.models.campaign_firmware_upgrade import CampaignFirmwareUpgrade
from verizon.models.campaign_software_upgrade import CampaignSoftwareUpgrade
from verizon.models.firmware_upgrade_request import FirmwareUpgradeRequest
from verizon.models.v2_change_campaign_dates_request import (
    V2ChangeCampaignDatesRequest,
)
from verizon.models.v3_change_campaign_dates_request import (
    V3ChangeCampaignDatesRequest,
)
from verizon.verizon_client import VerizonClient

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

from .callbacks import ACCOUNT
from .clients import client
from .versions import RELEASE

IMEI = "990013907835573"


@dataclass(frozen=True)
class Campaigns:
    """The SDK's calls for the campaigns of a version, and what is told of them."""

    family: str
    controller: str
    request: Callable[..., Any]
    dates: Callable[..., Any]
    kinds: tuple[str, ...]
    statuses: tuple[str, ...]

    def schedule(self, visitor: VerizonClient, start: date) -> Any:
        """Schedule a campaign; return the SDK's model of it."""
        body = self.request("name", "from", "to", "HTTP", *_days(start), [IMEI])
        # A model that has no such field leaves them out; 1.0.0 has none.
        body.auto_assign_license_flag = body.auto_add_devices_flag = False
        calls = getattr(visitor, self.controller)
        return calls.schedule_campaign_firmware_upgrade(ACCOUNT, body).body


def _days(start: date) -> tuple[date, date]:
    return start, start + timedelta(days=1)


CAMPAIGNS = (
    Campaigns(
        "fota-v2",
        "campaigns_v2",
        CampaignSoftwareUpgrade,
        V2ChangeCampaignDatesRequest,
        ("CampaignSoftware", "CampaignSoftware"),
        ("CampaignQueued", "CampaignScheduled", "CampaignEnded"),
    ),
    Campaigns(
        "fota-v3",
        "campaigns_v3",
        CampaignFirmwareUpgrade,
        V3ChangeCampaignDatesRequest,
        ("FirmwareCampaign", "Campaign"),
        (
            *("CampaignQueued", "CampaignPreScheduled"),
            *("CampaignScheduled", "CampaignEnded"),
        ),
    ),
)
where_upgrades_end = pytest.mark.skipif(
    not RELEASE.ends_upgrades, reason="its request has no end date"
)
every_version = pytest.mark.parametrize(
    "campaigns", CAMPAIGNS, ids=[item.family for item in CAMPAIGNS]
)


@pytest.fixture
def listener(thingspace: MockThingSpace) -> Iterator[Listener]:
    """A listener for the upgrades of every version."""
    with Listener() as listening:
        for family in ("fota-v1", "fota-v2", "fota-v3"):
            thingspace.register(ACCOUNT, listening.url, family=family)
        yield listening


def soon(thingspace: MockThingSpace) -> date:
    """Return a day that is to come on the server's clock."""
    return (thingspace.clock.now + timedelta(days=3)).date()


def told(thingspace: MockThingSpace, listener: Listener, key: str) -> list[str]:
    """Return what the messages say of all that will ever come."""
    thingspace.advance(hours=100)
    thingspace.wait_until_idle()
    return [message.json[key] for message in listener.messages]


def schedule(visitor: VerizonClient, start: date) -> Any:
    """Schedule an upgrade of version 1; return the SDK's model of it."""
    body = FirmwareUpgradeRequest(ACCOUNT, "name", "to", *_days(start), [IMEI])
    return visitor.firmware_v1.schedule_firmware_upgrade(body).body


@where_upgrades_end
def test_an_upgrade_is_told_of_in_three_messages(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Scheduled, started, finished; the SDK sees it finished then."""
    visitor = client()
    upgrade = schedule(visitor, soon(thingspace))

    types = told(thingspace, listener, "type")

    assert types == ["upgradeScheduled", "upgradeProgress", "upgradeFinished"]
    calls = visitor.firmware_v1
    shown = calls.list_firmware_upgrade_details(ACCOUNT, upgrade.id).body
    assert (upgrade.status, shown.status) == ("RequestPending", "Finished")
    assert shown.device_list[0].status == "UpgradeSuccess"


@where_upgrades_end
def test_an_upgrade_that_is_cancelled_is_told_of_no_more(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Only what was told before the cancellation has come."""
    visitor = client()
    upgrade = schedule(visitor, soon(thingspace))
    listener.wait_for(1)

    calls = visitor.firmware_v1
    cancelled = calls.cancel_scheduled_firmware_upgrade(ACCOUNT, upgrade.id).body

    assert cancelled.success is True
    assert told(thingspace, listener, "type") == ["upgradeScheduled"]


@where_upgrades_end
def test_upgrades_are_reported(thingspace: MockThingSpace) -> None:
    """The devices, the upgrades with a status, and the history of a device."""
    visitor = client()
    upgrade = schedule(visitor, soon(thingspace))
    calls = visitor.software_management_reports_v1

    devices = calls.list_account_devices(ACCOUNT, "0").body
    queued = calls.list_upgrades_for_specified_status(ACCOUNT, "Queued", "0").body
    [past] = calls.get_device_firmware_upgrade_history(ACCOUNT, IMEI).body

    assert [device.device_id for device in devices.device_list] == [IMEI]
    assert [item.id for item in queued.report_list] == [upgrade.id]
    assert (devices.last_seen_device_id, queued.last_seen_upgrade_id) == (0, 0)
    assert (past.id, past.status) == (upgrade.id, "Device Accepted")


@every_version
def test_a_campaign_is_told_of_as_it_goes_on(
    thingspace: MockThingSpace, listener: Listener, campaigns: Campaigns
) -> None:
    """The SDK's models have its statuses."""
    visitor = client()
    asked = campaigns.schedule(visitor, soon(thingspace))

    statuses = told(thingspace, listener, "status")

    calls = getattr(visitor, campaigns.controller)
    shown = calls.get_campaign_information(ACCOUNT, asked.id).body
    assert tuple(statuses) == campaigns.statuses
    assert (type(asked).__name__, type(shown).__name__) == campaigns.kinds
    assert (asked.status, shown.status) == ("CampaignRequestPending", statuses[-1])


@every_version
def test_a_campaign_that_is_cancelled_is_told_of_once_more(
    thingspace: MockThingSpace, listener: Listener, campaigns: Campaigns
) -> None:
    """The cancellation comes, and nothing after it."""
    visitor = client()
    asked = campaigns.schedule(visitor, soon(thingspace))

    calls = getattr(visitor, campaigns.controller)
    cancelled = calls.cancel_campaign(ACCOUNT, asked.id).body

    assert cancelled.success is True
    statuses = (*campaigns.statuses[:-2], "CampaignCancelled")
    assert tuple(told(thingspace, listener, "status")) == statuses


@every_version
def test_a_campaign_is_moved(
    thingspace: MockThingSpace, listener: Listener, campaigns: Campaigns
) -> None:
    """It has not started when it was to first."""
    visitor = client()
    asked = campaigns.schedule(visitor, soon(thingspace))
    later = soon(thingspace) + timedelta(days=30)

    calls = getattr(visitor, campaigns.controller)
    dates = campaigns.dates(*_days(later))
    moved = calls.update_campaign_dates(ACCOUNT, asked.id, dates).body

    assert moved.start_date == later
    statuses = campaigns.statuses[:-2]
    assert tuple(told(thingspace, listener, "status")) == statuses


@every_version
def test_campaigns_are_reported(
    thingspace: MockThingSpace, campaigns: Campaigns
) -> None:
    """The campaigns with a status, the devices of one, the history of a device."""
    visitor = client()
    asked = campaigns.schedule(visitor, soon(thingspace))
    reports = campaigns.controller.replace("campaigns", "software_management_reports")
    calls = getattr(visitor, reports)
    status = campaigns.statuses[-3]

    found = calls.get_campaign_history_by_status(ACCOUNT, status).body
    devices = calls.get_campaign_device_status(ACCOUNT, asked.id).body
    [past] = calls.get_device_firmware_upgrade_history(ACCOUNT, IMEI).body

    assert [item.id for item in found.campaign_list] == [asked.id]
    assert [device.device_id for device in devices.device_list] == [IMEI]
    assert (past.device_id, past.status) == (IMEI, devices.device_list[0].status)
