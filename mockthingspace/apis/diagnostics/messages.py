"""What Device Diagnostics sends while a device is observed.

A device, its attributes with their values, and when: that is documented in
words only. The names are those of the SDK's diagnostic settings.
"""

from mockthingspace.apis.message_rows import IMEI, Rows, rows
from mockthingspace.core import sources
from mockthingspace.spec.events import Event, Id

_WORDS = (
    f"{sources.UNSAID} how it is named, after {sources.SDK}, model "
    f"DiagnosticObservationSetting; that it is told: {sources.DIAGNOSTICS_START}"
)
_ERROR = (
    f"{sources.UNSAID} where it stands; that it is an asynchronous error, and its "
    f"words: {sources.DIAGNOSTICS_ERRORS}"
)
_CUT = f"{_ERROR}, which is cut after their first"
_VALUES = (
    ("RADIO_SIGNAL_STRENGTH", "-89"),
    ("LINK_QUALITY", "-11"),
    ("NETWORK_BEARER", "6"),
    ("CELL_ID", "23087"),
)
_HEAD = rows(
    "assumed",
    _WORDS,
    {
        "transactionID": Id("9c7bb124-11f5-4ff3-8a88-0eec1ba99205"),
        "accountName": "{account}",
        "device.id": IMEI,
        "device.kind": "IMEI",
    },
)
_OBSERVED = rows(
    "assumed",
    _WORDS,
    {
        f"attributes.{index}.{key}": text
        for index, (name, value) in enumerate(_VALUES)
        for key, text in (("name", name), ("value", value))
    },
)
_WHEN = rows("assumed", _WORDS, {"createdOn": "2024-01-15T23:57:53.292Z"})
_ERRORS: tuple[tuple[str, ...], ...] = (
    ("internalSystemError", "INTERNAL_SYSTEM_ERROR", "Internal system error"),
    ("deviceUnreachable", "DEVICE_UNREACHABLE", "Device not reachable"),
    ("deviceUnregistered", "DEVICE_UNREGISTERED", "Device not eligible for service"),
    ("deviceNotNotifyData", "DEVICE_NOT_NOTIFY_DATA", "Device error"),
    ("noDeviceNotifyData", "NO_DEVICE_NOTIFY_DATA_PRESENT", "Device error"),
    ("deviceNotSupportFeature", "DEVICE_NOT_SUPPORT_FEATURE", "Device error", _CUT),
)


def _event(what: str, summary: str, payload: Rows) -> Event:
    return Event(
        f"Diagnostics.{what}", "Diagnostics", summary, (*_HEAD, *payload, *_WHEN)
    )


def _failure(what: str, code: str, text: str, source: str = _ERROR) -> Event:
    told = (
        *rows("assumed", _ERROR, {"errorCode": code}),
        *rows("assumed", source, {"errorMessage": text}),
    )
    return _event(what, f"an observation ends in {code}", told)


EVENTS = (
    _event("observation", "an observed device has told its attributes", _OBSERVED),
    *(_failure(*error) for error in _ERRORS),
)
