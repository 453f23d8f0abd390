"""The devices on which each account has hyper-precise location enabled."""

from collections.abc import Mapping
from threading import Lock


class Enabled:
    """By account, the IMEIs of those on which it is enabled now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, frozenset[str]] = {}

    def of(self, account: str) -> frozenset[str]:
        """Return the IMEIs of an account's devices on which it is enabled."""
        return self._kept.get(account, frozenset())

    def switch(self, account: str, devices: Mapping[str, bool]) -> None:
        """Enable it on devices, or disable it, by their IMEIs."""
        on = {imei for imei, enabled in devices.items() if enabled}
        with self._lock:
            self._kept[account] = self.of(account) - devices.keys() | on

    def forget(self, account: str) -> None:
        """Let it be enabled on none of an account's devices."""
        with self._lock:
            self._kept.pop(account, None)
