"""SMS of devices: what was sent is listed, what nobody took is sent again."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.core.clock import rfc3339
from mockthingspace.testing.listener import Listener

ACCOUNT, OTHER = "0242078689-00001", "0402196254-00001"
EVENT, SERVICE = (
    "EnhancedConnectivityService.smsReceived",
    "EnhancedConnectivityService",
)
DEVICE = [{"id": "89148000000800784259", "kind": "iccid"}]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener."""
    with Listener() as listener:
        yield listener


@pytest.fixture
def thingspace(listener: Listener) -> Iterator[MockThingSpace]:
    """A server, at which the listener is registered for SMS."""
    with MockThingSpace() as thingspace:
        register(thingspace, listener)
        yield thingspace


def register(thingspace: MockThingSpace, listener: Listener) -> None:
    """Register the listener for the account's SMS."""
    thingspace.register(ACCOUNT, listener.url, family="connectivity", service=SERVICE)


def start(thingspace: MockThingSpace, account: str = ACCOUNT) -> requests.Response:
    """Ask for what is queued."""
    base = thingspace.url_for("connectivity")
    response = requests.put(f"{base}/sms/{account}/startCallbacks", timeout=30)
    assert (response.status_code, response.json()) == (200, {"success": True})
    thingspace.wait_until_idle()
    return response


def history(thingspace: MockThingSpace, account: str = ACCOUNT) -> Any:
    """Ask which SMS there were."""
    base = thingspace.url_for("connectivity")
    return requests.get(f"{base}/sms/{account}/history", timeout=30).json()


def send(thingspace: MockThingSpace, text: str) -> None:
    """Have a device send an SMS, and wait until that is over."""
    thingspace.trigger(EVENT, ACCOUNT, smsMessage=text)
    thingspace.wait_until_idle()


def texts(listener: Listener) -> list[str]:
    """Return the SMS that have come."""
    return [message.json["smsMessage"] for message in listener.messages]


def test_what_was_not_acknowledged_is_sent_again(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """An SMS that was taken is not; one that is taken now is not again."""
    listener.reply(503, times=2)
    for text in ("one", "two", "three"):
        send(thingspace, text)

    start(thingspace)
    start(thingspace)

    assert texts(listener) == ["one", "two", "three", "one", "two"]
    assert listener.messages[0].json == listener.messages[3].json


def test_what_is_refused_again_stays_in_the_queue(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It is sent once each time that is asked for."""
    listener.reply(503, times=2)
    send(thingspace, "one")

    start(thingspace)
    start(thingspace)
    start(thingspace)

    assert texts(listener) == ["one", "one", "one"]


def test_a_fault_s_duplicate_is_the_same_sms(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It is listed once, and sent again as it was meant."""
    thingspace.fault("duplicate", copies=1)
    thingspace.fault("extra-fields")
    listener.reply(503, times=2)
    send(thingspace, "one")

    assert len(listener.messages) == 2
    assert [item["message"] for item in history(thingspace)["messages"]] == ["one"]
    start(thingspace)

    assert listener.messages[2].json["smsMessage"] == "one"
    assert len(listener.messages) == 3


def test_without_a_listener_what_is_queued_stays_so(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """The reason says so; whoever registers then and asks again gets it."""
    listener.reply(503, times=1)
    send(thingspace, "one")
    base = thingspace.url_for("connectivity")
    requests.delete(f"{base}/callbacks/{ACCOUNT}/name/{SERVICE}", timeout=30)

    reason = start(thingspace).headers["X-Mock-Reason"]
    register(thingspace, listener)
    start(thingspace)

    assert f"no listener for {SERVICE}: what is queued stays so (1)" in reason
    assert texts(listener) == ["one", "one"]


def test_the_sms_of_an_account_are_listed(thingspace: MockThingSpace) -> None:
    """Whether or not they were acknowledged, oldest first, each with its instant."""
    first = thingspace.clock.now
    send(thingspace, "one")
    thingspace.advance(minutes=1)
    send(thingspace, "two")

    assert history(thingspace) == {
        "hasMoreData": False,
        "messages": [
            {
                "deviceIds": DEVICE,
                "message": text,
                "timestamp": rfc3339(first + timedelta(minutes=minutes)),
            }
            for minutes, text in enumerate(("one", "two"))
        ],
    }
    assert history(thingspace, OTHER) == {"hasMoreData": False, "messages": []}


def test_a_message_of_one_s_own_is_listed_as_far_as_it_is_an_sms(
    thingspace: MockThingSpace,
) -> None:
    """What it does not have is empty."""
    for message in ({"smsMessage": "hi"}, ["no object"]):
        thingspace.trigger(EVENT, ACCOUNT, message=message)

    shown = history(thingspace)["messages"]

    assert [(item["deviceIds"], item["message"]) for item in shown] == [
        ([], "hi"),
        ([], ""),
    ]


def test_an_account_that_is_none_is_refused(thingspace: MockThingSpace) -> None:
    """As everywhere in the API."""
    base = thingspace.url_for("connectivity")
    for method, path in (("PUT", "startCallbacks"), ("GET", "history")):
        response = requests.request(method, f"{base}/sms/12345/{path}", timeout=30)
        assert response.status_code == 400
