"""The devices on which each account has hyper-precise location enabled."""

from collections.abc import Mapping
from threading import Lock


class Enabled:
    """By account, the IMEIs of those on which it is enabled now.

    Args:
        kept: Those at first.
    """

    def __init__(self, kept: Mapping[str, frozenset[str]]) -> None:
        self._lock = Lock()
        self._kept = dict(kept)

    def every(self) -> dict[str, frozenset[str]]:
        """Return those of every account that has any."""
        with self._lock:
            return dict(self._kept)

    def of(self, account: str) -> frozenset[str]:
        """Return the IMEIs of an account's devices on which it is enabled."""
        return self._kept.get(account, frozenset())

    def switch(self, account: str, devices: Mapping[str, bool]) -> None:
        """Enable it on devices, or disable it, by their IMEIs."""
        on = {imei for imei, enabled in devices.items() if enabled}
        with self._lock:
            self._put(account, self.of(account) - devices.keys() | on)

    def replace(self, account: str, imeis: frozenset[str]) -> None:
        """Let it be enabled on these of an account's devices alone."""
        with self._lock:
            self._put(account, imeis)

    def _put(self, account: str, imeis: frozenset[str]) -> None:
        self._kept[account] = imeis
        if not imeis:
            del self._kept[account]
