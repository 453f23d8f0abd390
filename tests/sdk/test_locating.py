"""The SDK locates devices and gives consents, and a listener hears of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from verizon.models.device_info import DeviceInfo
from verizon.models.location_request import LocationRequest
from verizon.verizon_client import VerizonClient

from mockthingspace import Listener, MockThingSpace

from .callbacks import ACCOUNT
from .clients import client
from .versions import RELEASE, RELEASES

IMEI, MDN = "990013907835573", "7892345678"


@pytest.fixture
def listener(thingspace: MockThingSpace) -> Iterator[Listener]:
    """A listener for both services."""
    with Listener() as listening:
        for service in ("Location", "DeviceLocation"):
            thingspace.register(
                ACCOUNT, listening.url, family="location", service=service
            )
        yield listening


def request() -> LocationRequest:
    """Ask where a device is now."""
    return LocationRequest(
        account_name=ACCOUNT,
        device_list=[DeviceInfo(IMEI, "imei", MDN)],
        cache_mode="1",
    )


def locate(visitor: VerizonClient) -> Any:
    """Locate the device; return the SDK's model of what is replied."""
    calls = visitor.devices_locations
    return calls.list_devices_locations_asynchronous(request()).body


def test_a_device_is_located(listener: Listener) -> None:
    """The callback has the id of the transaction, and the place."""
    asked = locate(client())

    [message] = listener.wait_for(1)
    assert (message.json["txid"], message.json["msid"]) == (asked.txid, MDN)
    assert (asked.status, "pd" in message.json) == ("QUEUED", True)


@pytest.mark.skipif(RELEASE is RELEASES["1.0.0"], reason="it has the call elsewhere")
def test_locating_is_cancelled(thingspace: MockThingSpace, listener: Listener) -> None:
    """Nothing comes of it."""
    thingspace.fault("timeout", on="actions")
    visitor = client()
    asked = locate(visitor)

    calls = visitor.device_location_callbacks
    cancelled = calls.cancel_async_report(ACCOUNT, asked.txid).body

    assert cancelled.txid == asked.txid
    assert [action.status for action in thingspace.actions()] == ["cancelled"]
    assert listener.messages == []


def test_a_report_is_read(listener: Listener) -> None:
    """It has what its callback has."""
    calls = client().devices_locations
    asked = calls.create_location_report(request()).body
    [message] = listener.wait_for(1)

    status = calls.get_location_report_status(ACCOUNT, asked.txid).body
    report = calls.retrieve_location_report(ACCOUNT, asked.txid, 0).body

    [place] = message.json["devLocationList"]
    assert (status.status, report.total_count) == ("COMPLETED", 1)
    assert report.dev_location_list[0].pd.x == place["pd"]["x"]


@pytest.mark.skipif(
    RELEASE is not RELEASES["2.0.0"], reason="the first have no consents"
)
def test_a_device_that_consents_is_located(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """One that does not is not, and either is told of."""
    from verizon.models.account_consent_create import AccountConsentCreate
    from verizon.models.account_consent_update import AccountConsentUpdate

    visitor = client()
    calls = visitor.exclusions
    denying = AccountConsentUpdate(ACCOUNT, 0)
    giving = AccountConsentCreate([DeviceInfo(IMEI, "imei", MDN)], ACCOUNT)

    denied = calls.devices_location_update_consent(denying).body
    locate(visitor)
    given = calls.devices_location_give_consent_async(giving).body
    locate(visitor)

    thingspace.wait_until_idle()
    messages = [message.json for message in listener.messages]
    assert [message["txid"] for message in messages[::2]] == [
        *(denied.transaction_id, given.transaction_id)
    ]
    assert ["pd" in message for message in messages[1::2]] == [False, True]
    shown = calls.devices_location_get_consent_async(ACCOUNT, IMEI).body
    assert [device["id"] for device in shown.device_list] == [IMEI]
