"""Observing devices: each tells its attributes again and again, in messages.

An observation is an action that lasts. Its devices tell nothing at once; they do each
time that the frequency says, until the duration is over. A device that fails is told
to be unreachable, once.

Disagreement: a page has the transaction's id, the devices and the attributes to stop
in the body of the DELETE, the SDK the id and the account in the query; a page requires
a frequency and no attributes, the SDK attributes and no frequency. Followed: the SDK.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote

from marshmallow import ValidationError, fields

from mockthingspace.apis.actions import cancel
from mockthingspace.apis.handlers import Call
from mockthingspace.backend import actions as accepted
from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.clock import LATEST
from mockthingspace.core.exceptions import (
    InvalidRequest,
    MissingDevices,
    NotRegistered,
    ThingSpaceError,
)
from mockthingspace.core.models import Claim, Delivery, Device, assumed, documented
from mockthingspace.core.sources import (
    DIAGNOSTICS_SETTINGS,
    DIAGNOSTICS_START,
    DIAGNOSTICS_STOP,
    SDK,
    UNSAID,
)
from mockthingspace.spec.actions import Action, Member
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.devices import DeviceIds, identifiers
from mockthingspace.spec.fields import Millis, Text, millis
from mockthingspace.spec.fields import QaAccount as Account
from mockthingspace.spec.schemas import schema

OBSERVATION, UNREACHABLE = "Diagnostics.observation", "Diagnostics.deviceUnreachable"
ATTRIBUTES = (
    *("RADIO_SIGNAL_STRENGTH", "LINK_QUALITY", "NETWORK_BEARER", "CELL_ID"),
    "MANUFACTURER",
)
SHORTEST = timedelta(seconds=15)
LONGEST = timedelta(days=36525)
UNITS = {
    "SECOND": timedelta(seconds=1),
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
}


class Span(NamedTuple):
    """A length of time, as ThingSpace spells it."""

    value: int
    unit: str

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.value * UNITS[self.unit]


DEFAULT = Span(15, "SECOND")
MOST_WAITING = 100  # messages of an observation; while so many wait it tells no more


@dataclass(frozen=True)
class Observation:
    """What an observation is besides an action.

    ``lost`` are the devices that were told to be unreachable, ``sent`` the ids of the
    deliveries that had not ended when it last told.
    """

    attributes: tuple[str, ...]
    frequency: Span
    lost: frozenset[Device] = frozenset()
    sent: tuple[str, ...] = ()


class SpanField(fields.Raw):
    """``{"value", "unit"}``: a length of time.

    Args:
        shortest: It must be at least so long.
    """

    refusal = absent = InvalidRequest
    secret = False

    def __init__(self, shortest: timedelta, **kwargs: Any) -> None:
        example = {"value": 15, "unit": "SECOND"}
        super().__init__(metadata={"example": example}, **kwargs)
        self.shortest = shortest

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Span:
        given = value if isinstance(value, dict) else {}
        number, unit = given.get("value"), given.get("unit")
        if type(number) is not int or unit not in tuple(UNITS):
            raise ValidationError(
                f'must have a whole number as "value", one of {", ".join(UNITS)} '
                'as "unit"'
            )
        if number > LONGEST // UNITS[unit]:
            raise ValidationError(f"must be at most {LONGEST.days:,} days")
        span = Span(max(number, 0), unit)
        if span.length < self.shortest:
            raise ValidationError(f"must be at least {self.shortest.seconds} s")
        return span

    def refusal_of(self, _: object) -> type[ThingSpaceError]:
        """Say how a length of time that will not do is refused."""
        return self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes; a number that is enough for any unit."""
        return {
            "type": "object",
            "required": ["value", "unit"],
            "properties": {
                "value": {"type": "integer", "minimum": 15, "maximum": LONGEST.days},
                "unit": {"type": "string", "enum": list(UNITS)},
            },
        }


class Attributes(fields.Raw):
    """An array of ``{"name"}``: what is observed."""

    refusal = absent = InvalidRequest
    secret = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"example": [{"name": ATTRIBUTES[0]}]}, **kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[str, ...]:
        items = value if isinstance(value, list) else []
        names = [
            item["name"]
            for item in items
            if isinstance(item, dict) and item.get("name") in ATTRIBUTES
        ]
        if not items or len(names) < len(items):
            raise ValidationError(
                f'must have {{"name": …}} as items, of {", ".join(ATTRIBUTES)}'
            )
        return tuple(dict.fromkeys(names))

    def refusal_of(self, _: object) -> type[ThingSpaceError]:
        """Say how attributes that will not do are refused."""
        return self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        name = {"type": "string", "enum": list(ATTRIBUTES)}
        item = {"type": "object", "required": ["name"], "properties": {"name": name}}
        return {"type": "array", "minItems": 1, "items": item}


class DevicesInQuery(DeviceIds):
    """An array of ``{"id", "kind"}`` as JSON in a query, which may be escaped twice."""

    example: ClassVar[Any] = '[{"id": "864508030026238", "kind": "IMEI"}]'

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[Device, ...]:
        try:
            document = json.loads(unquote(value))
        except (ValueError, RecursionError) as error:
            raise ValidationError("must be an array in JSON") from error
        return super()._deserialize(document, *args, **kwargs)

    def refusal_of(self, _: object) -> type[ThingSpaceError]:
        """Say how devices that will not do are refused."""
        return self.refusal

    def described(self, _: str) -> dict[str, Any]:
        """Say in JSON Schema what it takes."""
        return {"type": "string"}


def observe(
    call: Call,
    account: str,
    *,
    devices: tuple[Device, ...],
    attributes: tuple[str, ...],
    frequency: Span = DEFAULT,
    duration: Span | None = None,
) -> Mapping[str, Any]:
    """Observe devices from now on.

    Raises:
        MissingDevices: It names none.
        NotRegistered: Nobody listens for what they would tell.
    """
    state, api = call.state, call.family
    if not devices:
        raise MissingDevices(f"devices: no device is named; as {DeviceIds.example}")
    must_listen(call, account)
    every, ends_at = frequency.length, LATEST
    if duration is not None:
        ends_at = call.now + every * max(1, duration.length // every)
    action = accepted.accept(
        state,
        call.now,
        api=api,
        operation=call.operation,
        account=account,
        devices=devices,
        send=partial(_tell, state, api),
        ends_at=ends_at,
        details=Observation(attributes, frequency),
    )
    if action.due_at is not None:
        _tell_later(state, api, action, call.now)
    return _document(action, "OBSERVE_PENDING")


def must_listen(call: Call, account: str) -> None:
    """Refuse what nobody would be told of.

    Raises:
        NotRegistered: The account has no listener.
    """
    api = call.family
    if call.state.registry.find(api.name, account, api.services[0]) is None:
        raise NotRegistered(f"account {account} has no listener for {api.services[0]}")


def stop(call: Call, account: str, request_id: str) -> Mapping[str, Any]:
    """Stop an observation: its devices tell nothing more.

    Raises:
        UnknownRequest: The account has no such observation.
        RequestEnded: It is over.
    """
    return _document(cancel(call, account, request_id), "CANCEL_OBSERVE_PENDING")


def settings(
    call: Call, account: str, devices: tuple[Device, ...]
) -> tuple[Mapping[str, Any], ...]:
    """Return what is observed of each device."""
    running = [
        (action, {*map(_key, action.devices)})
        for action in call.state.actions.every()
        if isinstance(action.details, Observation)
        if (action.account, action.status) == (account, "pending")
    ]
    values = _values(call.family)
    return tuple(
        {
            "account": account,
            "device": identifiers(device)[0],
            "attributes": [
                {
                    "name": name,
                    "value": values[name],
                    "createdOn": millis(action.accepted_at),
                    "isObservable": True,
                    "isObserving": True,
                    "frequency": action.details.frequency._asdict(),
                }
                for action, observed in running
                if _key(device) in observed
                for name in action.details.attributes
            ],
        }
        for device in devices
    )


def _tell_later(
    state: BackendState, api: Api, action: AcceptedAction, now: datetime
) -> None:
    """Let the devices tell their attributes when they are to, and then again."""

    def tell() -> None:
        state.dispatcher.dispatch(_tell_now(state, api, action))

    accepted.at(state, action, now + action.details.frequency.length, tell)


def _tell_now(state: BackendState, api: Api, action: AcceptedAction) -> list[Delivery]:
    """Let the devices tell their attributes; the last time it ends the observation."""
    now = state.timers.clock.now()
    assert action.due_at is not None
    if now >= action.due_at or set(action.devices) <= action.failing:
        return accepted.end(state, action, now)
    if not state.actions.pending(action):  # it has just been stopped
        return []
    waiting = _waiting(state, action)
    made = [] if len(waiting) >= MOST_WAITING else _tell(state, api, action, now)
    sent = (*waiting, *(delivery.id for delivery in made))
    told = state.actions.update(action, partial(_told, sent)) or action
    _tell_later(state, api, told, now)  # which is never, where it has been stopped
    return made


def _waiting(state: BackendState, action: AcceptedAction) -> tuple[str, ...]:
    """Return those of its messages that the listener has not taken yet."""
    found = map(state.deliveries.get, action.details.sent)
    return tuple(item.id for item in found if item and item.status == "pending")


def _told(sent: tuple[str, ...], action: AcceptedAction) -> AcceptedAction:
    details = replace(action.details, lost=action.failing, sent=sent)
    return replace(action, details=details)


def _tell(
    state: BackendState, api: Api, action: AcceptedAction, now: datetime
) -> list[Delivery]:
    """Make the messages of each device, unless it has been told to be lost."""
    observation: Observation = action.details
    values = _values(api)
    made: list[Delivery] = []
    for device in action.devices:
        if device in action.failing & observation.lost:
            continue
        told = {
            "transactionID": action.request_id,
            "device": identifiers(device)[0],
            "attributes": [
                {"name": name, "value": values[name]} for name in observation.attributes
            ],
            "createdOn": millis(now),
        }
        event = UNREACHABLE if device in action.failing else OBSERVATION
        made += accepted.send(
            state, now, api=api, action=action, event=event, values=told
        )
    return made


def _values(api: Api) -> Mapping[str, str]:
    """Return the value that each attribute has in a message."""
    shown = api.events_by_name[OBSERVATION].template()["attributes"]
    return {"MANUFACTURER": "Verizon"} | {item["name"]: item["value"] for item in shown}


def _key(device: Device) -> tuple[str, str]:
    [(identity, kind)] = device
    return identity, kind.lower()


def _document(action: AcceptedAction, status: str) -> Mapping[str, Any]:
    return {
        "request_id": action.request_id,
        "account": action.account,
        "status": status,
        "accepted_at": action.accepted_at,
    }


BY_SDK = documented(SDK)
ACCOUNT = Account(required=True, data_key="accountName")
OBSERVE = "/devices/attributes/actions/observe"
RESULT = {
    "request_id": Text(data_key="transactionID"),
    "accepted_at": Millis(data_key="createdOn"),
}
OPERATIONS = (
    Operation(
        "observe",
        "POST",
        OBSERVE,
        observe,
        Claim(
            "has each device send its attributes at the frequency, at least 15 s "
            "apart, until the duration is over",
            *documented(
                f"{DIAGNOSTICS_START} (that the first message comes after one "
                "interval, that one comes where the duration is shorter, and that each "
                "request is an observation of its own is assumed)"
            ),
        ),
        body=schema(
            BY_SDK,
            account=ACCOUNT,
            devices=DeviceIds(required=True),
            attributes=Attributes(required=True),
            frequency=SpanField(SHORTEST),
            duration=SpanField(UNITS["SECOND"]),
        ),
        reply=schema(
            BY_SDK,
            **RESULT,
            status=Text(
                metadata={
                    "known": assumed(
                        f"{UNSAID}; after the status of what is stopped, which {SDK} "
                        "has in both examples"
                    )
                }
            ),
        ),
        action=Action((OBSERVATION,), (UNREACHABLE,)),
    ),
    Operation(
        "stop-observing",
        "DELETE",
        OBSERVE,
        stop,
        Claim("stops an observation", *documented(DIAGNOSTICS_STOP)),
        query=schema(
            BY_SDK,
            account=ACCOUNT,
            request_id=Text(required=True, data_key="transactionId"),
        ),
        reply=schema(BY_SDK, **RESULT, status=Text()),
    ),
    Operation(
        "diagnostics-settings",
        "GET",
        "/devices/settings",
        settings,
        Claim(
            "lists what is observed of each device, as an array",
            *documented(DIAGNOSTICS_SETTINGS),
        ),
        query=schema(
            BY_SDK,
            account=ACCOUNT,
            devices=DevicesInQuery(required=True),
        ),
        reply=schema(
            BY_SDK,
            account=Text(data_key="accountName"),
            device=Member({"id": "864508030026238", "kind": "IMEI"}),
            attributes=Member(
                [
                    {
                        "name": "LINK_QUALITY",
                        "value": "-11",
                        "createdOn": "2024-01-15T23:57:53.292Z",
                        "isObservable": True,
                        "isObserving": True,
                        "frequency": {"value": 15, "unit": "SECOND"},
                    }
                ]
            ),
        ),
        many=True,
    ),
)
