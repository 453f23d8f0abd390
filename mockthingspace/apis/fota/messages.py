"""What Software Management (FOTA) sends: one structure, four types.

Every message has every element; those that do not belong to its type are there
but empty. The page that says so is stored only up to ``upgradeScheduled``, so
the later elements and all device lists are assumed after it and after
``GET /upgrades``.
"""

from typing import Any

from mockthingspace.core import sources
from mockthingspace.core.models import Evidence
from mockthingspace.spec.events import Event, Field, Id

_PAGE = sources.FOTA_MESSAGES
_NAMED = f"{sources.UNSAID}; named after the element of its type"
_UPGRADE = f"{sources.UNSAID}; after GET /upgrades of the same API"
_FIRMWARE = "FOTA_Verizon_Model-A_01To02_HF"
_UPGRADE_ID = Id("e3a8d88a-04c6-4ef3-b039-89b62f91e962")
_DEVICE = "990013907835573"

_ITEM = {
    "firmwareName": _FIRMWARE,
    "participantName": "{account}",
    "launchDate": "2018-04-01T16:03:00.000Z",
    "releaseNote": "",
    "model": "Model-A",
    "make": "Verizon",
    "fromVersion": "VerizonFirmwareVersion-01",
    "toVersion": "VerizonFirmwareVersion-02",
}


def _head(kind: str) -> tuple[Field, ...]:
    return (
        Field("accountName", "{account}", "documented", _PAGE),
        Field("participantName", "{account}", "assumed", f"{_PAGE}; its value is not"),
        Field("type", kind, "documented", _PAGE),
        Field("username", "{username}", "documented", _PAGE),
        Field("password", "{password}", "documented", _PAGE),
    )


def _list(items: bool) -> tuple[Field, ...]:
    if not items:
        return (Field("firmwareList", [], "documented", _PAGE),)
    return tuple(
        Field(f"firmwareList.0.{name}", value, "documented", _PAGE)
        for name, value in _ITEM.items()
    )


def _element(
    name: str, status: str | None, evidence: Evidence, source: str
) -> tuple[Field, ...]:
    if status is None:
        empty = (
            f"{source}; that an empty element is an object without members is assumed"
        )
        return (Field(name, {}, "assumed", empty),)
    rows: tuple[tuple[str, Any, Evidence, str], ...] = (
        ("firmwareName", _FIRMWARE, evidence, source),
        ("upgradeId", _UPGRADE_ID, evidence, source),
        ("startDate", "2018-04-01", evidence, source),
        ("deviceList.0.deviceId", _DEVICE, "assumed", _UPGRADE),
        ("deviceList.0.status", status, "assumed", _UPGRADE),
        ("deviceList.0.resultReason", "success", "assumed", _UPGRADE),
    )
    return tuple(Field(f"{name}.{path}", *rest) for path, *rest in rows)


def _event(kind: str, summary: str, status: str | None = None) -> Event:
    elements = (
        ("upgradeScheduled", "documented", _PAGE),
        ("upgradeProgress", "assumed", _NAMED),
        ("upgradeFinished", "assumed", _NAMED),
    )
    fields = _head(kind) + _list(kind == "firmwareList")
    for name, evidence, source in elements:
        fields += _element(name, status if name == kind else None, evidence, source)  # type: ignore[arg-type]
    return Event(f"Fota.{kind}", "Fota", summary, fields)


EVENTS = (
    _event("firmwareList", "new firmware is available for the account's devices"),
    _event("upgradeScheduled", "a requested upgrade is scheduled", "Device Accepted"),
    _event("upgradeProgress", "an upgrade has started", "UpgradeInProgress"),
    _event("upgradeFinished", "an upgrade has finished", "UpgradeSuccess"),
)
