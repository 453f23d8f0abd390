"""What Device Location sends: reports, positions, and why there is none.

One message a device, each with the transaction id of the request: so much is
documented. The notice of a usage trigger answers no request and has none.
Positions are the SDK's, which knows them from synchronous replies; what stands
around them in a message is not stored.
"""

from typing import Any

from mockthingspace.apis.message_rows import Rows, rows
from mockthingspace.core import sources
from mockthingspace.spec.events import Event, Id

_TXID = f"{sources.LOCATION_MESSAGES}; its name is the SDK's: {sources.SDK}"
_PLACE = f"{sources.UNSAID} for messages; after {sources.SDK}, model Location"
_USED = f"{sources.UNSAID}; after {sources.SDK}, model UsageTriggerResponse"
_REPORT = f"{sources.UNSAID} for messages; after {sources.SDK}, model LocationReport"
_CONSENT = (
    f"{sources.UNSAID} how; that there is such a message: {sources.LOCATION_MESSAGES}"
)
_HEAD = rows("documented", _TXID, {"txid": Id("60c07fff-470b-4d6d-afcc-75e6a7c238f6")})
_AT = {"time": "20240115004421", "utcoffset": "+0000"}
_POSITION = _AT | {"x": "33.45324", "y": "-84.59621", "radius": "5571", "qos": False}
_FAILED = _AT | {
    "type": "POSITION METHOD FAILURE",
    "info": "Exception code=ABSENT SUBSCRIBER",
}
_MSID = {"msid": "7892345678"}


def _event(name: str, summary: str, payload: Rows, head: Rows = _HEAD) -> Event:
    return Event(name, name.partition(".")[0], summary, (*head, *payload))


def _place(part: str, values: dict[str, Any], source: str, below: str = "") -> Rows:
    """Return the rows of one device's place, or of what stood in the way."""
    return (
        *rows("assumed", source, _MSID, below),
        *rows("assumed", source, values, f"{below}.{part}" if below else part),
    )


def _report(name: str, summary: str, part: str, values: dict[str, Any]) -> Event:
    whole = {"status": "COMPLETED", "totalCount": 1, "hasMoreData": False}
    item = _place(part, values, _REPORT, "devLocationList.0")
    return _event(name, summary, (*rows("assumed", _REPORT, whole), *item))


def _refused(what: str, summary: str, info: str) -> Event:
    error = _AT | {"type": "CONSENT", "info": info}
    return _event(f"DeviceLocation.{what}", summary, _place("error", error, _CONSENT))


EVENTS = (
    _report("Location.report", "a report is ready", "pd", _POSITION),
    _report(
        "Location.report.failed",
        "a report is ready, but its device was not found",
        "error",
        _FAILED,
    ),
    _event(
        "Location.usageTrigger",
        "the account's usage has reached a trigger",
        rows(
            "assumed",
            _USED,
            {
                "triggerId": Id("3bb4777e-5292-4de7-97df-f578df4a2dbe"),
                "triggerName": "95% usage alert",
                "accountName": "{account}",
                "serviceName": "Location",
                "thresholdValue": "95",
            },
        ),
        head=(),
    ),
    _event(
        "DeviceLocation.position",
        "a device was located",
        _place("pd", _POSITION, _PLACE),
    ),
    _event(
        "DeviceLocation.position.failed",
        "a device could not be located",
        _place("error", _FAILED, _PLACE),
    ),
    _refused(
        "consentDenied",
        "the user of a device does not consent to be located",
        "Consent check failed",
    ),
    _refused(
        "consentTimedOut",
        "the user of a device has not answered within an hour",
        "Consent check failed",
    ),
    _refused(
        "consentRevoked",
        "the user of a device has sent STOP",
        "Consent revoked",
    ),
)
