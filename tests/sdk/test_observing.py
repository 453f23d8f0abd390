"""What the SDK asks of devices is told to the listener later."""

import json
from collections.abc import Iterator

import pytest
from verizon.exceptions.device_diagnostics_result_exception import (
    DeviceDiagnosticsResultException,
)
from verizon.models.aggregate_session_report_request import (
    AggregateSessionReportRequest,
)
from verizon.models.bullseye_service_request import BullseyeServiceRequest
from verizon.models.consent_request import ConsentRequest
from verizon.models.device import Device
from verizon.models.device_info import DeviceInfo
from verizon.models.device_reset_request import DeviceResetRequest
from verizon.models.device_service_request import DeviceServiceRequest
from verizon.models.location_request import LocationRequest
from verizon.models.numerical_data import NumericalData
from verizon.models.observation_request import ObservationRequest
from verizon.models.observation_request_attribute import ObservationRequestAttribute

from mockthingspace import MockThingSpace
from mockthingspace.testing.listener import Listener

from .callbacks import ACCOUNT
from .clients import client
from .versions import RELEASE, RELEASES

IMEI, MDN = "990013907835573", "7892345678"
EVERY_15_S = NumericalData(15, "SECOND")
OBSERVING = ObservationRequest(
    ACCOUNT,
    [Device(IMEI, "IMEI")],
    [ObservationRequestAttribute("LINK_QUALITY")],
    EVERY_15_S,
    EVERY_15_S,
)


@pytest.fixture
def listener(thingspace: MockThingSpace) -> Iterator[Listener]:
    """A listener of locations, observations and SMS."""
    with Listener() as listener:
        for family, service in (
            ("location", "DeviceLocation"),
            ("diagnostics", "Diagnostics"),
            ("hyper-precise", "BullseyeReporting"),
            ("connectivity", "EnhancedConnectivityService"),
        ):
            thingspace.register(ACCOUNT, listener.url, family=family, service=service)
        yield listener


def test_a_location_that_was_asked_for_is_told(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """The message has the id that the SDK's result has."""
    asked = LocationRequest(
        account_name=ACCOUNT,
        device_list=[DeviceInfo(IMEI, "imei", MDN)],
        cache_mode="1",
    )
    result = client().devices_locations.list_devices_locations_asynchronous(asked).body
    thingspace.wait_for_delivery()

    [message] = listener.messages
    assert (message.json["txid"], message.json["msid"]) == (result.txid, MDN)


def test_an_observation_that_was_asked_for_is_told(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """The message has the id that the SDK's result has; the settings show it."""
    visitor = client()
    observations = visitor.diagnostics_observations
    result = observations.start_diagnostics_observation(OBSERVING).body
    devices = json.dumps([{"id": IMEI, "kind": "IMEI"}])
    [setting] = visitor.diagnostics_settings.list_diagnostics_settings(
        ACCOUNT, devices
    ).body
    thingspace.wait_for_delivery()

    [message] = listener.messages
    assert message.json["transactionID"] == result.transaction_id
    assert setting.device.id == IMEI
    assert setting.attributes[0].frequency.value == EVERY_15_S.value
    assert message.json["attributes"] == [{"name": "LINK_QUALITY", "value": "-11"}]


def test_an_observation_is_stopped(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """A second time the SDK raises its own exception."""
    observations = client().diagnostics_observations
    started = observations.start_diagnostics_observation(OBSERVING).body
    which = (started.transaction_id, ACCOUNT)
    stopped = observations.stop_diagnostics_observation(*which).body

    assert stopped.transaction_id == started.transaction_id
    with pytest.raises(DeviceDiagnosticsResultException) as raised:
        observations.stop_diagnostics_observation(*which)
    assert raised.value.error_code == "INVALID_PARAMETER"


def test_without_a_listener_nothing_is_observed(thingspace: MockThingSpace) -> None:
    """The SDK raises its own exception, with the documented code."""
    with pytest.raises(DeviceDiagnosticsResultException) as raised:
        client().diagnostics_observations.start_diagnostics_observation(OBSERVING)

    assert raised.value.error_code == "CALLBACK_NOT_REGISTERED"


def test_a_restart_is_told(thingspace: MockThingSpace, listener: Listener) -> None:
    """The messages have the id that the SDK's result has."""
    asked = DeviceResetRequest(ACCOUNT, "reboot", [Device(IMEI, "IMEI")])
    result = client().diagnostics_factory_reset.decives_restart(asked).body
    thingspace.wait_until_idle()

    told = {message.json["transactionID"] for message in listener.messages}
    assert told == {result.transaction_id}
    assert len(listener.messages) == 3


@pytest.mark.skipif(
    RELEASE is not RELEASES["2.0.0"], reason="its models have no object for the flag"
)
def test_hyper_precise_location_is_enabled(thingspace: MockThingSpace) -> None:
    """The SDK's models have the flag, in the reply and when it is asked for."""
    from verizon.models.hpl_bullseye_enable import HplBullseyeEnable

    services = client().device_service_management
    flag = DeviceServiceRequest(IMEI, HplBullseyeEnable(True))
    asked = BullseyeServiceRequest([flag], ACCOUNT)

    changed = services.update_device_hyper_precise_status(asked).body
    shown = services.get_device_hyper_precise_status(IMEI, ACCOUNT).body

    for result in (changed, shown):
        [device] = result.device_list
        assert (device.imei, device.bullseye_enable.bullseye_enable) == (IMEI, True)
    assert len(thingspace.requests(operation="change-status")) == 1


def test_a_report_of_usage_is_told(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """The message has the id that the SDK's result has."""
    asked = AggregateSessionReportRequest(ACCOUNT, [IMEI])
    reports = client().device_reports
    result = reports.calculate_aggregated_report_asynchronous(asked).body
    thingspace.wait_until_idle()

    [message] = listener.messages
    assert (result.status, message.json["txid"]) == ("QUEUED", result.txid)


def test_sms_are_listed_and_sent_again(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """What the listener refused comes when the SDK asks for it."""
    listener.reply(503, times=1)
    thingspace.trigger("EnhancedConnectivityService.smsReceived", ACCOUNT)
    thingspace.wait_until_idle()
    sms = client().sms

    history = sms.list_devices_sms_messages(ACCOUNT).body
    started = sms.start_queued_sms_delivery(ACCOUNT).body
    thingspace.wait_until_idle()

    assert [item.message for item in history.messages] == ["testmessage1"]
    assert (history.has_more_data, started.success) == (False, True)
    assert len(listener.messages) == 2


def test_excluded_devices_are_listed(thingspace: MockThingSpace) -> None:
    """The SDK's models have what was excluded, and nothing once it is not."""
    exclusions = client().exclusions
    asked = ConsentRequest(account_name=ACCOUNT, exclusion=[IMEI])

    assert exclusions.exclude_devices(asked).body.success is True
    listed = exclusions.list_excluded_devices(ACCOUNT, "0").body
    assert (listed.exclusion, listed.total_count) == ([IMEI], 1)
    exclusions.remove_devices_from_exclusion_list(ACCOUNT, IMEI)
    left = exclusions.list_excluded_devices(ACCOUNT, "0").body
    assert getattr(left, "exclusion", []) == []  # an empty one is left out
