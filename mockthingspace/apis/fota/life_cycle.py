"""What upgrades and campaigns have in common: stages, each announced by a message.

Either is an action that takes time. Its stages are data: what it and its devices are
called from then on, and what is sent. ``scheduling`` leads it through them. Nothing is
known of any device: its devices are those that the request names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, NamedTuple

from mockthingspace.apis.handlers import Call
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.clock import LATEST
from mockthingspace.core.models import Device


class Standing(NamedTuple):
    """How a device stands, and why; ``{start}`` is the instant of its start."""

    status: str
    reason: str | None = None


class Stage(NamedTuple):
    """What something is called, its devices are, and what is sent of it, if anything.

    Args:
        status: Its status from then on.
        devices: How the devices stand that were not rejected.
        event: The message that tells of it.
        at_start: Whether it comes on the start date; at once otherwise.
    """

    status: str
    devices: Standing
    event: str | None = None
    at_start: bool = False


@dataclass(frozen=True)
class Progress:
    """What was asked for, by our names, and how far it is.

    ``moves`` is how often its dates have been changed.
    """

    asked: Mapping[str, Any]
    rejected: Mapping[Device, Standing]
    stage: Stage
    moves: int = 0


@dataclass(frozen=True, eq=False)
class LifeCycle:
    """The stages of one API's upgrades, and how its messages are filled.

    Args:
        pending: How it stands when it was accepted; nothing is sent of it.
        stages: What follows, in order.
        finished: How it ends.
        failed: How it ends where every device has failed.
        unscheduled: How it ends at once where every device was rejected.
        cancelled: How it ends where it is cancelled before its start.
        aborted: How it ends where it is cancelled later; None where it cannot be.
        queues_on_demand: Whether one that starts at once goes through all stages.
        device_failed: How a device stands that has failed.
        invalid: How a device stands whose IMEI is malformed.
        taken: How a device stands that another pending one has.
        keys: Our names of what a message repeats, by its keys.
        identity: The key of its id in a message.
        hardware: What the devices are said to be, by our names.
    """

    pending: Stage
    stages: tuple[Stage, ...]
    finished: Stage
    failed: Stage
    unscheduled: Stage
    cancelled: Stage
    device_failed: Standing
    invalid: Standing
    taken: Standing
    keys: Mapping[str, str]
    identity: str
    hardware: Mapping[str, str] = field(default_factory=dict)
    aborted: Stage | None = None
    queues_on_demand: bool = True

    def stage_of(self, action: AcceptedAction) -> Stage:
        """Return the stage at which one is."""
        progress: Progress = action.details
        if action.status in ("pending", "cancelled"):
            return progress.stage
        devices, rejected = set(action.devices), progress.rejected.keys()
        if devices <= rejected:
            return self.unscheduled
        return self.failed if devices <= action.failing | rejected else self.finished

    def document(self, action: AcceptedAction) -> dict[str, Any]:
        """Return one as it stands, by our names."""
        return {
            **self.hardware,
            **action.details.asked,
            "id": action.request_id,
            "account": action.account,
            "status": self.stage_of(action).status,
            "devices": self.standings(action),
        }

    def standings(self, action: AcceptedAction) -> list[dict[str, str]]:
        """Return how each device stands, as ThingSpace spells it."""
        stage, rejected = self.stage_of(action), action.details.rejected
        start = _spelled(start_of(action.details.asked, action.accepted_at))
        over = stage in (self.finished, self.failed)
        shown: list[dict[str, str]] = []
        for device in action.devices:
            failed = over and device in action.failing
            standing = self.device_failed if failed else stage.devices
            if stage is not self.pending:
                standing = rejected.get(device, standing)
            told = {"deviceId": imei_of(device), "status": standing.status}
            if standing.reason is not None:
                told["resultReason"] = standing.reason.format(start=start)
            shown.append(told)
        return shown


def every(call: Call, account: str) -> list[AcceptedAction]:
    """Return the upgrades or campaigns that an account has, oldest first."""
    whose = (account, call.family.name)
    return [
        action
        for action in call.state.actions.every()
        if (action.account, action.family) == whose
    ]


def start_of(asked: Mapping[str, Any], now: datetime) -> datetime:
    """Return when something starts: on its day at 00:00 UTC, not before now.

    A start later than any clock can be is ``LATEST``.
    """
    day = datetime.fromisoformat(asked["start_date"])
    return min(max(day.replace(tzinfo=timezone.utc), now), LATEST)


def imei_of(device: Device) -> str:
    """Return the IMEI of a device that was named by it."""
    [(imei, _)] = device
    return imei


def _spelled(at: datetime) -> str:
    """Spell an instant as reasons do: ``06 Oct 22 18:05 UTC``."""
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.month - 3 : 3 * at.month]
    return f"{at:%d} {month} {at:%y %H:%M} UTC"
