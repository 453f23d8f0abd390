"""Campaigns of versions 2 and 3: what is told of them, and when."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

ACCOUNT = "0242078689-00001"
IMEI, ANOTHER = "990013907835573", "990013907884259"


class Version(NamedTuple):
    """How a version spells what it is asked for, and what it tells."""

    name: str
    place: str
    program: dict[str, Any]
    at_once: list[str]
    hardware: dict[str, str]


V2 = Version(
    "fota-v2",
    f"campaigns/{ACCOUNT}",
    {
        "softwareName": "FOTA_02To03",
        "softwareFrom": "02",
        "softwareTo": "03",
        "distributionType": "HTTP",
    },
    ["CampaignQueued"],
    {"make": "Verizon", "model": "Model-A"},
)
V3 = Version(
    "fota-v3",
    f"campaigns/firmware/{ACCOUNT}",
    {
        "firmwareName": "FOTA_02To03",
        "firmwareFrom": "02",
        "firmwareTo": "03",
        "protocol": "LWM2M",
        "autoAssignLicenseFlag": False,
        "autoAddDevicesFlag": False,
    },
    ["CampaignQueued", "CampaignPreScheduled"],
    {"make": "SEQUANS Communications", "model": "GM01Q"},
)


class Team:
    """Somebody who runs campaigns, and listens for what becomes of them."""

    def __init__(
        self, version: Version, thingspace: MockThingSpace, listener: Listener
    ) -> None:
        self.version = version
        self.thingspace = thingspace
        self.listener = listener
        self.base = thingspace.url_for(version.name)

    def day(self, days: int) -> str:
        """Return a day so many days from now."""
        return (self.thingspace.clock.now + timedelta(days=days)).date().isoformat()

    def start(self, day: str) -> None:
        """Let time pass until a day begins."""
        begins = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
        left = begins - self.thingspace.clock.now
        self.thingspace.advance(seconds=left.total_seconds())

    def dates(self, days: int) -> dict[str, str]:
        """Return a start in so many days, and an end."""
        return {"startDate": self.day(days), "endDate": self.day(days + 7)}

    def post(self, **changes: Any) -> requests.Response:
        """Ask for a campaign."""
        body = {
            "campaignName": "winter",
            **self.version.program,
            **self.dates(3),
            "deviceList": [IMEI],
            **changes,
        }
        return self.ask("POST", self.version.place, json=body)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask the API something."""
        return requests.request(method, f"{self.base}/{path}", timeout=30, **more)

    def change(self, campaign: str, more: str = "", **body: Any) -> requests.Response:
        """Change a campaign."""
        return self.ask("PUT", f"{self.version.place}/{campaign}{more}", json=body)

    def status(self, campaign: str) -> str:
        """Return the status of a campaign."""
        shown = self.ask("GET", f"campaigns/{ACCOUNT}/{campaign}").json()
        return str(shown["status"])

    def told(self) -> list[str]:
        """Return the statuses of the messages that have come."""
        self.thingspace.wait_until_idle()
        return [message.json["status"] for message in self.listener.messages]

    def devices(self) -> list[str]:
        """Return how the devices stand in the last message."""
        self.told()
        return [
            item["status"] for item in self.listener.messages[-1].json["deviceList"]
        ]


Teams = Callable[[Version], Team]


@pytest.fixture
def teams() -> Iterator[Teams]:
    """Makes a team of a version, with a listener."""
    with MockThingSpace() as thingspace, Listener() as listener:

        def make(version: Version) -> Team:
            thingspace.register(ACCOUNT, listener.url, family=version.name)
            return Team(version, thingspace, listener)

        yield make


@pytest.fixture(params=[V2, V3], ids=lambda version: version.name)
def team(request: pytest.FixtureRequest, teams: Teams) -> Team:
    """A team with a listener, for each version."""
    return teams(request.param)


def test_a_campaign_is_accepted_as_pending(team: Team) -> None:
    """The reply repeats the request and has an id."""
    response = team.post()

    shown = response.json()
    asked = {
        key: value for key, value in team.version.program.items() if "Flag" not in key
    }
    assert response.status_code == 200
    assert shown == {
        "id": shown["id"],
        "accountName": ACCOUNT,
        "campaignName": "winter",
        **asked,
        **team.version.hardware,
        **team.dates(3),
        "status": "CampaignRequestPending",
    }


def test_a_campaign_is_told_of_at_once_at_its_start_and_at_its_end(team: Team) -> None:
    """The status agrees with the messages at each point."""
    campaign = team.post().json()["id"]
    queued = team.told(), team.status(campaign)
    team.start(team.day(3))
    started = team.told(), team.status(campaign)
    team.thingspace.advance(hours=2)
    ended = team.told(), team.status(campaign)

    at_once = team.version.at_once
    assert queued == (at_once, at_once[-1])
    assert started == ([*at_once, "CampaignScheduled"], "CampaignScheduled")
    assert ended == ([*started[0], "CampaignEnded"], "CampaignEnded")
    assert team.devices() == ["UpgradeSuccess"]


def test_a_message_repeats_what_the_request_said(team: Team) -> None:
    """Id, name, program and dates are the campaign's."""
    campaign = team.post().json()["id"]

    message = team.listener.wait_for(1)[0].json

    said = {key: message[key] for key in team.version.program if "Flag" not in key}
    assert message["campaignId"] == campaign
    assert message["campaignName"] == "winter"
    assert {**team.version.program, **said} == team.version.program
    assert message["startDate"] == team.day(3)
    assert [item["deviceId"] for item in message["deviceList"]] == [IMEI]


def test_other_dates_move_what_is_to_come(team: Team) -> None:
    """Nothing is left of the first date."""
    campaign = team.post().json()["id"]
    later = team.dates(9)

    changed = team.change(campaign, "/dates", **later)
    first, second = team.day(3), team.day(9)
    team.start(first)
    before = team.status(campaign)
    team.start(second)

    assert changed.json()["startDate"] == later["startDate"]
    assert before == team.version.at_once[-1]
    assert team.status(campaign) == "CampaignScheduled"
    assert team.told() == [*team.version.at_once, "CampaignScheduled"]


def test_moved_away_and_back_it_starts_once(team: Team) -> None:
    """So it does where it is moved to the dates it has."""
    campaign = team.post().json()["id"]

    for days in (9, 3, 3):
        team.change(campaign, "/dates", **team.dates(days))
    team.thingspace.advance(hours=700)

    statuses = [*team.version.at_once, "CampaignScheduled", "CampaignEnded"]
    assert team.told() == statuses


def test_a_cancelled_campaign_is_told_of_once_more(team: Team) -> None:
    """Nothing else comes of it, however far the clock goes."""
    campaign = team.post().json()["id"]

    cancelled = team.ask("DELETE", f"campaigns/{ACCOUNT}/{campaign}")
    team.thingspace.advance(hours=700)

    assert (cancelled.status_code, cancelled.json()) == (200, {"success": True})
    assert team.told() == [*team.version.at_once, "CampaignCancelled"]
    assert team.status(campaign) == "CampaignCancelled"


def test_a_campaign_that_has_started_is_not_changed(team: Team) -> None:
    """Neither its dates nor its devices; what is over is not cancelled."""
    campaign = team.post(**team.dates(0)).json()["id"]

    refused = [
        team.change(campaign, "/dates", **team.dates(9)),
        team.change(campaign, Type="append", deviceList=[ANOTHER]),
    ]
    assert team.status(campaign) == "CampaignScheduled"
    team.thingspace.advance(hours=2)
    refused.append(team.ask("DELETE", f"campaigns/{ACCOUNT}/{campaign}"))

    assert [item.status_code for item in refused] == [400, 400, 400]
    assert team.status(campaign) == "CampaignEnded"


def test_version_2_aborts_a_campaign_that_has_started(teams: Teams) -> None:
    """Nothing comes after the message that says so."""
    team = teams(V2)
    campaign = team.post().json()["id"]
    team.start(team.day(3))

    team.ask("DELETE", f"campaigns/{ACCOUNT}/{campaign}")
    team.thingspace.advance(hours=700)

    assert team.told()[1:] == ["CampaignScheduled", "CampaignAborted"]
    assert team.devices() == ["CampaignAborted"]
    assert team.status(campaign) == "CampaignAborted"


def test_version_3_does_not_cancel_a_campaign_that_has_started(teams: Teams) -> None:
    """It goes on to its end."""
    team = teams(V3)
    campaign = team.post().json()["id"]
    team.start(team.day(3))

    refused = team.ask("DELETE", f"campaigns/{ACCOUNT}/{campaign}")

    assert refused.status_code == 400
    assert team.status(campaign) == "CampaignScheduled"


def test_on_demand_version_2_does_not_queue(teams: Teams) -> None:
    """A campaign that starts today is scheduled, and nothing comes before that."""
    team = teams(V2)
    team.post(**team.dates(0))

    assert team.told() == ["CampaignScheduled"]


def test_version_2_has_an_id_of_each_change(teams: Teams) -> None:
    """The reply has nothing of the devices."""
    team = teams(V2)
    campaign = team.post().json()["id"]

    first, second = (
        team.change(campaign, Type="append", deviceList=[ANOTHER]).json()
        for _ in range(2)
    )

    assert first.keys() == {"accountName", "campaignId", "requestId"}
    assert first["requestId"] != second["requestId"]


def test_version_3_needs_no_flags(teams: Teams) -> None:
    """The SDK's first release and its example have none."""
    team = teams(V3)

    body = {key: value for key, value in V3.program.items() if "Flag" not in key}
    bare = {**body, **team.dates(3), "deviceList": [IMEI]}

    assert team.ask("POST", V3.place, json=bare).status_code == 200


def test_version_3_says_when_a_device_has_its_turn(teams: Teams) -> None:
    """The reason has the start of the campaign."""
    team = teams(V3)
    team.post(startDate="2099-04-01", endDate="2099-04-02")

    waiting = team.listener.wait_for(2)[-1].json["deviceList"][0]

    assert waiting["status"] == "UpgradePending"
    assert waiting["resultReason"].endswith("scheduled for 01 Apr 99 00:00 UTC")


def test_devices_are_appended_and_removed_before_the_start(team: Team) -> None:
    """The messages that follow have those that are left."""
    campaign = team.post().json()["id"]

    added = team.change(campaign, Type="append", deviceList=[ANOTHER])
    team.change(campaign, Type="remove", deviceList=[IMEI])
    team.start(team.day(3))
    team.told()

    assert added.json()["campaignId"] == campaign
    last = team.listener.messages[-1].json["deviceList"]
    assert [item["deviceId"] for item in last] == [ANOTHER]


def test_a_campaign_that_fails_says_so_of_its_devices(team: Team) -> None:
    """It has ended all the same."""
    team.thingspace.fault("failure", on="actions")
    campaign = team.post().json()["id"]
    team.thingspace.advance(hours=100)

    failed = {
        "fota-v2": "UpgradedFailed for UpgradePending",
        "fota-v3": "NoDeviceDataFromNetwork",
    }
    assert team.status(campaign) == "CampaignEnded"
    assert team.devices() == [failed[team.version.name]]


def test_a_campaign_of_rejected_devices_only_is_not_scheduled(team: Team) -> None:
    """It has failed at once, and one message says so."""
    campaign = team.post(deviceList=["12"]).json()["id"]
    team.thingspace.advance(hours=700)

    assert team.status(campaign) == "CampaignRequestFailed"
    assert team.told() == ["CampaignRequestFailed"]
    rejected = {"fota-v2": "DeviceRejected", "fota-v3": "NoDeviceDataFromNetwork"}
    assert team.devices() == [rejected[team.version.name]]


def test_a_request_that_will_not_do_is_refused(team: Team) -> None:
    """Nothing is accepted."""
    for changes in (
        {"startDate": "soon"},
        {"endDate": None},
        {"deviceList": []},
        {"deviceList": {}},
        {next(iter(team.version.program)): 5},
    ):
        assert team.post(**changes).status_code == 400

    assert team.thingspace.actions() == []


def test_a_campaign_there_is_none_of_is_refused(team: Team) -> None:
    """The reason names the id."""
    refused = team.ask("GET", f"campaigns/{ACCOUNT}/none")

    assert refused.status_code == 400
    assert "none" in refused.headers["X-Mock-Reason"]


def test_campaigns_are_listed_by_status(team: Team) -> None:
    """Oldest first, and those after one that was seen; a wrong status is refused."""
    first = team.post().json()["id"]
    second = team.post(deviceList=[ANOTHER]).json()["id"]
    kind = {"fota-v2": "campaigns", "fota-v3": "firmware/campaigns"}
    path = f"reports/{ACCOUNT}/{kind[team.version.name]}"
    status = {"campaignStatus": team.version.at_once[-1]}
    seen = {**status, "lastSeenCampaignId": first}

    every = team.ask("GET", path, params=status).json()
    rest = team.ask("GET", path, params=seen).json()
    none = team.ask("GET", path, params={**status, "lastSeenCampaignId": "x"}).json()
    refused = team.ask("GET", path, params={"campaignStatus": "Finished"})

    assert [item["id"] for item in every["campaignList"]] == [first, second]
    assert (every["hasMoreData"], every["lastSeenCampaignId"]) == (False, second)
    assert [item["id"] for item in rest["campaignList"]] == [second]
    assert none == {"hasMoreData": False, "campaignList": []}
    assert refused.status_code == 400


def test_the_devices_of_a_campaign_come_in_pages(team: Team) -> None:
    """A thousand at a time; the last of one asks for the next."""
    imeis = [str(990013907835573 + number) for number in range(1001)]
    campaign = team.post(deviceList=imeis).json()["id"]
    path = f"reports/{ACCOUNT}/campaigns/{campaign}/devices"

    page = team.ask("GET", path).json()
    first = team.ask("GET", path, params={"lastSeenDeviceId": "0"}).json()
    seen = {"lastSeenDeviceId": page["lastSeenDeviceId"]}
    rest = team.ask("GET", path, params=seen).json()
    none = team.ask("GET", path, params={"lastSeenDeviceId": imeis[-1]}).json()

    assert (page["totalDevice"], page["hasMoreData"]) == (1001, True)
    assert first == page
    assert [len(page["deviceList"]), page["maxPageSize"]] == [1000, 1000]
    assert [item["deviceId"] for item in rest["deviceList"]] == imeis[1000:]
    assert (rest["hasMoreData"], none["deviceList"]) == (False, [])


def test_a_device_has_a_history(team: Team) -> None:
    """Its campaigns, newest first, each with how it stands there."""
    first = team.post(deviceList=[ANOTHER, IMEI], **team.dates(0)).json()["id"]
    team.thingspace.advance(hours=2)
    second = team.post().json()["id"]
    key = {"fota-v2": "id", "fota-v3": "campaignId"}[team.version.name]

    history = team.ask("GET", f"reports/{ACCOUNT}/devices/{IMEI}").json()

    assert [item[key] for item in history] == [second, first]
    assert history[1]["status"] == "UpgradeSuccess"
    assert history[0]["startDate"] == team.day(3)
