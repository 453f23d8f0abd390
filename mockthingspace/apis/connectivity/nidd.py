"""What ``NiddService`` sends: data from devices, and what became of data to them.

A message from a device has no status, and the result of a configuration names
the device in its payload only: so do the documented examples. The identifiers and
times of data are those of real messages: they have no ``firstAttemptDeliveryTime``,
which the documented example has.
"""

from mockthingspace.apis.connectivity.envelope import message
from mockthingspace.apis.message_rows import EID, ICCID, IMEI, MDN, Rows, devices, rows
from mockthingspace.core import sources
from mockthingspace.core.models import Provenance, documented
from mockthingspace.spec.events import Event

_PAGE = documented(f"{sources.SEND_NIDD}, as read in {sources.RUST}")
_SEEN = Provenance("observed", sources.NIDD_LOG)
_FAILED = Provenance(
    "observed", f"{sources.NIDD_FAILURES} (that their status is this one is assumed)"
)
_TIME = Provenance("observed", f"{sources.NIDD_LOG} (that UTC is spelled Z is assumed)")
_CONFIG = (
    f"{sources.NIDD_READER} calls it documented, without the page; that one follows an "
    f"activation: {sources.ACTIVATE}"
)
_UP = "niddResponse.niddMONotificationResponse"
_DOWN = "niddResponse.niddMTDeliveryResponse"
_CONFIGURED = "niddConfigResponse"
_ACCOUNT = {"accountName": "{account}"}
_MSISDN = f"1{MDN}"
_RECEIVER = devices(IMEI=IMEI, MDN=MDN, MSISDN=_MSISDN, ICCID=ICCID)
_SENDER = devices(
    IMEI=IMEI,
    IMSI="311480852590999",
    MDN=MDN,
    MIN=MDN,
    MSISDN=_MSISDN,
    ICCID=ICCID,
)
_CHIP = devices(EID=EID, imei=IMEI)


def _sent(
    what: str,
    summary: str,
    status: str,
    told: Rows,
    line: Provenance = _SEEN,
) -> Event:
    """Return an event of data on its way to a device.

    Args:
        what: The event's name after the service's.
        summary: When ThingSpace sends it.
        status: How it went.
        told: What is told of it.
        line: How the device's identifiers are known.
    """
    payload = (
        *rows(*_PAGE, _ACCOUNT, _DOWN),
        *told,
        *rows(*line, _RECEIVER, _DOWN),
    )
    ids = rows(*_PAGE, devices(IMEI=IMEI))
    ending = rows(*_PAGE, {"status": status})
    return message("NiddService", what, summary, payload, status=ending, ids=ids)


def _config(what: str, summary: str, values: dict[str, str], status: str) -> Event:
    """Return an event of a configuration for NIDD."""
    return message(
        "NiddService",
        what,
        summary,
        rows("assumed", _CONFIG, _ACCOUNT | values, f"niddResponse.{_CONFIGURED}"),
        status=rows("assumed", _CONFIG, {"status": status}),
        ids=(),
    )


_DATA = {"message": "SGVsbG8sIFdvcmxkIQ=="}
EVENTS = (
    message(
        "NiddService",
        "mobileOriginated",
        "a device has sent data",
        (
            *rows(*_PAGE, _ACCOUNT | _DATA, _UP),
            *rows(*_SEEN, _SENDER, _UP),
        ),
        status=(),
        ids=rows(*_SEEN, devices(ICCID=ICCID)),
    ),
    _sent(
        "delivered",
        "data sent to a device has reached it",
        "Delivered",
        rows(*_TIME, {"acknowledgeTime": "2024-01-16T00:39:57.108Z"}, _DOWN),
    ),
    _sent(
        "queued",
        "data waits in the network until the device can be reached",
        "Queued",
        rows(*_PAGE, {"reason": "Buffered, device not reachable"}, _DOWN),
    ),
    _sent(
        "deliveryFailed",
        "data could not be delivered within its maximum delivery time",
        "DeliveryFailed",
        rows(*_PAGE, {"reason": "Timeout, could not deliver data"}, _DOWN),
        _FAILED,
    ),
    *(
        _sent(
            f"deliveryFailed.{what}",
            f"data could not be delivered: {reason}",
            "DeliveryFailed",
            rows(*_FAILED, {"reason": reason}, _DOWN),
            _FAILED,
        )
        for what, reason in (
            ("internalError", "Internal error"),
            ("noConnection", "No PDN connection"),
        )
    ),
    _config(
        "configCreated",
        "a device has been configured for NIDD",
        _CHIP,
        "ConfigCreated",
    ),
    _config(
        "configFailed",
        "a device could not be configured for NIDD",
        {"reason": "Not CatM or NBIoT Device"} | _CHIP,
        "ConfigFailed",
    ),
)
