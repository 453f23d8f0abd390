"""What ``NiddService`` sends: data from devices, and what became of data to them.

A message from a device has no status, and the result of a configuration names
the device in its payload only: so do the documented examples.
"""

from mockthingspace import sources
from mockthingspace.events import Event
from mockthingspace.messages.envelope import message
from mockthingspace.messages.rows import EID, ICCID, IMEI, MDN, devices, known

_PAGE = f"{sources.SEND_NIDD}, as read in {sources.RUST}"
_CONFIG = f"{sources.NIDD_READER} calls it documented, without the page"
_SENT = "niddMTDeliveryResponse"
_CONFIGURED = "niddConfigResponse"
_ACCOUNT = {"accountName": "{account}"}
_LINE = devices(IMEI=IMEI, MDN=MDN, ICCID=ICCID)
_CHIP = devices(EID=EID, imei=IMEI)


def _data(
    what: str, says: str, element: str, values: dict[str, str], **status: str
) -> Event:
    """Return an event of data on its way to or from a device."""
    below = f"niddResponse.{element}"
    return message(
        "NiddService",
        what,
        says,
        known("documented", _PAGE, _ACCOUNT | values, below),
        status=known("documented", _PAGE, status),
        ids=known("documented", _PAGE, devices(IMEI=IMEI)),
    )


def _config(what: str, says: str, values: dict[str, str], status: str) -> Event:
    """Return an event of a configuration for NIDD."""
    return message(
        "NiddService",
        what,
        says,
        known("assumed", _CONFIG, _ACCOUNT | values, f"niddResponse.{_CONFIGURED}"),
        status=known("assumed", _CONFIG, {"status": status}),
        ids=(),
    )


EVENTS = (
    _data(
        "mobileOriginated",
        "a device has sent data",
        "niddMONotificationResponse",
        {"message": "SGVsbG8sIFdvcmxkIQ=="}
        | devices(IMEI=IMEI, IMSI="311480852590999", MDN=MDN, ICCID=ICCID),
    ),
    _data(
        "delivered",
        "data sent to a device has reached it",
        _SENT,
        {
            "acknowledgeTime": "2024-01-15T16:39:57-08:00",
            "firstAttemptDeliveryTime": "2024-01-15T16:39:55-08:00",
        }
        | _LINE,
        status="Delivered",
    ),
    _data(
        "queued",
        "data waits in the network until the device can be reached",
        _SENT,
        {"reason": "Buffered, device not reachable"} | _LINE,
        status="Queued",
    ),
    _data(
        "deliveryFailed",
        "data could not be delivered within its maximum delivery time",
        _SENT,
        {"reason": "Timeout, could not deliver data"} | _LINE,
        status="DeliveryFailed",
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
