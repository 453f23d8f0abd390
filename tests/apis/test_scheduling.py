"""Upgrades and campaigns: when they start and end, and how many devices they have."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mockthingspace.core.clock import LATEST, rfc3339

from ..customer import ACCOUNT, IMEI, Customer

SOON, LAST = "2099-01-01", "9999-12-31"
MONTH_S = 30 * 24 * 3600
V1, V2, V3 = VERSIONS = ("fota-v1", "fota-v2", "fota-v3")
UPGRADES = "/api/fota/v1/upgrades"
PLACES = {
    V1: UPGRADES,
    V2: f"/api/fota/v2/campaigns/{ACCOUNT}",
    V3: f"/api/fota/v3/campaigns/firmware/{ACCOUNT}",
}
SOFTWARE = ("softwareName", "softwareFrom", "softwareTo", "distributionType")
FIRMWARE = ("firmwareName", "firmwareFrom", "firmwareTo", "protocol")


class Team(Customer):
    """Somebody who upgrades devices with every version, and listens."""

    def schedule(self, version: str, start: str = SOON) -> TestResponse:
        """Ask for an upgrade or a campaign; the reply is not written out yet."""
        body = {
            "accountName": ACCOUNT,
            **dict.fromkeys((*SOFTWARE, *FIRMWARE), "HTTP"),
            "startDate": start,
            "endDate": LAST,
            "deviceList": [IMEI],
        }
        return self.client.post(PLACES[version], json=body)

    def scheduled(self, version: str, start: str = SOON) -> str:
        """Ask for one, and return its id."""
        with self.schedule(version, start) as reply:
            return str(reply.get_json()["id"])

    def move(self, version: str, campaign: str, start: str) -> TestResponse:
        """Change the dates of a campaign; the reply is not written out yet."""
        dates = {"startDate": start, "endDate": LAST}
        return self.client.put(f"{PLACES[version]}/{campaign}/dates", json=dates)

    def change(self, upgrade: str, change: str, imeis: list[str]) -> TestResponse:
        """Append devices to an upgrade, or remove them."""
        body = {"type": change, "deviceList": imeis}
        return self.ask("PUT", f"{UPGRADES}/{ACCOUNT}/upgrade/{upgrade}", body)

    def told(self) -> list[str]:
        """Return the types or statuses of the messages that have come."""
        return [item.get("type") or item["status"] for item in self.messages()]


@contextmanager
def a_team(**settings: Any) -> Iterator[Team]:
    """Have a team with a listener for each version."""
    made = Team(**settings)
    for version in VERSIONS:
        made.listen(family=version, service="Fota")
    yield made
    made.backend.close()


@pytest.fixture
def team() -> Iterator[Team]:
    """A team."""
    with a_team() as made:
        yield made


def test_what_would_be_later_than_any_clock_is_at_its_end() -> None:
    """Whether it is asked for so, or moved there."""
    with a_team(actions=MONTH_S) as team:
        campaign = team.scheduled(V2, LAST)
        [asked] = team.actions()
        team.move(V2, campaign, LAST).close()
        [moved] = team.actions()

        assert [asked["due_at"], moved["due_at"]] == [rfc3339(LATEST)] * 2


def test_at_the_end_of_the_clock_it_starts_and_ends(team: Team) -> None:
    """In this order."""
    team.scheduled(V1, LAST)

    team.admin("POST", "/deliveries/wait", {"event": "Fota.upgradeFinished"})

    assert team.told() == ["upgradeScheduled", "upgradeProgress", "upgradeFinished"]


def imeis(number: int, first: int = 0) -> list[str]:
    """Return as many IMEIs."""
    return [str(10**14 + first + item) for item in range(number)]


def test_devices_that_are_appended_count_with_those_there_are(team: Team) -> None:
    """Ten thousand together; refused as a request for so many is, nothing changes."""
    upgrade = team.scheduled(V1)

    full = team.change(upgrade, "append", [IMEI, *imeis(9_999)])
    refused = team.change(upgrade, "append", imeis(1, 9_999))

    assert (full.status_code, refused.status_code) == (200, 400)
    assert refused.get_json()["errorMessage"] == "Input binding error"
    assert "10,001 devices, at most 10,000" in refused.headers["X-Mock-Reason"]
    [action] = team.actions()
    assert len(action["devices"]) == 10_000


def test_of_a_device_that_was_removed_nothing_is_kept(team: Team) -> None:
    """Nor why it was rejected."""
    upgrade = team.scheduled(V1)

    for change in ("append", "remove"):
        team.change(upgrade, change, ["12", "13"])

    [action] = team.backend.state.actions.every()
    assert action.details.rejected == {}
