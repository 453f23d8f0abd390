"""How the connectivity API and its sessions refuse: ``UnifiedWebService.…``."""

from mockthingspace.apis.errors import coded, gateway
from mockthingspace.core import sources
from mockthingspace.core.exceptions import (
    ExpiredSession,
    InactiveAccount,
    InvalidAccount,
    InvalidCharacter,
    InvalidCredential,
    InvalidRequest,
    InvalidSession,
    InvalidUrl,
    LoginLocked,
    MissingAccount,
    MissingField,
    MissingSession,
    NotRegistered,
    TooLarge,
    UnknownService,
    WrongPassword,
)
from mockthingspace.core.models import Evidence
from mockthingspace.spec.api import ErrorResponse, ErrorResponses


def _alike(context: str) -> ErrorResponses:
    """How all of the connectivity API answers.

    Args:
        context: The API as the gateway names it, such as ``/m2m/v1``.
    """
    documented = sources.CONNECTIVITY_ERRORS
    login = f"{sources.UNSAID}; coded after the documented codes of {documented}"
    return {
        **gateway(context),
        InvalidRequest: _uws(
            "INPUT_INVALID.RequestUndefined",
            "Request cannot be blank. Please provide request details.",
            "documented",
            f"{documented} (for a blank request; assumed for any other that cannot "
            "be read)",
        ),
        TooLarge: _uws(
            "INPUT_INVALID.Request.TooLarge",
            "The request is too large.",
            "assumed",
            login,
            413,
        ),
        MissingSession: _uws(
            "REQUEST_FAILED.SessionToken.Format",
            "The session token is missing from the header.",
            "documented",
            f"{documented} (the code; its text is assumed)",
        ),
        InvalidSession: _uws(
            "INPUT_INVALID.SessionToken.Invalid",
            "The session token is invalid.",
            "documented",
            f"{documented} (the code; its text is assumed)",
        ),
        ExpiredSession: _uws(
            "REQUEST_FAILED.SessionToken.Expired",
            "The Session has expired.",
            "documented",
            f"{documented}; 401 was seen too: {sources.RUNBOOK}",
        ),
    }


def sessions(context: str) -> ErrorResponses:
    """How the sessions of the connectivity API answer.

    Args:
        context: The API as the gateway names it, such as ``/m2m/v1``.
    """
    documented = sources.CONNECTIVITY_ERRORS
    login = f"{sources.UNSAID}; coded after the documented codes of {documented}"
    return {
        **_alike(context),
        WrongPassword: _uws(
            "INPUT_INVALID.Password.Invalid",
            "The username or password is invalid.",
            "assumed",
            login,
        ),
        LoginLocked: _uws(
            "REQUEST_FAILED.Login.Locked",
            "The login is locked after five failed attempts.",
            "assumed",
            f"{login}; that five failures lock is documented: {sources.LOGIN}",
        ),
    }


def callbacks(context: str) -> ErrorResponses:
    """How the callbacks of the connectivity API answer.

    Args:
        context: The API as the gateway names it, such as ``/m2m/v1``.
    """
    documented = sources.CONNECTIVITY_ERRORS
    code_only = f"{documented} (the code; its text is assumed)"
    coded_after = f"{sources.UNSAID}; coded after the documented codes of {documented}"
    return {
        **_alike(context),
        MissingAccount: _uws(
            "INPUT_INVALID.Account.NotDefined",
            "The account is not defined.",
            "documented",
            code_only,
        ),
        InvalidAccount: _uws(
            "REQUEST_FAILED.AccountNotFound",
            "The account was not found.",
            "assumed",
            f"{code_only}; that a malformed name is answered as one not found is not "
            "said",
        ),
        InactiveAccount: _uws(
            "REQUEST_FAILED.AccountNotFound",
            "The account was not found.",
            "documented",
            code_only,
        ),
        MissingField: _uws(
            "DeserializationFailed",
            "A required element is missing.",
            "documented",
            f"{code_only}; for a field of another type it is assumed",
        ),
        InvalidCharacter: _uws(
            "INPUT_INVALID.Request.InvalidCharacter",
            "The request contains an invalid character.",
            "documented",
            code_only,
        ),
        UnknownService: _uws(
            "INPUT_INVALID.CallbackService.Invalid",
            "The callback service name is invalid.",
            "assumed",
            coded_after,
        ),
        InvalidUrl: _uws(
            "INPUT_INVALID.CallbackUrl.Invalid",
            "The callback URL is invalid.",
            "assumed",
            coded_after,
        ),
        InvalidCredential: _uws(
            "INPUT_INVALID.Credentials.TooLong",
            "The username or password is too long.",
            "assumed",
            f"{coded_after}; the limit is documented: {sources.CONNECTIVITY_REGISTER}",
        ),
        NotRegistered: _uws(
            "REQUEST_FAILED.CallbackNotFound",
            "The callback is not registered.",
            "assumed",
            coded_after,
        ),
    }


def _uws(
    code: str, message: str, evidence: Evidence, source: str, status: int = 400
) -> ErrorResponse:
    return coded(f"UnifiedWebService.{code}", message, evidence, source, status)
