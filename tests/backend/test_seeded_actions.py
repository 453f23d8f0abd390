"""Pending actions in a snapshot: another server goes on with them."""

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from mockthingspace.apis import APIS
from mockthingspace.backend import seeds
from mockthingspace.core.exceptions import SettingsError

from ..customer import ACCOUNT, IMEI, OTHER, SECOND, Customer, customer
from ..rows import each

DELAY_S = 60
FAILED, SUCCESS = "Failed", "Success"
IDS = [{"id": IMEI, "kind": "imei"}]
GOOD = {
    "family": "connectivity",
    "operation": "activate",
    "account": ACCOUNT,
    "request_id": "86c83330-4bf5-4235-9c4e-a83f93aeae4c",
    "devices": [IDS],
}
UPGRADE = {
    "accountName": ACCOUNT,
    "firmwareName": "FOTA_Verizon_Model-A_02To03_HF",
    "firmwareTo": "VerizonFirmwareVersion-03",
    "startDate": "2099-04-01",
    "endDate": "2099-04-02",
    "deviceList": [IMEI],
}


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer whose actions take a minute."""
    with customer(actions=DELAY_S) as made:
        yield made


@pytest.fixture
def bob() -> Iterator[Customer]:
    """A customer of another server."""
    made = Customer()
    yield made
    made.backend.close()


def move(ann: Customer, bob: Customer) -> None:
    """Put all that one server has into another."""
    bob.admin("PUT", "/snapshot", ann.admin("GET", "/snapshot"))


def test_the_callback_comes_at_its_time(ann: Customer, bob: Customer) -> None:
    """With the id, the device and the values of the request; the status tells of it."""
    request_id = ann.activated(servicePlan="mine")
    move(ann, bob)

    before = bob.stands(request_id)
    bob.backend.advance(DELAY_S / 2)
    early = list(bob.messages())
    bob.backend.advance(DELAY_S)

    assert (before, early) == ("Pending", [])
    assert bob.stands(request_id) == "Success"
    assert bob.came() == [(request_id, IMEI, SUCCESS)]
    [message] = bob.messages()
    assert message["deviceResponse"]["activateResponse"]["servicePlan"] == "mine"


def test_what_is_due_already_ends_at_once(ann: Customer, bob: Customer) -> None:
    """The time it was to come at is past."""
    request_id = ann.activated()
    bob.backend.advance(2 * DELAY_S)

    move(ann, bob)

    assert bob.came() == [(request_id, IMEI, SUCCESS)]


def test_it_ends_as_it_was_to(ann: Customer, bob: Customer) -> None:
    """For the devices that were to fail it fails, and by hand it can be completed."""
    ann.fault("failure", device=SECOND)
    ann.fault("timeout", times=1)
    request_id = ann.activated(IMEI, SECOND)
    move(ann, bob)

    bob.complete(request_id)

    assert bob.came() == [(request_id, IMEI, SUCCESS), (request_id, SECOND, FAILED)]


def test_a_group_stays_a_group(ann: Customer, bob: Customer) -> None:
    """It has one message, which has its example's device."""
    ann.fault("failure")
    ann.activate(devices=[], groupName="4G West")
    move(ann, bob)

    bob.backend.advance(2 * DELAY_S)

    [(_, _, status)] = bob.came()
    assert (status, bob.actions()[0]["devices"]) == (FAILED, [])


def test_a_new_request_has_another_id(ann: Customer, bob: Customer) -> None:
    """Though the server has made none yet."""
    request_ids = {ann.activated(), ann.activated()}
    move(ann, bob)

    request_ids |= {bob.activated(), bob.activated()}

    assert len(request_ids) == len(bob.actions()) == 4


def test_the_timeline_tells_that_it_goes_on(ann: Customer, bob: Customer) -> None:
    """And when it ends."""
    request_id = ann.activated()
    move(ann, bob)

    shown = bob.client.get("/__admin/timeline?format=text").text

    assert f"activate {request_id} goes on; it ends at " in shown


def test_only_what_is_pending_and_ends_in_one_step_is_kept(ann: Customer) -> None:
    """An upgrade has stages, and what has ended is over."""
    ended, pending = ann.activated(), ann.activated()
    ann.complete(ended)
    ann.ask("POST", "/api/fota/v1/upgrades", UPGRADE)

    kept = ann.admin("GET", "/snapshot")["actions"]

    assert [item["request_id"] for item in kept] == [pending]


def seeded(tmp_path: Path, **document: Any) -> Customer:
    """Return a customer of a server that was started from a seed."""
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(document), "utf-8")
    return Customer(seed=str(path))


@each("which", ["", f"?account={ACCOUNT}"], ids=["everything", "the account"])
def test_a_reset_goes_back_to_the_seeds_actions(tmp_path: Path, which: str) -> None:
    """The account's own are pending again, in whatever way they ended."""
    there = [GOOD, {**GOOD, "account": OTHER, "request_id": "other"}]
    ann = seeded(tmp_path, actions=there)
    ann.complete(GOOD["request_id"])

    ann.admin("POST", f"/reset{which}")

    standing = {item["request_id"]: item["status"] for item in ann.actions()}
    assert standing == {GOOD["request_id"]: "pending", "other": "pending"}
    ann.backend.close()


def test_a_seed_enables_hyper_precise_location(tmp_path: Path) -> None:
    """At the start, and after a reset of the account."""
    ann = seeded(tmp_path, hyper_precise={ACCOUNT: [IMEI]})
    services = "/api/hyper-precise/v1/devices/services"
    off = {"imei": IMEI, "BullseyeEnable": False}
    ann.ask("PUT", services, {"accountNumber": ACCOUNT, "deviceList": [off]})

    ann.admin("POST", f"/reset?account={ACCOUNT}")

    assert ann.admin("GET", "/snapshot")["hyper_precise"] == {ACCOUNT: [IMEI]}
    ann.backend.close()


BAD: list[tuple[Any, str]] = [
    (None, "an action must be an object"),
    ({}, "family: is required; operation: is required; account: is required"),
    ({**GOOD, "status": "pending"}, "status: unknown; an action has family, "),
    ({**GOOD, "family": "session"}, "family: 'session' has no callbacks"),
    ({**GOOD, "account": "1"}, "account: must be ten digits"),
    ({**GOOD, "operation": "register"}, "operation: a seed has no 'register' of "),
    ({**GOOD, "operation": "activat"}, "operation: a seed has no 'activat' of "),
    ({**GOOD, "devices": {}}, "devices: must be an array of arrays of identifiers"),
    ({**GOOD, "devices": [[], IDS]}, "devices: must have an identifier for each dev"),
    ({**GOOD, "failing": [IMEI]}, 'failing: must have {"deviceIds": [...]} as items'),
    ({**GOOD, "due_at": "today"}, "due_at: "),
    ({**GOOD, "values": []}, "values: "),
    ({**GOOD, "values": {"a": float("nan")}}, "values: a message must be JSON: "),
]


@each(
    ("item", "words"), BAD, ids=[f"{index} {row[1]}" for index, row in enumerate(BAD)]
)
def test_a_bad_action_is_named_by_its_index(item: Any, words: str) -> None:
    """The error says which cannot be used, and why."""
    with pytest.raises(SettingsError) as caught:
        seeds.seed({"actions": [GOOD, item]}, APIS, datetime.now(timezone.utc))

    assert str(caught.value).startswith(f"actions[1]: {words}")


@each(
    ("given", "words"),
    [
        ([], "the hyper_precise of a seed document must be an object"),
        ({"1": []}, "hyper_precise: '1' is no account"),
        ({ACCOUNT: IMEI}, f"hyper_precise.{ACCOUNT}: must be an array of IMEIs"),
        ({ACCOUNT: [1]}, f"hyper_precise.{ACCOUNT}: must be an array of IMEIs"),
    ],
)
def test_bad_imeis_are_refused(given: Any, words: str) -> None:
    """They are strings, by account."""
    with pytest.raises(SettingsError) as caught:
        seeds.seed({"hyper_precise": given}, APIS, datetime.now(timezone.utc))

    assert str(caught.value) == words
