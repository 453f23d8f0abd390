"""What Hyper Precise Location sends: the usage reports that were asked for.

That a report asked for asynchronously comes as a callback is documented; no
message is stored, so its names are those of the SDK's report.
"""

from mockthingspace.apis.message_rows import IMEI, Rows, rows
from mockthingspace.core import sources
from mockthingspace.spec.events import Event, Id

_MODEL = f"after {sources.SDK}, model AggregateSessionReport"
_SOURCE = (
    f"{sources.UNSAID} what is in it, {_MODEL}; that there is a message: "
    f"{sources.HYPER_PRECISE_REPORT}"
)
_TXID = Id("2c90bd28-ece4-42ef-9f02-7e3bd4fbff33")
_USED = {"imei": IMEI, "numberOfSessions": 1, "bytesTransferred": 2057}
_FAILED = {
    "imei": IMEI,
    "errorMessage": "Device inactive",
    "errorResponse.httpStatusCode": "404 NOT_FOUND",
    "errorResponse.errorCode": "INVALID_PARAMETER",
    "errorResponse.errorMessage": "Device inactive",
}


def _event(what: str, summary: str, payload: Rows) -> Event:
    head = rows("assumed", _SOURCE, {"txid": _TXID})
    return Event(
        f"BullseyeReporting.{what}", "BullseyeReporting", summary, (*head, *payload)
    )


EVENTS = (
    _event(
        "aggregateReport",
        "the usage of the account's devices has been added up",
        rows("assumed", _SOURCE, _USED, "usage.0"),
    ),
    _event(
        "aggregateReport.failed",
        "the usage of a device could not be told",
        rows("assumed", _SOURCE, _FAILED, "errors.0"),
    ),
)
