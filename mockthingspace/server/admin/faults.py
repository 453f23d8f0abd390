"""``faults``: plan them, list them, clear them."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from mockthingspace.apis import APIS
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.faults import parser
from mockthingspace.backend.faults.kinds import FAULTS
from mockthingspace.backend.faults.models import SCOPES, Fault
from mockthingspace.backend.triggers import catalogue
from mockthingspace.core.clock import rfc3339
from mockthingspace.core.exceptions import AdminError
from mockthingspace.server.admin.common import (
    document,
    filters,
    matching,
    with_known_account,
)
from mockthingspace.server.http.blueprint import json_response
from mockthingspace.server.http.current import current

_FILTERS = (*SCOPES, "kind", "on")
_WORDS: Mapping[str, frozenset[str]] = {
    "kind": frozenset(kind.name for kind in FAULTS),
    "on": frozenset(kind.on for kind in FAULTS),
}


def every() -> Response:
    """Show those that still act, in the order they were planned.

    ``meta.held`` is how many replies are being held back.
    """
    backend = current()
    found = filter(_filter(), backend.state.faults.every(backend.clock.now()))
    shown = [_document(fault) for fault in found]
    meta = {"total": len(shown), "held": backend.state.pauses.held}
    return json_response({"faults": shown, "meta": meta})


def add() -> Response:
    """Plan one; 201 and the fault."""
    backend = current()
    events = [event for _, event in catalogue(APIS, backend.state).values()]
    made = parser.fault(document(), APIS, events)
    return json_response(_document(backend.plan(made)), 201)


def remove() -> Response:
    """Clear those that match the filters; say how many."""
    return json_response({"removed": len(_clear(current(), _filter()))})


def remove_one(identity: str) -> Response:
    """Clear one; show it as it stood."""
    gone = _clear(current(), lambda fault: fault.id == identity)
    if not gone:
        raise AdminError("unknown_fault", f"there is no fault {identity}", 404)
    return json_response(_document(gone[0]))


def _clear(backend: Backend, unwanted: Callable[[Fault], bool]) -> list[Fault]:
    """Clear faults, let go of the replies they hold back, and return them.

    One that has acted as often as it may has ended, but may still hold replies.
    """
    gone = backend.state.faults.remove(unwanted, backend.clock.now())
    holding = backend.state.pauses.clear(unwanted)
    return list({fault.id: fault for fault in (*holding, *gone)}.values())


def _filter() -> Callable[[Fault], bool]:
    return matching(with_known_account(filters(*_FILTERS), **_WORDS))


def _document(fault: Fault) -> dict[str, Any]:
    """Return a fault as the admin API shows it: as it was asked for, and more."""
    assert fault.planned_at is not None
    scopes = {name: getattr(fault, name) for name in SCOPES}
    return {
        "id": fault.id,
        "seq": fault.seq,
        "kind": fault.kind,
        "on": fault.on,
        **fault.options,
        **scopes,
        "times": fault.times,
        "probability": fault.probability,
        "seed": fault.seed,
        "ttl_s": fault.ttl_s,
        "acted": fault.acted,
        "planned_at": rfc3339(fault.planned_at),
        "expires_at": rfc3339(fault.expires_at()),
    }
