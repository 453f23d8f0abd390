"""What Connectivity Management sends: answers to requests, and notices.

The envelope, its fault and what ``NiddService`` sends are documented. Of the
other payloads the pages' copies keep little: a row says what it was named after,
such as the classes a listener of 2016 reads messages with.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockthingspace.apis.connectivity import nidd, notices
from mockthingspace.apis.connectivity.envelope import (
    GUESS,
    SCHEMA,
    TOLD,
    failure,
    message,
)
from mockthingspace.apis.message_rows import EID, ICCID, Rows, devices, rows
from mockthingspace.core import sources
from mockthingspace.core.models import Claim
from mockthingspace.spec.events import Event

_COPY = (
    f"{sources.UNSAID} any more; named after changeIdentifierResponse, which a public "
    "copy of an API page shows"
)
_SHOWN = f"{sources.UNSAID} any more; a public copy of an API page shows it"
_TEXT = f"{SCHEMA}; that it is text on the wire is assumed"
_EID = f"{sources.UNSAID}; after DeviceUsage; the page is cut before it"
_PROFILE: Mapping[str, Rows] = {
    "credentials": (),
    "ids": (
        *rows("documented", sources.PROFILES, {"deviceIds.0.id": EID}),
        *rows("assumed", _EID, {"deviceIds.0.kind": "eid"}),
    ),
}
_USAGE = f"{sources.UNSAID}; after {sources.SDK}, model Usage"

_LINE = devices(iccid=ICCID)
_NOT_FOUND = ("REQUEST_FAILED.DeviceNotFound", "Device was not found")
_UNEXPECTED = (
    "REQUEST_FAILED.UnexpectedError",
    "Unexpected error occurred. Could not complete request.",
)
_STATE = ("INPUT_INVALID.DeviceState.Invalid", "Device is not in the Active state")


@dataclass(frozen=True)
class _Answer:
    """What comes of a request: a payload, or a fault.

    Args:
        name: The event's, with the service in front.
        deed: What was asked for, as a noun.
        element: Under ``deviceResponse``.
        values: What is in the element.
        source: What the element was named after.
        fault: The code and the words of its failure.
        more: Rows that are known in another way, at the front.
        envelope: What of the envelope of a success is otherwise.
    """

    name: str
    deed: str
    element: str
    values: dict[str, Any]
    source: str
    fault: tuple[str, str]
    more: Rows = ()
    envelope: Mapping[str, Any] = field(default_factory=dict)

    def events(self) -> tuple[Event, Event]:
        """Return the event of its success and the one of its failure."""
        service, _, what = self.name.partition(".")
        below = f"deviceResponse.{self.element}"
        payload = (*self.more, *rows("assumed", self.source, self.values, below))
        return (
            message(
                service, what, f"{self.deed} has succeeded", payload, **self.envelope
            ),
            failure(service, what, f"{self.deed} has failed", *self.fault),
        )


_ANSWERS = (
    _Answer(
        "CarrierService.activate",
        "the activation of a device",
        "activateResponse",
        {"featureCodes": []}
        | _LINE
        | {
            "state": "Active",
            "deviceCredential.username": "",
            "deviceCredential.password": "",
            "servicePlan": "m2m4G",
            "ipAddress": "10.20.30.40",
        },
        SCHEMA,
        ("REQUEST_FAILED.DeviceAlreadyActive", "Device is already active"),
    ),
    _Answer(
        "CarrierService.deactivate",
        "the deactivation of a device",
        "deactivateResponse",
        {"deactivated": "true"},
        _TEXT,
        _NOT_FOUND,
    ),
    _Answer(
        "CarrierService.suspend",
        "the suspension of a device",
        "suspendResponse",
        {
            "maxSuspendDaysAllowed": "90",
            "expectedResumeDate": "2024-04-15T00:00:00Z",
            "numDaysSuspendAllowedCurrent12Months": "60",
            "numDaysSuspendedLast12Months": "30",
        },
        _TEXT,
        _STATE,
    ),
    _Answer(
        "CarrierService.restore",
        "the restoring of a suspended device",
        "restoreResponse",
        {"restored": "true"},
        _TEXT,
        _NOT_FOUND,
    ),
    _Answer(
        "CarrierService.changeServicePlan",
        "the change of a device's service plan",
        "changeServicePlanResponse",
        _LINE | {"servicePlan": "m2m4G"},
        _COPY,
        ("REQUEST_FAILED._servicePlan_.NotFound", "Service plan was not found"),
    ),
    _Answer(
        "CarrierService.changeIdentifier",
        "the change of a device's identifier",
        "changeIdentifierResponse",
        _LINE | {"servicePlan": "M2M_4G"},
        _SHOWN,
        ("INPUT_INVALID.Device.Identifier.Invalid", "Device identifier is invalid"),
        envelope={"ids": rows("assumed", _SHOWN, devices(ESN="80C3DF2A"))},
    ),
    _Answer(
        "StateService.goToState",
        "the change of a device to another state",
        "goToStateResponse",
        _LINE | {"serviceName": "IoT", "stateName": "active"},
        _COPY,
        _STATE,
    ),
    _Answer(
        "DeviceUsage.aggregate",
        "a request for a device's usage",
        "usageResponse.0",
        {"bytesUsed": 4096, "smsUsed": 2, "servicePlan": "m2m4G"},
        _USAGE,
        _NOT_FOUND,
        rows(
            "documented",
            sources.AGGREGATE_USAGE,
            devices(eid=EID),
            "deviceResponse.usageResponse.0",
        ),
        envelope={"credentials": (), "ids": ()},
    ),
    _Answer(
        "EnhancedConnectivityService.smsSent",
        "the sending of an SMS to a device",
        "smsDeliveryResponse",
        {"confirmation": "Success"},
        SCHEMA,
        ("INPUT_INVALID.SmsMessage.TooLong", "Message is too long"),
    ),
    _Answer(
        "DeviceService.upload",
        "the upload of a device",
        "uploadResponse",
        _LINE,
        _COPY,
        ("INPUT_INVALID.MaxRequestsExceeded", "Too many devices"),
    ),
    _Answer(
        "DevicePRLInformation.list",
        "a request for a device's PRL",
        "prlInformationResponse",
        {"prlVersion": "53097"},
        SCHEMA,
        _NOT_FOUND,
    ),
    _Answer(
        "DeviceProfileService.enable",
        "the enabling of a profile on a device",
        "profileResponse",
        {"profileStatus": "Enabled"},
        GUESS,
        _UNEXPECTED,
        envelope=_PROFILE,
    ),
    _Answer(
        "DeviceSuspensionStatus.status",
        "a request for a device's suspension",
        "suspensionStatusResponse",
        _LINE
        | {
            "state": "Suspended",
            "suspendDate": "2024-01-15T00:00:00Z",
            "resumeDate": "2024-04-14T00:00:00Z",
            "suspensionDays": 90,
            "suspendedDaysInLast12Months": 30,
            "suspendedDaysRemaining": 60,
        },
        f"{TOLD} {sources.SUSPENSION}",
        _NOT_FOUND,
    ),
    _Answer(
        "DiagnosticsService.register",
        "the registration for a device's notifications",
        "diagnosticsResponse",
        _LINE | {"requestType": "REACHABLE_FOR_DATA"},
        f"{sources.UNSAID}; after {sources.SDK}, model NotificationReportRequest; "
        f"that it may tell the status: {sources.REACHABILITY}",
        _NOT_FOUND,
    ),
    _Answer(
        "QoS.subscribe",
        "a subscription to quality of service",
        "qosResponse",
        _LINE | {"qosSubscriptionId": "72c6e4d2"},
        GUESS,
        _UNEXPECTED,
    ),
)

EVENTS = (
    *(event for answer in _ANSWERS for event in answer.events()),
    message(
        "DeviceProfileService",
        "enable.warning",
        "enabling a profile has timed out; another message will tell how it ended",
        rows("assumed", GUESS, {"deviceResponse.profileResponse": {}}),
        status=rows("documented", sources.ENABLE, {"status": "warning"}),
        ids=_PROFILE["ids"],
        credentials=(),
    ),
    *nidd.EVENTS,
    *notices.EVENTS,
)

FACTS = (
    Claim(
        "no Authorization; our User-Agent is the real one", "observed", sources.MEASURED
    ),
    Claim(
        "retries=observed: maxCallbackThreshold is 2; with any it is how many attempts "
        "there are",
        "observed",
        f"{sources.NIDD_LOG} (of other schedules and services it is assumed)",
    ),
    Claim(
        "an SMS of a device is sent once, since ThingSpace queues what it could not "
        "deliver until it is asked to start again",
        "documented",
        sources.START_SMS,
    ),
    Claim(
        "now and then a message comes without its first brace; the fault missing-brace "
        "sends one so",
        "observed",
        sources.BRACELESS,
    ),
    Claim(
        "a message's Base64 may come with its padding escaped twice; the fault "
        "escaped-padding sends it so",
        "observed",
        f"{sources.NIDD_LOG} (once, and read from a print of what was parsed)",
    ),
)
