"""The devices each account has excluded from being located."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from mockthingspace.core.models import Device


@dataclass(frozen=True)
class Excluded:
    """What an account has excluded: devices by an identifier, or all it has."""

    identifiers: tuple[str, ...] = ()
    all_devices: bool = False
    changed_at: datetime | None = None

    def covers(self, device: Device) -> bool:
        """Say whether a device is among them."""
        names = {identity for identity, _ in device}
        return self.all_devices or not names.isdisjoint(self.identifiers)


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
