"""How the Device Location API refuses."""

from mockthingspace.apis.errors import gateway, invalid
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

_ANALOGY = (
    f"{sources.UNSAID}; worded after the documented rows of {sources.LOCATION_ERRORS}"
)


def device_location(context: str) -> ErrorResponses:
    """How the Device Location API answers.

    Args:
        context: The API as the gateway names it, such as ``/loc/v1``.
    """
    documented = sources.LOCATION_ERRORS
    return {
        **gateway(context),
        InvalidAccount: invalid("Invalid account name", "documented", documented),
        InactiveAccount: invalid("Unregistered account", "documented", documented),
        InvalidRequest: invalid(
            "Invalid JSON",
            "documented",
            f"{documented} (for what is not JSON; assumed for a field that is missing "
            "or of another type)",
        ),
        TooLarge: invalid("Request body too large", "assumed", _ANALOGY, 413),
        UnknownService: invalid("Invalid service name", "assumed", _ANALOGY),
        InvalidUrl: invalid("Invalid callback URL", "assumed", _ANALOGY),
        NotRegistered: invalid("Callback not registered", "assumed", _ANALOGY),
        MissingSession: invalid(
            "UWS verification failure (The session token is missing.)",
            "assumed",
            _ANALOGY,
        ),
        InvalidSession: invalid(
            "UWS verification failure (The session token is invalid.)",
            "assumed",
            _ANALOGY,
        ),
        ExpiredSession: invalid(
            "UWS verification failure (The Session has expired.)",
            "documented",
            documented,
        ),
    }
