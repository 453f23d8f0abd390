"""What the admin API told, as values for a test."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from mockthingspace.core.clock import rfc3339
from mockthingspace.core.models import Registration
from mockthingspace.core.serializers import delivery_line, line

Value = TypeVar("Value")


@dataclass(frozen=True)
class RecordedClock:
    """The server's clock: ``real`` or ``manual``, its instant, and how far it is off.

    ``ahead_s`` is how far it is ahead of the clock of the server's machine, in
    seconds; below 0 where it is behind.
    """

    mode: str
    now: datetime
    ahead_s: float

    def __str__(self) -> str:
        """Return it in one line; what is less than a second is no difference."""
        line = f"{self.mode}  {rfc3339(self.now)}"
        seconds = abs(self.ahead_s)
        where = "ahead of" if self.ahead_s > 0 else "behind"
        off = f"  ({seconds:.0f} s {where} this machine's clock)"
        return line if seconds < 1 else f"{line}{off}"


def clock(shown: Mapping[str, Any]) -> RecordedClock:
    """Read the clock as the admin API shows it."""
    return RecordedClock(shown["mode"], instant(shown["now"]), shown["ahead_s"])


@dataclass(frozen=True)
class RecordedExchange:
    """One request the server received and the reply it gave, secrets hidden.

    ``operation`` is None where nothing serves the request; ``reason`` says why
    a request was refused or what of it was ignored.
    """

    seq: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    status: int
    reply_headers: Mapping[str, str]
    reply: str
    family: str | None
    operation: str | None
    account: str | None
    reason: str | None
    matched: bool
    arrived_at: datetime
    completed_at: datetime
    shown: Mapping[str, Any]

    def __str__(self) -> str:
        return line(self.shown)


@dataclass(frozen=True)
class RecordedAttempt:
    """One POST to a listener: a status and the answer, or an error in words.

    The warning says why ThingSpace would not have got so far.
    """

    number: int
    started_at: datetime
    duration_s: float
    status_code: int | None
    error: str | None
    reply: str
    warning: str | None = None


@dataclass(frozen=True)
class RecordedDelivery:
    """One message on its way to one registration, as it stood when it was asked for.

    ``message`` is the JSON document that is sent, as at the first attempt;
    ``headers`` are the registration's own, secrets hidden; ``signed`` says whether
    it is signed, ``faults`` which planned ones act on it. ``status`` is
    ``pending``, ``delivered``, ``abandoned``, ``cancelled`` or ``stale``.
    """

    id: str
    seq: int
    family: str
    account: str
    service: str
    event: str | None
    url: str
    status: str
    trigger: str
    message: Any
    headers: Mapping[str, str]
    signed: bool
    faults: list[str]
    due_at: datetime
    attempts: tuple[RecordedAttempt, ...]

    def __str__(self) -> str:
        return delivery_line(self, f"{self.due_at:%H:%M:%S}")


def read(kind: type[Value], shown: Mapping[str, Any], /, **more: Any) -> Value:
    """Return a value that has what a document shows of its fields, and more."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: shown[name] for name in names & shown.keys()} | more)


def delivery(shown: Mapping[str, Any]) -> RecordedDelivery:
    """Read a delivery as the admin API shows it."""
    attempts = tuple(
        read(RecordedAttempt, attempt, started_at=instant(attempt["started_at"]))
        for attempt in shown["attempts"]
    )
    due_at = instant(shown["due_at"])
    return read(RecordedDelivery, shown, due_at=due_at, attempts=attempts)


def registration(shown: Mapping[str, Any]) -> Registration:
    """Read a registration as the admin API shows it."""
    return read(
        Registration,
        shown,
        registered_at=instant(shown["registered_at"]),
        headers=tuple(shown["headers"].items()),
    )


def exchange(shown: Mapping[str, Any]) -> RecordedExchange:
    """Read an exchange as the admin API shows it."""
    request, response = shown["request"], shown["response"]
    return read(
        RecordedExchange,
        shown,
        method=request["method"],
        url=request["url"],
        headers=request["headers"],
        body=request["body"],
        status=response["status"],
        reply_headers=response["headers"],
        reply=response["body"],
        matched=shown["wasMatched"],
        arrived_at=instant(shown["arrived_at"]),
        completed_at=instant(shown["completed_at"]),
        shown=shown,
    )


def instant(text: str) -> datetime:
    """Read an instant as the admin API spells it."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
