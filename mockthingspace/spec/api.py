"""APIs and operations as values: all that differs between ThingSpace's APIs.

``handlers`` has what operations do, ``blueprint`` serves them. What an API does that
no value can say is a handler of its own, in its file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from mockthingspace.core.exceptions import ThingSpaceError
from mockthingspace.core.models import Claim, Proof, Provenance
from mockthingspace.spec.actions import Action
from mockthingspace.spec.events import Event
from mockthingspace.spec.fields import Account
from mockthingspace.spec.registration_rules import Rule
from mockthingspace.spec.schemas import BaseSchema


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """How an API answers one refusal: status, body, and how we know.

    ``docs`` is the body where the setting ``dialect`` is ``docs``, if another, and
    ``docs_claim`` what is answered then, and how we know that.
    """

    status: int
    body: Mapping[str, Any]
    claim: Claim
    docs: Mapping[str, Any] | None = None
    docs_claim: Claim | None = None
    content_type: str = "application/json"

    def in_dialect(self, dialect: str) -> Mapping[str, Any]:
        """Return the body that the setting ``dialect`` asks for."""
        return self.body if self.docs is None or dialect == "sdk" else self.docs


ErrorResponses = Mapping[type[ThingSpaceError], ErrorResponse]
Handler = Callable[..., object]


@dataclass(frozen=True)
class Operation:
    """One method and path of an API.

    Args:
        name: What it is called in the journal and the docs.
        method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
        rule: The path below the API's prefix, with ``<account>``, ``<service>``.
        handler: What does it: called with a ``Call`` and what the schemas loaded.
        claim: What it promises, and how we know.
        path: The schema of what stands in the path; None where nothing does.
        query: The schema of the query; None where it has none.
        body: The schema of the body; None where it has none.
        reply: The schema of the reply; None for an empty one.
        many: Whether the reply is an array of it.
        silent: That nothing found is answered with an empty body, where it is.
        signs: Whether the reply's header has the secret messages are signed with.
        needs: The proofs of identity it asks for, where ``auth`` is not off.
        action: The messages that it sets off, where it is one.
        docs: What of all this is otherwise where ``dialect`` is ``docs``.
    """

    name: str
    method: str
    rule: str
    handler: Handler
    claim: Claim
    path: BaseSchema | None = None
    query: BaseSchema | None = None
    body: BaseSchema | None = None
    reply: BaseSchema | None = None
    many: bool = False
    silent: Claim | None = None
    signs: bool = False
    needs: tuple[Proof, ...] = ("bearer", "session")
    action: Action | None = None
    docs: Mapping[str, Any] | None = None

    @cached_property
    def in_docs_dialect(self) -> "Operation":
        """The operation as ThingSpace's pages have it."""
        return replace(self, **self.docs, docs=None) if self.docs else self

    def in_dialect(self, dialect: str) -> "Operation":
        """Return the operation that the setting ``dialect`` asks for."""
        return self if self.docs is None or dialect == "sdk" else self.in_docs_dialect

    def schemas(self) -> Iterator[tuple[str, BaseSchema]]:
        """Return the schemas it has, each with the place it stands in."""
        for place in ("path", "query", "body", "reply"):
            schema = getattr(self, place)
            if schema is not None:
                yield place, schema


@dataclass(frozen=True)
class Api:
    """One ThingSpace API under one prefix: all it serves, as a value.

    Args:
        name: Its name in the contract, such as ``fota-v1``.
        prefix: What its paths begin with.
        operations: What it serves.
        answers: How it answers each refusal; one without an answer of its own
            is answered as the refusal it refines.
        services: The callback services a registration can be for.
        spellings: Other spellings of some services, each with the service.
        events: The messages it sends.
        signed: How it is known that its messages are signed; None where they
            are not.
        registration_rules: What a registration must also meet where the setting of
            this name is ``enforced``, each rule with how it is known.
        claims: What it does besides, and how we know.
    """

    name: str
    prefix: str
    operations: tuple[Operation, ...]
    answers: ErrorResponses
    services: tuple[str, ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    signed: Provenance | None = None
    registration_rules: Mapping[Rule, Provenance] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()

    def serves(self, service: str) -> bool:
        """Say whether a callback service is one of its own, in any spelling."""
        return self.spellings.get(service, service) in self.services

    @cached_property
    def operations_by_name(self) -> Mapping[str, Operation]:
        """What it serves, by name."""
        return {operation.name: operation for operation in self.operations}

    @cached_property
    def events_by_name(self) -> Mapping[str, Event]:
        """The messages it sends, by name."""
        return {event.name: event for event in self.events}

    def answer_to(self, refusal: type[ThingSpaceError]) -> ErrorResponse:
        """Return how a refusal is answered here."""
        return next(
            self.answers[kind] for kind in refusal.__mro__ if kind in self.answers
        )

    def can_answer(self, refusal: type[ThingSpaceError]) -> bool:
        """Say whether there is anything that this refusal is answered with here."""
        return any(kind in self.answers for kind in refusal.__mro__)

    @cached_property
    def account(self) -> Account | None:
        """The field its accounts are held to; None where it has no accounts."""
        fields = (
            schema.fields.get("account")
            for operation in self.operations
            for place, schema in operation.schemas()
            if place != "reply"
        )
        return next((field for field in fields if isinstance(field, Account)), None)
