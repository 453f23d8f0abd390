"""Serves an API: the Flask blueprint built of its operations.

A request to an operation goes through ``_answer``: who is calling, what the
path, the query and the body say in our names, the handler, the reply in
ThingSpace's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Request, Response, g
from werkzeug.routing import BaseConverter

from mockthingspace.apis.handlers import Call
from mockthingspace.backend.backend import Backend, BackendState
from mockthingspace.backend.faults.models import Fault
from mockthingspace.core.exceptions import (
    InactiveAccount,
    MissingBearer,
    MissingSession,
    ThingSpaceError,
    TooLarge,
)
from mockthingspace.core.settings import Settings
from mockthingspace.core.waiting import may_wait
from mockthingspace.server.http.caller import caller
from mockthingspace.server.http.request_faults import (
    describe_fault,
    planned_reply,
    spoiled,
)
from mockthingspace.spec.api import Api, ErrorResponse, Operation
from mockthingspace.spec.schemas import MAX_BODY, BaseSchema, load, to_json

LONGEST_ACCOUNT = 100


@dataclass(slots=True)
class RequestContext:
    """What the journal will want to know of the request being handled."""

    arrived_at: datetime
    backend: Backend
    state: BackendState
    request: Request
    kept: bool = True  # in the journal, when it is over
    body: bytes = field(default=b"", repr=False)
    oversized: bool = False
    family: str | None = None
    operation: str | None = None
    account: str | None = None
    reasons: list[str] = field(default_factory=list)
    after: int = 0
    when_sent: list[Callable[[], object]] = field(default_factory=list)


class Segment(BaseConverter):
    """One segment of a path, which may be empty: an account can be missing."""

    regex = "[^/]*"


def blueprint(api: Api) -> Blueprint:
    """Build the Flask blueprint that serves an API."""
    served = Blueprint(api.prefix.replace("/", "-"), __name__, url_prefix=api.prefix)
    for operation in api.operations:
        served.add_url_rule(
            operation.rule.replace("<", "<segment:"),
            endpoint=operation.name,
            view_func=_view(api, operation),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    return served


def _view(api: Api, operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        note: RequestContext = g.note
        note.family, note.operation = api.name, operation.name
        note.account = path.get("account") or _in_query(operation, note)
        faults = _faults(api, operation, note)
        try:
            planned = faults and planned_reply(
                api, faults, note.state, note.account, note.request.environ
            )
            reply = planned or _answer(api, operation, path, note, faults)
        except ThingSpaceError as refusal:
            note.account = note.account or _in_body(operation, note)
            reply = refused(api.answer_to(type(refusal)), refusal, note)
        if faults:
            environ = note.request.environ
            reply = spoiled(reply, faults, note.state, note.account, environ)
        for act in note.when_sent:
            reply.call_on_close(act)
        return reply

    return view


def _faults(api: Api, operation: Operation, note: RequestContext) -> list[Fault]:
    if not note.state.faults.planned:
        return []
    note.account = note.account or _in_body(operation, note)
    whose = {
        "account": note.account,
        "family": api.name,
        "operation": operation.name,
        "method": operation.method,
        "prefix": api.prefix,
    }
    # One that holds replies back, planned since this was read, leaves it alone.
    acting = note.state.faults.acting(
        "requests", whose, note.arrived_at, may_wait(note.request.environ)
    )
    note.reasons += [
        describe_fault(fault) for fault in acting if fault.kind != "refuse"
    ]
    return acting


def _answer(
    api: Api,
    operation: Operation,
    path: dict[str, str],
    note: RequestContext,
    faults: list[Fault],
) -> Response:
    if note.oversized:
        raise TooLarge(f"the body is larger than {MAX_BODY} bytes")
    stale = next((fault.memory for fault in faults if fault.kind == "stale"), None)
    operation = operation.in_dialect(note.state.settings.dialect)
    call = Call(
        api,
        operation,
        note.state,
        caller(note.request.environ),
        note.arrived_at,
        stale,
        note.reasons,
        note.when_sent,
    )
    _authorize(operation, call)
    arguments: dict[str, Any] = {}
    if operation.path:
        arguments |= _load(operation.path, path, note)
    if operation.query:
        query = operation.query.of_query(note.request.args.to_dict())
        arguments |= _load(operation.query, query, note)
    if operation.body:
        arguments |= _load(operation.body, operation.body.read(note.body), note)
    outcome = operation.handler(call, **arguments)
    note.account = note.account or getattr(outcome, "account", None)
    if operation.reply is None or (operation.silent and not outcome):
        reply = Response()
        del reply.headers["Content-Type"]
    else:
        alone = operation.many and not isinstance(outcome, tuple)
        shown = (outcome,) if alone else outcome
        reply = json_response(operation.reply.dump(shown, many=operation.many))
    if operation.signs:
        reply.headers[call.settings.secret_header] = outcome.secret  # type: ignore[attr-defined]
    return reply


def _load(
    schema: BaseSchema, document: Mapping[str, Any], note: RequestContext
) -> dict[str, Any]:
    """Load a part of the request; its account is noted, and must be one there is."""
    named = document.get(schema.account_key)
    if isinstance(named, str):
        note.account = named[:LONGEST_ACCOUNT]
    loaded = load(schema, document, note.reasons.append)
    if "account" in loaded:
        check_active(loaded["account"], note.state.settings)
    return loaded


def _in_query(operation: Operation, note: RequestContext) -> str | None:
    """Return the account the query names, whatever else is wrong with it."""
    if operation.query is None:
        return None
    named = note.request.args.get(operation.query.account_key)
    return named and named[:LONGEST_ACCOUNT]


def _in_body(operation: Operation, note: RequestContext) -> str | None:
    """Return the account that the body of a refused request names, if it does."""
    try:
        document = operation.body.read(note.body) if operation.body else {}
    except ThingSpaceError:
        return None
    named = document.get(operation.body.account_key) if operation.body else None
    return named[:LONGEST_ACCOUNT] if isinstance(named, str) else None


def refused(
    answer: ErrorResponse, refusal: ThingSpaceError, note: RequestContext
) -> Response:
    """Answer a refusal; the reason goes where the developer looks for it."""
    note.reasons.insert(0, refusal.reason)
    body = answer.in_dialect(note.state.settings.dialect)
    return json_response(body, answer.status, answer.content_type)


def json_response(
    document: object, status: int = 200, content_type: str = "application/json"
) -> Response:
    """Make a reply of a document."""
    return Response(to_json(document), status, content_type=content_type)


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


def check_active(account: str, settings: Settings) -> None:
    """Refuse an account that is not one of the setting ``accounts``."""
    refused = settings.refuses(account)
    if refused is not None:
        raise InactiveAccount(refused)
