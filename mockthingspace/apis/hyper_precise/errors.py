"""How the Hyper-Precise Location API refuses: in a shape and with statuses of its own.

Disagreement: the page has ``{errorCode, errorMessage}``, the SDK parses
``{responseCode, message, fault: {code, message, description}}``. Followed: the
SDK; ``dialect=docs`` answers the page's.
"""

from dataclasses import replace

from mockthingspace.apis.errors import gateway
from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    ExpiredSession,
    InactiveAccount,
    InvalidAccount,
    InvalidBearer,
    InvalidRequest,
    InvalidSession,
    InvalidUrl,
    MissingBearer,
    MissingSession,
    NotRegistered,
    TooLarge,
    UnknownService,
)
from mockthingspace.core.models import Claim, Evidence
from mockthingspace.spec.api import ErrorResponse, ErrorResponses
from mockthingspace.spec.schemas import result

_DENIED = "The access policy denied the resource operation for this user"
_PAGE = sources.HYPER_PRECISE_REGISTER
_ANALOGY = f"{sources.UNSAID}; a documented status and code: {_PAGE}"


def hyper_precise(context: str) -> ErrorResponses:
    """How the Hyper-Precise Location API answers.

    Args:
        context: The API as the gateway names it, such as ``/hyper-precise/v1``.
    """
    faults = gateway(context)
    denied = _answer(401, "INVALID_ACCESS", _DENIED, "documented", _PAGE)
    without_session = _answer(401, "INVALID_ACCESS", _DENIED, "assumed", _ANALOGY)
    return {
        **faults,
        MissingBearer: _with_fault(denied, faults[MissingBearer]),
        InvalidBearer: _with_fault(denied, faults[InvalidBearer]),
        MissingSession: without_session,
        InvalidSession: without_session,
        ExpiredSession: without_session,
        InvalidAccount: _invalid("Invalid account number"),
        InactiveAccount: _answer(403, "INVALID_ACCESS", _DENIED, "assumed", _ANALOGY),
        InvalidRequest: _invalid("Invalid request"),
        TooLarge: _invalid("Request body too large", 413),
        UnknownService: _invalid("Invalid service name"),
        InvalidUrl: _invalid("Invalid callback URL"),
        NotRegistered: _invalid("Callback not registered", 404),
    }


def _invalid(message: str, status: int = 400) -> ErrorResponse:
    return _answer(status, "INVALID_PARAMETER", message, "assumed", _ANALOGY)


def _answer(
    status: int, code: str, message: str, evidence: Evidence, source: str
) -> ErrorResponse:
    return ErrorResponse(
        status,
        {"responseCode": code, "message": message},
        Claim(f"{message}: {status}, {code}", evidence, source),
        docs=result(code, message),
        docs_claim=Claim(
            f"{message}: {status}, errorCode {code}, no fault", evidence, source
        ),
    )


def _with_fault(answer: ErrorResponse, gateways: ErrorResponse) -> ErrorResponse:
    """Return an answer with the gateway's fault in it, as the SDK's model has it."""
    body = {**answer.body, **gateways.in_dialect("docs")}
    told = (
        f"{sources.SDK} has a fault in its model; that it is the gateway's is assumed"
    )
    claim = Claim(f"{gateways.claim.summary}, in INVALID_ACCESS", "assumed", told)
    return replace(answer, body=body, claim=claim)
