"""What the SDK asks for is accepted with an id, and the callback comes with that id."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from verizon.exceptions.connectivity_management_result_exception import (
    ConnectivityManagementResultException,
)
from verizon.models.account_device_list import AccountDeviceList
from verizon.models.carrier_actions_request import CarrierActionsRequest
from verizon.models.carrier_activate_request import CarrierActivateRequest
from verizon.models.device_filter_without_account import DeviceFilterWithoutAccount
from verizon.models.device_id import DeviceId
from verizon.models.device_labels import DeviceLabels
from verizon.models.device_list import DeviceList
from verizon.models.device_suspension_status_request import (
    DeviceSuspensionStatusRequest,
)
from verizon.models.labels_list import LabelsList
from verizon.models.notification_report_request import NotificationReportRequest
from verizon.models.sms_send_request import SMSSendRequest
from verizon.models.stop_monitor_request import StopMonitorRequest
from verizon.verizon_client import VerizonClient

from mockthingspace import Listener, MockThingSpace

from .callbacks import ACCOUNT, CONNECTIVITY
from .clients import client, logged_in
from .versions import RELEASE, RELEASES

IMEI, SECOND = "990013907835573", "990013907884259"
TIMEOUT_S = 10


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A customer's listener."""
    with Listener() as listening:
        yield listening


@pytest.fixture
def listening(thingspace: MockThingSpace, listener: Listener) -> Listener:
    """The listener, registered for all that is asked for here."""
    for service in (
        "CarrierService",
        "DeviceSuspensionStatus",
        "EnhancedConnectivityService",
    ):
        thingspace.register(
            ACCOUNT, listener.url, family="connectivity", service=service
        )
    return listener


def devices(*identities: str) -> list[AccountDeviceList]:
    """Return devices by their IMEI."""
    return [AccountDeviceList([DeviceId(item, "imei")]) for item in identities]


def activate(visitor: VerizonClient, *identities: str) -> str:
    """Ask for an activation, and return its request id."""
    body = CarrierActivateRequest(
        devices=devices(*identities or (IMEI,)),
        service_plan="m2m4G",
        mdn_zip_code="98801",
        account_name=ACCOUNT,
    )
    accepted = visitor.device_management.activate_service_for_devices(body).body
    request_id: str = accepted.request_id
    return request_id


def status(visitor: VerizonClient, request_id: str) -> str:
    """Ask how a request stands."""
    asked = visitor.account_requests.get_current_asynchronous_request_status(
        ACCOUNT, request_id
    )
    said: str = asked.body.status
    return said


def told(message: Any) -> tuple[str, str, str]:
    """Return whose message it is, of which device, and what it says."""
    document = message.json
    device = document["deviceIds"][0]["id"]
    return document["requestId"], device, document["status"]


def test_an_activation_is_accepted_and_its_callback_comes(listening: Listener) -> None:
    """With the id of the request, for each device, and the request has succeeded."""
    visitor = client()

    request_id = activate(visitor, IMEI, SECOND)

    assert [told(message) for message in listening.wait_for(2)] == [
        (request_id, IMEI, "Success"),
        (request_id, SECOND, "Success"),
    ]
    assert status(visitor, request_id) == "Success"


def test_a_fault_makes_an_activation_fail(
    thingspace: MockThingSpace, listening: Listener
) -> None:
    """The request is accepted all the same; the callback and the status say it."""
    thingspace.fault("failure", on="actions", operation="activate", account=ACCOUNT)
    visitor = client()

    request_id = activate(visitor)

    [message] = listening.wait_for(1)
    assert told(message) == (request_id, IMEI, "Failed")
    assert message.json["faultResponse"]["faultcode"]
    assert status(visitor, request_id) == "Failure"


def test_a_suspension_is_accepted_without_an_account(
    thingspace: MockThingSpace, listening: Listener
) -> None:
    """The SDK leaves out what it is not given."""
    body = CarrierActionsRequest(devices=devices(IMEI))

    accepted = client().device_management.suspend_service_for_devices(body).body

    [message] = listening.wait_for(1)
    assert told(message) == (accepted.request_id, IMEI, "Success")
    [action] = thingspace.assert_acted("suspend", ACCOUNT, device=IMEI)
    assert action.request_id == accepted.request_id


def test_a_text_is_sent_and_confirmed(listening: Listener) -> None:
    """The confirmation has the id that sending it was answered with."""
    body = SMSSendRequest(
        account_name=ACCOUNT,
        sms_message="hello",
        device_ids=[DeviceId(IMEI, "imei")],
    )

    accepted = client().sms.send_sms_to_device(body).body

    [message] = listening.wait_for(1)
    assert message.json["requestId"] == accepted.request_id


def test_a_suspension_status_comes_as_a_callback(listening: Listener) -> None:
    """For the devices of a filter, whom the server does not know."""
    body = DeviceSuspensionStatusRequest(
        filter=DeviceFilterWithoutAccount(group_name="suspended devices"),
        account_name=ACCOUNT,
    )

    accepted = client().device_management.get_device_service_suspension_status(body)

    [message] = listening.wait_for(1)
    assert message.json["requestId"] == accepted.body.request_id


latest_only = pytest.mark.skipif(
    RELEASE is not RELEASES["2.0.0"], reason="what is undone is in its query only"
)


@latest_only
def test_each_device_of_a_request_has_a_status(listening: Listener) -> None:
    """Another operation of the SDK tells of them, under another version."""
    visitor = client()
    request_id = activate(visitor, IMEI, SECOND)

    asked = visitor.device_actions.get_asynchronous_request_status(ACCOUNT, request_id)

    listening.wait_for(2)
    assert asked.body.request_id == request_id
    told = [(item.ids.id, item.status) for item in asked.body.subrequests]
    assert told == [(IMEI, "Success"), (SECOND, "Success")]


@latest_only
def test_labels_are_removed(listening: Listener) -> None:
    """The SDK names the labels in the query, and no device."""
    labels = LabelsList([DeviceLabels("fleet", "blue")])

    accepted = client().device_management.usage_segmentation_label_deletion(
        ACCOUNT, labels
    )

    [message] = listening.wait_for(1)
    assert message.json["requestId"] == accepted.body.request_id


@latest_only
def test_devices_are_watched_no_longer(thingspace: MockThingSpace) -> None:
    """What is pending is cancelled, and the SDK gets an id."""
    thingspace.fault("timeout", on="actions")
    watched = [DeviceList([DeviceId(IMEI, "imei")])]
    monitoring = client().device_monitoring
    expires = "2019-12-02T15:00:00-08:00Z"
    monitoring.device_reachability(
        NotificationReportRequest(ACCOUNT, "REACHABLE_FOR_DATA", watched, expires)
    )

    stopped = monitoring.stop_device_reachability(StopMonitorRequest(ACCOUNT, watched))

    watching, stopping = thingspace.actions()
    assert watching.status == "cancelled"
    assert stopping.request_id == stopped.body.request_id


def test_a_request_nobody_made_is_the_sdks_refusal(thingspace: MockThingSpace) -> None:
    """As it raises it against the real service."""
    assert thingspace.actions() == []

    with pytest.raises(ConnectivityManagementResultException) as caught:
        status(client(), "86c83330-4bf5-4235-9c4e-a83f93aeae4c")

    assert caught.value.error_code.endswith("RequestNotFound")


def outcome(
    visitor: VerizonClient, inbox: Listener, request_id: str, timeout_s: float
) -> str:
    """Wait for the callback of a request; ask how it stands if none comes in time."""
    try:
        messages = inbox.wait_for(1, timeout_s=timeout_s)
    except AssertionError:
        return f"asked: {status(visitor, request_id)}"
    [mine] = [item for item in messages if item.json["requestId"] == request_id]
    return f"told: {mine.json['status']}"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, "told: Success"),
        ("failure", "told: Failed"),
        ("timeout", "asked: Pending"),
    ],
    ids=["all is well", "failure", "timeout"],
)
def test_a_customer_logs_in_activates_and_waits(
    thingspace: MockThingSpace,
    started: Callable[..., None],
    listener: Listener,
    kind: str | None,
    expected: str,
) -> None:
    """Bearer token, session, registration, activation; then the callback, or asking."""
    started(auth="strict")
    if kind:
        thingspace.fault(kind, on="actions", account=ACCOUNT)
    visitor = logged_in()
    CONNECTIVITY.register(visitor, url=listener.url)

    request_id = activate(visitor)

    timeout_s = 0 if kind == "timeout" else TIMEOUT_S
    assert outcome(visitor, listener, request_id, timeout_s) == expected


def test_a_pending_request_ends_when_the_test_says_so(
    thingspace: MockThingSpace, listening: Listener
) -> None:
    """The customer's code sees it pending, and the callback afterwards."""
    thingspace.fault("timeout", on="actions")
    visitor = client()
    request_id = activate(visitor)
    assert status(visitor, request_id) == "Pending"

    thingspace.complete(request_id, "failure")

    [message] = listening.wait_for(1)
    assert told(message) == (request_id, IMEI, "Failed")
    assert status(visitor, request_id) == "Failure"
