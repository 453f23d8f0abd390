"""The double's clock: everything that has a time or a lifetime reads it."""

from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """What the double asks for the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(timezone.utc)


class ManualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime.now(timezone.utc)

    def now(self) -> datetime:
        """Return the instant it stands at."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self._now += timedelta(seconds=seconds)


def rfc3339(instant: datetime) -> str:
    """Spell an instant as the admin API does: UTC, to the microsecond."""
    return (
        instant.astimezone(timezone.utc)
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z")
    )
