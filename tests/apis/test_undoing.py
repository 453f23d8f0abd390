"""What is undone by a DELETE: labels are removed, devices watched no longer."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from ..customer import ACCOUNT, IMEI, M2M, OTHER, SECOND, Customer, devices
from ..rows import each
from .cases.acting import item_by_item

REACHABILITY = f"{M2M}/diagnostics/basic/devicereachability"
LABELS = f"{M2M}/devices/actions/usagesegmentationlabels"
WATCHING = {
    "requestType": "REACHABLE_FOR_DATA",
    "monitorExpirationTime": "2024-01-31T00:00:00Z",
}


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer whose actions end when the test says so."""
    made = Customer(actions="manual")
    made.listen(service="DiagnosticsService")
    made.listen(service="CarrierService")
    yield made
    made.backend.close()


def watch(ann: Customer, *identities: str, account: str = ACCOUNT) -> str:
    """Have devices watched; return the request's id."""
    body = {"accountName": account, "devices": devices(*identities), **WATCHING}
    reply = ann.ask("POST", REACHABILITY, body)
    return str(reply.get_json()["requestId"])


def undo(ann: Customer, path: str, **query: Any) -> TestResponse:
    """Ask for a DELETE."""
    return ann.ask("DELETE", f"{path}?{urlencode(item_by_item(query))}", {})


def stop(ann: Customer, *identities: str, account: str = ACCOUNT) -> TestResponse:
    """Have devices watched no longer."""
    payload = {"accountName": account, "devices": devices(*identities)}
    return undo(ann, REACHABILITY, stopreachabilitypayload=payload)


def standing(ann: Customer) -> list[tuple[str, str]]:
    """Return what there is, and how it stands."""
    return [(item["operation"], item["status"]) for item in ann.actions()]


def test_what_is_pending_of_watching_is_cancelled(ann: Customer) -> None:
    """The message of the request that stops it comes, that of the first does not."""
    watch(ann, IMEI)

    stopping = stop(ann, IMEI, SECOND).get_json()["requestId"]

    ann.complete(stopping)
    assert standing(ann) == [
        ("watch-reachability", "cancelled"),
        ("stop-watching-reachability", "success"),
    ]
    assert {message["requestId"] for message in ann.messages()} == {stopping}


def test_the_devices_of_a_cancelled_request_are_cancelled(ann: Customer) -> None:
    """They have not succeeded."""
    watch(ann, IMEI)
    stop(ann, IMEI)

    request_id = ann.actions()[0]["request_id"]
    path = f"/api/m2m/v2/accounts/{ACCOUNT}/requests/{request_id}/status"
    told = ann.client.get(path).get_json()

    [device] = told["subrequests"]
    assert (told["status"], device["status"]) == ("Cancelled", "Cancelled")


@each(
    ("identities", "account"),
    [((SECOND,), ACCOUNT), ((IMEI,), OTHER)],
    ids=["another device", "another account"],
)
def test_other_watching_goes_on(identities: tuple[str, ...], account: str) -> None:
    """Stopping is for the account and the devices that are named."""
    ann = Customer(actions="manual")
    watch(ann, IMEI, SECOND)

    stop(ann, *identities, account=account)

    assert standing(ann)[0] == ("watch-reachability", "pending")
    ann.backend.close()


def test_other_actions_of_a_device_go_on(ann: Customer) -> None:
    """An activation is none of it."""
    ann.activated()

    stop(ann, IMEI)

    assert standing(ann)[0] == ("activate", "pending")


def test_no_device_is_watched_no_longer(ann: Customer) -> None:
    """Without a device there is nothing to stop."""
    reply = stop(ann)

    assert (reply.status_code, ann.actions()) == (400, [])


@each("outcome", ["success", "failure"])
def test_labels_are_removed(outcome: str) -> None:
    """Whose they were is not named: the message has its example's device."""
    ann = Customer()
    ann.listen()
    if outcome == "failure":
        ann.fault("failure")

    labels = {"deviceIds": [{"name": "fleet", "value": "blue"}]}
    reply = undo(ann, LABELS, accountName=ACCOUNT, LabelList=labels)

    [message] = ann.messages()
    assert message["requestId"] == reply.get_json()["requestId"]
    assert message["status"] == {"success": "Success", "failure": "Failed"}[outcome]
    ann.backend.close()


def test_no_label_is_removed(ann: Customer) -> None:
    """The reason says what is missing."""
    reply = undo(ann, LABELS, accountName=ACCOUNT)

    assert reply.status_code == 400
    assert reply.headers["X-Mock-Reason"] == "LabelList[deviceIds]: is required"
