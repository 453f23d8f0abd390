"""The devices each account lets nobody locate: excluded, or without consent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from mockthingspace.core.models import Device

NO_CONSENT, COARSE = 0, 1


@dataclass(frozen=True)
class Excluded:
    """What an account has excluded: devices by an identifier, or all it has.

    ``consent`` is the account's for all its devices, ``consenting`` those that have
    given their own.
    """

    identifiers: tuple[str, ...] = ()
    all_devices: bool = False
    changed_at: datetime | None = None
    consent: int = COARSE
    consenting: tuple[Device, ...] = ()

    def covers(self, device: Device) -> bool:
        """Say whether a device is not to be located."""
        names = {identity for identity, _ in device}
        if self.all_devices or not names.isdisjoint(self.identifiers):
            return True
        consenting = {name for other in self.consenting for name, _ in other}
        return self.consent == NO_CONSENT and names.isdisjoint(consenting)


class Exclusions:
    """What every account has excluded, as it stands now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, Excluded] = {}

    def of(self, account: str) -> Excluded:
        """Return what an account has excluded."""
        return self._kept.get(account, Excluded())

    def change(self, account: str, change: Callable[[Excluded], Excluded]) -> None:
        """Change what an account has excluded; what it raises changes nothing."""
        with self._lock:
            self._kept[account] = change(self.of(account))

    def forget(self, account: str) -> None:
        """Let an account exclude nothing."""
        with self._lock:
            self._kept.pop(account, None)
