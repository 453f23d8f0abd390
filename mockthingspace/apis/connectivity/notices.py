"""What Connectivity Management sends unasked: notices, and what devices sent.

Few of these payloads are documented in JSON. Some are in the SOAP messages of
the platform's earlier interface or in the classes of a listener, and are named
after them.
"""

from typing import Any

from mockthingspace.apis.connectivity.envelope import (
    CAMEL,
    GUESS,
    SCHEMA,
    TOLD,
    message,
)
from mockthingspace.apis.message_rows import ICCID, rows
from mockthingspace.core import sources
from mockthingspace.core.models import Evidence
from mockthingspace.spec.events import Event


def _notice(
    name: str,
    summary: str,
    values: dict[str, Any],
    source: str,
    *,
    status: str = "Success",
    evidence: Evidence = "assumed",
    **envelope: Any,
) -> Event:
    """Return an event nobody asked for."""
    service, _, what = name.partition(".")
    ended = rows("assumed", source, {"status": status})
    payload = rows(evidence, source, values)
    return message(service, what, summary, payload, status=ended, **envelope)


_HISTORY = "intelligenceResponse.deviceExperienceScoreHistory"
_CHANGE = "deviceResponse.provisioningChangeResponse"
EVENTS = (
    _notice(
        "EnhancedConnectivityService.smsReceived",
        "a device has sent an SMS",
        {"smsMessage": "testmessage1"},
        SCHEMA,
        retried=False,
    ),
    _notice(
        "SMSDeliveryConfirmation.delivered",
        "a device has acknowledged an SMS",
        {"deviceResponse.smsDeliveryResponse.confirmation": "Delivered"},
        SCHEMA,
        status="Delivered",
    ),
    _notice(
        "SMSDeliveryConfirmation.expired",
        "an SMS was not delivered within five days",
        {"deviceResponse.smsDeliveryResponse.confirmation": "Expired"},
        f"{TOLD} {sources.SEND_SMS}",
        status="Expired",
    ),
    _notice(
        "ResumeTrackingNotification.resuming",
        "a suspended device will be active again in seven days",
        {"comment": "Device will be auto resumed on - 3/15/2017 12:00:00 AM"},
        f"{SCHEMA}; its words are the SOAP message's: {sources.SOAP_RESUME}",
    ),
    _notice(
        "PromoChanges.removed",
        "a promotional package was removed from a device in its billing cycle",
        {
            "deviceResponse.promoChangeResponse.change": "PROMO-1",
            "deviceResponse.promoChangeResponse.changeDate": "2024-01-15T00:00:00Z",
        },
        f"{CAMEL}: {sources.SOAP_PROMO}",
    ),
    _notice(
        "ExternalProvisioningChanges.changed",
        "a device was changed outside the API",
        {
            f"{_CHANGE}.source": "Portal",
            f"{_CHANGE}.change": "Suspend",
            f"{_CHANGE}.deviceInfo.accountName": "{account}",
            f"{_CHANGE}.deviceInfo.carrierInformation.carrierName": "Verizon Wireless",
            f"{_CHANGE}.deviceInfo.carrierInformation.servicePlan": "m2m4G",
            f"{_CHANGE}.deviceInfo.carrierInformation.state": "suspend",
        },
        f"{CAMEL}: {sources.SOAP_PROVISIONING}",
    ),
    _notice(
        "DiagnosticsService.stateChanged",
        "a device has woken up or gone to sleep",
        {"deviceResponse.diagnosticsResponse.state": "awake"},
        f"{TOLD} {sources.REACHABILITY}",
    ),
    _notice(
        "AlertService.triggered",
        "a trigger's condition is met",
        {
            "deviceResponse.alertResponse.triggerId": "be1b5958-0b3c-4d4c-9d4b",
            "deviceResponse.alertResponse.triggerName": "PromoAlerts",
            "deviceResponse.alertResponse.triggerCategory": "PromoAlerts",
        },
        f"{sources.UNSAID}; after the triggers of {sources.SDK}",
    ),
    _notice(
        "SubscriptionNotificationService.throttled",
        "a device's data will be throttled",
        {"deviceResponse.subscriptionResponse.notification": "Throttled"},
        GUESS,
    ),
    _notice(
        "DevicePromoUsage.aggregate",
        "a device's usage in its promotional period is known",
        {
            "deviceResponse.usageResponse.0.bytesUsed": 4096,
            "deviceResponse.usageResponse.0.smsUsed": 2,
        },
        f"{GUESS}; after DeviceUsage",
    ),
    _notice(
        "IntelligenceService.networkCondition",
        "the condition of the network at a place is known",
        {
            "intelligenceResponse.networkConditions.coordinates.latitude": "33.45324",
            "intelligenceResponse.networkConditions.coordinates.longitude": "-84.59621",
        },
        f"{sources.NETWORK_CONDITIONS} is cut in it; after the request",
        ids=(),
    ),
    _notice(
        "IntelligenceService.deviceExperience",
        "the experience of a device in the last 30 days is known",
        {
            f"{_HISTORY}.device.0.id": ICCID,
            f"{_HISTORY}.device.0.kind": "ICCID",
            f"{_HISTORY}.scores.0.date": "2022-07-06",
            f"{_HISTORY}.scores.0.averageScore": "50",
        },
        sources.DEVICE_EXPERIENCE,
        evidence="documented",
        ids=(),
    ),
    *(
        _notice(
            f"{service}.notice",
            f"{service} has something to tell",
            {f"deviceResponse.{element}.message": "notice"},
            GUESS,
        )
        for service, element in (
            ("ExtendedEnhancedConnectivityService", "extendedConnectivityResponse"),
            ("NetworkEventService", "networkEventResponse"),
            ("PwnService", "pwnResponse"),
            ("VIPCallbackService", "vipResponse"),
        )
    ),
)
