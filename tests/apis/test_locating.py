"""Locating devices: a transaction id now, a message for each device later."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

ACCOUNT = "0242078689-00001"
REPORTS = "locationreports"
DEVICES = [
    {"id": "990013907835573", "kind": "imei", "mdn": "7892345678"},
    {"id": "990013907884259", "kind": "imei"},
]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener of both services."""
    with Listener() as listener:
        yield listener


@pytest.fixture
def thingspace(listener: Listener) -> Iterator[MockThingSpace]:
    """A server that ends actions after an hour."""
    with MockThingSpace(actions=3600) as thingspace:
        for service in ("Location", "DeviceLocation"):
            thingspace.register(
                ACCOUNT, listener.url, family="location", service=service
            )
        yield thingspace


def ask(
    thingspace: MockThingSpace, method: str, path: str, **more: Any
) -> requests.Response:
    """Ask the location API something."""
    url = f"{thingspace.url_for('location')}/{path}"
    return requests.request(method, url, timeout=30, **more)


def locate(thingspace: MockThingSpace, path: str) -> str:
    """Ask where the devices are; return the transaction's id."""
    body = {"accountName": ACCOUNT, "deviceList": DEVICES, "accuracyMode": "0"}
    return str(ask(thingspace, "POST", path, json=body).json()["txid"])


def read(thingspace: MockThingSpace, report: str) -> list[Any]:
    """Return how a report stands, and what is in it."""
    return [
        ask(thingspace, "GET", f"{report}/{what}").json()
        for what in ("status", "index/0")
    ]


def test_where_each_device_is_comes_in_a_message_of_its_own(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """All have the transaction's id; a device is called by its MDN if it has one."""
    txid = locate(thingspace, "devicelocations")
    thingspace.wait_for_delivery(count=2)

    told = [(item.json["txid"], item.json["msid"]) for item in listener.messages]
    assert told == [(txid, "7892345678"), (txid, "990013907884259")]
    assert all("pd" in item.json for item in listener.messages)


def test_a_device_that_is_not_found_has_an_error_in_its_message(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """The other device's is as ever."""
    thingspace.fault("failure", on="actions", device="7892345678")
    locate(thingspace, "devicelocations")
    thingspace.wait_for_delivery(count=2)

    assert ["error" in item.json for item in listener.messages] == [True, False]


def test_a_report_is_one_message_of_all_devices(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It has as many places as devices."""
    txid = locate(thingspace, "locationreports")
    thingspace.wait_for_delivery()

    [message] = listener.messages
    assert (message.json["txid"], message.json["totalCount"]) == (txid, 2)
    assert [item["msid"] for item in message.json["devLocationList"]] == [
        "7892345678",
        "990013907884259",
    ]


def test_a_report_that_fails_says_so(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Its message has the transaction's id too."""
    thingspace.fault("failure", on="actions", operation="create-report")
    txid = locate(thingspace, "locationreports")
    delivery = thingspace.wait_for_delivery()

    assert delivery.event == "Location.report.failed"
    assert listener.messages[0].json["txid"] == txid


def test_one_device_of_a_report_can_fail(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Its place has an error, the other's is as ever."""
    thingspace.fault("failure", on="actions", device="7892345678")
    locate(thingspace, "locationreports")
    thingspace.wait_for_delivery()

    [message] = listener.messages
    found = ["error" in place for place in message.json["devLocationList"]]
    assert found == [True, False]


def test_a_report_can_be_read(thingspace: MockThingSpace, listener: Listener) -> None:
    """It is empty until it is completed; then it has what the message has."""
    path = f"locationreports/{ACCOUNT}/report/{locate(thingspace, 'locationreports')}"
    queued = read(thingspace, path)
    thingspace.wait_for_delivery()
    status, whole = read(thingspace, path)
    rest = ask(thingspace, "GET", f"{path}/index/1").json()

    places = listener.messages[0].json["devLocationList"]
    assert (queued[0]["status"], queued[1]["devLocationList"]) == ("QUEUED", [])
    assert (status["status"], whole["devLocationList"]) == ("COMPLETED", places)
    assert (whole["totalCount"], whole["hasMoreData"]) == (2, False)
    assert (rest["startIndex"], rest["devLocationList"]) == ("1", places[1:])


def test_a_report_there_is_none_of_is_not_read(thingspace: MockThingSpace) -> None:
    """What is no report is none, and one that was cancelled is gone."""
    cancelled = f"locationreports/{ACCOUNT}/report/{locate(thingspace, REPORTS)}"
    ask(thingspace, "DELETE", cancelled)
    located = locate(thingspace, "devicelocations")

    for path in (cancelled, f"locationreports/{ACCOUNT}/report/{located}"):
        for told in read(thingspace, path):
            assert told["errorMessage"] == "Transaction not found"


@pytest.mark.parametrize("cache_mode", ["0", 0])
def test_a_report_of_cached_places_is_there_at_once_and_not_told_of(
    thingspace: MockThingSpace, listener: Listener, cache_mode: Any
) -> None:
    """It is to be read, whenever actions end."""
    body = {"accountName": ACCOUNT, "deviceList": DEVICES, "cacheMode": cache_mode}
    txid = ask(thingspace, "POST", REPORTS, json=body).json()["txid"]
    thingspace.wait_until_idle()

    status, whole = read(thingspace, f"locationreports/{ACCOUNT}/report/{txid}")
    assert (status["status"], len(whole["devLocationList"])) == ("COMPLETED", 2)
    assert listener.messages == []


@pytest.mark.parametrize(
    ("asked", "cancelled"),
    [
        ("devicelocations", f"devicelocations/%s?accountName={ACCOUNT}"),
        ("locationreports", f"locationreports/{ACCOUNT}/report/%s"),
    ],
)
def test_what_is_cancelled_is_not_told(
    thingspace: MockThingSpace, listener: Listener, asked: str, cancelled: str
) -> None:
    """Cancelling answers the id; a second time there is nothing to cancel."""
    txid = locate(thingspace, asked)

    first, second = (ask(thingspace, "DELETE", cancelled % txid) for _ in "12")
    thingspace.advance(hours=2)

    assert (first.status_code, first.json()) == (200, {"txid": txid})
    assert (second.status_code, second.json()["errorMessage"]) == (
        400,
        "Unable to Cancel",
    )
    assert listener.messages == []
    assert [action.status for action in thingspace.actions()] == ["cancelled"]


def test_devices_that_will_not_do_are_refused(thingspace: MockThingSpace) -> None:
    """Nothing is accepted."""
    for devices in (None, [], [{}], ["1"], [{"id": "1", "kind": "x"}], {"id": "1"}):
        body = {"accountName": ACCOUNT, "deviceList": devices}
        assert ask(thingspace, "POST", "devicelocations", json=body).status_code == 400

    assert thingspace.actions() == []
