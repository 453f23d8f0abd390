"""Firmware upgrades of version 1: what is told of them, and when."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0402196254-00001"
IMEI, ANOTHER = "990013907835573", "990013907884259"
ASKED = {
    "accountName": ACCOUNT,
    "firmwareName": "FOTA_Verizon_Model-A_02To03_HF",
    "firmwareTo": "VerizonFirmwareVersion-03",
    "deviceList": [IMEI],
}


class Team:
    """Somebody who upgrades firmware, and listens for what becomes of it."""

    def __init__(self, thingspace: MockThingSpace, listener: Listener) -> None:
        self.thingspace = thingspace
        self.listener = listener
        self.base = thingspace.url_for("fota-v1")

    def day(self, days: int) -> str:
        """Return a day so many days from now."""
        return (self.thingspace.clock.now + timedelta(days=days)).date().isoformat()

    def asked(self, days: int = 3, **changes: Any) -> dict[str, Any]:
        """Return a request for an upgrade."""
        dates = {"startDate": self.day(days), "endDate": self.day(days + 1)}
        return {**ASKED, **dates, **changes}

    def post(self, body: Any) -> requests.Response:
        """Ask for an upgrade."""
        return requests.post(f"{self.base}/upgrades", json=body, timeout=30)

    def schedule(self, days: int = 3, **changes: Any) -> str:
        """Schedule an upgrade; return its id."""
        return str(self.post(self.asked(days, **changes)).json()["id"])

    def ask(self, method: str, upgrade: str, **more: Any) -> requests.Response:
        """Ask something of an upgrade."""
        url = f"{self.base}/upgrades/{ACCOUNT}/upgrade/{upgrade}"
        return requests.request(method, url, timeout=30, **more)

    def stands(self, upgrade: str) -> tuple[str, list[str]]:
        """Return the status of an upgrade and those of its devices."""
        shown = self.ask("GET", upgrade).json()
        return shown["status"], [item["status"] for item in shown["deviceList"]]

    def start(self, days: int = 3) -> None:
        """Let time pass until the day begins that is so many days from now."""
        begins = datetime.fromisoformat(self.day(days)).replace(tzinfo=timezone.utc)
        left = begins - self.thingspace.clock.now
        self.thingspace.advance(seconds=left.total_seconds())

    def told(self) -> list[str]:
        """Return the types of the messages that have come."""
        self.thingspace.wait_until_idle()
        return [message.json["type"] for message in self.listener.messages]


@pytest.fixture
def team() -> Iterator[Team]:
    """A team with a listener."""
    with MockThingSpace() as thingspace, Listener() as listener:
        thingspace.register(ACCOUNT, listener.url)
        yield Team(thingspace, listener)


def test_an_upgrade_is_accepted_as_pending(team: Team) -> None:
    """The reply repeats the request and has an id; nothing is decided yet."""
    response = team.post(team.asked())

    upgrade = response.json()
    assert response.status_code == 200
    assert upgrade == {
        "id": upgrade["id"],
        "accountName": ACCOUNT,
        "firmwareName": ASKED["firmwareName"],
        "firmwareTo": ASKED["firmwareTo"],
        "startDate": team.day(3),
        "status": "RequestPending",
        "deviceList": [{"deviceId": IMEI, "status": "RequestPending"}],
    }


def test_an_upgrade_is_told_of_at_once_at_its_start_and_at_its_end(team: Team) -> None:
    """The statuses agree with the messages at each point."""
    upgrade = team.schedule()
    scheduled = team.told(), team.stands(upgrade)
    team.start()
    started = team.told(), team.stands(upgrade)
    team.thingspace.advance(hours=2)
    finished = team.told(), team.stands(upgrade)

    types = ["upgradeScheduled", "upgradeProgress", "upgradeFinished"]
    assert scheduled == (types[:1], ("Queued", ["Device Accepted"]))
    assert started == (types[:2], ("InProgress", ["UpgradeInProgress"]))
    assert finished == (types, ("Finished", ["UpgradeSuccess"]))


def test_a_message_repeats_what_the_request_said(team: Team) -> None:
    """Id, firmware, date and devices are the upgrade's."""
    upgrade = team.schedule(deviceList=[IMEI, ANOTHER])

    [message] = team.listener.wait_for(1)

    assert message.json["accountName"] == ACCOUNT
    assert message.json["upgradeScheduled"] == {
        "firmwareName": ASKED["firmwareName"],
        "upgradeId": upgrade,
        "startDate": team.day(3),
        "deviceList": [
            {"deviceId": imei, "status": "Device Accepted", "resultReason": "success"}
            for imei in (IMEI, ANOTHER)
        ],
    }


def test_an_upgrade_whose_day_is_today_starts_at_once(team: Team) -> None:
    """A start date that is past holds nothing back."""
    upgrade = team.schedule(days=0)

    assert team.told() == ["upgradeScheduled", "upgradeProgress"]
    assert team.stands(upgrade) == ("InProgress", ["UpgradeInProgress"])


def test_waiting_for_messages_moves_the_clock_to_them(team: Team) -> None:
    """No test has to know when an upgrade starts or ends."""
    team.schedule(days=30)

    team.thingspace.wait_for_delivery(ACCOUNT, event="Fota.upgradeFinished")

    assert len(team.told()) == 3


def test_an_upgrade_lasts_as_long_as_the_setting_says() -> None:
    """``actions`` in seconds is the time from its start to its end."""
    with MockThingSpace(actions=30) as thingspace, Listener() as listener:
        team = Team(thingspace, listener)
        thingspace.register(ACCOUNT, listener.url)
        upgrade = team.schedule(days=0)
        thingspace.advance(seconds=29)
        before = team.stands(upgrade)[0]
        thingspace.advance(seconds=1)

        assert (before, team.stands(upgrade)[0]) == ("InProgress", "Finished")


def test_with_manual_actions_the_test_ends_an_upgrade() -> None:
    """It stays queued however late it is."""
    with MockThingSpace(actions="manual") as thingspace, Listener() as listener:
        team = Team(thingspace, listener)
        thingspace.register(ACCOUNT, listener.url)
        upgrade = team.schedule()
        thingspace.advance(hours=700)
        before = team.stands(upgrade)[0]
        thingspace.complete(upgrade, "failure")

        assert before == "Queued"
        assert team.stands(upgrade) == ("UpgradeFailed", ["UpgradeFailed"])
        assert team.told() == ["upgradeScheduled", "upgradeFinished"]


def test_an_upgrade_that_fails_says_so_in_its_last_message(team: Team) -> None:
    """The fault is planned as for any action."""
    team.thingspace.fault("failure", on="actions", operation="schedule-upgrade")
    upgrade = team.schedule()
    team.thingspace.advance(hours=80)

    assert team.told()[-1] == "upgradeFinished"
    assert team.stands(upgrade) == ("UpgradeFailed", ["UpgradeFailed"])


def test_an_upgrade_can_fail_for_one_device(team: Team) -> None:
    """The others are upgraded, and so the upgrade has finished."""
    team.thingspace.fault("failure", on="actions", device=ANOTHER)
    upgrade = team.schedule(deviceList=[IMEI, ANOTHER])
    team.thingspace.advance(hours=80)

    assert team.stands(upgrade) == ("Finished", ["UpgradeSuccess", "UpgradeFailed"])


def test_a_cancelled_upgrade_is_told_of_no_more(team: Team) -> None:
    """Nothing comes of it, however far the clock goes."""
    upgrade = team.schedule()

    cancelled = team.ask("DELETE", upgrade)
    team.thingspace.advance(hours=700)

    assert (cancelled.status_code, cancelled.json()) == (200, {"success": True})
    assert team.told() == ["upgradeScheduled"]
    assert team.stands(upgrade) == ("Cancelled", ["Device Accepted"])


@each("method", ["DELETE", "PUT"])
@each(("hours", "status"), [(0, "InProgress"), (2, "Finished")])
def test_an_upgrade_that_has_started_is_not_changed(
    method: str, hours: int, status: str
) -> None:
    """Neither is one that is over; the refusal says how it stands."""
    with MockThingSpace() as thingspace, Listener() as listener:
        team = Team(thingspace, listener)
        upgrade = team.schedule()
        team.start()
        thingspace.advance(hours=hours)
        body = {"type": "append", "deviceList": [ANOTHER]}

        refused = team.ask(method, upgrade, json=body)

        assert refused.status_code == 400
        assert refused.json()["errorMessage"] == "Upgrade has already started"
        assert refused.headers["X-Mock-Reason"].endswith(
            f"can be changed no more: {status}"
        )
        assert team.stands(upgrade)[0] == status


@each("method", ["GET", "DELETE", "PUT"])
def test_an_upgrade_there_is_none_of_is_refused(method: str) -> None:
    """So is one of another account."""
    with MockThingSpace() as thingspace, Listener() as listener:
        team = Team(thingspace, listener)
        other = team.schedule(accountName=OTHER)
        body = {"type": "append", "deviceList": [ANOTHER]}

        refused = [team.ask(method, item, json=body) for item in ("none", other)]

        message = {
            "errorCode": "INVALID_PARAMETER",
            "errorMessage": "Upgrade not found",
        }
        assert [item.status_code for item in refused] == [400, 400]
        assert [item.json() for item in refused] == [message, message]


def test_devices_are_appended_and_removed_before_the_start(team: Team) -> None:
    """The reply says what became of each, and the messages have those that are left."""
    upgrade = team.schedule()

    added = team.ask("PUT", upgrade, json={"type": "append", "deviceList": [ANOTHER]})
    removed = team.ask("PUT", upgrade, json={"type": "remove", "deviceList": [IMEI]})
    team.start()

    assert added.json() == {
        "accountName": ACCOUNT,
        "id": upgrade,
        "deviceList": [
            {
                "deviceId": ANOTHER,
                "status": "AddDeviceSucceed",
                "Reason": "Device added Successfully",
            }
        ],
    }
    assert removed.json()["deviceList"][0]["status"] == "RemoveDeviceSucceed"
    started = team.listener.wait_for(2)[1].json["upgradeProgress"]
    assert [item["deviceId"] for item in started["deviceList"]] == [ANOTHER]


def test_an_upgrade_without_devices_is_cancelled(team: Team) -> None:
    """Removing all is another way to cancel."""
    upgrade = team.schedule()

    team.ask("PUT", upgrade, json={"type": "remove", "deviceList": [IMEI]})
    team.thingspace.advance(hours=700)

    assert team.stands(upgrade)[0] == "Cancelled"
    assert team.told() == ["upgradeScheduled"]


def test_a_device_that_cannot_be_upgraded_is_rejected(team: Team) -> None:
    """An IMEI that is none, and one that another upgrade has; the others go on."""
    team.schedule()
    upgrade = team.schedule(deviceList=[IMEI, "12", ANOTHER])

    shown = team.ask("GET", upgrade).json()

    assert [(item["status"], item["resultReason"]) for item in shown["deviceList"]] == [
        ("Device Rejected", "already scheduled for a firmware upgrade"),
        ("Device Rejected", "Invalid Device IMEI"),
        ("Device Accepted", "success"),
    ]


def test_an_upgrade_of_rejected_devices_only_is_not_scheduled(team: Team) -> None:
    """It has failed at once, and one message says so."""
    upgrade = team.schedule(deviceList=["12"])
    team.thingspace.advance(hours=700)

    assert team.stands(upgrade) == ("RequestFailed", ["Device Rejected"])
    assert team.told() == ["upgradeScheduled"]


@each(
    "changes",
    [
        {"startDate": "tomorrow"},
        {"startDate": "2024-02-30"},
        {"endDate": "20240131"},
        {"endDate": None},
        {"deviceList": None},
        {"deviceList": []},
        {"deviceList": IMEI},
        {"deviceList": [5]},
        {"deviceList": [IMEI] * 10_001},
        {"firmwareName": 3},
    ],
    ids=str,
)
def test_a_request_that_will_not_do_is_refused(changes: dict[str, Any]) -> None:
    """The documented refusal, and nothing is accepted."""
    with MockThingSpace() as thingspace, Listener() as listener:
        team = Team(thingspace, listener)

        refused = team.post(team.asked(**changes))

        assert refused.status_code == 400
        assert refused.json()["errorMessage"] == "Input binding error"
        assert next(iter(changes)) in refused.headers["X-Mock-Reason"]
        assert thingspace.actions() == []


def test_without_a_listener_an_upgrade_goes_on_untold(team: Team) -> None:
    """The reply's reason says that nobody listens."""
    response = team.post(team.asked(accountName=OTHER))

    assert response.status_code == 200
    assert "no listener for Fota" in response.headers["X-Mock-Reason"]


def test_a_reset_ends_every_upgrade(team: Team) -> None:
    """Nothing of it is told afterwards."""
    upgrade = team.schedule()
    team.told()
    team.thingspace.reset(ACCOUNT)
    team.thingspace.register(ACCOUNT, team.listener.url)
    team.thingspace.advance(hours=700)

    assert team.told() == ["upgradeScheduled"]
    assert team.ask("GET", upgrade).status_code == 400


def test_the_firmware_there_is_is_the_messages(team: Team) -> None:
    """What the message of new firmware announces is what the list has."""
    listed = requests.get(f"{team.base}/firmware/{ACCOUNT}", timeout=30).json()
    team.thingspace.trigger("Fota.firmwareList", ACCOUNT)

    [message] = team.listener.wait_for(1)

    assert [item["firmwareName"] for item in listed] == [
        item["firmwareName"] for item in message.json["firmwareList"]
    ]


def test_reports_are_of_the_upgrades_that_were_asked_for(team: Team) -> None:
    """By status, by device, and the devices themselves."""
    upgrade = team.schedule(deviceList=[IMEI, ANOTHER])

    by_status, other = (
        requests.get(f"{team.base}/reports/{ACCOUNT}/status/{status}/index/0").json()
        for status in ("Queued", "Finished")
    )
    of_device = requests.get(f"{team.base}/reports/{ACCOUNT}/devices/{IMEI}").json()
    devices = requests.get(f"{team.base}/devices/{ACCOUNT}/index/0").json()

    assert [item["id"] for item in by_status["reportList"]] == [upgrade]
    assert other == {"hasMoreFlag": False, "lastSeenUpgradeId": "", "reportList": []}
    assert [(item["id"], item["status"]) for item in of_device] == [
        (upgrade, "Device Accepted")
    ]
    assert [item["deviceId"] for item in devices["deviceList"]] == [IMEI, ANOTHER]
