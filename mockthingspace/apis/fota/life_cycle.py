"""What upgrades and campaigns do alike: told of in messages as they go on.

Either is an action that takes time. Its stages are data: what it and its devices are
called from then on, and what is sent. The first come at once, the others on its start
date at 00:00 UTC, or at once where that is past. It lasts two hours, or as many
seconds as the setting ``actions`` says. Nothing is known of any device: its devices
are those that the request names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

from mockthingspace.apis.actions import status, warn_of_no_listener
from mockthingspace.apis.handlers import Call
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.exceptions import RequestEnded
from mockthingspace.core.models import Delivery, Device
from mockthingspace.spec.api import Api
from mockthingspace.spec.devices import Imeis

LASTS = timedelta(hours=2)


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
    """What was asked for, by our names, and how far it is."""

    asked: Mapping[str, Any]
    rejected: Mapping[Device, Standing]
    stage: Stage


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
        queues_on_demand: Whether one that starts at once comes at what precedes that.
        device_failed: How a device stands that has failed.
        invalid: How a device stands whose IMEI is none.
        taken: How a device stands that something else has that is still to end.
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

    def schedule(
        self, call: Call, account: str, devices: tuple[Device, ...], **asked: Any
    ) -> Mapping[str, Any]:
        """Accept one; what becomes of it is told in messages."""
        state, api = call.state, call.family
        starts_at = _start_of(asked, call.now)
        action = accepted.accept(
            state,
            call.now,
            api=api,
            operation=call.operation,
            account=account,
            devices=devices,
            send=partial(self._end, state, api),
            ends_at=starts_at + _lasts(state),
            details=Progress(
                asked, self._rejected(state, account, devices), self.pending
            ),
        )
        warn_of_no_listener(call, account)
        if set(devices) <= action.details.rejected.keys():
            made = accepted.end(state, action, call.now, "failure")
        else:
            on_demand = starts_at == call.now and action.due_at is not None
            queued = self.queues_on_demand or not on_demand
            made = self._reach(state, api, action, at_start=False) if queued else []
            self._time(state, api, action, starts_at)
        call.when_sent.append(partial(state.dispatcher.dispatch, made))
        return self.document(action)

    def show(self, call: Call, account: str, request_id: str) -> Mapping[str, Any]:
        """Return one as it stands.

        Raises:
            UnknownRequest: The account has none of this id.
        """
        return self.document(status(call, account, request_id))

    def change_dates(
        self, call: Call, account: str, request_id: str, **dates: Any
    ) -> Mapping[str, Any]:
        """Put another start and end in the place of those it has.

        Raises:
            UnknownRequest: The account has none of this id.
            RequestEnded: It has started, or is over.
        """
        starts_at = _start_of(dates, call.now)

        def moved(action: AcceptedAction) -> AcceptedAction:
            asked = {**action.details.asked, **dates}
            ends_at = action.due_at and starts_at + _lasts(call.state)
            details = replace(action.details, asked=asked)
            return replace(action, details=details, due_at=ends_at)

        action = self._before_start(call, account, request_id, moved)
        self._time(call.state, call.family, action, starts_at)
        return self.document(action)

    def change_devices(
        self,
        call: Call,
        account: str,
        request_id: str,
        change: str,
        devices: tuple[Device, ...],
    ) -> Mapping[str, Any]:
        """Append devices, or remove some; one without any is cancelled.

        Raises:
            UnknownRequest: The account has none of this id.
            RequestEnded: It has started, or is over.
        """
        rejected = self._rejected(call.state, account, devices, request_id)
        changing = frozenset(devices)

        def changed(action: AcceptedAction) -> AcceptedAction:
            kept = tuple(item for item in action.devices if item not in changing)
            left = (*kept, *devices) if change == "append" else kept
            known = {**action.details.rejected, **rejected}
            details = replace(action.details, rejected=known)
            return replace(action, devices=left or action.devices, details=details)

        action = self._before_start(call, account, request_id, changed)
        if change == "remove" and set(action.devices) <= set(devices):
            self.cancel(call, account, request_id)
        standing = {
            "append": Standing("AddDeviceSucceed", "Device added Successfully"),
            "remove": Standing("RemoveDeviceSucceed", "Device removed Successfully"),
        }[change]
        told = [(device, rejected.get(device, standing)) for device in devices]
        return {
            "id": request_id,
            "account": account,
            "request_id": accepted.new_request_id(call.state, account),
            "devices": [
                {"deviceId": _imei(device), "status": to.status, "Reason": to.reason}
                for device, to in told
            ],
        }

    def cancel(self, call: Call, account: str, request_id: str) -> Mapping[str, Any]:
        """Cancel one: no more comes of it.

        Raises:
            UnknownRequest: The account has none of this id.
            RequestEnded: It has started and cannot be aborted, or is over.
        """

        def cancelled(action: AcceptedAction) -> AcceptedAction:
            started = self.stage_of(action).at_start
            stage = self.aborted if started else self.cancelled
            if stage is None:
                raise self._started(action)
            return _at(stage, action).cancelled(call.now)

        action = self._change(call, account, request_id, cancelled)
        made = self._tell(call.state, call.family, action, call.now)
        call.when_sent.append(partial(call.state.dispatcher.dispatch, made))
        return {}

    def document(self, action: AcceptedAction) -> Mapping[str, Any]:
        """Return one as it stands, by our names."""
        return {
            **self.hardware,
            **action.details.asked,
            "id": action.request_id,
            "account": action.account,
            "status": self.stage_of(action).status,
            "devices": self.standings(action),
        }

    def stage_of(self, action: AcceptedAction) -> Stage:
        """Return the stage at which one is."""
        progress: Progress = action.details
        if action.status in ("pending", "cancelled"):
            return progress.stage
        devices, rejected = set(action.devices), progress.rejected.keys()
        if devices <= rejected:
            return self.unscheduled
        return self.failed if devices <= action.failing | rejected else self.finished

    def standings(self, action: AcceptedAction) -> list[dict[str, str]]:
        """Return how each device stands, as ThingSpace spells it."""
        stage, rejected = self.stage_of(action), action.details.rejected
        start = _spelled(_start_of(action.details.asked, action.accepted_at))
        over = stage in (self.finished, self.failed)
        shown: list[dict[str, str]] = []
        for device in action.devices:
            failed = over and device in action.failing
            standing = self.device_failed if failed else stage.devices
            if stage is not self.pending:
                standing = rejected.get(device, standing)
            told = {"deviceId": _imei(device), "status": standing.status}
            if standing.reason is not None:
                told["resultReason"] = standing.reason.format(start=start)
            shown.append(told)
        return shown

    def of_device(self, call: Call, account: str, imei: str) -> list[AcceptedAction]:
        """Return those an account has for a device, oldest first."""
        device = ((imei, "imei"),)
        every = self.every(call, account)
        return [action for action in every if device in action.devices]

    def every(self, call: Call, account: str) -> list[AcceptedAction]:
        """Return those an account has, oldest first."""
        whose = (account, call.family.name)
        return [
            action
            for action in call.state.actions.every()
            if (action.account, action.family) == whose
        ]

    def _before_start(
        self,
        call: Call,
        account: str,
        request_id: str,
        change: Callable[[AcceptedAction], AcceptedAction],
    ) -> AcceptedAction:
        """Change one, unless it has started; return it as it is then."""

        def checked(action: AcceptedAction) -> AcceptedAction:
            if self.stage_of(action).at_start:
                raise self._started(action)
            return change(action)

        return self._change(call, account, request_id, checked)

    def _change(
        self,
        call: Call,
        account: str,
        request_id: str,
        change: Callable[[AcceptedAction], AcceptedAction],
    ) -> AcceptedAction:
        """Change one that is not over; return it as it is then."""
        action = status(call, account, request_id)
        changed = call.state.actions.update(action, change)
        if changed is None:
            raise self._started(action)
        return changed

    def _started(self, action: AcceptedAction) -> RequestEnded:
        stands = self.stage_of(action).status
        return RequestEnded(f"{action.request_id} can be changed no more: {stands}")

    def _time(
        self,
        state: BackendState,
        api: Api,
        action: AcceptedAction,
        starts_at: datetime,
    ) -> None:
        """Have it start, and end, when its time has come.

        Moved away and back, it has two timers for one start: the second does nothing.
        """

        def start() -> None:
            kept = state.actions.get(action.request_id) or action
            if not self.stage_of(kept).at_start:
                made = self._reach(state, api, action, at_start=True)
                state.dispatcher.dispatch(made)

        if action.due_at is not None:
            accepted.at(state, action, starts_at, start)
            accepted.end_when_due(state, action)

    def _reach(
        self, state: BackendState, api: Api, action: AcceptedAction, *, at_start: bool
    ) -> list[Delivery]:
        """Let it reach its stages of one time, and tell of each."""
        now = state.timers.clock.now()
        reached = (
            state.actions.update(action, partial(_at, stage))
            for stage in self.stages
            if stage.at_start == at_start
        )
        told = (self._tell(state, api, item, now) for item in filter(None, reached))
        return list(chain.from_iterable(told))

    def _end(
        self, state: BackendState, api: Api, action: AcceptedAction, now: datetime
    ) -> list[Delivery]:
        return self._tell(state, api, action, now, noted=True)

    def _tell(
        self,
        state: BackendState,
        api: Api,
        action: AcceptedAction,
        now: datetime,
        *,
        noted: bool = False,
    ) -> list[Delivery]:
        """Note the stage at which it is, and make its message, if it has one."""
        stage = self.stage_of(action)
        if not noted:
            summary = f"{action.operation} {action.request_id} is {stage.status}"
            state.event_log.note("action", now, action.account, summary)
        if stage.event is None:
            return []
        document = self.document(action)
        values = {key: document.get(name) for key, name in self.keys.items()}
        values |= {self.identity: action.request_id}
        return accepted.send(
            state, now, api=api, action=action, event=stage.event, values=values
        )

    def _rejected(
        self,
        state: BackendState,
        account: str,
        devices: tuple[Device, ...],
        request_id: str | None = None,
    ) -> dict[Device, Standing]:
        """Return the devices that cannot be upgraded, each with why.

        ThingSpace checks more: whether it knows the device, its model and firmware.
        """
        taken = {
            device
            for action in state.actions.every()
            if isinstance(action.details, Progress)
            if (action.account, action.status) == (account, "pending")
            if action.request_id != request_id
            for device in action.devices
            if device not in action.details.rejected
        }
        rejected = {device: self.taken for device in devices if device in taken}
        invalid = [device for device in devices if not Imeis.is_imei(_imei(device))]
        return rejected | dict.fromkeys(invalid, self.invalid)


def _at(stage: Stage, action: AcceptedAction) -> AcceptedAction:
    return replace(action, details=replace(action.details, stage=stage))


def _start_of(asked: Mapping[str, Any], now: datetime) -> datetime:
    day = datetime.fromisoformat(asked["start_date"])
    return max(day.replace(tzinfo=timezone.utc), now)


def _spelled(at: datetime) -> str:
    """Spell an instant as reasons do: ``06 Oct 22 18:05 UTC``."""
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * at.month - 3 : 3 * at.month]
    return f"{at:%d} {month} {at:%y %H:%M} UTC"


def _lasts(state: BackendState) -> timedelta:
    after = state.settings.actions
    return LASTS if isinstance(after, str) else timedelta(seconds=after)


def _imei(device: Device) -> str:
    [(imei, _)] = device
    return imei
