"""Which refusals an operation can meet: read from its schemas, proofs and handler."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from mockthingspace.apis.handlers import deregister, register
from mockthingspace.apis.session.session import log_in, reset_password
from mockthingspace.core.exceptions import (
    ExpiredSession,
    InactiveAccount,
    InvalidBearer,
    InvalidCharacter,
    InvalidSession,
    LoginLocked,
    MissingBearer,
    MissingSession,
    NotRegistered,
    NotServed,
    ThingSpaceError,
    TooLarge,
    WrongPassword,
)
from mockthingspace.core.models import Proof
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.schemas import BaseSchema, to_json

Refusals = tuple[type[ThingSpaceError], ...]

OF_PROOFS: Mapping[Proof, Refusals] = {
    "basic": (MissingBearer,),
    "bearer": (MissingBearer, InvalidBearer),
    "session": (MissingSession, InvalidSession, ExpiredSession),
}
RAISED: Mapping[Callable[..., object], Refusals] = {
    deregister: (NotRegistered,),
    log_in: (WrongPassword, LoginLocked),
    reset_password: (WrongPassword,),
}
_BODIES = (b"", b"?", b"1", b'{"any": "<"}')
_CHARACTERS = tuple(map(chr, range(0x20, 0x7F)))


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
            yield from _of_fields(schema, ("", "?") if place == "path" else (None, "?"))
    if operation.body is not None:
        yield from _of_body(operation.body)
    yield from RAISED.get(operation.handler, ())
    if operation.handler is register:
        for rule in api.registration_rules:
            yield rule.raises


def _answered(api: Api, refusal: type[ThingSpaceError]) -> type[ThingSpaceError]:
    """Return the refusal an API has an answer for: this one, or what it refines."""
    return next(kind for kind in refusal.__mro__ if kind in api.answers)


def _of_fields(
    schema: BaseSchema, values: tuple[object, ...]
) -> Iterator[type[ThingSpaceError]]:
    fields: Mapping[str, Any] = schema.load_fields
    for name, field in fields.items():
        for value in values:
            yield field.refusal_of(value)
        if name == "account":
            yield InactiveAccount


def _of_body(schema: BaseSchema) -> Iterator[type[ThingSpaceError]]:
    """Read bodies nothing could be made of, and see how they are refused."""
    found = (_reading(schema, body) for body in _BODIES)
    return (type(item) for item in found if item is not None)


def _reading(schema: BaseSchema, body: bytes) -> ThingSpaceError | None:
    try:
        schema.read(body)
    except ThingSpaceError as refusal:
        return refusal
    return None


@cache
def refused_characters(schema: BaseSchema) -> str:
    """Return the characters that no text in a document of this schema may hold."""
    documents = {letter: to_json({"any": letter}).encode() for letter in _CHARACTERS}
    return "".join(
        value
        for value, body in documents.items()
        if isinstance(_reading(schema, body), InvalidCharacter)
    )


def takes_array(schema: BaseSchema) -> bool:
    """Say whether a document of this schema may stand in an array of one."""
    return _reading(schema, b"[{}]") is None and _reading(schema, b"[1]") is not None
