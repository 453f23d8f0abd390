"""``/__admin/faults``: planned, listed, cleared; and what a reset does to them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace.backend.backend import Backend
from mockthingspace.core.clock import Clock

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
FAULTS = "/__admin/faults"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"


def plan(client: FlaskClient, **given: Any) -> dict[str, Any]:
    """Plan a fault; return it as the admin API shows it."""
    reply = client.post(FAULTS, json={"kind": "status", **given})
    assert reply.status_code == 201
    shown: dict[str, Any] = reply.get_json()
    return shown


def kinds(client: FlaskClient, **query: str) -> list[str]:
    """Return the kinds of those that still act."""
    found = client.get(FAULTS, query_string=query).get_json()["faults"]
    return [item["kind"] for item in found]


def test_a_planned_fault_is_shown_as_it_stands(
    client: FlaskClient, clock: Clock
) -> None:
    """With its number, its options, its scope, and when it expires."""
    made = plan(client, account=ACCOUNT, times=2, ttl_s=60)
    client.get(CALLBACKS)
    listed = client.get(FAULTS).get_json()
    assert listed["faults"][0] == {**made, "acted": 1}
    assert listed["meta"] == {"total": 1, "held": 0}
    instants = {name: made.pop(name) for name in ("planned_at", "expires_at")}
    assert instants["planned_at"] < instants["expires_at"]
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
    assert plan(client, kind="CONNECTION_RESET_BY_PEER")["kind"] == "reset"


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
    """Those that are listed are those that DELETE clears."""
    plan(client, account=ACCOUNT, operation="list")
    plan(client, kind="drop", service="Fota", event="Fota.firmwareList")
    plan(client, kind="delay", on="requests", family="fota-v1")
    plan(client, kind="delay", on="deliveries")
    assert kinds(client, **query) == left
    gone = client.delete(FAULTS, query_string=query).get_json()
    assert gone == {"removed": len(left)}
    assert len(kinds(client)) == 4 - len(left)


@pytest.mark.parametrize("name", ["kind", "on", "family", "operation", "service"])
def test_a_mistyped_filter_is_refused(client: FlaskClient, name: str) -> None:
    """It must not look like nothing planned, nor clear everything."""
    plan(client)
    for ask in (client.get, client.delete):
        reply = ask(FAULTS, query_string={name: "x"})
        assert (
            reply.status_code,
            reply.get_json()["error"],
        ) == (400, f"unknown_{name}")
    assert client.delete(f"{FAULTS}?knd=status").status_code == 400
    assert kinds(client) == ["status"]


def test_one_fault_is_healed_by_its_number(client: FlaskClient) -> None:
    """It is shown as it stood; a second time there is none."""
    made = plan(client)
    plan(client, kind="reset")
    assert client.delete(f"{FAULTS}/{made['id']}").get_json() == made
    again = client.delete(f"{FAULTS}/{made['id']}")
    assert (again.status_code, again.get_json()["error"]) == (404, "unknown_fault")
    assert kinds(client) == ["reset"]


def test_a_fault_past_its_time_cannot_be_healed(
    client: FlaskClient, clock: Clock
) -> None:
    """It has expired."""
    made = plan(client, ttl_s=5)
    clock.advance(5)
    assert client.delete(f"{FAULTS}/{made['id']}").status_code == 404
    assert client.get(CALLBACKS).status_code == 200


@each(
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
    assert reply.status_code == 400
    assert reply.get_json()["message"]
    assert kinds(client) == []


def test_a_reset_clears_everything(client: FlaskClient) -> None:
    """And what was planned before it acts no more."""
    plan(client, times=None)
    client.post("/__admin/reset", json={})
    assert (client.get(CALLBACKS).status_code, kinds(client)) == (200, [])


def test_a_reset_of_an_account_clears_its_own(client: FlaskClient) -> None:
    """The others' and the shared stay."""
    for whose in (ACCOUNT, OTHER, None):
        plan(client, account=whose)
    client.post(f"/__admin/reset?account={ACCOUNT}", json={})
    left = client.get(FAULTS).get_json()["faults"]
    assert [exchange["account"] for exchange in left] == [OTHER, None]


def test_what_faults_did_is_in_the_event_log(
    client: FlaskClient, backend: Backend
) -> None:
    """Planned, acted and cleared, in one order."""
    plan(client, account=ACCOUNT)
    client.get(CALLBACKS)
    happened = [
        item.summary.partition(":")[0] for item in backend.state.event_log.every()
    ]
    assert happened == ["planned", "acted", "cleared"]
    assert {item.account for item in backend.state.event_log.every()} == {ACCOUNT}
