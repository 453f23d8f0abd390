"""The devices of an account: those that its upgrades or campaigns have named.

No inventory is kept. A device is as in the SDK's example but for what an upgrade or
a campaign has installed on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockthingspace.apis.fota.life_cycle import LifeCycle, every
from mockthingspace.apis.fota.reports import page_of_devices
from mockthingspace.apis.handlers import Call
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.exceptions import UnknownDevice
from mockthingspace.spec.devices import Imeis


@dataclass(frozen=True, eq=False)
class Inventory:
    """The devices of a version's accounts.

    Args:
        life: What its upgrades or campaigns go through.
        example: A device without its IMEI, as ThingSpace spells it.
        installed: What it has in their place once something was installed on it.
    """

    life: LifeCycle
    example: Mapping[str, Any]
    installed: Callable[[AcceptedAction], Mapping[str, Any]]

    def of(self, call: Call, account: str) -> Mapping[str, Mapping[str, Any]]:
        """Return an account's devices, by their IMEIs."""
        upgraded = self.life.finished.devices.status
        found: dict[str, dict[str, Any]] = {}
        for action in every(call, account):
            for standing in self.life.standings(action):
                imei = standing["deviceId"]
                if Imeis.is_imei(imei):
                    device = found.setdefault(imei, {"deviceId": imei, **self.example})
                    if standing["status"] == upgraded:
                        device |= self.installed(action)
        return found


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


def firmware(action: AcceptedAction) -> Mapping[str, Any]:
    """Return the firmware that an upgrade has installed, and when."""
    assert action.completed_at is not None
    return {
        "firmware": action.details.asked["firmware_to"],
        "upgradeTime": spelled(action.completed_at),
    }


def spelled(at: datetime) -> str:
    """Spell an instant as devices have it: ``2021-06-03 00:03:56.079 +0000 UTC``."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} +0000 UTC"
