"""How each API refuses: status, body, and how we know.

One module an API; what the gateway in front of all of them answers, and the
error body that most of them share, is here.
"""

from collections.abc import Mapping
from typing import Any

from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    InvalidBearer,
    MethodNotServed,
    MissingBearer,
    NotServed,
)
from mockthingspace.core.models import Claim, Evidence, Provenance, assumed, documented
from mockthingspace.spec.api import ErrorResponse, ErrorResponses
from mockthingspace.spec.schemas import gateway_error, result

CHARSET = "application/json; charset=UTF-8"


def gateway(context: str) -> ErrorResponses:
    """How the API gateway in front of every family answers.

    Args:
        context: The API as the gateway names it, such as ``/fota/v1``.
    """
    version = context.rpartition("/")[2]
    failure = f"Access failure for API: {context}, version: {version}. "
    missing = gateway_error(
        900902,
        "Missing Credentials",
        "Required OAuth credentials not provided. Make sure your API invocation "
        'call has a header: "Authorization: Basic ACCESS_TOKEN"',
    )
    invalid = gateway_error(
        900901,
        "Invalid Credentials",
        f"{failure}Make sure you have given the correct access token",
    )
    unknown = gateway_error(
        900906,
        "No matching resource found in the API for the given request",
        f"{failure if version else ''}Check the API documentation and add a proper "
        "REST resource path to the invocation URL",
    )
    errors = sources.CONNECTIVITY_ERRORS
    number = assumed(f"{errors} (where the code is text; that it is a number is not)")
    return {
        MissingBearer: _fault(
            401,
            missing,
            Claim("no bearer token: 401, fault 900902", *number),
            documented(f"{errors} (with a placeholder for the header's value)"),
        ),
        InvalidBearer: _fault(
            401,
            invalid,
            Claim("wrong or expired bearer token: 401, fault 900901", *number),
            documented(errors),
        ),
        NotServed: _fault(
            404,
            unknown,
            Claim(
                "unknown path: 404, fault 900906",
                "assumed",
                f"the fault is documented with 400, wrong endpoints with 404: {errors};"
                f" its message was seen: {sources.UNMATCHED}",
            ),
            content_type=CHARSET,
        ),
        MethodNotServed: _fault(
            405,
            unknown,
            Claim(
                "known path, other method: 405 with Allow, fault 900906",
                "assumed",
                f"{sources.UNSAID}; HTTP's own status for it",
            ),
            content_type=CHARSET,
        ),
    }


def _fault(
    status: int,
    body: Mapping[str, Any],
    claim: Claim,
    docs: Provenance | None = None,
    content_type: str = "application/json",
) -> ErrorResponse:
    """Answer with a fault: its code is a number, which the page spells as text.

    Args:
        status: The HTTP status.
        body: The fault.
        claim: What it is, and how we know.
        docs: How the answer on the pages is known, if otherwise.
        content_type: The reply's.
    """
    told = {**body["fault"], "code": str(body["fault"]["code"])}
    known = docs or Provenance(claim.evidence, claim.source)
    as_text = Claim(f"{claim.summary}, the code as text", *known)
    return ErrorResponse(status, body, claim, {"fault": told}, as_text, content_type)


def coded(
    code: str, message: str, evidence: Evidence, source: str, status: int = 400
) -> ErrorResponse:
    """Answer a refusal with ``{errorCode, errorMessage}``.

    Args:
        code: The ``errorCode``.
        message: The ``errorMessage``.
        evidence: How we know.
        source: Where from.
        status: The HTTP status.
    """
    claim = Claim(f"{message}: {status}, {code}", evidence, source)
    return ErrorResponse(status, result(code, message), claim)


def invalid(
    message: str, evidence: Evidence, source: str, status: int = 400
) -> ErrorResponse:
    """Answer a refusal with ``INVALID_PARAMETER``, as several APIs do."""
    return coded("INVALID_PARAMETER", message, evidence, source, status)
