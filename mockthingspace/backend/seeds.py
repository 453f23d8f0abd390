"""Seed documents: registrations and settings to start from, and to go back to.

``{"settings": {…}, "registrations": [{family, account, service, url, username?,
password?, headers?, secret?, registered_at?}], "events": {NAME: {family, service,
message}}, "faults": [{kind, …}], "actions": [{family, operation, account, request_id,
devices, failing?, accepted_at?, due_at?, values?}], "hyper_precise": {ACCOUNT: [IMEI,
…]}}``. An exported snapshot is one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any, TypeVar

from marshmallow import RAISE, ValidationError, fields

from mockthingspace.backend.backend import Seed, SeededAction
from mockthingspace.backend.faults import parser
from mockthingspace.backend.store.actions import NO_DEVICE, AcceptedAction
from mockthingspace.core.clock import rfc3339
from mockthingspace.core.exceptions import (
    InvalidMessage,
    SettingsError,
    did_you_mean,
    suggest,
)
from mockthingspace.core.models import Device, Registration, assumed, is_account
from mockthingspace.core.signatures import new_secret
from mockthingspace.spec.api import Api
from mockthingspace.spec.devices import Devices, identifiers
from mockthingspace.spec.events import Event, checked_message
from mockthingspace.spec.fields import (
    HttpHeaders,
    ListenerUrl,
    Secret,
    ServiceName,
    Text,
)
from mockthingspace.spec.schemas import BaseSchema

Made = TypeVar("Made")
KEYS = ("settings", "registrations", "events", "faults", "actions", "hyper_precise")


class Instant(fields.AwareDateTime):
    """An instant that can be told in UTC."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> datetime:
        instant: datetime = super()._deserialize(value, *args, **kwargs)
        try:
            return instant.astimezone(timezone.utc)
        except OverflowError as error:
            raise self.make_error("invalid", input=value, obj_type="instant") from error


class Seeded(BaseSchema):
    """One registration, in the admin API's names; a signed one gets its secret."""

    error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "unknown": "unknown; a registration has family, account, service, url, "
        "username, password, headers, secret, registered_at"
    }

    family = Text(required=True)
    account = Text(required=True)
    service = Text(allow_none=True)
    url = ListenerUrl(required=True)
    username = Text(allow_none=True, load_default=None)
    password = Secret(allow_none=True, load_default=None)
    headers = HttpHeaders(allow_none=True, load_default=())
    secret = Secret(allow_none=True)
    registered_at = Instant(format="iso")


class Named(fields.Raw):
    """``[[{"id", "kind"}]]``: devices by their identifiers; a group's has none."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Device, ...]:
        if not isinstance(value, list):
            raise ValidationError("must be an array of arrays of identifiers")
        named = [{"deviceIds": ids} for ids in value]
        return ((),) if value == [[]] else tuple(Devices().deserialize(named))


class Pending(BaseSchema):
    """One action that is pending, in the admin API's names, and what it repeats."""

    error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "unknown": "unknown; an action has family, operation, account, request_id, "
        "devices, failing, accepted_at, due_at, values"
    }

    family = Text(required=True)
    operation = Text(required=True)
    account = Text(required=True)
    request_id = Text(required=True)
    devices = Named(required=True)
    failing = Named(load_default=())
    accepted_at = Instant(format="iso")
    due_at = Instant(format="iso", allow_none=True, load_default=None)
    values = fields.Dict(load_default=dict)


class Template(BaseSchema):
    """``{family, service, message}``, a message of the user's own."""

    error_messages = {  # noqa: RUF012 (marshmallow's own idiom)
        "unknown": "unknown; an event has family, service, message"
    }

    family = Text(required=True)
    service = Text(required=True)
    message = fields.Dict(
        required=True,
        error_messages={
            "required": "is required",
            "null": "must be an object",
            "invalid": "must be an object",
        },
    )


# A seed is the user's, and a typo is a mistake.
_SEEDED, _TEMPLATE = Seeded(unknown=RAISE), Template(unknown=RAISE)
_PENDING = Pending(unknown=RAISE)


def checked(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse a seed document with a key that means nothing.

    Raises:
        SettingsError: There is one, or the registrations or faults are no array.
    """
    for key in document:
        if key not in KEYS:
            raise SettingsError(
                f"unknown key {key!r} in a seed document: {did_you_mean(key, KEYS)}"
                f"it may have {', '.join(KEYS)}"
            )
    for key in ("registrations", "faults", "actions"):
        if not isinstance(document.get(key, []), list):
            raise SettingsError(f"the {key} of a seed document must be an array")
    return document


def seed(document: Mapping[str, Any], apis: tuple[Api, ...], now: datetime) -> Seed:
    """Return what a seed document has to start from.

    ``now`` is when the registrations were made that do not say.

    Raises:
        SettingsError: Something in it cannot be used; the message says what.
    """
    own = _events(checked(document).get("events", {}), apis)
    there = [event for api in apis for event in api.events]
    there += [event for _, event in own]
    return Seed(
        _each(document, "registrations", lambda item: registration(item, apis, now)),
        own,
        _each(document, "faults", lambda item: parser.fault(item, apis, there)),
        _each(document, "actions", lambda item: _pending(item, apis, now)),
        _enabled(document.get("hyper_precise", {})),
    )


def _events(given: object, apis: tuple[Api, ...]) -> tuple[tuple[str, Event], ...]:
    """Return a seed document's own events, each with its API."""
    if not isinstance(given, Mapping):
        raise SettingsError("the events of a seed document must be an object")
    return tuple(_event(name, item, apis) for name, item in given.items())


def _event(name: str, item: object, apis: tuple[Api, ...]) -> tuple[str, Event]:
    if not isinstance(item, Mapping):
        raise SettingsError(f"events.{name}: an event must be an object")
    try:
        loaded: dict[str, Any] = _TEMPLATE.load(item)
        family = _family(loaded["family"], apis)
        service = _service(loaded["service"], family, apis)
        message = checked_message(loaded["message"])
    except ValidationError as error:
        raise SettingsError(f"events.{name}: {_problems(error)}") from error
    except (SettingsError, InvalidMessage) as error:
        raise SettingsError(f"events.{name}: {error}") from error
    known = {"": assumed("the seed file")}
    return loaded["family"], Event(name, service, "the seed file's own", message, known)


def document(action: AcceptedAction) -> dict[str, Any]:
    """Spell a pending action as a seed has it."""
    return {
        "family": action.family,
        "operation": action.operation,
        "account": action.account,
        "request_id": action.request_id,
        "devices": [identifiers(device) for device in action.devices],
        "failing": [
            identifiers(device) for device in action.devices if device in action.failing
        ],
        "accepted_at": rfc3339(action.accepted_at),
        "due_at": action.due_at and rfc3339(action.due_at),
        "values": action.details,
    }


def can_be_seeded(action: AcceptedAction, apis: tuple[Api, ...]) -> bool:
    """Say whether a seed may have an action."""
    api = next(api for api in apis if api.name == action.family)
    return action.status == "pending" and action.operation in _resumable(api)


def _resumable(api: Api) -> dict[str, Callable[..., None]]:
    """Return what goes on with an API's actions, by operation."""
    return {
        operation.name: operation.action.resume
        for operation in api.operations
        if operation.action and operation.action.resume
    }


def _pending(item: object, apis: tuple[Api, ...], now: datetime) -> SeededAction:
    if not isinstance(item, Mapping):
        raise SettingsError("an action must be an object")
    try:
        loaded: dict[str, Any] = _PENDING.load(item)
        api = _family(loaded["family"], apis)
        details = checked_message(loaded.pop("values"))
    except ValidationError as error:
        raise SettingsError(_problems(error)) from error
    except InvalidMessage as error:
        raise SettingsError(f"values: {error}") from error
    _checked_account(loaded["account"], api)
    operation, there = loaded["operation"], _resumable(api)
    if operation not in there:
        raise SettingsError(
            f"operation: a seed has no {operation!r} of {api.name}; "
            f"{suggest(operation, there)}"
        )
    failing = frozenset(loaded.pop("failing"))
    loaded["devices"] = loaded["devices"] or NO_DEVICE
    action = AcceptedAction(
        **{"accepted_at": now, **loaded}, failing=failing, details=details
    )
    resume = partial(there[operation], api=api, action=action)
    return SeededAction(action.account, resume)


def _enabled(given: object) -> dict[str, frozenset[str]]:
    """Return the IMEIs on which hyper-precise location is enabled, by account."""
    if not isinstance(given, Mapping):
        raise SettingsError("the hyper_precise of a seed document must be an object")
    for account, imeis in given.items():
        if not is_account(account):
            raise SettingsError(f"hyper_precise: {account!r} is no account")
        if not isinstance(imeis, list) or not {*map(type, imeis)} <= {str}:
            raise SettingsError(f"hyper_precise.{account}: must be an array of IMEIs")
    return {account: frozenset(imeis) for account, imeis in given.items()}


def _each(
    document: Mapping[str, Any], key: str, make: Callable[[object], Made]
) -> tuple[Made, ...]:
    """Make something of each item of an array, and name the one that cannot be used."""
    made = []
    for index, item in enumerate(document.get(key, [])):
        try:
            made.append(make(item))
        except SettingsError as error:
            raise SettingsError(f"{key}[{index}]: {error}") from error
    return tuple(made)


def registration(item: object, apis: tuple[Api, ...], now: datetime) -> Registration:
    """Return one registration spelled in the admin API's names.

    Where it names a service and no API, it is with the first that has the service.

    Raises:
        SettingsError: It cannot be used; the message says why.
    """
    if not isinstance(item, Mapping):
        raise SettingsError("a registration must be an object")
    if "family" not in item and isinstance(item.get("service"), str):
        item = {"family": _with_service(item["service"], apis), **item}
    try:
        loaded: dict[str, Any] = _SEEDED.load(item)
    except ValidationError as error:
        raise SettingsError(_problems(error)) from error
    family = _family(loaded["family"], apis)
    service = loaded.get("service")
    if service is None:
        service = family.services[0] if len(family.services) == 1 else ""
    service = _service(service, family, apis)
    _checked_account(loaded["account"], family)
    own = {
        "service": service,
        "headers": loaded["headers"] or (),
        "secret": _secret(loaded.get("secret"), family),
    }
    return Registration(**{"registered_at": now, **loaded, **own})


def _checked_account(name: str, api: Api) -> None:
    try:
        assert api.account is not None
        api.account.check(name)
    except ValidationError as error:
        raise SettingsError(f"account: {error.messages[0]}") from error


def _secret(given: str | None, api: Api) -> str | None:
    """Return what messages are signed with, made up where none is given."""
    if given is not None and not api.signed:
        raise SettingsError(f"secret: {api.name} does not sign its messages")
    if given == "":
        raise SettingsError("secret: must not be empty")
    return new_secret() if given is None and api.signed else given


def _family(name: str, apis: tuple[Api, ...]) -> Api:
    known = {api.name: api for api in apis if api.services}
    if name not in known:
        raise SettingsError(
            f"family: {name!r} has no callbacks; allowed: {', '.join(known)}"
        )
    return known[name]


def _service(name: str, api: Api, apis: tuple[Api, ...]) -> str:
    """Return an API's service by its name, or by another spelling of it."""
    try:
        return ServiceName(api.services, api.spellings).deserialize(name)
    except ValidationError as error:
        owner = next((other.name for other in apis if other.serves(name)), None)
        whose = f"; {name} is of {owner}" if owner else ""
        raise SettingsError(f"service: {error.messages[0]}{whose}") from error


def _with_service(name: str, apis: tuple[Api, ...]) -> str:
    """Return the name of the first API that has a service."""
    for api in apis:
        if api.serves(name):
            return api.name
    every = {service for api in apis for service in api.services}
    raise SettingsError(f"service: unknown {name!r}; {suggest(name, every)}")


def _problems(error: ValidationError) -> str:
    problems = error.messages_dict.items()
    return "; ".join(f"{key}: {', '.join(said)}" for key, said in problems)
