"""The part of the handle that triggers messages, waits for them and moves time."""

import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mockthingspace.backend.delivery.outcome import NO_ANSWER
from mockthingspace.client.models import (
    RecordedClock,
    RecordedDelivery,
    clock,
    delivery,
)
from mockthingspace.client.transport import AdminCaller
from mockthingspace.core.exceptions import AdminError, MockThingSpaceError
from mockthingspace.core.matching.failure_reports import blocked

__tracebackhide__ = True  # in every frame of this module, for pytest
WAIT = "thingspace.wait_for_delivery"
SHARED_CLOCK = (
    "the clock is shared by all who use this server: moving it would make other tests' "
    "messages fall due; use a server of your own, or short pauses (retries=0.1,0.1)"
)


class DeliveriesHandle(AdminCaller):
    """What a handle does with deliveries and the clock."""

    def events(self) -> list[dict[str, Any]]:
        """Return the events that can be triggered, each with its fields."""
        return list(self.admin.ask("GET", "/events")["events"])

    def trigger(
        self,
        event: str,
        account: str | None = None,
        *,
        service: str | None = None,
        message: Any = None,
        **overrides: Any,
    ) -> list[RecordedDelivery]:
        """Send an event's message to whoever is registered for it.

        Args:
            event: Such as ``Fota.upgradeFinished``.
            account: Whose listeners; this handle's own account if None.
            service: The callback service, where it is not the event's own.
            message: A whole message of your own, instead of the event's.
            **overrides: Values by path; ``__`` stands for the dot:
                ``upgradeFinished__upgradeId="…"``, or ``**{"a.b": 1}``.

        Returns:
            The deliveries made, pending; ``wait_for_delivery`` waits for them.

        Raises:
            AdminError: There is no such event, registration or field.
        """
        body = {
            "event": event,
            "account": account or self._account,
            "service": service,
            "message": message,
            "overrides": {
                path.replace("__", "."): value for path, value in overrides.items()
            },
        }
        return _deliveries(self.admin.ask("POST", "/deliveries", body))

    def resend(self, identity: str) -> RecordedDelivery:
        """Send a delivery's message again, in a new delivery."""
        [made] = _deliveries(self.admin.ask("POST", f"/deliveries/{identity}/resend"))
        return made

    def deliveries(
        self,
        account: str | None = None,
        *,
        family: str | None = None,
        service: str | None = None,
        event: str | None = None,
        status: str | None = None,
        since: int | None = None,
        limit: int | None = None,
    ) -> list[RecordedDelivery]:
        """Return the deliveries that match what is given, oldest first."""
        found = self._of(
            account,
            "/deliveries",
            family=family,
            service=service,
            event=event,
            status=status,
            since=since,
            limit=limit,
        )
        return _deliveries(found)

    def wait_for_delivery(
        self,
        account: str | None = None,
        *,
        family: str | None = None,
        service: str | None = None,
        event: str | None = None,
        status: str | None = None,
        attempts: int | None = None,
        count: int = 1,
        since: int = 0,
        timeout_s: float = 5,
    ) -> RecordedDelivery:
        """Block until a delivery is there, and return the last that matches.

        On a clock that stands, time moves to what is due next whenever nothing is
        under way, until the delivery is there; where nothing is due the wait ends at
        once. A shared server's clock is never moved.

        Args:
            account: Whose; this handle's own account if None.
            family: With which API.
            service: For which callback service.
            event: Of which event.
            status: In which status; ``delivered`` if neither this nor
                ``attempts`` is given.
            attempts: With at least so many attempts made.
            count: How many there must be.
            since: Only those numbered above this ``seq``.
            timeout_s: How long to wait, in real time.

        Raises:
            AssertionError: They did not come; the message shows the three nearest
                and how they differ, and what is still to come.
        """
        wanted = {
            "account": account or self._account,
            "family": family,
            "service": service,
            "event": event,
            "status": status,
            "attempts": attempts,
            "count": count,
            "since": since,
            "timeout_s": timeout_s,
            "advance": self._account is None,
        }
        return _deliveries(self._awaited("/deliveries/wait", wanted, WAIT))[-1]

    def _awaited(self, path: str, wanted: Mapping[str, Any], call: str) -> Any:
        """Wait on the server; where it waits in vain, ``call`` is what failed."""
        try:
            return self.admin.ask("POST", path, wanted)
        except AdminError as error:
            if error.status != 408:
                raise
            raise AssertionError(error.message + blocked(call)) from None

    def assert_delivered(
        self, account: str | None = None, **wanted: Any
    ) -> list[RecordedDelivery]:
        """Assert, without waiting, that messages were delivered; return them.

        Args:
            account: Whose; this handle's own account if None.
            **wanted: As for ``deliveries``, and ``count`` for exactly so many;
                ``status`` is ``delivered`` if it is not given.

        Raises:
            AssertionError: They were not; the message shows the three nearest and
                how they differ, what is still to come, and the command that sends
                each again that is over.
        """
        count = wanted.pop("count", None)
        wanted.setdefault("status", "delivered")
        found = self.deliveries(account, **wanted)
        if len(found) != count if count is not None else not found:
            too_few = len(found) < (1 if count is None else count)
            instead = blocked(WAIT) if too_few else ""
            raise AssertionError(self._undelivered(account, count, wanted) + instead)
        return found

    def assert_not_delivered(self, account: str | None = None, **wanted: Any) -> None:
        """Assert that no message that matches was delivered.

        Raises:
            AssertionError: One was; the message shows it, and the command that
                sends it again.
        """
        self.assert_delivered(account, count=0, **wanted)

    def _undelivered(
        self, account: str | None, count: int | None, wanted: Mapping[str, Any]
    ) -> str:
        whose = {"account": account or self._account, **wanted, "count": count}
        whose["advance"] = self._account is None
        whose.pop("limit", None)
        pattern = {name: value for name, value in whose.items() if value is not None}
        told = self.admin.ask("POST", "/near-misses/delivery-pattern", pattern)
        return str(told["message"])

    def wait_until_idle(self, timeout_s: float = 5) -> None:
        """Block until no attempt is under way or due, for this handle's own account.

        It moves no clock: a retry that is due later is not waited for.

        Raises:
            AssertionError: One still was when the time was up.
        """
        wanted = {"timeout_s": timeout_s, "account": self._account}
        call = "thingspace.wait_until_idle"
        self._awaited("/deliveries/wait-until-idle", wanted, call)

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0
    ) -> list[dict[str, Any]]:
        """Let time pass on a clock that stands; return the attempts that fell due.

        Returns when all that fell due in that time is done. Where it blocks an event
        loop and an attempt has no answer in time, it warns: RuntimeWarning.

        Args:
            seconds: How long.
            minutes: How many minutes more.
            hours: How many hours more.

        Raises:
            AdminError: The clock is real and runs by itself.
            MockThingSpaceError: The server is shared, and so is its clock.
        """
        if self._account is not None:
            raise MockThingSpaceError(SHARED_CLOCK)
        body = {"seconds": seconds, "minutes": minutes, "hours": hours}
        fired = list(self.admin.ask("POST", "/clock/advance", body)["fired"])
        instead = blocked("thingspace.advance")
        if instead and any(NO_ANSWER in (each["error"] or "") for each in fired):
            told = f"an attempt that fell due had no answer in time{instead}"
            warnings.warn(told, RuntimeWarning, stacklevel=2)
        return fired

    @property
    def clock(self) -> RecordedClock:
        """The server's clock: its mode, its instant, and how far it is off."""
        return clock(self.admin.ask("GET", "/clock"))

    @property
    def now(self) -> datetime:
        """The instant of the server's clock."""
        return self.clock.now


def _deliveries(shown: Mapping[str, Any]) -> list[RecordedDelivery]:
    return [delivery(item) for item in shown["deliveries"]]
