"""The part of the handle that shows accepted actions and completes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from mockthingspace.client.models import instant, read
from mockthingspace.client.transport import AdminCaller
from mockthingspace.core.models import Outcome

__tracebackhide__ = True  # in every frame of this module, for pytest


@dataclass(frozen=True)
class RecordedAction:
    """One accepted action as it stood when it was asked for.

    ``devices`` are lists of identifiers, ``{"id", "kind"}``; ``due_at`` is None where
    only ``complete`` ends it.
    """

    request_id: str
    seq: int
    family: str
    operation: str
    account: str
    status: str
    devices: list[list[Mapping[str, str]]]
    accepted_at: datetime
    due_at: datetime | None
    completed_at: datetime | None

    def __str__(self) -> str:
        named = [identity["id"] for device in self.devices for identity in device[:1]]
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        devices = f" of {', '.join(named[:3])}{more}" if named else ""
        due = f", due at {self.due_at:%H:%M:%S}" if self.due_at else ""
        return (
            f"{self.request_id} {self.operation}{devices} for {self.account}: "
            f"{self.status}{due}"
        )


class ActionsHandle(AdminCaller):
    """What a handle does with actions."""

    def actions(
        self,
        account: str | None = None,
        *,
        operation: str | None = None,
        status: str | None = None,
        family: str | None = None,
    ) -> list[RecordedAction]:
        """Return the actions that were accepted, oldest first.

        Args:
            account: Only this account's; this handle's own account if None.
            operation: Only these, such as ``activate``.
            status: Only these: ``pending``, ``success``, ``failure`` or ``cancelled``.
            family: Only this API's.

        Raises:
            AdminError: There is no such operation, status or API.
        """
        found = self._of(
            account, "/actions", operation=operation, status=status, family=family
        )
        return [recorded(item) for item in found["actions"]]

    def complete(
        self, request_id: str, outcome: Outcome | None = None
    ) -> RecordedAction:
        """End an action that is pending; its messages are sent.

        Args:
            request_id: The id that the reply to the request has.
            outcome: ``success`` or ``failure`` for all its devices; as the planned
                faults say if None.

        Raises:
            AdminError: There is no such action, or it has ended already.
        """
        return recorded(self.admin.ask("POST", *completion(request_id, outcome)))

    def assert_acted(
        self,
        operation: str,
        account: str | None = None,
        *,
        device: str | None = None,
        status: str | None = None,
        count: int | None = None,
    ) -> list[RecordedAction]:
        """Assert that an action was asked for and accepted; return each.

        Args:
            operation: Which, such as ``activate``.
            account: Only this account's; this handle's own account if None.
            device: Only for the device with this identifier.
            status: Only these: ``pending``, ``success``, ``failure`` or ``cancelled``.
            count: Exactly so many; at least one if None.

        Raises:
            AssertionError: It was not; the message shows what was.
            AdminError: There is no such operation or status.
        """
        found = [
            action
            for action in self.actions(account, operation=operation, status=status)
            if device is None
            or any(item["id"] == device for ids in action.devices for item in ids)
        ]
        if len(found) != count if count is not None else not found:
            wanted = "at least 1" if count is None else str(count)
            asked = {"account": account, "device": device, "status": status}
            only = "".join(f" {name}={value}" for name, value in asked.items() if value)
            there = "".join(f"\n  {action}" for action in self.actions(account))
            raise AssertionError(
                f"wanted {wanted} {operation}{only}, found {len(found)}; "
                f"accepted{there or ': nothing'}"
            )
        return found


def completion(request_id: str, outcome: str | None) -> tuple[str, dict[str, str]]:
    """Return where an action is completed, and what is said there."""
    body = {} if outcome is None else {"outcome": outcome}
    return f"/actions/{quote(request_id, safe='')}/complete", body


def recorded(shown: Mapping[str, Any]) -> RecordedAction:
    """Read an action as the admin API shows it."""
    instants = {
        name: shown[name] and instant(shown[name])
        for name in ("accepted_at", "due_at", "completed_at")
    }
    return read(RecordedAction, shown, **instants)
