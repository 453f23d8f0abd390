"""Families and operations as values, the verbs, and the blueprint built of them.

A request to an operation goes through ``answer``: who is calling, what the path
and the body say in our names, the verb, the reply in ThingSpace's. Everything a
family does differently is a value in its file; a verb of its own is the way out
for what no value can say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g
from werkzeug.routing import BaseConverter

from mockthingspace.double import State
from mockthingspace.errors import (
    InactiveAccount,
    MissingBearer,
    MissingSession,
    NotRegistered,
    ThingSpaceError,
    TooLarge,
)
from mockthingspace.events import Event
from mockthingspace.identity import caller
from mockthingspace.model import Caller, Fact, Proof, Registration
from mockthingspace.settings import Settings
from mockthingspace.wire import MAX_BODY, Shape, json_object, load, spelled


@dataclass(frozen=True, slots=True)
class Answer:
    """How a family answers one refusal: status, body, and how we know."""

    status: int
    body: Mapping[str, Any]
    fact: Fact


Answers = Mapping[type[ThingSpaceError], Answer]
Verb = Callable[..., object]
Rule = Callable[[Registration], None]


@dataclass(frozen=True)
class Operation:
    """One method and path of a family.

    Args:
        name: What it is called in the journal and the docs.
        method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
        rule: The path below the family's prefix, with ``<account>``, ``<service>``.
        verb: What does it: called with a ``Call`` and what the shapes loaded.
        fact: What it promises, and how we know.
        path: The shape of what stands in the path; None where nothing does.
        body: The shape of the body; None where it has none.
        read: Reads the body's bytes into a document for that shape.
        reply: The shape of the reply; None for an empty one.
        many: Whether the reply is an array of it.
        needs: The proofs of identity it asks for, where ``auth`` is not off.
    """

    name: str
    method: str
    rule: str
    verb: Verb
    fact: Fact
    path: Shape | None = None
    body: Shape | None = None
    read: Callable[[bytes], Mapping[str, Any]] = json_object
    reply: Shape | None = None
    many: bool = False
    needs: tuple[Proof, ...] = ("bearer", "session")


@dataclass(frozen=True)
class Family:
    """One ThingSpace API under one prefix: all it serves, as a value.

    Args:
        name: Its name in the contract, such as ``fota-v1``.
        prefix: What its paths begin with.
        operations: What it serves.
        answers: How it answers each refusal; one without an answer of its own
            is answered as the refusal it refines.
        services: The callback services a registration can be for.
        events: The messages it sends.
        strict: What else a registration must meet under the ``strict`` setting.
        facts: What it does besides, and how we know.
    """

    name: str
    prefix: str
    operations: tuple[Operation, ...]
    answers: Answers
    services: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()
    strict: tuple[Rule, ...] = ()
    facts: tuple[Fact, ...] = ()

    def every_fact(self) -> list[Fact]:
        """Return what is known of its operations, its refusals and the rest."""
        operations = [one.fact for one in self.operations]
        return [*operations, *(one.fact for one in self.answers.values()), *self.facts]

    def answer_to(self, refusal: type[ThingSpaceError]) -> Answer:
        """Return how a refusal is answered here."""
        return next(
            self.answers[kind] for kind in refusal.__mro__ if kind in self.answers
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an operation, as its verb sees it."""

    family: Family
    state: State
    caller: Caller
    now: datetime

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.state.settings


@dataclass(slots=True)
class Note:
    """What the journal will want to know of the request being handled."""

    arrived_at: datetime
    state: State
    body: bytes = b""
    oversized: bool = False
    family: str | None = None
    operation: str | None = None
    account: str | None = None
    reasons: list[str] = field(default_factory=list)


class Segment(BaseConverter):
    """One segment of a path, which may be empty: an account can be missing."""

    regex = "[^/]*"


def listing(call: Call, account: str) -> tuple[Registration, ...]:
    """Return the account's registrations."""
    return call.state.registry.of(call.family.name, account)


def register(
    call: Call,
    *,
    account: str,
    service: str,
    url: str,
    username: str | None = None,
    password: str | None = None,
) -> Registration:
    """Register, in place of the account's earlier registration for the service."""
    registration = Registration(
        call.family.name, account, service, url, username, password, call.now
    )
    if call.settings.strict:
        for rule in call.family.strict:
            rule(registration)
    call.state.registry.register(registration)
    return registration


def deregister(call: Call, account: str, service: str) -> Mapping[str, str]:
    """Remove the account's registration for a service and name it.

    Raises:
        NotRegistered: There is none, and the ``missing`` setting refuses that.
    """
    lane = (call.family.name, account, service)
    gone = call.state.registry.deregister(*lane)
    call.state.courier.cancel([lane])
    if gone is None and call.settings.missing == "refuse":
        raise NotRegistered(
            f"account {account} has no registration for {service}; the setting "
            "missing=succeed answers this with success"
        )
    return {"account": account, "service": service}


def blueprint(family: Family) -> Blueprint:
    """Build the Flask blueprint that serves a family."""
    served = Blueprint(
        family.prefix.replace("/", "-"), __name__, url_prefix=family.prefix
    )
    for operation in family.operations:
        served.add_url_rule(
            operation.rule.replace("<", "<segment:"),
            endpoint=operation.name,
            view_func=_view(family, operation),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    return served


def _view(family: Family, operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        note: Note = g.note
        note.family, note.operation = family.name, operation.name
        note.account = path.get("account")
        try:
            return _answer(family, operation, path, note)
        except ThingSpaceError as refusal:
            return refused(family.answer_to(type(refusal)), refusal, note)

    return view


def _answer(
    family: Family, operation: Operation, path: dict[str, str], note: Note
) -> Response:
    if note.oversized:
        raise TooLarge(f"the body is larger than {MAX_BODY} bytes")
    call = Call(family, note.state, caller(), note.arrived_at)
    _authorize(operation, call)
    arguments: dict[str, Any] = {}
    if operation.path:
        arguments = load(operation.path, path, note.reasons.append)
        _check_active(arguments["account"], call.settings)
    if operation.body:
        arguments |= load(
            operation.body, operation.read(note.body), note.reasons.append
        )
    outcome = operation.verb(call, **arguments)
    if operation.reply is None:
        empty = Response()
        del empty.headers["Content-Type"]
        return empty
    return json_response(operation.reply.dump(outcome, many=operation.many))


def refused(answer: Answer, refusal: ThingSpaceError, note: Note) -> Response:
    """Answer a refusal; the reason goes where the developer looks for it."""
    note.reasons.insert(0, refusal.reason)
    return json_response(answer.body, answer.status)


def json_response(document: object, status: int = 200) -> Response:
    """Make a reply of a document."""
    return Response(spelled(document), status, content_type="application/json")


def _authorize(operation: Operation, call: Call) -> None:
    """Ask for the proofs the operation needs, as the ``auth`` setting says."""
    auth = call.settings.auth
    if auth == "off":
        return
    if "basic" in operation.needs and call.caller.client is None:
        raise MissingBearer(
            "the header 'Authorization: Basic base64(key:secret)' is missing or is "
            "not that"
        )
    if "bearer" in operation.needs:
        if call.caller.bearer is None:
            raise MissingBearer("the header 'Authorization: Bearer <token>' is missing")
        if auth == "strict":
            call.state.tokens.check_bearer(call.caller.bearer, call.now)
    if "session" in operation.needs:
        if call.caller.session is None:
            raise MissingSession("the header VZ-M2M-Token is missing")
        if auth == "strict":
            call.state.tokens.check_session(call.caller.session, call.now)


def _check_active(account: str, settings: Settings) -> None:
    if settings.accounts is not None and account not in settings.accounts:
        raise InactiveAccount(
            f"account {account} is not one of the accounts setting: "
            f"{', '.join(sorted(settings.accounts)) or 'it is empty'}"
        )
