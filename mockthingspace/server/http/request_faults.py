"""What faults do to requests: instead of the handler, to the reply, to its bytes.

Bytes are the server's to spoil: it is told through the request's environment.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from flask import Response

from mockthingspace.backend.backend import BackendState
from mockthingspace.backend.faults.kinds import REFUSALS
from mockthingspace.backend.faults.models import Fault
from mockthingspace.core.exceptions import (
    InvalidBearer,
    MethodNotServed,
    NotServed,
    ThingSpaceError,
)
from mockthingspace.server.http.response_faults import RESPONSE_FAULT, ResponseFault
from mockthingspace.spec.api import Api
from mockthingspace.spec.schemas import gateway_error, to_json

BYTES = frozenset({"reset", "empty", "truncate", "garbage"})
_GATEWAY: Mapping[int, tuple[int, str, str]] = {
    403: (
        900908,
        "Resource forbidden",
        "User is not authorized to access the resource",
    ),
    429: (900800, "Message throttled out", "You have exceeded your quota"),
    503: (101503, "Service Unavailable", "The back end cannot be reached"),
}
_OTHER = (900900, "Unclassified Failure", "A planned fault")
_AS_REFUSED: Mapping[int, type[ThingSpaceError]] = {
    401: InvalidBearer,
    404: NotServed,
    405: MethodNotServed,
}
RETRY_LATER = (429, 503)
RETRY_AFTER_S = 60


def planned_reply(
    api: Api,
    faults: Iterable[Fault],
    state: BackendState,
    account: str | None,
    environ: Mapping[str, Any],
) -> Response | None:
    """Return the reply that stands in the place of the handler's, after every delay.

    Raises:
        ThingSpaceError: The refusal that was planned.
    """
    faults = list(faults)
    delays = tuple(fault for fault in faults if fault.kind == "delay")
    delay = sum(fault.options["seconds"] for fault in delays)
    if delay:
        state.pauses.wait(delay, account, delays, environ)
    for fault in faults:
        if fault.kind == "refuse":
            raise REFUSALS[fault.options["refusal"]](describe_fault(fault))
        if fault.kind == "status":
            return _with_status(api, fault, state.settings.dialect)
    return None


def spoiled(
    reply: Response,
    faults: Iterable[Fault],
    state: BackendState,
    account: str | None,
    environ: dict[str, Any],
) -> Response:
    """Return a reply as the faults leave it, and tell the server about its bytes."""
    for fault in faults:
        if fault.kind == "malformed":
            reply.set_data(reply.get_data()[:-1] or b"{")
        elif fault.kind == "slow":
            wait = partial(
                state.pauses.wait,
                account=account,
                faults=(fault,),
                environ=environ,
            )
            chunks, seconds = fault.options["chunks"], fault.options["seconds"]
            environ[RESPONSE_FAULT] = ResponseFault("slow", chunks, seconds, wait)
        elif fault.kind in BYTES:
            environ[RESPONSE_FAULT] = ResponseFault(fault.kind)
    return reply


def describe_fault(fault: Fault) -> str:
    """Name a fault for the developer."""
    return f"fault {fault.id}: {fault.kind}"


def _with_status(api: Api, fault: Fault, dialect: str) -> Response:
    status, after_s = fault.options["status"], fault.options["retry_after_s"]
    body: Mapping[str, Any] = gateway_error(*_GATEWAY.get(status, _OTHER))
    if status in _AS_REFUSED:
        body = api.answer_to(_AS_REFUSED[status]).in_dialect(dialect)
    reply = Response(to_json(body), status, content_type="application/json")
    if after_s is None and status in RETRY_LATER:
        after_s = RETRY_AFTER_S
    if after_s is not None:
        reply.headers["Retry-After"] = str(after_s)
    return reply
