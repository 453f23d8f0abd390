"""Which refusals an operation can meet: by its schemas, proofs and handler."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockthingspace.apis.actions import act, cancel, status
from mockthingspace.apis.connectivity.actions import status_of_each, stop_watching
from mockthingspace.apis.diagnostics import observations, restarts
from mockthingspace.apis.fota import devices, reports, scheduling
from mockthingspace.apis.handlers import deregister, register
from mockthingspace.apis.location import exclusions
from mockthingspace.apis.location import reports as location_reports
from mockthingspace.apis.session.session import log_in, reset_password
from mockthingspace.core.exceptions import (
    EmptyRequest,
    ExpiredSession,
    InactiveAccount,
    InvalidBearer,
    InvalidCharacter,
    InvalidRequest,
    InvalidSession,
    LoginLocked,
    MissingBearer,
    MissingDevices,
    MissingSession,
    NoAccount,
    NotJson,
    NotRegistered,
    NotServed,
    RequestEnded,
    SeveralAccounts,
    ThingSpaceError,
    TooLarge,
    TooManyDevices,
    UnknownDevice,
    UnknownRequest,
    WrongPassword,
)
from mockthingspace.core.models import Proof
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Account
from mockthingspace.spec.schemas import (
    BaseSchema,
    form,
    json_object,
    object_or_array,
    plain_object,
)

Refusals = tuple[type[ThingSpaceError], ...]

OF_PROOFS: Mapping[Proof, Refusals] = {
    "basic": (MissingBearer,),
    "bearer": (MissingBearer, InvalidBearer),
    "session": (MissingSession, InvalidSession, ExpiredSession),
}
RAISED: Mapping[Callable[..., object], Refusals] = {
    act: (MissingDevices,),
    cancel: (UnknownRequest, RequestEnded),
    deregister: (NotRegistered,),
    observations.observe: (MissingDevices, NotRegistered),
    observations.stop: (UnknownRequest, RequestEnded),
    devices.numbered: (UnknownDevice,),
    restarts.restart: (MissingDevices, NotRegistered),
    exclusions.exclude: (InvalidRequest, TooManyDevices),
    location_reports.report_status: (UnknownRequest,),
    location_reports.show_report: (UnknownRequest,),
    log_in: (WrongPassword, LoginLocked),
    reports.of_campaign: (UnknownRequest,),
    reset_password: (WrongPassword,),
    scheduling.cancel: (UnknownRequest, RequestEnded),
    scheduling.change_dates: (UnknownRequest, RequestEnded),
    scheduling.change_devices: (UnknownRequest, RequestEnded),
    scheduling.show: (UnknownRequest,),
    status: (UnknownRequest,),
    status_of_each: (UnknownRequest,),
    stop_watching: (MissingDevices,),
}
NO_OBJECT = (EmptyRequest, NotJson, InvalidRequest)
OF_READERS: Mapping[Callable[..., Any], Refusals] = {
    form: (),
    json_object: NO_OBJECT,
    object_or_array: NO_OBJECT,
    plain_object: (*NO_OBJECT, InvalidCharacter),
}


def refusals(api: Api, operation: Operation) -> Refusals:
    """Return every refusal an operation can meet, by what the API answers it as.

    Those of all settings: which of them are met is for ``auth``, ``accounts``,
    ``registration_rules`` and ``deregister_missing`` to say.
    """
    met = (_answered(api, item) for item in _met(api, operation))
    return tuple(dict.fromkeys(met))


def _met(api: Api, operation: Operation) -> Iterator[type[ThingSpaceError]]:
    yield TooLarge
    for proof in operation.needs:
        yield from OF_PROOFS[proof]
    if operation.path is not None:
        yield NotServed
    for place, schema in operation.schemas():
        if place != "reply":
            yield from _of_fields(schema, in_the_path=place == "path")
    if operation.body is not None:
        yield from OF_READERS[operation.body.reader]
    yield from RAISED.get(getattr(operation.handler, "func", operation.handler), ())
    if operation.handler is register:
        for rule in api.registration_rules:
            yield rule.raises


def _answered(api: Api, refusal: type[ThingSpaceError]) -> type[ThingSpaceError]:
    """Return the refusal an API has an answer for: this one, or what it refines."""
    return next(kind for kind in refusal.__mro__ if kind in api.answers)


def _of_fields(
    schema: BaseSchema, *, in_the_path: bool
) -> Iterator[type[ThingSpaceError]]:
    """Return the refusals of fields; in a path only an account can be missing."""
    fields: Mapping[str, Any] = schema.load_fields
    for field in fields.values():
        yield field.refusal
        if not in_the_path or isinstance(field, Account):
            yield field.absent
        yield from getattr(field, "refusals", ())
        if isinstance(field, Account):
            yield InactiveAccount
            if not field.required:
                yield from (NoAccount, SeveralAccounts)
