"""The actions one server has accepted, in order, bounded."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any, Literal, get_args

from mockthingspace.backend.store.ended import Ended
from mockthingspace.backend.store.history import MOST_BYTES
from mockthingspace.core.models import Delivery, Device, Outcome
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

ActionStatus = Literal["pending", "success", "failure", "cancelled"]
NO_DEVICE: tuple[Device, ...] = ((),)  # what stands for a group
OVERHEAD, OF_DEVICE = 1024, 256  # bytes an action takes, and each device of it
STATUSES: tuple[ActionStatus, ...] = get_args(ActionStatus)


def _nothing(*_: object) -> list[Delivery]:
    """Make no message: what has ended lets go of its request."""
    return []


@dataclass(frozen=True)
class AcceptedAction:
    """One request whose outcome comes later, as it stood at one moment.

    ``due_at`` is when it ends of itself; None where only the test ends it.
    It fails for the devices in ``failing``, and succeeds for the others. A device
    without identifiers stands for a group that the request names. ``send`` makes the
    messages of its end; ``details`` is what its API keeps of it besides.
    """

    request_id: str
    family: str
    operation: str
    account: str
    devices: tuple[Device, ...]
    accepted_at: datetime
    due_at: datetime | None
    failing: frozenset[Device] = frozenset()
    status: ActionStatus = "pending"
    completed_at: datetime | None = None
    details: Any = None
    seq: int = 0
    send: Callable[["AcceptedAction", datetime], list[Delivery]] = field(
        repr=False, compare=False, default=_nothing
    )

    def outcome_of(self, device: Device) -> Outcome:
        """Return how it ends for a device."""
        return "failure" if device in self.failing else "success"

    def cancelled(self, now: datetime) -> "AcceptedAction":
        """Return it as it stands once it is cancelled."""
        return replace(self, status="cancelled", completed_at=now, due_at=None)


class Actions:
    """Every action as it stands now.

    An action is a frozen value that is replaced when it changes. Only those that have
    ended are bounded and evicted, the oldest first: ``limit`` are kept, and at most
    ``most_bytes``.
    """

    def __init__(
        self,
        limit: int,
        sequence: EventNumbers,
        notifier: Notifier,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._lock = Lock()  # no other but the sequence's is taken while it is held
        self._sequence = sequence
        self._notifier = notifier
        self._kept: dict[str, AcceptedAction] = {}
        self._ended = Ended(limit, most_bytes)

    @property
    def evicted(self) -> int:
        """How many have been evicted."""
        return self._ended.evicted

    def add(self, action: AcceptedAction) -> AcceptedAction:
        """Number an action, keep it and return it as kept."""
        with self._lock:
            kept = replace(action, seq=self._sequence.take())
            self._kept[kept.request_id] = kept
        self._notifier.notify(kept)
        return kept

    def update(
        self,
        action: AcceptedAction,
        change: Callable[[AcceptedAction], AcceptedAction],
    ) -> AcceptedAction | None:
        """Change an action, and return it; None where it is not pending any more.

        What ``change`` raises changes nothing.
        """
        with self._lock:
            if not self.pending(action):
                return None
            changed = change(self._kept[action.request_id])
            self._kept[action.request_id] = changed
            if changed.status != "pending":
                self._kept[action.request_id] = replace(changed, send=_nothing)
                self._ended.put(action.request_id, _size(changed))
                for request_id in self._ended.surplus():
                    del self._kept[request_id]
        self._notifier.notify(changed)
        return changed

    def end(
        self, action: AcceptedAction, now: datetime, outcome: Outcome | None = None
    ) -> AcceptedAction | None:
        """End an action and return it; None where it is not pending any more.

        ``outcome`` is for every device; None: as it was to end.
        """

        def ended(action: AcceptedAction) -> AcceptedAction:
            failing = {
                None: action.failing,
                "success": frozenset[Device](),
                "failure": frozenset(action.devices),
            }[outcome]
            return replace(
                action,
                status="failure" if failing else "success",
                failing=failing,
                completed_at=now,
                due_at=None,
            )

        return self.update(action, ended)

    def get(self, request_id: str) -> AcceptedAction | None:
        """Return an action as it stands now."""
        return self._kept.get(request_id)

    def pending(self, action: AcceptedAction) -> bool:
        """Say whether an action has still to end; it takes no lock.

        Another may have its id after a reset of its account.
        """
        now = self.get(action.request_id)
        return now is not None and (now.seq, now.status) == (action.seq, "pending")

    def every(self) -> list[AcceptedAction]:
        """Return them all, oldest first."""
        with self._lock:
            return list(self._kept.values())

    def remove(self, unwanted: Callable[[AcceptedAction], bool]) -> int:
        """Forget the actions a function picks; return how many."""
        with self._lock:
            going = [action for action in self._kept.values() if unwanted(action)]
            for action in going:
                self._forget(action.request_id)
            return len(going)

    def _forget(self, request_id: str) -> None:
        del self._kept[request_id]
        self._ended.discard(request_id)


def _size(action: AcceptedAction) -> int:
    """Return about how many bytes an action takes."""
    return OVERHEAD + OF_DEVICE * len(action.devices) + len(repr(action.details))
