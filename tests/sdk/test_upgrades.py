"""The SDK schedules upgrades of every version, and a listener hears of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from verizon.models.campaign_firmware_upgrade import CampaignFirmwareUpgrade
from verizon.models.campaign_software_upgrade import CampaignSoftwareUpgrade
from verizon.models.device_imei import DeviceIMEI
from verizon.models.firmware_imei import FirmwareIMEI
from verizon.models.firmware_upgrade_request import FirmwareUpgradeRequest
from verizon.models.v2_change_campaign_dates_request import (
    V2ChangeCampaignDatesRequest,
)
from verizon.models.v3_change_campaign_dates_request import (
    V3ChangeCampaignDatesRequest,
)
from verizon.verizon_client import VerizonClient

from mockthingspace import MockThingSpace
from mockthingspace.apis.fota import reports
from mockthingspace.testing.listener import Listener

from .callbacks import ACCOUNT
from .clients import client
from .versions import RELEASE, RELEASES

IMEI, ANOTHER = "990013907835573", "990013907884259"


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
where_lists_are = pytest.mark.skipif(
    RELEASE is not RELEASES["2.0.0"], reason="the first have not all of them"
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
def test_firmware_is_announced_and_installed(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """The test says when there is new firmware; all four messages come in order."""
    thingspace.trigger("Fota.firmwareList", ACCOUNT)
    visitor = client()
    [firmware] = visitor.firmware_v1.list_available_firmware(ACCOUNT).body
    schedule(visitor, soon(thingspace))

    types = told(thingspace, listener, "type")

    announced = listener.messages[0].json["firmwareList"][0]
    assert announced["firmwareName"] == firmware.firmware_name
    assert types == [
        *("firmwareList", "upgradeScheduled", "upgradeProgress", "upgradeFinished")
    ]


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
    assert (past.id, past.status) == (upgrade.id, "Device Accepted")


@where_upgrades_end
def test_devices_are_read_page_by_page(
    thingspace: MockThingSpace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number that comes with a page is the index of the next."""
    monkeypatch.setattr(reports, "PAGE", 1)
    visitor = client()
    body = FirmwareUpgradeRequest(
        ACCOUNT, "name", "to", *_days(soon(thingspace)), [IMEI, ANOTHER]
    )
    visitor.firmware_v1.schedule_firmware_upgrade(body)
    calls = visitor.software_management_reports_v1

    first = calls.list_account_devices(ACCOUNT, "0").body
    rest = calls.list_account_devices(ACCOUNT, str(first.last_seen_device_id)).body

    assert (first.has_more_data, first.last_seen_device_id) == (True, int(IMEI))
    assert (rest.has_more_data, rest.device_list[0].device_id) == (False, ANOTHER)


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


@where_lists_are
def test_devices_and_what_there_is_to_install_are_listed(
    thingspace: MockThingSpace,
) -> None:
    """The SDK's models have the devices that campaigns have named."""
    visitor = client()
    for campaigns in CAMPAIGNS:
        campaigns.schedule(visitor, thingspace.clock.now.date())
        thingspace.advance(hours=2)
    second, third = visitor.software_management_reports_v2, visitor.account_devices

    [software] = second.list_available_software(ACCOUNT, "HTTP").body
    [updated] = second.list_account_devices(ACCOUNT, "0", "HTTP").body.device_list
    [package] = visitor.firmware_v3.list_available_firmware(ACCOUNT, "all").body
    [listed] = third.get_account_device_information(ACCOUNT, "0").body.device_list
    shown = third.list_account_devices_information(ACCOUNT, DeviceIMEI([IMEI])).body

    assert (software.distribution_type, package.protocol) == ("HTTP", "LWM2M")
    assert [item.version for item in updated.software_list] == ["to"]
    assert (listed.device_id, listed.firmware) == (IMEI, "to")
    assert (shown.device_count, shown.device_list[0].firmware) == (1, "to")


@where_lists_are
def test_firmware_is_synchronized_and_reported(thingspace: MockThingSpace) -> None:
    """Of any device; the report has an id, and no message comes of it."""
    assert thingspace.actions() == []
    calls = client().firmware_v3

    told = calls.synchronize_device_firmware(ACCOUNT, FirmwareIMEI([IMEI])).body
    asked = calls.report_device_firmware(ACCOUNT, IMEI).body

    [version] = told.device_firmwar_version_list
    assert (version.device_id, version.firmware_version) == (IMEI, "SR1.2.0.0-10512")
    assert (asked.account_name, bool(asked.request_id)) == (ACCOUNT, True)


@where_lists_are
def test_a_file_is_scheduled(thingspace: MockThingSpace, listener: Listener) -> None:
    """It goes as any campaign of version 2."""
    from verizon.models.upload_and_schedule_file_request import (
        UploadAndScheduleFileRequest,
    )

    visitor = client()
    [file] = visitor.configuration_files.get_list_of_files(
        ACCOUNT, "HTTP"
    ).body.available_files_response
    start, end = map(str, _days(soon(thingspace)))
    body = UploadAndScheduleFileRequest(
        file_name=file.file_name,
        file_version=file.file_version,
        distribution_type="HTTP",
        start_date=start,
        end_date=end,
        device_list=[IMEI],
    )

    asked = visitor.campaigns_v2.schedule_file_upgrade(ACCOUNT, body).body

    assert (asked.file_name, asked.status) == (file.file_name, "CampaignRequestPending")
    assert tuple(told(thingspace, listener, "status")) == CAMPAIGNS[0].statuses
