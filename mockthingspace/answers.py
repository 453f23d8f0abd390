"""How refusals are answered where several families answer alike."""

from mockthingspace import sources
from mockthingspace.errors import (
    ExpiredSession,
    InactiveAccount,
    InvalidAccount,
    InvalidBearer,
    InvalidCredential,
    InvalidRequest,
    InvalidSession,
    InvalidUrl,
    LoginLocked,
    MethodNotServed,
    MissingBearer,
    MissingSession,
    NotRegistered,
    NotServed,
    TooLarge,
    UnknownService,
    WrongPassword,
)
from mockthingspace.family import Answer, Answers
from mockthingspace.model import Fact, Mark
from mockthingspace.wire import fault, result

_ANALOGY = (
    f"{sources.UNSAID}; worded after the documented rows of {sources.FOTA_ERRORS}"
)


def gateway(context: str) -> Answers:
    """How the API gateway in front of every family answers.

    Args:
        context: The API as the gateway names it, such as ``/fota/v1``.
    """
    version = context.rpartition("/")[2]
    missing = fault(
        900902,
        "Missing Credentials",
        "Required OAuth credentials not provided. Make sure your API invocation "
        "call has a header: 'Authorization: Basic ACCESS_TOKEN'",
    )
    invalid = fault(
        900901,
        "Invalid Credentials",
        f"Access failure for API: {context}, version: {version}. Make sure you have "
        "given the correct access token",
    )
    unknown = fault(
        900906,
        "No matching resource found in the API for the given request",
        "Check the API documentation and add a proper REST resource path to the "
        "invocation URL",
    )
    errors = sources.CONNECTIVITY_ERRORS
    return {
        MissingBearer: Answer(
            401,
            missing,
            Fact("no bearer token: 401, fault 900902", "documented", errors),
        ),
        InvalidBearer: Answer(
            401,
            invalid,
            Fact(
                "wrong or expired bearer token: 401, fault 900901", "documented", errors
            ),
        ),
        NotServed: Answer(
            404,
            unknown,
            Fact(
                "unknown path: 404, fault 900906",
                "assumed",
                f"the fault is documented with 400, wrong endpoints with 404: {errors}",
            ),
        ),
        MethodNotServed: Answer(
            405,
            unknown,
            Fact(
                "known path, other method: 405 with Allow, fault 900906",
                "assumed",
                f"{sources.UNSAID}; HTTP's own status for it",
            ),
        ),
    }


def software_management(context: str) -> Answers:
    """How the Software Management (FOTA) APIs answer.

    Args:
        context: The API as the gateway names it, such as ``/fota/v1``.
    """
    documented = sources.FOTA_ERRORS
    location = f"{sources.UNSAID} for FOTA; the Device Location API's words"
    return {
        **gateway(context),
        InvalidAccount: _invalid(
            "Invalid account name format", "documented", documented
        ),
        InactiveAccount: _invalid("Inactive account", "documented", documented),
        InvalidRequest: _invalid(
            "Input binding error",
            "documented",
            f"{documented} (for an empty body; assumed for one that is no JSON object, "
            "lacks a field or has one of another type)",
        ),
        TooLarge: _invalid("Request body too large", "assumed", _ANALOGY, 413),
        UnknownService: _invalid("Invalid service name", "assumed", _ANALOGY),
        InvalidUrl: _invalid("Invalid callback URL", "assumed", _ANALOGY),
        InvalidCredential: _invalid(
            "Invalid username or password", "assumed", _ANALOGY
        ),
        NotRegistered: _invalid("Callback not registered", "assumed", _ANALOGY),
        MissingSession: _invalid(
            "UWS verification failure (The session token is missing.)",
            "assumed",
            location,
        ),
        InvalidSession: _invalid(
            "UWS verification failure (The session token is invalid.)",
            "assumed",
            location,
        ),
        ExpiredSession: _invalid(
            "UWS verification failure (The Session has expired.)", "assumed", location
        ),
    }


def unified_web_service(context: str) -> Answers:
    """How the connectivity API and its sessions answer: ``UnifiedWebService.…``.

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
            documented,
        ),
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


def _invalid(message: str, mark: Mark, source: str, status: int = 400) -> Answer:
    fact = Fact(f"{message}: {status}, INVALID_PARAMETER", mark, source)
    return Answer(status, result("INVALID_PARAMETER", message), fact)


def _uws(code: str, message: str, mark: Mark, source: str, status: int = 400) -> Answer:
    code = f"UnifiedWebService.{code}"
    return Answer(
        status, result(code, message), Fact(f"{message} {status}, {code}", mark, source)
    )
