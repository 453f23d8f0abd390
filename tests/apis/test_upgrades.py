"""Firmware upgrades of version 1: what is told of them, and when."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.apis.fota import reports
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0402196254-00001"
IMEI, ANOTHER = "990013907835573", "990013907884259"
UNKNOWN = "595f5c44-c31c-4552-8670-020a1545a84d"
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

    def report(self, path: str) -> Any:
        """Return a report."""
        place = path.format(account=ACCOUNT)
        return requests.get(f"{self.base}/{place}", timeout=30).json()

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
    """So is one of another account, and what is no id at all."""
    with MockThingSpace() as thingspace, Listener() as listener:
        team = Team(thingspace, listener)
        other = team.schedule(accountName=OTHER)
        body = {"type": "append", "deviceList": [ANOTHER]}

        refused = [
            team.ask(method, item, json=body) for item in (UNKNOWN, other, "none")
        ]

        assert [
            (item.status_code, item.json()["errorMessage"]) for item in refused
        ] == [
            (400, "Invalid upgradeId"),
            (400, "Invalid upgradeId"),
            (400, "Invalid uuid"),
        ]


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


NO_START = "FotaPostUpgrades: invalid state date"
NO_DEVICES = "Device list is empty"
NOT_BOUND = "Input binding error"


@each(
    ("changes", "message"),
    [
        ({"startDate": "tomorrow"}, NO_START),
        ({"startDate": "2024-02-30"}, NO_START),
        ({"startDate": None}, NO_START),
        ({"endDate": "20240131"}, NOT_BOUND),
        ({"endDate": None}, NOT_BOUND),
        ({"deviceList": None}, NO_DEVICES),
        ({"deviceList": []}, NO_DEVICES),
        ({"deviceList": IMEI}, NO_DEVICES),
        ({"deviceList": [5]}, "Invalid device id format"),
        ({"deviceList": [IMEI] * 10_001}, NOT_BOUND),
        ({"firmwareName": 3}, NOT_BOUND),
    ],
    ids=str,
)
def test_a_request_that_will_not_do_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    """By the documented words where there are any, and nothing is accepted."""
    with MockThingSpace() as thingspace, Listener() as listener:
        team = Team(thingspace, listener)

        refused = team.post(team.asked(**changes))

        assert refused.status_code == 400
        assert refused.json()["errorMessage"] == message
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


def test_upgrades_are_reported_by_status(team: Team) -> None:
    """As they stand; there are none with another status."""
    upgrade = team.schedule(deviceList=[IMEI, ANOTHER])

    queued = team.report("reports/{account}/status/Queued/index/0")
    finished = team.report("reports/{account}/status/Finished/index/0")
    after = team.report("reports/{account}/status/Queued/index/1")

    none = {"hasMoreFlag": False, "lastSeenUpgradeId": 0, "reportList": []}
    assert queued["reportList"] == [team.ask("GET", upgrade).json()]
    assert (finished, after) == (none, none)


def test_upgrades_are_reported_in_pages(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number that comes with a page is the index of the next."""
    monkeypatch.setattr(reports, "PAGE", 2)
    every = [team.schedule(deviceList=["12"]) for _ in range(3)]

    page = team.report("reports/{account}/status/RequestFailed/index/0")
    rest = team.report(
        f"reports/{{account}}/status/RequestFailed/index/{page['lastSeenUpgradeId']}"
    )

    assert (page["hasMoreFlag"], page["lastSeenUpgradeId"]) == (True, 2)
    assert [item["id"] for item in page["reportList"]] == every[:2]
    assert (rest["hasMoreFlag"], rest["lastSeenUpgradeId"]) == (False, 0)
    assert [item["id"] for item in rest["reportList"]] == every[2:]


def test_a_device_has_a_history(team: Team) -> None:
    """Its upgrades, newest first, each with how it stands there."""
    first = team.schedule(days=0, deviceList=[ANOTHER, IMEI])
    team.thingspace.advance(hours=2)
    second = team.schedule()

    history = team.report(f"reports/{{account}}/devices/{IMEI}")

    assert [(item["id"], item["status"]) for item in history] == [
        (second, "Device Accepted"),
        (first, "UpgradeSuccess"),
    ]


def test_an_account_has_the_devices_that_its_upgrades_have_named(team: Team) -> None:
    """In the order of their IMEIs, with the firmware that was installed last."""
    team.schedule(days=0, deviceList=[ANOTHER])
    team.thingspace.advance(hours=2)
    team.schedule(deviceList=[ANOTHER, "12", IMEI])

    listed = team.report("devices/{account}/index/0")

    devices = listed["deviceList"]
    never = "01/01/1900 0:0:0"
    assert [(item["deviceId"], item["firmware"]) for item in devices] == [
        (IMEI, "VerizonFirmwareVersion-01"),
        (ANOTHER, ASKED["firmwareTo"]),
    ]
    assert [item["upgradeTime"] == never for item in devices] == [True, False]
    assert (listed["hasMoreData"], listed["lastSeenDeviceId"]) == (False, 0)


def test_devices_are_listed_a_thousand_at_a_time(team: Team) -> None:
    """The number that comes with a page is the index of the next."""
    imeis = [str(990013907835573 + number) for number in range(1001)]
    team.schedule(deviceList=imeis[::-1])

    page = team.report("devices/{account}/index/0")
    rest = team.report(f"devices/{{account}}/index/{page['lastSeenDeviceId']}")

    assert (page["hasMoreData"], page["lastSeenDeviceId"]) == (True, int(imeis[999]))
    assert [item["deviceId"] for item in page["deviceList"]] == imeis[:1000]
    assert [item["deviceId"] for item in rest["deviceList"]] == imeis[1000:]


@each(
    ("path", "message"),
    [
        ("devices/{account}/index/first", "Invalid device id format"),
        ("devices/{account}/index/1", "Invalid device id format"),
        (f"devices/{{account}}/index/{ANOTHER}", "LastSeenDeviceId Not Valid"),
        ("reports/{account}/status/Queued/index/first", "Invalid index value"),
        ("reports/{account}/status/Queued/index/-1", "Invalid index value"),
        ("reports/{account}/devices/12", "Invalid device id format"),
    ],
)
def test_a_report_from_nowhere_is_refused(path: str, message: str) -> None:
    """By the documented words."""
    with MockThingSpace() as thingspace, Listener() as listener:
        team = Team(thingspace, listener)
        team.schedule()

        assert team.report(path)["errorMessage"] == message
