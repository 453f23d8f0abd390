"""The messages of every API: what is in them, and how we know."""

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from mockthingspace.apis import documents
from mockthingspace.core.models import Registration
from mockthingspace.spec.events import Event, checked_message

from ..rows import each

ACCOUNT = "0242078689-00001"
NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
ICCID = "89148000000800784259"
FOTA, V2, V3 = (documents.messages(f"fota/{version}") for version in ("v1", "v2", "v3"))
CONNECTIVITY, LOCATION, DIAGNOSTICS, HYPER_PRECISE = (
    documents.messages(api)
    for api in ("connectivity", "location", "diagnostics", "hyper-precise")
)
CAMPAIGNS = (*V2, *V3)
NEW = (*CONNECTIVITY, *LOCATION, *DIAGNOSTICS, *HYPER_PRECISE, *CAMPAIGNS)
EVENTS = (*FOTA, *NEW)
BY_NAME = {event.name: event for event in EVENTS}
SERVICES = {
    "AlertService",
    "CarrierService",
    "DevicePRLInformation",
    "DeviceProfileService",
    "DevicePromoUsage",
    "DeviceService",
    "DeviceSuspensionStatus",
    "DeviceUsage",
    "DiagnosticsService",
    "EnhancedConnectivityService",
    "ExtendedEnhancedConnectivityService",
    "ExternalProvisioningChanges",
    "IntelligenceService",
    "NetworkEventService",
    "NiddService",
    "PromoChanges",
    "PwnService",
    "QoS",
    "ResumeTrackingNotification",
    "SMSDeliveryConfirmation",
    "StateService",
    "SubscriptionNotificationService",
    "VIPCallbackService",
}
HEAD = ["username", "password", "requestId"]
WITHOUT_CREDENTIALS = {
    "DeviceProfileService.enable",
    "DeviceProfileService.enable.warning",
    "DeviceUsage.aggregate",
}
WITHOUT_DEVICE = {
    "DeviceUsage.aggregate",
    "IntelligenceService.deviceExperience",
    "IntelligenceService.networkCondition",
    "NiddService.configCreated",
    "NiddService.configFailed",
}
COUNTS = ["callbackCount", "maxCallbackThreshold"]
PAYLOADS = {
    "deviceResponse",
    "niddResponse",
    "faultResponse",
    "comment",
    "smsMessage",
    "intelligenceResponse",
}


def registered(event: Event) -> Registration:
    """Return a registration that listens for an event."""
    url = "http://localhost:9001/"
    return Registration("any", ACCOUNT, event.service, url, "ann", "secret", NOW)


def made(name: str, **overrides: Any) -> Any:
    """Return the message of an event."""
    event = BY_NAME[name]
    return event.message(registered(event), overrides)


def at(message: Any, path: str) -> Any:
    """Return what stands at a path of a message."""
    for step in path.split("."):
        message = message[int(step) if isinstance(message, list) else step]
    return message


def texts(value: Any) -> Iterator[str]:
    """Return every string in a message."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts(item)


def by_name(event: Event) -> str:
    """Name the case of a test."""
    return event.name


each_event = each("event", NEW, ids=by_name)
each_connectivity = each("event", CONNECTIVITY, ids=by_name)
each_fault = each(
    "event",
    [event for event in CONNECTIVITY if event.name.endswith(".failed")],
    ids=by_name,
)


def test_a_name_means_one_event() -> None:
    """No two APIs have an event of the same name."""
    assert len(BY_NAME) == len(EVENTS)


@each_event
def test_every_field_says_how_we_know(event: Event) -> None:
    """A field has a mark and a source; what is documented has an address."""
    marks = {"documented", "observed", "assumed"}
    assert {field.evidence for field in event.fields} - marks == set()
    assert [field.path for field in event.fields if not field.source.strip()] == []
    assert [
        field.path
        for field in event.fields
        if field.evidence == "documented" and "https://" not in field.source
    ] == []
    assert event.summary


@each_event
def test_a_message_is_json_with_every_echo_filled_in(event: Event) -> None:
    """What is sent can be spelled, and no placeholder is left in it."""
    message = event.message(registered(event), {})
    assert json.loads(json.dumps(checked_message(message))) == message
    assert [text for text in texts(message) if text[:1] == "{"] == []


def test_every_connectivity_service_has_something_to_send() -> None:
    """A user of any of the 23 services has an event to trigger, and no other has."""
    assert {event.service for event in CONNECTIVITY} == SERVICES


@each_connectivity
def test_a_connectivity_event_is_named_after_its_service(event: Event) -> None:
    """The name begins with the service whose listener gets it."""
    assert event.name.partition(".")[0] == event.service


@each_connectivity
def test_a_connectivity_message_has_the_envelope(event: Event) -> None:
    """There is one payload, in the envelope, in the documented order.

    Data from a device has no status, some name the device in their payload only,
    and some have no credentials.
    """
    keys = list(event.message(registered(event), {}))
    [payload] = PAYLOADS & set(keys)
    head = HEAD[2:] if event.name in WITHOUT_CREDENTIALS else HEAD
    ids = [] if event.name in WITHOUT_DEVICE else ["deviceIds"]
    status = [] if event.name == "NiddService.mobileOriginated" else ["status"]
    assert keys == [*head, *ids, payload, *status, *COUNTS]


@each_connectivity
def test_a_connectivity_message_counts_its_attempts(event: Event) -> None:
    """The first attempt is 1 of the documented 4."""
    message = event.message(registered(event), {})
    assert event.counter == "callbackCount"
    assert (message["callbackCount"], message["maxCallbackThreshold"]) == (1, 4)


@each(
    "event",
    [event for event in CONNECTIVITY if event.name not in WITHOUT_CREDENTIALS],
    ids=by_name,
)
def test_a_connectivity_message_echoes_the_credentials(event: Event) -> None:
    """User name and password are the registration's."""
    message = event.message(registered(event), {})
    assert (message["username"], message["password"]) == ("ann", "secret")


@each_fault
def test_a_failure_carries_a_fault(event: Event) -> None:
    """A request that failed ends in a code of a documented class, and Failed."""
    message = event.message(registered(event), {})
    service, kind, *rest = message["faultResponse"]["faultcode"].split(".")
    assert service == "UnifiedWebService"
    assert kind in {"INPUT_INVALID", "REQUEST_FAILED"}
    assert rest
    assert message["faultResponse"]["faultstring"].startswith(f"{kind}. ")
    assert message["status"] == "Failed"


@each_fault
def test_a_failure_belongs_to_what_can_succeed(event: Event) -> None:
    """Whatever can fail can succeed too."""
    assert event.name.removesuffix(".failed") in BY_NAME


@each("event", [event for event in NEW if event not in CONNECTIVITY], ids=by_name)
def test_only_connectivity_counts_attempts(event: Event) -> None:
    """No other API is known to number the attempts of a message."""
    assert event.counter is None


@pytest.mark.parametrize(
    ("events", "services"),
    [
        (LOCATION, {"Location", "DeviceLocation"}),
        (DIAGNOSTICS, {"Diagnostics"}),
        (HYPER_PRECISE, {"BullseyeReporting"}),
    ],
    ids=["location", "diagnostics", "hyper-precise"],
)
def test_the_other_events_are_named_after_their_service(
    events: tuple[Event, ...], services: set[str]
) -> None:
    """Each service of an API has events, named after it."""
    assert {event.service for event in events} == services
    assert [
        event.name for event in events if event.name.partition(".")[0] != event.service
    ] == []


@each(
    ("name", "path", "value"),
    [
        (
            "CarrierService.activate.failed",
            "faultResponse",
            {
                "faultcode": "UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive",
                "faultstring": "REQUEST_FAILED. Device is already active",
                "detail": "",
                "faultactor": "",
            },
        ),
        (
            "CarrierService.activate",
            "deviceResponse.activateResponse",
            {
                "featureCodes": [],
                "deviceIds": [{"id": ICCID, "kind": "iccid"}],
                "state": "Active",
                "deviceCredential": {"username": "", "password": ""},
                "servicePlan": "m2m4G",
                "ipAddress": "10.20.30.40",
            },
        ),
        (
            "CarrierService.suspend",
            "deviceResponse.suspendResponse",
            {
                "maxSuspendDaysAllowed": "90",
                "expectedResumeDate": "2024-04-15T00:00:00Z",
                "numDaysSuspendAllowedCurrent12Months": "60",
                "numDaysSuspendedLast12Months": "30",
            },
        ),
        (
            "CarrierService.restore",
            "deviceResponse.restoreResponse",
            {"restored": "true"},
        ),
        (
            "CarrierService.deactivate",
            "deviceResponse.deactivateResponse",
            {"deactivated": "true"},
        ),
        ("CarrierService.changeIdentifier", "deviceIds.0.kind", "ESN"),
        (
            "CarrierService.changeIdentifier",
            "deviceResponse.changeIdentifierResponse",
            {
                "deviceIds": [{"id": ICCID, "kind": "iccid"}],
                "servicePlan": "M2M_4G",
            },
        ),
        (
            "DevicePRLInformation.list",
            "deviceResponse.prlInformationResponse",
            {"prlVersion": "53097"},
        ),
        (
            "EnhancedConnectivityService.smsSent",
            "deviceResponse.smsDeliveryResponse",
            {"confirmation": "Success"},
        ),
        ("EnhancedConnectivityService.smsReceived", "smsMessage", "testmessage1"),
        (
            "IntelligenceService.networkCondition",
            "intelligenceResponse.networkConditions.coordinates.latitude",
            "33.45324",
        ),
        (
            "IntelligenceService.deviceExperience",
            "intelligenceResponse.deviceExperienceScoreHistory",
            {
                "device": [{"id": ICCID, "kind": "ICCID"}],
                "scores": [{"date": "2022-07-06", "averageScore": "50"}],
            },
        ),
        (
            "DeviceProfileService.enable",
            "deviceIds",
            [{"id": "89049032000001000000001234567890", "kind": "eid"}],
        ),
        (
            "NiddService.mobileOriginated",
            "niddResponse.niddMONotificationResponse.accountName",
            ACCOUNT,
        ),
        (
            "NiddService.mobileOriginated",
            "niddResponse.niddMONotificationResponse.deviceIds.0",
            {"id": "490154203237518", "kind": "IMEI"},
        ),
        ("DeviceProfileService.enable.warning", "status", "warning"),
        ("NiddService.delivered", "status", "Delivered"),
        (
            "NiddService.delivered",
            "niddResponse.niddMTDeliveryResponse.acknowledgeTime",
            "2024-01-16T00:39:57.108Z",
        ),
        ("NiddService.queued", "status", "Queued"),
        (
            "NiddService.queued",
            "niddResponse.niddMTDeliveryResponse.reason",
            "Buffered, device not reachable",
        ),
        ("NiddService.deliveryFailed", "status", "DeliveryFailed"),
        (
            "NiddService.deliveryFailed",
            "niddResponse.niddMTDeliveryResponse.reason",
            "Timeout, could not deliver data",
        ),
        (
            "NiddService.deliveryFailed.internalError",
            "niddResponse.niddMTDeliveryResponse.reason",
            "Internal error",
        ),
        (
            "NiddService.deliveryFailed.noConnection",
            "niddResponse.niddMTDeliveryResponse.reason",
            "No PDN connection",
        ),
        (
            "DeviceUsage.aggregate",
            "deviceResponse.usageResponse.0.deviceIds.0.kind",
            "eid",
        ),
        (
            "Location.report.failed",
            "devLocationList.0.error.type",
            "POSITION METHOD FAILURE",
        ),
        (
            "DeviceLocation.position.failed",
            "error.info",
            "Exception code=ABSENT SUBSCRIBER",
        ),
        ("DeviceLocation.position", "txid", "60c07fff-470b-4d6d-afcc-75e6a7c238f6"),
        ("Diagnostics.deviceUnreachable", "errorCode", "DEVICE_UNREACHABLE"),
        ("Diagnostics.observation", "attributes.3.name", "CELL_ID"),
        ("BullseyeReporting.aggregateReport", "usage.0.numberOfSessions", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_known_of_a_message_is_in_it(name: str, path: str, value: Any) -> None:
    """Documented examples and words stand where they belong."""
    assert at(made(name), path) == value


@each("event", CAMPAIGNS, ids=by_name)
def test_a_campaign_message_tells_the_state_it_is_named_after(event: Event) -> None:
    """It has the campaign's id and status, and how each device fares."""
    message = event.message(registered(event), {})
    what = event.name.split(".")[1]
    devices = message["deviceList"]
    assert event.service == "Fota"
    assert message["status"][0].lower() + message["status"][1:] == what
    assert message["campaignId"]
    assert len(devices) == len({item["deviceId"] for item in devices}) > 0
    assert [item for item in devices if not item["status"]] == []


@pytest.mark.parametrize(
    ("events", "own"),
    [
        (V2, set()),
        (V3, {"CampaignPreScheduled"}),
    ],
    ids=["v2", "v3"],
)
def test_there_is_a_message_for_each_state(
    events: tuple[Event, ...], own: set[str]
) -> None:
    """The states both versions have, in either spelling, and those of one alone."""
    both = {
        "CampaignQueued",
        "CampaignRequestQueued",
        "CampaignRequestPending",
        "CampaignRequestFailed",
        "CampaignScheduled",
        "CampaignEnded",
        "CampaignCancelled",
        "CampaignAborted",
        "CampaignFailed",
    }
    assert {event.template()["status"] for event in events} == both | own


@each("event", CAMPAIGNS, ids=by_name)
def test_nothing_of_a_campaign_message_is_called_documented(event: Event) -> None:
    """Its structure is not stored, so all of it is assumed."""
    assert {field.evidence for field in event.fields} == {"assumed"}


def test_a_location_message_names_its_transaction() -> None:
    """All but the notice of a usage trigger answer a request, and carry its id."""
    assert [event.name for event in LOCATION if "txid" not in event.template()] == [
        "Location.usageTrigger"
    ]


@each(
    ("name", "element", "outside", "inside"),
    [
        (
            "NiddService.mobileOriginated",
            "niddMONotificationResponse",
            ["ICCID"],
            ["IMEI", "IMSI", "MDN", "MIN", "MSISDN", "ICCID"],
        ),
        *(
            (
                f"NiddService.{what}",
                "niddMTDeliveryResponse",
                ["IMEI"],
                ["IMEI", "MDN", "MSISDN", "ICCID"],
            )
            for what in ("delivered", "queued", "deliveryFailed")
        ),
    ],
)
def test_data_names_its_device_as_real_messages_do(
    name: str, element: str, outside: list[str], inside: list[str]
) -> None:
    """The identifiers around and in a payload are of the observed kinds, in order."""
    message = made(name)
    found = [
        [item["kind"] for item in at(message, f"{place}deviceIds")]
        for place in ("", f"niddResponse.{element}.")
    ]
    assert found == [outside, inside]


def test_delivered_data_tells_no_first_attempt() -> None:
    """The real message had the time of the acknowledgement alone."""
    payload = at(made("NiddService.delivered"), "niddResponse.niddMTDeliveryResponse")
    assert list(payload) == ["accountName", "acknowledgeTime", "deviceIds"]


def test_a_field_of_a_device_message_is_overridden() -> None:
    """A deep path of a payload takes a value of the user's."""
    path = "niddResponse.niddMONotificationResponse.message"
    assert at(made("NiddService.mobileOriginated", **{path: "QUJD"}), path) == "QUJD"
