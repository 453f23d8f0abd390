"""How the Device Diagnostics API refuses."""

from mockthingspace.apis.errors import coded, gateway, invalid
from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    ExpiredSession,
    InactiveAccount,
    InvalidAccount,
    InvalidRequest,
    InvalidSession,
    InvalidUrl,
    MissingSession,
    NotRegistered,
    TooLarge,
    UnknownService,
)
from mockthingspace.spec.api import ErrorResponses

_SESSION = "An error was encountered when trying to verify the UWS account."
_ANALOGY = (
    f"{sources.UNSAID}; the documented code, worded after {sources.DIAGNOSTICS_ERRORS}"
)


def device_diagnostics(context: str) -> ErrorResponses:
    """How the Device Diagnostics API answers: 401, 403 and 500 besides 400.

    Args:
        context: The API as the gateway names it, such as ``/diagnostics/v1``.
    """
    documented = sources.DIAGNOSTICS_ERRORS
    session = coded("INVALID_ACCOUNT", _SESSION, "documented", documented, 401)
    return {
        **gateway(context),
        InvalidAccount: invalid("Invalid account name", "assumed", _ANALOGY),
        InactiveAccount: coded(
            "INACTIVE_ACCOUNT",
            "The account is inactive.",
            "documented",
            documented,
            500,
        ),
        InvalidRequest: invalid(
            "The request parameter is invalid.", "documented", documented
        ),
        TooLarge: invalid("Request body too large", "assumed", _ANALOGY, 413),
        UnknownService: invalid("Invalid service name", "assumed", _ANALOGY),
        InvalidUrl: invalid("Invalid endpoint", "assumed", _ANALOGY),
        NotRegistered: coded(
            "CALLBACK_NOT_REGISTERED",
            "Callback is not registered for this account.",
            "documented",
            documented,
            403,
        ),
        MissingSession: session,
        InvalidSession: session,
        ExpiredSession: session,
    }
