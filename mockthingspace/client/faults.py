"""The part of the handle that plans faults, shows them and clears them."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mockthingspace.client.models import instant, read
from mockthingspace.client.transport import AdminCaller, AdminClient
from mockthingspace.core.exceptions import AdminError, MockThingSpaceError

__tracebackhide__ = True  # in every frame of this module, for pytest
USUAL: Any = object()  # how often the kind acts unless the user says otherwise


@dataclass(frozen=True)
class RecordedFault:
    """One planned fault as it stood when it was asked for.

    A context manager: it is cleared at the end of the block.
    """

    id: str
    seq: int
    kind: str
    on: str
    account: str | None
    family: str | None
    operation: str | None
    service: str | None
    event: str | None
    times: int | None
    probability: float
    seed: int
    ttl_s: float
    acted: int
    planned_at: datetime
    expires_at: datetime
    options: Mapping[str, Any]
    admin: AdminClient | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        scopes = ("account", "family", "operation", "service", "event")
        words = {name: getattr(self, name) for name in scopes} | dict(self.options)
        said = "".join(
            f" {name}={value}" for name, value in words.items() if value is not None
        )
        chance = "" if self.probability == 1 else f", likely {self.probability:g}"
        often = "always" if self.times is None else f"{self.times} times"
        return (
            f"{self.id} {self.kind} on {self.on}{said}: acted {self.acted}, "
            f"{often}{chance}, expires at {self.expires_at:%H:%M:%S}"
        )

    def clear(self) -> None:
        """Let it act no more; one that has ended stays so."""
        assert self.admin is not None
        try:
            self.admin.ask("DELETE", f"/faults/{self.id}")
        except AdminError as error:
            if error.code != "unknown_fault":
                raise

    def __enter__(self) -> "RecordedFault":
        """Return it; it acts already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Clear it; an exception of the block is never hidden by one of ours."""
        with suppress(*([] if kind is None else [MockThingSpaceError])):
            self.clear()


class FaultsHandle(AdminCaller):
    """What a handle does with planned misbehaviour."""

    def fault(
        self,
        kind: str,
        *,
        on: str | None = None,
        account: str | None = None,
        family: str | None = None,
        operation: str | None = None,
        service: str | None = None,
        event: str | None = None,
        times: int | None = USUAL,
        probability: float = 1.0,
        seed: int = 0,
        ttl_s: float = 300.0,
        **options: Any,
    ) -> RecordedFault:
        """Plan a fault: it acts from now on, until it is used up or expires.

        Args:
            kind: What happens, such as ``status`` or ``drop``; WireMock's names too.
            on: ``requests`` or ``deliveries``; must be given where both have such a
                kind (``delay``).
            account: Only this account's; this handle's own account if None.
            family: Only this API's.
            operation: Only this operation's, such as ``register``.
            service: Only this callback service's, of deliveries.
            event: Only this event's, of deliveries.
            times: How often it acts; None for as long as it lasts; as is usual for
                its kind if not given.
            probability: How likely it acts on what it is for.
            seed: What the likelihood is drawn from.
            ttl_s: After so many seconds of the server's clock it expires.
            **options: What the kind takes, such as ``status=503``.

        Returns:
            The fault; ``with thingspace.fault("reset"): …`` clears it at the end.

        Raises:
            AdminError: Something in it cannot be used; the message says what can.
        """
        body = {
            "kind": kind,
            "on": on,
            "account": account or self._account,
            "family": family,
            "operation": operation,
            "service": service,
            "event": event,
            "probability": probability,
            "seed": seed,
            "ttl_s": ttl_s,
            **({} if times is USUAL else {"times": times}),
            **options,
        }
        return recorded(self.admin.ask("POST", "/faults", body), self.admin)

    def faults(
        self, account: str | None = None, *, kind: str | None = None
    ) -> list[RecordedFault]:
        """Return the faults that still act, in the order they were planned."""
        found = self._of(account, "/faults", kind=kind)
        return [recorded(fault, self.admin) for fault in found["faults"]]

    def clear_faults(
        self,
        identity: str | None = None,
        *,
        account: str | None = None,
        kind: str | None = None,
    ) -> int:
        """Clear one fault, or all that match; return how many.

        Args:
            identity: Its number; the others are left alone.
            account: Only this account's; this handle's own account if None.
            kind: Only those of this kind.

        Raises:
            AdminError: There is no such fault.
        """
        if identity is not None:
            self.admin.ask("DELETE", f"/faults/{identity}")
            return 1
        whose = account or self._account
        cleared = self.admin.ask("DELETE", "/faults", account=whose, kind=kind)
        return int(cleared["removed"])


def recorded(
    shown: Mapping[str, Any], admin: AdminClient | None = None
) -> RecordedFault:
    """Read a fault as the admin API shows it."""
    names = RecordedFault.__dataclass_fields__
    options = {name: value for name, value in shown.items() if name not in names}
    instants = {name: instant(shown[name]) for name in ("planned_at", "expires_at")}
    return read(RecordedFault, shown, **instants, options=options, admin=admin)
