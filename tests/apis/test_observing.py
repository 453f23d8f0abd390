"""Observations: what devices tell of themselves, how often and for how long."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.apis.diagnostics import api, observations
from mockthingspace.apis.diagnostics.observations import _tell_now
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.spec.fields import millis
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "TestQAAccount"
DEVICE = {"id": "864508030026238", "kind": "IMEI"}
ANOTHER = {"id": "864508030026246", "kind": "imei"}
BODY = {
    "accountName": ACCOUNT,
    "devices": [DEVICE],
    "attributes": [{"name": "LINK_QUALITY"}, {"name": "MANUFACTURER"}],
    "frequency": {"value": 20, "unit": "SECOND"},
    "duration": {"value": 1, "unit": "MINUTE"},
}
TOLD = [
    {"name": "LINK_QUALITY", "value": "-11"},
    {"name": "MANUFACTURER", "value": "Verizon"},
]


class Watcher:
    """Somebody who observes devices, and listens for what they tell."""

    def __init__(self, thingspace: MockThingSpace, listener: Listener) -> None:
        self.thingspace = thingspace
        self.listener = listener
        self.base = thingspace.url_for("diagnostics")

    def register(self, account: str = ACCOUNT) -> None:
        """Register the listener."""
        self.thingspace.register(account, self.listener.url, family="diagnostics")

    def post(self, **changes: Any) -> requests.Response:
        """Ask for an observation; what is None is left out."""
        body = {key: value for key, value in {**BODY, **changes}.items() if value}
        url = f"{self.base}/devices/attributes/actions/observe"
        return requests.post(url, json=body, timeout=30)

    def observe(self, **changes: Any) -> str:
        """Start an observation; return its id."""
        return str(self.post(**changes).json()["transactionID"])

    def stop(self, transaction: str, account: str = ACCOUNT) -> requests.Response:
        """Stop an observation."""
        url = f"{self.base}/devices/attributes/actions/observe"
        which = {"transactionId": transaction, "accountName": account}
        return requests.delete(url, params=which, timeout=30)

    def settings(self, devices: str, account: str = ACCOUNT) -> requests.Response:
        """Ask what is observed of devices."""
        asked = {"accountName": account, "devices": devices}
        return requests.get(f"{self.base}/devices/settings", params=asked, timeout=30)

    def told(self, seconds: float) -> list[Any]:
        """Let time pass; return what the devices have told in it."""
        self.listener.clear()
        self.thingspace.advance(seconds=seconds)
        return [message.json for message in self.listener.messages]

    @property
    def status(self) -> list[str]:
        """How the observations stand."""
        return [action.status for action in self.thingspace.actions()]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener."""
    with Listener() as listener:
        yield listener


@pytest.fixture
def watcher(listener: Listener) -> Iterator[Watcher]:
    """Somebody whose listener is registered."""
    with MockThingSpace() as thingspace:
        watcher = Watcher(thingspace, listener)
        watcher.register()
        yield watcher


def test_an_observation_is_accepted(watcher: Watcher) -> None:
    """The reply has an id, a status and the instant; nothing has been told yet."""
    response = watcher.post()

    [action] = watcher.thingspace.actions()
    assert (response.status_code, response.json()) == (
        200,
        {
            "transactionID": action.request_id,
            "status": "OBSERVE_PENDING",
            "createdOn": millis(action.accepted_at),
        },
    )
    assert action.due_at == action.accepted_at + timedelta(minutes=1)
    assert watcher.listener.messages == []


def test_a_device_tells_what_was_asked_as_often_as_was_asked(watcher: Watcher) -> None:
    """The message repeats the request: its id, the device, its attributes."""
    transaction = watcher.observe()

    assert watcher.told(19) == []
    [message] = watcher.told(1)
    assert message == {
        "transactionID": transaction,
        "accountName": ACCOUNT,
        "device": DEVICE,
        "attributes": TOLD,
        "createdOn": millis(watcher.thingspace.clock.now),
    }
    assert watcher.told(19) == []
    assert len(watcher.told(1)) == 1


def test_it_ends_when_its_duration_is_over(watcher: Watcher) -> None:
    """A minute has three times twenty seconds."""
    watcher.observe()

    assert len(watcher.told(59)) == 2
    assert watcher.status == ["pending"]
    assert len(watcher.told(3600)) == 1
    assert watcher.status == ["success"]


@each(
    ("frequency", "duration", "messages"),
    [
        (None, {"value": 30, "unit": "SECOND"}, 2),
        ((15, "SECOND"), {"value": 44, "unit": "SECOND"}, 2),
        ((1, "MINUTE"), {"value": 1, "unit": "SECOND"}, 1),
        ((2, "HOUR"), {"value": 1, "unit": "DAY"}, 12),
        ((12, "HOUR"), None, 4),
    ],
)
def test_lengths_of_time(frequency: Any, duration: Any, messages: int) -> None:
    """They have units; without a duration it lasts until it is stopped."""
    with MockThingSpace() as thingspace, Listener() as listener:
        watcher = Watcher(thingspace, listener)
        watcher.register()
        often = frequency and {"value": frequency[0], "unit": frequency[1]}
        watcher.observe(frequency=often, duration=duration)

        assert len(watcher.told(2 * 24 * 3600)) == messages
        assert watcher.status == ["success" if duration else "pending"]


def test_each_device_has_messages_of_its_own(watcher: Watcher) -> None:
    """In the order of the request."""
    watcher.observe(devices=[DEVICE, ANOTHER])

    assert [item["device"] for item in watcher.told(20)] == [DEVICE, ANOTHER]


def test_what_is_stopped_tells_nothing_more(watcher: Watcher) -> None:
    """The reply has the status of the SDK's example; there is nothing to stop twice."""
    transaction = watcher.observe()
    assert len(watcher.told(20)) == 1
    [action] = watcher.thingspace.actions()

    first, second = watcher.stop(transaction), watcher.stop(transaction)

    assert (first.status_code, first.json()) == (
        200,
        {
            "transactionID": transaction,
            "status": "CANCEL_OBSERVE_PENDING",
            "createdOn": millis(action.accepted_at),
        },
    )
    assert (second.status_code, second.json()["errorMessage"]) == (
        400,
        "Transaction ID is already canceled.",
    )
    assert watcher.told(3600) == []
    assert watcher.status == ["cancelled"]


def test_what_is_not_there_cannot_be_stopped(watcher: Watcher) -> None:
    """Nor can what is another account's."""
    transaction = watcher.observe()

    for which, account in (("none", ACCOUNT), (transaction, OTHER)):
        response = watcher.stop(which, account)
        assert (response.status_code, response.json()["errorMessage"]) == (
            400,
            "Observe has failed for this transaction ID.",
        )
    assert watcher.status == ["pending"]


def test_without_a_listener_nothing_is_observed(watcher: Watcher) -> None:
    """The refusal is the documented one, and nothing is accepted."""
    response = watcher.post(accountName=OTHER)

    assert (response.status_code, response.json()["errorCode"]) == (
        403,
        "CALLBACK_NOT_REGISTERED",
    )
    assert watcher.status == []


def test_a_listener_that_is_gone_is_told_nothing(watcher: Watcher) -> None:
    """Who registers again gets what comes then."""
    watcher.observe()
    which = {"accountName": ACCOUNT, "serviceName": "Diagnostics"}
    requests.delete(f"{watcher.base}/callbacks", params=which, timeout=30)

    assert watcher.told(20) == []
    watcher.register()
    assert len(watcher.told(20)) == 1


def test_a_device_that_fails_is_told_to_be_unreachable_once(watcher: Watcher) -> None:
    """The other goes on."""
    watcher.thingspace.fault("failure", on="actions", device=DEVICE["id"])
    transaction = watcher.observe(devices=[DEVICE, ANOTHER])

    lost, seen = watcher.told(20)

    assert (lost["errorCode"], lost["device"]) == ("DEVICE_UNREACHABLE", DEVICE)
    assert lost["transactionID"] == transaction
    assert seen["device"] == ANOTHER
    assert [item["device"] for item in watcher.told(3600)] == [ANOTHER, ANOTHER]
    assert watcher.status == ["failure"]


def test_an_observation_whose_devices_all_fail_is_over(watcher: Watcher) -> None:
    """It ends with the first message."""
    watcher.thingspace.fault("failure", on="actions", operation="observe")
    watcher.observe()

    assert [item["errorCode"] for item in watcher.told(20)] == ["DEVICE_UNREACHABLE"]
    assert watcher.status == ["failure"]
    assert watcher.told(3600) == []


def test_a_test_may_end_an_observation(watcher: Watcher) -> None:
    """Its devices tell their attributes once more, or are lost."""
    for outcome, key in (("success", "attributes"), ("failure", "errorCode")):
        transaction = watcher.observe()
        watcher.listener.clear()
        watcher.thingspace.complete(transaction, outcome)
        watcher.thingspace.wait_until_idle()

        [message] = watcher.listener.messages
        assert key in message.json
        assert watcher.told(3600) == []


@each(
    ("settings", "fault"),
    [({"actions": "manual"}, False), ({}, True)],
)
def test_what_only_the_test_ends_tells_nothing_before(
    settings: dict[str, Any], fault: bool
) -> None:
    """Where the setting or a fault says so."""
    with MockThingSpace(**settings) as thingspace, Listener() as listener:
        watcher = Watcher(thingspace, listener)
        watcher.register()
        if fault:
            thingspace.fault("timeout", on="actions")
        watcher.observe()

        assert watcher.told(3600) == []
        assert watcher.status == ["pending"]


def test_what_is_over_as_its_time_comes_tells_nothing(
    app: Any, backend: Backend
) -> None:
    """Whoever stops an observation may be as quick as its timer."""
    now = backend.clock.now()
    stopped = AcceptedAction(
        request_id="none",
        family="diagnostics",
        operation="observe",
        account=ACCOUNT,
        devices=((("1", "imei"),),),
        accepted_at=now,
        due_at=now + timedelta(hours=1),
    )

    assert _tell_now(backend.state, api.FAMILY, stopped) == []


def test_what_is_observed_is_looked_up_by_device(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that is asked for is not compared with each that is observed."""
    many = [{"id": str(number), "kind": "imei"} for number in range(50)]
    for _ in range(2):
        watcher.observe(devices=many)
    looked_at: list[Any] = []
    key = observations._key
    monkeypatch.setattr(
        observations, "_key", lambda device: looked_at.append(device) or key(device)
    )

    shown = watcher.settings(json.dumps(many[:10])).json()

    assert [len(item["attributes"]) for item in shown] == [4] * 10
    assert len(looked_at) == 2 * 50 + 2 * 10


def test_what_is_observed_is_shown(watcher: Watcher) -> None:
    """For each device that is asked for, whatever the capitals of its kind."""
    asked = json.dumps([{**DEVICE, "kind": "imei"}, ANOTHER])
    stopped = watcher.observe(devices=[ANOTHER])
    watcher.observe()
    watcher.stop(stopped)
    [_, action] = watcher.thingspace.actions()

    shown = watcher.settings(asked).json()

    assert shown == [
        {
            "accountName": ACCOUNT,
            "device": {**DEVICE, "kind": "imei"},
            "attributes": [
                {
                    **attribute,
                    "createdOn": millis(action.accepted_at),
                    "isObservable": True,
                    "isObserving": True,
                    "frequency": BODY["frequency"],
                }
                for attribute in TOLD
            ],
        },
        {"accountName": ACCOUNT, "device": ANOTHER, "attributes": []},
    ]
    assert watcher.settings(asked.replace('"', "%22")).json() == shown
    [item] = watcher.settings(json.dumps([DEVICE]), OTHER).json()
    assert item["attributes"] == []


@each(
    ("changes", "reason"),
    [
        ({"devices": []}, "devices"),
        ({"devices": "864508030026238"}, "must be an array"),
        ({"devices": [{"id": "1"}]}, "identifiers"),
        ({"devices": [{"id": "1", "kind": "fax"}]}, "of a known kind"),
        ({"attributes": []}, "attributes"),
        ({"attributes": {"name": "CELL_ID"}}, "LINK_QUALITY"),
        ({"attributes": ["CELL_ID"]}, "LINK_QUALITY"),
        ({"attributes": [{"name": "CELL_ID"}, {"name": "MOOD"}]}, "LINK_QUALITY"),
        ({"attributes": [{"name": ["CELL_ID"]}]}, "LINK_QUALITY"),
        ({"frequency": {"value": 14, "unit": "SECOND"}}, "at least 15 s"),
        ({"frequency": {"value": -(10**30), "unit": "DAY"}}, "at least 15 s"),
        ({"frequency": {"value": 10**30, "unit": "SECOND"}}, "at most 36,525 days"),
        ({"frequency": {"value": 36526, "unit": "DAY"}}, "at most 36,525 days"),
        ({"frequency": {"value": True, "unit": "DAY"}}, "whole number"),
        ({"frequency": {"value": "15", "unit": "DAY"}}, "whole number"),
        ({"frequency": {"value": 15, "unit": "second"}}, "SECOND, MINUTE"),
        ({"frequency": {"value": 15, "unit": {}}}, "SECOND, MINUTE"),
        ({"frequency": 15}, "whole number"),
        ({"duration": {"value": 0, "unit": "SECOND"}}, "at least 1 s"),
        ({"accountName": "12345"}, "ten digits"),
    ],
)
def test_a_body_that_will_not_do_is_refused(
    changes: dict[str, Any], reason: str
) -> None:
    """By a documented code, and nothing is accepted."""
    with MockThingSpace() as thingspace, Listener() as listener:
        watcher = Watcher(thingspace, listener)
        watcher.register()
        url = f"{watcher.base}/devices/attributes/actions/observe"
        response = requests.post(url, json={**BODY, **changes}, timeout=30)

        assert (response.status_code, response.json()["errorCode"]) == (
            400,
            "INVALID_PARAMETER",
        )
        assert reason in response.headers["X-Mock-Reason"]
        assert watcher.status == []


@each("devices", ["", "864508030026238", "[", "{}", "[1]", '[{"id": "1"}]', "[" * 9999])
def test_devices_in_a_query_that_will_not_do_are_refused(devices: str) -> None:
    """They are an array in JSON."""
    with MockThingSpace() as thingspace, Listener() as listener:
        response = Watcher(thingspace, listener).settings(devices)

        assert (response.status_code, response.json()["errorCode"]) == (
            400,
            "INVALID_PARAMETER",
        )


def test_a_listener_that_takes_nothing_is_told_no_more(watcher: Watcher) -> None:
    """A hundred messages of an observation wait at most, however long it is."""
    watcher.listener.reply(503, times=None)
    watcher.observe(duration={"value": 10, "unit": "DAY"})

    watcher.thingspace.advance(hours=2)
    waiting = [item.status for item in watcher.thingspace.deliveries()].count("pending")

    assert waiting == 100
