"""``actions``: what was accepted and how it stands; complete one."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from mockthingspace.backend.actions import complete as end
from mockthingspace.backend.store.actions import STATUSES, AcceptedAction
from mockthingspace.core.clock import rfc3339
from mockthingspace.core.models import OUTCOMES
from mockthingspace.server.admin import schemas
from mockthingspace.server.admin.common import (
    filters,
    last,
    matching,
    with_known_account,
)
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current
from mockthingspace.spec.devices import identifiers

_FILTERS = ("account", "family", "operation", "status")
_WORDS: Mapping[str, frozenset[str]] = {"status": frozenset(STATUSES)}


class Completion(Schema):
    """``{outcome?}``: how it ends for all its devices; as it was to if not given."""

    outcome = fields.String(allow_none=True, validate=validate.OneOf(OUTCOMES))


def every() -> Response:
    """Show those that match the filters, oldest first."""
    given = with_known_account(filters(*_FILTERS, "limit"), **_WORDS)
    actions = current().state.actions
    wanted = matching({name: given[name] for name in _FILTERS if name in given})
    found = [*filter(wanted, actions.every())]
    shown = [_document(action) for action in last(found, given)]
    meta = {"total": len(found), "evicted": actions.evicted}
    return json_response({"actions": shown, "meta": meta})


def complete(request_id: str) -> Response:
    """End one that is pending: 202 and the action; its messages follow this reply."""
    backend = current()
    state = backend.state
    outcome = schemas.loaded_or_empty(Completion()).get("outcome")
    ended, made = end(state, request_id, backend.clock.now(), outcome)
    response = json_response(_document(ended), 202)
    response.call_on_close(lambda: state.dispatcher.dispatch(made))
    return response


def _document(action: AcceptedAction) -> dict[str, Any]:
    return {
        "request_id": action.request_id,
        "seq": action.seq,
        "family": action.family,
        "operation": action.operation,
        "account": action.account,
        "status": action.status,
        "devices": [identifiers(device) for device in action.devices if device],
        "accepted_at": rfc3339(action.accepted_at),
        "due_at": action.due_at and rfc3339(action.due_at),
        "completed_at": action.completed_at and rfc3339(action.completed_at),
    }
