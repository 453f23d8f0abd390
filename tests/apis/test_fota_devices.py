"""The devices of an account, and what there is to install on them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT = "0242078689-00001"
FIRST, SECOND, THIRD = "990013907835573", "990013907884259", "990013907900000"


class Team:
    """Somebody who runs campaigns, and looks at the devices."""

    def __init__(self, thingspace: MockThingSpace) -> None:
        self.thingspace = thingspace

    def ask(self, method: str, family: str, path: str, **more: Any) -> Any:
        """Ask a version something; return the reply."""
        url = f"{self.thingspace.url_for(family)}/{path.format(account=ACCOUNT)}"
        return requests.request(method, url, timeout=30, **more).json()

    def run(self, family: str, place: str, *imeis: str, **program: str) -> str:
        """Run a campaign to its end; return its id."""
        today = self.thingspace.clock.now.date()
        body = {
            **program,
            "startDate": today.isoformat(),
            "endDate": (today + timedelta(days=7)).isoformat(),
            "deviceList": imeis,
        }
        campaign = self.ask("POST", family, place, json=body)["id"]
        self.thingspace.advance(hours=2)
        return str(campaign)

    def update_software(self, *imeis: str, to: str = "03") -> None:
        """Run a campaign of version 2."""
        program = {"softwareName": "FOTA", "softwareFrom": "02", "softwareTo": to}
        program["distributionType"] = "HTTP"
        self.run("fota-v2", "campaigns/software/{account}", *imeis, **program)

    def update_firmware(self, *imeis: str, to: str = "03") -> None:
        """Run a campaign of version 3."""
        program = {"firmwareName": "FOTA", "firmwareFrom": "02", "firmwareTo": to}
        program["protocol"] = "LWM2M"
        self.run("fota-v3", "campaigns/firmware/{account}", *imeis, **program)

    def devices(self, family: str, **query: str) -> Any:
        """Return the devices of the account."""
        listed = self.ask("GET", family, "devices/{account}", params=query)
        return listed["deviceList"]


@pytest.fixture
def team() -> Iterator[Team]:
    """A team."""
    with MockThingSpace() as thingspace:
        yield Team(thingspace)


@each("family", ["fota-v2", "fota-v3"])
def test_an_account_without_campaigns_has_no_devices(family: str) -> None:
    """The page says how many there could be."""
    with MockThingSpace() as thingspace:
        listed = Team(thingspace).ask("GET", family, "devices/{account}")

        assert listed == {
            "accountName": ACCOUNT,
            "hasMoreData": False,
            "maxPageSize": 1000,
            "deviceList": [],
        }


def test_a_device_has_the_software_that_was_installed_last(team: Team) -> None:
    """A device on which nothing was installed has none."""
    team.thingspace.fault("failure", on="actions", device=SECOND)
    team.update_software(SECOND, FIRST, "12")
    team.update_software(FIRST, to="04")

    first, second = team.devices("fota-v2")

    [software] = first["softwareList"]
    assert (software["name"], software["version"]) == ("FOTA", "04")
    assert first["upgradeTime"].endswith(" +0000 UTC")
    assert (first["deviceId"], second["deviceId"]) == (FIRST, SECOND)
    assert (second["softwareList"], "upgradeTime" in second) == ([], False)


def test_a_device_has_the_firmware_that_was_installed_last(team: Team) -> None:
    """It stands in every list of it."""
    team.update_firmware(FIRST, to="04")
    named = {"deviceList": [SECOND, FIRST]}

    [listed] = team.devices("fota-v3")
    shown = team.ask("POST", "fota-v3", "devices/{account}", json=named)
    told = team.ask("PUT", "fota-v3", "firmware/{account}/devices", json=named)

    versions = [
        (item["deviceId"], item["firmwareVersion"])
        for item in told["deviceFirmwarVersionList"]
    ]
    assert listed["firmware"] == "04"
    assert shown["deviceList"][1] == listed
    assert shown["deviceCount"] == 2
    assert versions == [(SECOND, "SR1.2.0.0-10512"), (FIRST, "04")]


def test_devices_after_one_are_listed(team: Team) -> None:
    """Those with larger IMEIs, whether or not the account has the one."""
    team.update_firmware(THIRD, FIRST, SECOND)

    whole, rest, none = (
        [item["deviceId"] for item in team.devices("fota-v3", lastSeenDeviceId=last)]
        for last in ("0", str(int(FIRST) + 1), THIRD)
    )

    assert (whole, rest, none) == ([FIRST, SECOND, THIRD], [SECOND, THIRD], [])


def test_devices_of_a_kind_are_listed(team: Team) -> None:
    """By the way in which they are updated."""
    team.update_software(FIRST)
    team.update_firmware(FIRST)

    assert len(team.devices("fota-v2", distributionType="HTTP")) == 1
    assert team.devices("fota-v2", distributionType="LWM2M") == []
    assert len(team.devices("fota-v3", protocol="LWM2M")) == 1
    assert team.devices("fota-v3", protocol="OMADM") == []


def test_a_device_is_asked_for_its_firmware(team: Team) -> None:
    """The request has an id of its own, and no message comes of it."""
    path = "firmware/{account}/async/" + FIRST

    first, second = (team.ask("PUT", "fota-v3", path) for _ in "12")

    assert first["accountName"] == ACCOUNT
    assert first["requestId"] != second["requestId"]
    assert team.thingspace.actions() == []


@each(
    ("family", "path", "kinds"),
    [
        ("fota-v2", "software/{account}", {"": 1, "HTTP": 1, "LWM2M": 0}),
        ("fota-v3", "firmware/{account}", {"LWM2M": 1, "all": 1, "OMD-DM": 0}),
    ],
)
def test_what_there_is_to_install_is_listed_by_kind(
    family: str, path: str, kinds: dict[str, int]
) -> None:
    """Version 3 asks for a kind, or for all."""
    key = {"fota-v2": "distributionType", "fota-v3": "protocol"}[family]
    with MockThingSpace() as thingspace:
        team = Team(thingspace)
        found = {
            kind: len(team.ask("GET", family, path, params={key: kind} if kind else {}))
            for kind in kinds
        }

        assert found == kinds


def test_a_file_is_installed_by_a_campaign(team: Team) -> None:
    """It is told of as software, by its name and version."""
    with Listener() as listener:
        team.thingspace.register(ACCOUNT, listener.url, family="fota-v2")
        query = {"distributionType": "HTTP"}
        listed = team.ask("GET", "fota-v2", "files/{account}", params=query)
        [file] = listed["AvailableFilesResponse"]
        program = {
            key: file[key] for key in ("fileName", "fileVersion", "distributionType")
        }
        campaign = team.run("fota-v2", "campaigns/files/{account}", FIRST, **program)
        ended = listener.wait_for(2)[-1].json
        shown = team.ask("GET", "fota-v2", f"campaigns/{{account}}/{campaign}")
        [device] = team.devices("fota-v2")

    named = {"softwareName": file["fileName"], "softwareTo": file["fileVersion"]}
    assert ended["status"] == shown["status"] == "CampaignEnded"
    assert {**ended, **named} == ended
    assert {**shown, **named} == shown
    assert device["softwareList"][0]["name"] == file["fileName"]
