"""How the Software Management (FOTA) APIs refuse."""

from mockthingspace.apis.errors import gateway, invalid
from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    ExpiredSession,
    InactiveAccount,
    InvalidAccount,
    InvalidCredential,
    InvalidRequest,
    InvalidSession,
    InvalidUrl,
    MissingSession,
    NotRegistered,
    TooLarge,
    UnknownService,
)
from mockthingspace.core.models import Provenance, documented
from mockthingspace.spec.api import ErrorResponses

_ANALOGY = (
    f"{sources.UNSAID}; worded after the documented rows of {sources.FOTA_ERRORS}"
)
TABLE = documented(sources.FOTA_ERRORS)


def software_management(context: str, table: Provenance = TABLE) -> ErrorResponses:
    """How the Software Management (FOTA) APIs answer.

    Args:
        context: The API as the gateway names it, such as ``/fota/v1``.
        table: How we know that the table of errors holds here.
    """
    location = f"{sources.UNSAID} for FOTA; the Device Location API's words"
    return {
        **gateway(context),
        InvalidAccount: invalid("Invalid account name format", *table),
        InactiveAccount: invalid("Inactive account", *table),
        InvalidRequest: invalid(
            "Input binding error",
            table.evidence,
            f"{table.source} (for an empty body; assumed for one that is no JSON "
            "object, lacks a field or has one of another type)",
        ),
        TooLarge: invalid("Request body too large", "assumed", _ANALOGY, 413),
        InvalidUrl: invalid("Invalid callback URL", "assumed", _ANALOGY),
        NotRegistered: invalid("Callback not registered", "assumed", _ANALOGY),
        MissingSession: invalid(
            "UWS verification failure (The session token is missing.)",
            "assumed",
            location,
        ),
        InvalidSession: invalid(
            "UWS verification failure (The session token is invalid.)",
            "assumed",
            location,
        ),
        ExpiredSession: invalid(
            "UWS verification failure (The Session has expired.)", "assumed", location
        ),
    }


NAMED: ErrorResponses = {
    UnknownService: invalid("Invalid service name", "assumed", _ANALOGY),
    InvalidCredential: invalid("Invalid username or password", "assumed", _ANALOGY),
}
"""What version 1 answers besides, which has services by name, and credentials."""
