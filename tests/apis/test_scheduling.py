"""Upgrades and campaigns: in which order they are told of, and how much there is."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from threading import Event
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mockthingspace.backend.actions import complete
from mockthingspace.core.clock import LATEST, rfc3339

from ..customer import ACCOUNT, IMEI, PATIENCE_S, Customer
from ..rows import each

TODAY, SOON, LATER, LAST = "2020-01-01", "2099-01-01", "2099-02-01", "9999-12-31"
START = datetime(2099, 1, 1, tzinfo=timezone.utc)
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

    def begun(self) -> list[str]:
        """Return the deliveries that are on their way, or have been."""
        state = self.backend.state
        sent = [item.id for item in state.deliveries.every() if item.attempts]
        return [*state.dispatcher.under_way(), *sent]

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


@each("version", VERSIONS)
@each(
    ("fault", "settings"),
    [("duplicate", {}), ("drop", {"actions": 1e-6, "clock": "real"})],
)
def test_what_starts_at_once_is_told_of_after_the_reply(
    version: str, fault: str, settings: dict[str, Any]
) -> None:
    """Even where nothing is left of its first message, and where it ends at once."""
    with a_team(**settings) as team:
        team.admin("POST", "/faults", {"kind": fault, "times": 1})
        reply = team.schedule(version, TODAY)
        before = team.begun()
        reply.close()

        assert (before, team.told() != []) == ([], True)


@each("version", [V2, V3])
def test_what_is_moved_to_now_is_told_of_after_the_reply(version: str) -> None:
    """It starts at once then."""
    with a_team() as team:
        campaign = team.scheduled(version)
        queued, before = team.told(), team.begun()
        reply = team.move(version, campaign, TODAY)
        begun = team.begun()
        reply.close()

        assert begun == before
        assert team.told() == [*queued, "CampaignScheduled"]


class Turn:
    """A lock that says when a thread has to wait for it.

    Args:
        lock: The lock it stands for.
        waited: Set then.
    """

    def __init__(self, lock: Any, waited: Event) -> None:
        self.lock = lock
        self.waited = waited

    def __enter__(self) -> None:
        if not self.lock.acquire(blocking=False):
            self.waited.set()
            self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


def test_what_ends_as_it_starts_is_told_of_in_this_order(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread comes right between its stage and the message of that."""
    upgrade, state, over = team.scheduled(V1), team.backend.state, Event()
    team.messages()
    update, turn = state.actions.update, Turn(state.deliveries.lock, over)
    monkeypatch.setattr(state.dispatcher, "_lock", turn)

    def end() -> None:
        _, made = complete(state, upgrade, START)
        state.dispatcher.dispatch(made)

    with ThreadPoolExecutor(1) as pool:

        def and_another_ends_it(*given: Any) -> Any:
            monkeypatch.setattr(state.actions, "update", update)
            reached = update(*given)
            pool.submit(end).add_done_callback(lambda _: over.set())
            assert over.wait(PATIENCE_S)
            return reached

        monkeypatch.setattr(state.actions, "update", and_another_ends_it)
        team.backend.skip(state)

    assert team.told() == ["upgradeScheduled", "upgradeProgress", "upgradeFinished"]


def test_a_start_that_comes_as_it_is_moved_is_none() -> None:
    """What was due before its dates changed may be about to happen; nor does it end."""
    with a_team(actions=1) as team:
        campaign, timers = team.scheduled(V2), team.backend.state.timers
        start = timers.take_due(START)
        assert start is not None

        team.move(V2, campaign, LATER).close()
        timers.clock.move_to(START + timedelta(seconds=1))
        start.act()

        assert team.told() == ["CampaignQueued"]


def test_a_start_of_what_was_forgotten_is_none(team: Team) -> None:
    """Not even of another campaign, which has its id after a reset."""
    campaign = team.scheduled(V2)
    before = team.told()
    start = team.backend.state.timers.take_due(START)
    assert start is not None

    team.backend.reset_account(ACCOUNT)
    team.listen(family=V2, service="Fota")
    assert team.scheduled(V2) == campaign
    start.act()

    assert team.told() == [*before, "CampaignQueued"]


def test_dates_that_were_replaced_are_forgotten(team: Team) -> None:
    """However often they change, and be they the same again."""
    campaign, timers = team.scheduled(V2), team.backend.state.timers

    for start in (LATER, SOON, SOON, SOON):
        team.move(V2, campaign, start).close()
    timers.sweep()

    assert len(timers._heap) == 1


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


def test_a_device_that_is_removed_was_not_rejected(team: Team) -> None:
    """Whatever was wrong with it when it was appended."""
    upgrade = team.scheduled(V1)
    team.change(upgrade, "append", ["12"])

    removed = team.change(upgrade, "remove", ["12"])

    [device] = removed.get_json()["deviceList"]
    assert device["status"] == "RemoveDeviceSucceed"


def test_of_a_device_that_was_removed_nothing_is_kept(team: Team) -> None:
    """Nor why it was rejected."""
    upgrade = team.scheduled(V1)

    for change in ("append", "remove"):
        team.change(upgrade, change, ["12", "13"])

    [action] = team.backend.state.actions.every()
    assert action.details.rejected == {}
