"""The devices each account lets nobody locate: excluded, or without consent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock

from mockthingspace.backend.store.history import MOST_BYTES
from mockthingspace.core.models import Device

NO_CONSENT, COARSE = 0, 1
OVERHEAD = 128  # bytes an account or an identifier takes besides its text, about


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
        if self.all_devices or not self._excluded.isdisjoint(names):
            return True
        return self.consent == NO_CONSENT and self._consenting.isdisjoint(names)

    @cached_property
    def _excluded(self) -> frozenset[str]:
        return frozenset(self.identifiers)

    @cached_property
    def _consenting(self) -> frozenset[str]:
        return frozenset(name for device in self.consenting for name, _ in device)


class Exclusions:
    """What every account has excluded, as it stands now.

    At most ``most_bytes`` are kept; what has not changed for longest is evicted.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = Lock()
        self._most_bytes = most_bytes
        self._kept: dict[str, Excluded] = {}
        self._bytes = 0

    def of(self, account: str) -> Excluded:
        """Return what an account has excluded."""
        return self._kept.get(account, Excluded())

    def change(self, account: str, change: Callable[[Excluded], Excluded]) -> None:
        """Change what an account has excluded; what it raises changes nothing."""
        with self._lock:
            changed = change(self.of(account))
            self._forget(account)
            self._kept[account] = changed
            self._bytes += _size(changed)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept)))

    def forget(self, account: str) -> None:
        """Let an account exclude nothing."""
        with self._lock:
            self._forget(account)

    def _forget(self, account: str) -> None:
        gone = self._kept.pop(account, None)
        self._bytes -= _size(gone) if gone else 0


def _size(excluded: Excluded) -> int:
    """Return about how many bytes an account's exclusions take."""
    consenting = (name for device in excluded.consenting for name, _ in device)
    names = [*excluded.identifiers, *consenting]
    return OVERHEAD * (1 + len(names)) + sum(map(len, names))
