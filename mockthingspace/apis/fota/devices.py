"""The devices of an account, of every version.

No inventory is kept: an account has the devices that its upgrades or campaigns have
named. A device is as in the SDK's example but for what was installed on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from mockthingspace.apis.fota.life_cycle import LifeCycle, every, imei_of
from mockthingspace.apis.fota.reports import LAST_SEEN, PAGE, page_of_devices
from mockthingspace.apis.fota.stages import V1_LIFE, V2_LIFE, V3_LIFE
from mockthingspace.apis.handlers import Call
from mockthingspace.backend.actions import new_request_id
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.exceptions import UnknownDevice
from mockthingspace.core.models import Claim, Device, assumed, documented
from mockthingspace.core.sources import (
    FOTA_DEVICES,
    FOTA_V2_DEVICES,
    FOTA_V3_DEVICES,
    FOTA_V3_REPORT,
    FOTA_V3_SYNCHRONIZE,
    SDK,
)
from mockthingspace.spec.actions import Member
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import EXAMPLE_IMEI, Imei, Imeis, LastSeen
from mockthingspace.spec.fields import Account, Text, millis
from mockthingspace.spec.schemas import schema

BY_SDK = documented(SDK)
WHERE = schema(BY_SDK, account=Account(required=True))
ACCOUNT = Text(data_key="accountName")
NEVER = "01/01/1900 0:0:0"


@dataclass(frozen=True, eq=False)
class Inventory:
    """The devices of a version's accounts.

    Args:
        life: What its upgrades or campaigns go through.
        example: A device without its IMEI, as ThingSpace spells it.
        installed: What it has in their place once something was installed on it.
        kind: The key of what a list of them can be asked for.
    """

    life: LifeCycle
    example: Mapping[str, Any]
    installed: Callable[[AcceptedAction], Mapping[str, Any]]
    kind: str = ""

    def of(self, call: Call, account: str) -> dict[str, dict[str, Any]]:
        """Return an account's devices, by their IMEIs."""
        upgraded = self.life.finished.devices.status
        found: dict[str, dict[str, Any]] = {}
        for action in every(call, account):
            for standing in self.life.standings(action):
                imei = standing["deviceId"]
                if Imeis.is_imei(imei):
                    device = found.setdefault(imei, self.described(imei))
                    if standing["status"] == upgraded:
                        device |= self.installed(action)
        return found

    def described(self, imei: str) -> dict[str, Any]:
        """Return a device on which nothing was installed."""
        return {"deviceId": imei, **self.example}


def firmware(action: AcceptedAction) -> Mapping[str, Any]:
    """Return the firmware that was installed, and when."""
    return {"firmware": action.details.asked["firmware_to"], **_upgraded(action)}


def software(action: AcceptedAction) -> Mapping[str, Any]:
    """Return the software that was installed, and when."""
    asked, at = action.details.asked, action.completed_at
    assert at is not None
    item = {
        "name": asked["software_name"],
        "version": asked["software_to"],
        "upgradeTime": millis(at),
    }
    return {"softwareList": [item], **_upgraded(action)}


def _upgraded(action: AcceptedAction) -> Mapping[str, Any]:
    assert action.completed_at is not None
    return {"upgradeTime": spelled(action.completed_at)}


def spelled(at: datetime) -> str:
    """Spell an instant as devices have it: ``2021-06-03 00:03:56.079 +0000 UTC``."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} +0000 UTC"


def numbered(
    inventory: Inventory, call: Call, account: str, index: str
) -> Mapping[str, Any]:
    """Return a page of an account's devices, those with larger IMEIs than one.

    Raises:
        UnknownDevice: That one is none of them.
    """
    devices = inventory.of(call, account)
    if index not in ("0", *devices):
        raise UnknownDevice(f"index: account {account} has no device {index}")
    page = page_of_devices(devices.values(), index)
    following = int(page["last_seen"]) if page["more"] else 0
    return {**page, "account": account, "following": following}


def listed(
    inventory: Inventory,
    call: Call,
    account: str,
    *,
    last_seen: str = "0",
    kind: str | None = None,
) -> Mapping[str, Any]:
    """Return a page of an account's devices of a kind, with larger IMEIs than one."""
    devices = inventory.of(call, account).values()
    wanted = [item for item in devices if kind in (None, item[inventory.kind])]
    return {**page_of_devices(wanted, last_seen), "account": account}


def named(
    inventory: Inventory, call: Call, account: str, devices: tuple[Device, ...]
) -> Mapping[str, Any]:
    """Return the devices that are asked for, and their firmware."""
    known = inventory.of(call, account)
    found = [
        known.get(imei) or inventory.described(imei) for imei in map(imei_of, devices)
    ]
    return {"account": account, "count": len(found), "devices": found}


def versions(
    inventory: Inventory, call: Call, account: str, devices: tuple[Device, ...]
) -> Mapping[str, Any]:
    """Return the firmware of the devices that are asked for."""
    found = named(inventory, call, account, devices)["devices"]
    return {"account": account, "versions": [_version(device) for device in found]}


def _version(device: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "deviceId": device["deviceId"],
        "status": "FirmwareVersionUpdateSuccess",
        "firmwareVersion": device["firmware"],
    }


def report(call: Call, account: str, imei: str) -> Mapping[str, Any]:  # noqa: ARG001 (any device does)
    """Accept that a device is to report its firmware; no message comes of it."""
    return {"account": account, "request_id": new_request_id(call.state, account)}


V1_DEVICES = Inventory(
    V1_LIFE,
    {
        "mdn": "0000040881",
        "model": "Model-A",
        "make": "Verizon",
        "firmware": "VerizonFirmwareVersion-01",
        "fotaEligible": True,
        "licenseAssigned": True,
        "upgradeTime": NEVER,
    },
    firmware,
)
V2_DEVICES = Inventory(
    V2_LIFE,
    {
        "mdn": "0000040881",
        **V2_LIFE.hardware,
        "fotaEligible": True,
        "appFotaEligible": True,
        "licenseAssigned": True,
        "distributionType": "HTTP",
        "softwareList": [],
    },
    software,
    "distributionType",
)
V3_DEVICES = Inventory(
    V3_LIFE,
    {
        "mdn": "0000040881",
        **V3_LIFE.hardware,
        "firmware": "SR1.2.0.0-10512",
        "fotaEligible": True,
        "status": "Active",
        "licenseAssigned": True,
        "protocol": "LWM2M",
        "softwareList": [],
    },
    firmware,
    "protocol",
)


def _list(inventory: Inventory, known: str) -> Operation:
    """Return the operation that lists an account's devices, of version 2 or 3."""
    kind = Text(
        data_key=inventory.kind,
        metadata={"example": inventory.example[inventory.kind]},
    )
    return Operation(
        "list-devices",
        "GET",
        "/devices/<account>",
        partial(listed, inventory),
        Claim(
            "lists devices named in campaigns: at most a thousand, with IMEIs "
            "above the last seen",
            *assumed(f"{known} has the reply; no inventory of devices is kept"),
        ),
        WHERE,
        query=schema(BY_SDK, last_seen=LAST_SEEN, kind=kind),
        reply=schema(
            BY_SDK,
            account=ACCOUNT,
            more=Member(False, data_key="hasMoreData"),
            last_seen=LAST_SEEN,
            size=Member(PAGE, data_key="maxPageSize"),
            devices=_devices(inventory),
        ),
    )


def _devices(inventory: Inventory) -> Member:
    return Member([inventory.described(EXAMPLE_IMEI)], data_key="deviceList")


NAMED = schema(BY_SDK, devices=Imeis(required=True, data_key="deviceList"))
V1 = (
    Operation(
        "list-upgraded-devices",
        "GET",
        "/devices/<account>/index/<index>",
        partial(numbered, V1_DEVICES),
        Claim(
            "lists devices named in upgrades: at most a thousand, with IMEIs "
            "above the index",
            *assumed(f"{FOTA_DEVICES} has the reply; no inventory of devices is kept"),
        ),
        schema(BY_SDK, account=Account(required=True), index=LastSeen(required=True)),
        reply=schema(
            BY_SDK,
            account=ACCOUNT,
            more=Member(False, data_key="hasMoreData"),
            following=Member(0, data_key="lastSeenDeviceId"),
            devices=_devices(V1_DEVICES),
        ),
    ),
)
V2 = (_list(V2_DEVICES, FOTA_V2_DEVICES),)
V3 = (
    _list(V3_DEVICES, SDK),
    Operation(
        "show-devices",
        "POST",
        "/devices/<account>",
        partial(named, V3_DEVICES),
        Claim(
            "shows the devices that are named, known or not",
            *assumed(f"{FOTA_V3_DEVICES} has the reply; no inventory is kept"),
        ),
        WHERE,
        body=NAMED,
        reply=schema(
            BY_SDK,
            account=ACCOUNT,
            count=Member(1, data_key="deviceCount"),
            devices=_devices(V3_DEVICES),
        ),
    ),
    Operation(
        "synchronize-firmware",
        "PUT",
        "/firmware/<account>/devices",
        partial(versions, V3_DEVICES),
        Claim(
            "shows the firmware of the devices that are named, known or not",
            *assumed(f"{FOTA_V3_SYNCHRONIZE} has the reply; no inventory is kept"),
        ),
        WHERE,
        body=NAMED,
        reply=schema(
            BY_SDK,
            account=ACCOUNT,
            versions=Member(
                [_version(V3_DEVICES.described(EXAMPLE_IMEI))],
                data_key="deviceFirmwarVersionList",
            ),
        ),
    ),
    Operation(
        "report-firmware",
        "PUT",
        "/firmware/<account>/async/<imei>",
        report,
        Claim(
            "accepts with a request id; sends no message: look at the device later",
            *documented(FOTA_V3_REPORT),
        ),
        schema(BY_SDK, account=Account(required=True), imei=Imei(required=True)),
        reply=schema(
            BY_SDK,
            account=ACCOUNT,
            request_id=Text(data_key="requestId"),
        ),
    ),
)
