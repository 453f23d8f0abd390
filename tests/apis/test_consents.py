"""Consents to be located: what is kept of them, and what is told."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0402196254-00001"
FIRST = {"id": "990013907835573", "kind": "imei", "mdn": "7892345678"}
SECOND = {"id": "990013907884259", "kind": "imei"}


class Owner:
    """Somebody whose devices are located, and who listens."""

    def __init__(self, thingspace: MockThingSpace, listener: Listener) -> None:
        self.thingspace = thingspace
        self.listener = listener
        self.base = f"{thingspace.url_for('location')}/devicelocations"
        thingspace.register(
            ACCOUNT, listener.url, family="location", service="DeviceLocation"
        )

    def ask(self, method: str, **more: Any) -> requests.Response:
        """Ask something of consents."""
        url = f"{self.base}/action/consents"
        return requests.request(method, url, timeout=30, **more)

    def give(self, *devices: Any) -> str:
        """Give consent for devices, or for all; return the transaction's id."""
        given = {"deviceList": devices} if devices else {}
        reply = self.ask("POST", json={"accountName": ACCOUNT, **given})
        return str(reply.json()["transactionId"])

    def update(self, consent: Any) -> str:
        """Change the account's consent; return the transaction's id."""
        body = {"accountName": ACCOUNT, "allDeviceConsent": consent}
        return str(self.ask("PUT", json=body).json()["transactionId"])

    def shown(self, account: str = ACCOUNT, **query: str) -> Any:
        """Return what is kept."""
        return self.ask("GET", params={"accountName": account, **query}).json()

    def told(self) -> list[Any]:
        """Return the messages that have come."""
        self.thingspace.wait_until_idle()
        return [message.json for message in self.listener.messages]

    def locate(self) -> list[bool]:
        """Locate both devices; say of each whether it was found."""
        before = len(self.told())
        body = {"accountName": ACCOUNT, "deviceList": [FIRST, SECOND]}
        requests.post(self.base, json=body, timeout=30)
        return ["pd" in message for message in self.told()[before:]]


@pytest.fixture
def owner() -> Iterator[Owner]:
    """An owner with a listener."""
    with MockThingSpace() as thingspace, Listener() as listener:
        yield Owner(thingspace, listener)


def test_an_account_consents_until_it_says_otherwise(owner: Owner) -> None:
    """No device has said anything of its own."""
    assert owner.shown() == {
        "accountName": ACCOUNT,
        "allDeviceConsent": 1,
        "deviceList": [],
    }


def test_a_consent_is_told_of_for_each_device(owner: Owner) -> None:
    """With the id of the transaction, and the account's consent."""
    txid = owner.give(FIRST, SECOND)

    assert owner.told() == [
        {
            "txid": txid,
            "accountName": ACCOUNT,
            "allDeviceConsent": 1,
            "deviceList": [device],
        }
        for device in (FIRST, SECOND)
    ]


def test_devices_that_have_consented_are_shown(owner: Owner) -> None:
    """Each once, or only the one that is asked for; none of another account."""
    owner.give(FIRST, SECOND)
    owner.give(FIRST)

    assert owner.shown()["deviceList"] == [FIRST, SECOND]
    assert owner.shown(deviceId=SECOND["id"])["deviceList"] == [SECOND]
    assert owner.shown(deviceId="1")["deviceList"] == []
    assert owner.shown(OTHER)["deviceList"] == []


def test_without_consent_no_device_is_located(owner: Owner) -> None:
    """Its message has an error, until the account consents again."""
    owner.update(0)
    denied = owner.locate()
    owner.update(2)

    assert (denied, owner.locate()) == ([False, False], [True, True])


def test_a_device_consents_for_itself(owner: Owner) -> None:
    """Whatever the account says of the others."""
    owner.update(0)
    owner.give(FIRST)

    assert owner.locate() == [True, False]


def test_an_account_consents_for_all_its_devices(owner: Owner) -> None:
    """One message tells of it, and names no device."""
    owner.update(0)
    txid = owner.give()

    assert owner.shown()["allDeviceConsent"] == 1
    assert owner.told()[-1] == {
        "txid": txid,
        "accountName": ACCOUNT,
        "allDeviceConsent": 1,
        "deviceList": [],
    }


def test_an_exclusion_leaves_consents_alone(owner: Owner) -> None:
    """And a consent excludes nobody less."""
    owner.give(FIRST)
    url = f"{owner.thingspace.url_for('location')}/consents"
    excluding = {"accountName": ACCOUNT, "exclusion": [FIRST["id"]]}
    requests.post(url, json=excluding, timeout=30)

    assert owner.shown()["deviceList"] == [FIRST]
    assert owner.locate() == [False, True]


def test_a_consent_that_fails_is_told_of_and_not_kept(owner: Owner) -> None:
    """The other device's is."""
    owner.thingspace.fault("failure", on="actions", device=FIRST["id"])
    txid = owner.give(FIRST, SECOND)

    failed, given = owner.told()
    assert (failed["txid"], failed["msid"]) == (txid, FIRST["mdn"])
    assert failed["error"]["type"] == "CONSENT"
    assert given["deviceList"] == owner.shown()["deviceList"] == [SECOND]


def test_a_change_of_the_account_s_consent_can_fail(owner: Owner) -> None:
    """The account consents as before."""
    owner.thingspace.fault("failure", on="actions", operation="update-consent")
    owner.update(0)

    assert [message["error"]["type"] for message in owner.told()] == ["CONSENT"]
    assert owner.shown()["allDeviceConsent"] == 1


def test_a_consent_is_pending_until_the_test_completes_it(owner: Owner) -> None:
    """Until then it is neither told of nor kept."""
    owner.thingspace.fault("timeout", on="actions")
    txid = owner.update(0)
    before = owner.told(), owner.shown()["allDeviceConsent"]
    owner.thingspace.complete(txid)

    assert before == ([], 1)
    assert len(owner.told()) == 1
    assert owner.shown()["allDeviceConsent"] == 0


@each("reset", [{}, {"account": ACCOUNT}])
def test_a_reset_forgets_consents(reset: dict[str, str]) -> None:
    """One of the account does, too."""
    with MockThingSpace() as thingspace, Listener() as listener:
        owner = Owner(thingspace, listener)
        owner.give(FIRST)
        owner.update(0)
        thingspace.reset(**reset)

        shown = owner.shown()
        assert (shown["allDeviceConsent"], shown["deviceList"]) == (1, [])


@each(
    ("method", "body"),
    [
        ("POST", {"accountName": "12345"}),
        ("POST", {"deviceList": [FIRST]}),
        ("POST", {"accountName": ACCOUNT, "deviceList": []}),
        ("POST", {"accountName": ACCOUNT, "deviceList": ["1"]}),
        ("PUT", {"accountName": ACCOUNT}),
        *(
            ("PUT", {"accountName": ACCOUNT, "allDeviceConsent": consent})
            for consent in (None, "0", True, 0.5)
        ),
    ],
)
def test_a_body_that_will_not_do_is_refused(method: str, body: Any) -> None:
    """Nothing is accepted."""
    with MockThingSpace() as thingspace, Listener() as listener:
        response = Owner(thingspace, listener).ask(method, json=body)

        assert (response.status_code, response.json()["errorCode"]) == (
            400,
            "INVALID_PARAMETER",
        )
        assert thingspace.actions() == []
