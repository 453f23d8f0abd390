"""What is asked of upgrades and campaigns: schedule, show, change, cancel.

Their first stages come at once, the others on the start date at 00:00 UTC, or at once
where that is past. They last two hours, or as many seconds as the setting ``actions``
says. What has come by then is told of when the reply is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from mockthingspace.apis.actions import status, warn_of_no_listener
from mockthingspace.apis.fota.life_cycle import (
    LifeCycle,
    Progress,
    Stage,
    Standing,
    imei_of,
    start_of,
)
from mockthingspace.apis.handlers import Call
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.clock import LATEST
from mockthingspace.core.exceptions import RequestEnded, TooManyDevices
from mockthingspace.core.models import Delivery, Device
from mockthingspace.spec.devices import MOST_DEVICES, Imeis

LASTS = timedelta(hours=2)
CHANGED = {
    "append": Standing("AddDeviceSucceed", "Device added Successfully"),
    "remove": Standing("RemoveDeviceSucceed", "Device removed Successfully"),
}
Change = Callable[[AcceptedAction], AcceptedAction]


def schedule(
    life: LifeCycle,
    call: Call,
    account: str,
    devices: tuple[Device, ...],
    **asked: Any,
) -> Mapping[str, Any]:
    """Accept one; what becomes of it is told in messages."""
    state = call.state
    starts_at = start_of(asked, call.now)
    action = accepted.accept(
        state,
        call.now,
        api=call.family,
        operation=call.operation,
        account=account,
        devices=devices,
        send=partial(_tell, life, call),
        ends_at=_end_of(state, starts_at),
        details=Progress(asked, _rejected(life, state, account, devices), life.pending),
    )
    warn_of_no_listener(call, account)
    if set(devices) <= action.details.rejected.keys():
        made = accepted.end(state, action, call.now, "failure")
    else:
        on_demand = starts_at == call.now and action.due_at is not None
        queued = life.queues_on_demand or not on_demand
        made = _reach(life, call, action, call.now, at_start=False) if queued else []
        made += _lead(life, call, action, starts_at)
    call.when_sent.append(partial(state.dispatcher.dispatch, made))
    return life.document(action)


def show(
    life: LifeCycle, call: Call, account: str, request_id: str
) -> Mapping[str, Any]:
    """Return one as it stands.

    Raises:
        UnknownRequest: The account has none of this id.
    """
    return life.document(status(call, account, request_id))


def change_dates(
    life: LifeCycle, call: Call, account: str, request_id: str, **dates: Any
) -> Mapping[str, Any]:
    """Put another start and end in the place of those it has.

    Raises:
        UnknownRequest: The account has none of this id.
        RequestEnded: It has started, or is over.
    """
    starts_at = start_of(dates, call.now)

    def moved(action: AcceptedAction) -> AcceptedAction:
        asked = {**action.details.asked, **dates}
        ends_at = action.due_at and _end_of(call.state, starts_at)
        moves = action.details.moves + 1
        details = replace(action.details, asked=asked, moves=moves)
        return replace(action, details=details, due_at=ends_at)

    action = _before_start(life, call, account, request_id, moved)
    made = _lead(life, call, action, starts_at)
    call.when_sent.append(partial(call.state.dispatcher.dispatch, made))
    return life.document(action)


def change_devices(
    life: LifeCycle,
    call: Call,
    account: str,
    request_id: str,
    *,
    change: str,
    devices: tuple[Device, ...],
) -> Mapping[str, Any]:
    """Append devices, or remove some; one without any is cancelled.

    Raises:
        UnknownRequest: The account has none of this id.
        RequestEnded: It has started, or is over.
        TooManyDevices: There would be more than one request can name.
    """
    appending = change == "append"
    rejected = (
        _rejected(life, call.state, account, devices, request_id) if appending else {}
    )
    changing = frozenset(devices)

    def changed(action: AcceptedAction) -> AcceptedAction:
        kept = tuple(item for item in action.devices if item not in changing)
        left = (*kept, *devices) if appending else kept or action.devices
        if len(left) > MOST_DEVICES:
            raise TooManyDevices(
                f"deviceList: {len(left):,} devices, at most {MOST_DEVICES:,}"
            )
        before = action.details.rejected
        stays = kept if appending else left
        known = {device: before[device] for device in stays if device in before}
        details = replace(action.details, rejected=known | rejected)
        return replace(action, devices=left, details=details)

    action = _before_start(life, call, account, request_id, changed)
    if not appending and changing.issuperset(action.devices):
        cancel(life, call, account, request_id)
    told = [(device, rejected.get(device, CHANGED[change])) for device in devices]
    return {
        "id": request_id,
        "account": account,
        "request_id": accepted.new_request_id(call.state, account),
        "devices": [
            {"deviceId": imei_of(device), "status": to.status, "Reason": to.reason}
            for device, to in told
        ],
    }


def cancel(
    life: LifeCycle, call: Call, account: str, request_id: str
) -> Mapping[str, Any]:
    """Cancel one: no more comes of it.

    Raises:
        UnknownRequest: The account has none of this id.
        RequestEnded: It has started and cannot be aborted, or is over.
    """

    def cancelled(action: AcceptedAction) -> AcceptedAction:
        started = life.stage_of(action).at_start
        stage = life.aborted if started else life.cancelled
        if stage is None:
            raise _started(life, action)
        return _at(stage, action).cancelled(call.now)

    action = _change(life, call, account, request_id, cancelled)
    made = _note_and_tell(life, call, action, call.now)
    call.when_sent.append(partial(call.state.dispatcher.dispatch, made))
    return {}


def _before_start(
    life: LifeCycle, call: Call, account: str, request_id: str, change: Change
) -> AcceptedAction:
    """Change one, unless it has started; return it as it is then."""

    def checked(action: AcceptedAction) -> AcceptedAction:
        if life.stage_of(action).at_start:
            raise _started(life, action)
        return change(action)

    return _change(life, call, account, request_id, checked)


def _change(
    life: LifeCycle, call: Call, account: str, request_id: str, change: Change
) -> AcceptedAction:
    """Change one that is neither over nor reaching a stage; return it as it is then."""
    action = status(call, account, request_id)
    with call.state.deliveries.lock:
        changed = call.state.actions.update(action, change)
    if changed is None:
        raise _started(life, action)
    return changed


def _started(life: LifeCycle, action: AcceptedAction) -> RequestEnded:
    stands = life.stage_of(action).status
    return RequestEnded(f"{action.request_id} can be changed no more: {stands}")


def _lead(
    life: LifeCycle, call: Call, action: AcceptedAction, starts_at: datetime
) -> list[Delivery]:
    """Have it start, and then end, each when its time has come.

    Returns:
        The messages to dispatch of what has come already.
    """
    ends_at = action.due_at
    if ends_at is None:
        return []

    def start(now: datetime) -> list[Delivery]:
        made = _reach(life, call, action, now, at_start=True)
        end = partial(accepted.end, call.state, action)
        return made + _in_time(call, action, ends_at, end)

    return _in_time(call, action, starts_at, start)


def _in_time(
    call: Call,
    action: AcceptedAction,
    instant: datetime,
    act: Callable[[datetime], list[Delivery]],
) -> list[Delivery]:
    """Do something at an instant, unless it has ended or moved then.

    Returns:
        The messages to dispatch, where that is past and it is done at once.
    """
    state, clock = call.state, call.state.timers.clock

    def later() -> None:
        state.dispatcher.dispatch(act(clock.now()))

    moved, now = partial(_has_moved, state, action), clock.now()
    if instant <= now:
        return [] if moved() else act(now)
    accepted.at(state, action, instant, later, moved)
    return []


def _has_moved(state: BackendState, action: AcceptedAction) -> bool:
    """Say whether the dates of one have been changed since, or it was forgotten."""
    kept = state.actions.get(action.request_id)
    if kept is None or kept.seq != action.seq:
        return True
    return bool(kept.details.moves != action.details.moves)


def _reach(
    life: LifeCycle,
    call: Call,
    action: AcceptedAction,
    now: datetime,
    *,
    at_start: bool,
) -> list[Delivery]:
    """Let it reach its stages of one time, and tell of each, unless it has moved.

    Whoever ends it meanwhile takes on a message after these, with the lock.
    """
    state = call.state
    with state.deliveries.lock:
        if _has_moved(state, action):
            return []
        reached = (
            state.actions.update(action, partial(_at, stage))
            for stage in life.stages
            if stage.at_start == at_start
        )
        told = (_note_and_tell(life, call, item, now) for item in filter(None, reached))
        return list(chain.from_iterable(told))


def _note_and_tell(
    life: LifeCycle, call: Call, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    stands = life.stage_of(action).status
    summary = f"{action.operation} {action.request_id} is {stands}"
    call.state.event_log.note("action", now, action.account, summary)
    return _tell(life, call, action, now)


def _tell(
    life: LifeCycle, call: Call, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    """Make the message of the stage at which it is, if that has one."""
    event = life.stage_of(action).event
    if event is None:
        return []
    document = life.document(action)
    values = {key: document.get(name) for key, name in life.keys.items()}
    values |= {life.identity: action.request_id}
    return accepted.send(
        call.state, now, api=call.family, action=action, event=event, values=values
    )


def _rejected(
    life: LifeCycle,
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
    rejected = {device: life.taken for device in devices if device in taken}
    invalid = [device for device in devices if not Imeis.is_imei(imei_of(device))]
    return rejected | dict.fromkeys(invalid, life.invalid)


def _at(stage: Stage, action: AcceptedAction) -> AcceptedAction:
    return replace(action, details=replace(action.details, stage=stage))


def _end_of(state: BackendState, starts_at: datetime) -> datetime:
    """Return when one ends that starts at an instant."""
    after = state.settings.actions
    lasts = LASTS if isinstance(after, str) else timedelta(seconds=after)
    return min(starts_at + lasts, LATEST)
