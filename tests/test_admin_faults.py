"""``/__admin/faults``: planned, listed, healed; and what a reset does to them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace.clock import Clock
from mockthingspace.double import Double

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
FAULTS = "/__admin/faults"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"


def plan(client: FlaskClient, **given: Any) -> dict[str, Any]:
    """Plan a fault; return it as the admin API shows it."""
    reply = client.post(FAULTS, json={"kind": "status", **given})
    assert 201 == reply.status_code
    shown: dict[str, Any] = reply.get_json()
    return shown


def kinds(client: FlaskClient, **query: str) -> list[str]:
    """Return the kinds of those that have not healed."""
    found = client.get(FAULTS, query_string=query).get_json()["faults"]
    return [one["kind"] for one in found]


def test_a_planned_fault_is_shown_as_it_stands(
    client: FlaskClient, clock: Clock
) -> None:
    """With its number, its options, its scope, and when it heals."""
    made = plan(client, account=ACCOUNT, times=2, ttl_s=60)
    client.get(CALLBACKS)
    listed = client.get(FAULTS).get_json()
    assert {**made, "acted": 1} == listed["faults"][0]
    assert {"total": 1, "held": 0} == listed["meta"]
    instants = {name: made.pop(name) for name in ("planned_at", "heals_at")}
    assert instants["planned_at"] < instants["heals_at"]
    assert made == {
        "id": "1",
        "seq": 1,
        "kind": "status",
        "on": "requests",
        "status": 503,
        "retry_after_s": None,
        "account": ACCOUNT,
        "family": None,
        "operation": None,
        "service": None,
        "event": None,
        "times": 2,
        "probability": 1.0,
        "seed": 0,
        "ttl_s": 60.0,
        "acted": 0,
    }


def test_wiremocks_name_is_ours(client: FlaskClient) -> None:
    """It is shown by our name for it."""
    assert "reset" == plan(client, kind="CONNECTION_RESET_BY_PEER")["kind"]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({}, ["status", "drop", "delay", "delay"]),
        ({"account": ACCOUNT}, ["status"]),
        ({"family": "fota-v1"}, ["delay"]),
        ({"operation": "list"}, ["status"]),
        ({"service": "Fota", "event": "Fota.firmwareList"}, ["drop"]),
        ({"kind": "delay"}, ["delay", "delay"]),
        ({"kind": "delay", "on": "deliveries"}, ["delay"]),
    ],
    ids=str,
)
def test_filters_pick_faults(
    client: FlaskClient, query: dict[str, str], left: list[str]
) -> None:
    """Those that are listed are those that DELETE heals."""
    plan(client, account=ACCOUNT, operation="list")
    plan(client, kind="drop", service="Fota", event="Fota.firmwareList")
    plan(client, kind="delay", family="fota-v1")
    plan(client, kind="delay", on="deliveries")
    assert left == kinds(client, **query)
    gone = client.delete(FAULTS, query_string=query).get_json()
    assert {"removed": len(left)} == gone
    assert 4 - len(left) == len(kinds(client))


@pytest.mark.parametrize("name", ["kind", "on", "family", "operation", "service"])
def test_a_mistyped_filter_is_refused(client: FlaskClient, name: str) -> None:
    """It must not look like nothing planned, nor heal everything."""
    plan(client)
    for ask in (client.get, client.delete):
        reply = ask(FAULTS, query_string={name: "x"})
        assert (400, f"unknown_{name}") == (
            reply.status_code,
            reply.get_json()["error"],
        )
    assert 400 == client.delete(f"{FAULTS}?knd=status").status_code
    assert ["status"] == kinds(client)


def test_one_fault_is_healed_by_its_number(client: FlaskClient) -> None:
    """It is shown as it stood; a second time there is none."""
    made = plan(client)
    plan(client, kind="reset")
    assert made == client.delete(f"{FAULTS}/{made['id']}").get_json()
    again = client.delete(f"{FAULTS}/{made['id']}")
    assert (404, "unknown_fault") == (again.status_code, again.get_json()["error"])
    assert ["reset"] == kinds(client)


def test_a_fault_past_its_time_cannot_be_healed(
    client: FlaskClient, clock: Clock
) -> None:
    """It has healed by itself."""
    made = plan(client, ttl_s=5)
    clock.advance(5)
    assert 404 == client.delete(f"{FAULTS}/{made['id']}").status_code
    assert 200 == client.get(CALLBACKS).status_code


@pytest.mark.parametrize(
    "body",
    [
        *("", "null", "[]", "1", '"a"', "{}", "{"),
        '{"kind": "status", "status": NaN}',
        '{"kind": "status", "ttl_s": 1e999}',
        '{"kind": "status", "id": "1"}',
    ],
)
def test_a_body_that_is_no_fault_is_refused(client: FlaskClient, body: str) -> None:
    """With a sentence; nothing is planned."""
    headers = {"Content-Type": "application/json"}
    reply = client.post(FAULTS, data=body, headers=headers)
    assert 400 == reply.status_code
    assert reply.get_json()["message"]
    assert [] == kinds(client)


def test_a_reset_heals_everything(client: FlaskClient) -> None:
    """And what was planned before it acts no more."""
    plan(client, times=None)
    client.post("/__admin/reset", json={})
    assert (200, []) == (client.get(CALLBACKS).status_code, kinds(client))


def test_a_reset_of_an_account_heals_its_own(client: FlaskClient) -> None:
    """The others' and everybody's stay."""
    for whose in (ACCOUNT, OTHER, None):
        plan(client, account=whose)
    client.post(f"/__admin/reset?account={ACCOUNT}", json={})
    left = client.get(FAULTS).get_json()["faults"]
    assert [OTHER, None] == [one["account"] for one in left]


def test_what_faults_did_is_in_the_chronicle(
    client: FlaskClient, double: Double
) -> None:
    """Planned, acted and healed, in one order."""
    plan(client, account=ACCOUNT)
    client.get(CALLBACKS)
    happened = [one.says.partition(":")[0] for one in double.state.chronicle.every()]
    assert ["planned", "acted", "healed"] == happened
    assert {ACCOUNT} == {one.account for one in double.state.chronicle.every()}
