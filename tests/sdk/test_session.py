"""Logging in, out and between through the SDK: bearer tokens and sessions."""

from collections.abc import Callable
from typing import Any

import pytest
from verizon.exceptions.api_exception import APIException
from verizon.exceptions.connectivity_management_result_exception import (
    ConnectivityManagementResultException,
)
from verizon.exceptions.oauth_provider_exception import OauthProviderException
from verizon.models.log_in_result import LogInResult
from verizon.models.log_out_request import LogOutRequest
from verizon.models.oauth_token import OauthToken
from verizon.models.session_reset_password_request import SessionResetPasswordRequest
from verizon.models.session_reset_password_result import SessionResetPasswordResult
from verizon.verizon_client import VerizonClient

from mockthingspace import MockThingSpace

from .callbacks import FAMILIES, FOTA_V1
from .clients import client, fetch_token, log_in, logged_in, request_token
from .versions import RELEASE

ALICE = {"credentials": {"alice": "secret"}}
UWS = "UnifiedWebService"
Start = Callable[..., None]


def operations(thingspace: MockThingSpace) -> list[str | None]:
    """Return the operations the server was asked for."""
    return [exchange.operation for exchange in thingspace.requests()]


def log_out(visitor: VerizonClient) -> LogOutRequest:
    """End the session."""
    return visitor.session_management.end_connectivity_management_session().body


def reset_password(visitor: VerizonClient, old: str) -> SessionResetPasswordResult:
    """Ask for a new password."""
    return visitor.session_management.reset_connectivity_management_password(
        SessionResetPasswordRequest(old_password=old)
    ).body


IN_SESSION = {
    "logout": log_out,
    "reset-password": lambda visitor: reset_password(visitor, "secret"),
}
in_session = pytest.mark.parametrize("call", IN_SESSION.values(), ids=IN_SESSION)


@pytest.mark.parametrize("auth", ["off", "present", "strict"])
def test_one_bearer_token_serves_a_client(
    thingspace: MockThingSpace, started: Start, auth: str
) -> None:
    """One token is fetched before the first call, and serves the others too."""
    started(auth=auth)
    visitor = client(RELEASE.visitor)

    log_in(visitor)
    log_in(visitor)

    assert operations(thingspace) == ["token", "login", "login"]


def test_a_bearer_token_is_the_sdks_model(thingspace: MockThingSpace) -> None:
    """A fetched token is a bearer's, for an hour."""
    token = fetch_token(client())

    assert isinstance(token, OauthToken)
    assert token.access_token
    assert (token.token_type, token.expires_in) == ("Bearer", 3600)


def test_asking_again_gives_the_same_bearer_token(thingspace: MockThingSpace) -> None:
    """Within its hour a key's token stays the same."""
    assert fetch_token(client()).access_token == fetch_token(client()).access_token


def test_logging_in_gives_a_session_that_every_family_takes(
    thingspace: MockThingSpace,
    started: Start,
) -> None:
    """Under strict auth the tokens the SDK got open every operation."""
    started(auth="strict")

    visitor = logged_in()

    for family in FAMILIES:
        family.register(visitor)
        assert family.listed(visitor)
        family.deregister(visitor)
    assert thingspace.registrations() == []


def test_logging_in_answers_the_sdks_model(thingspace: MockThingSpace) -> None:
    """A log-in answers a session token and nothing else."""
    result = log_in(client(RELEASE.visitor))

    assert isinstance(result, LogInResult)
    assert list(vars(result)) == ["session_token"]
    assert result.session_token


def test_logging_out_names_the_session(thingspace: MockThingSpace) -> None:
    """Logging out answers the session it ended."""
    session = log_in(client(RELEASE.visitor)).session_token

    result = log_out(client(session))

    assert isinstance(result, LogOutRequest)
    assert vars(result) == {"session_token": session}


def test_a_session_that_was_logged_out_is_refused(started: Start) -> None:
    """Logging out ends the session for every API."""
    started(auth="strict")
    visitor = logged_in()
    log_out(visitor)

    for family in FAMILIES:
        with pytest.raises(APIException) as refused:
            family.listed(visitor)

        status, _ = family.refusals["wrong session"]
        assert refused.value.response.status_code == status


def test_a_used_session_lives_on(thingspace: MockThingSpace, started: Start) -> None:
    """Each use renews a session for 20 minutes."""
    started(auth="strict")
    visitor = logged_in()

    for _ in range(2):
        thingspace.advance(seconds=20 * 60 - 1)
        assert FOTA_V1.listed(visitor) == []


def test_a_password_reset_gives_the_password_to_log_in_with(
    started: Start,
) -> None:
    """The new password is in effect at once; the old one is wrong."""
    started(auth="strict", **ALICE)

    result = reset_password(logged_in(), "secret")

    assert isinstance(result, SessionResetPasswordResult)
    assert isinstance(log_in(client(RELEASE.visitor), result.new_password), LogInResult)
    with pytest.raises(ConnectivityManagementResultException):
        log_in(client(RELEASE.visitor), "secret")


@pytest.mark.parametrize(
    ("attempts", "code"),
    [(1, "INPUT_INVALID.Password.Invalid"), (6, "REQUEST_FAILED.Login.Locked")],
    ids=["wrong", "locked"],
)
def test_a_failed_login_is_the_sdks_exception(
    started: Start, attempts: int, code: str
) -> None:
    """A wrong password, and a lock after five of them, have a code and a message."""
    started(**ALICE)
    visitor = client(RELEASE.visitor)

    for _ in range(attempts):
        with pytest.raises(ConnectivityManagementResultException) as refused:
            log_in(visitor, "wrong")

    assert_refused(refused.value, code)
    assert "alice" in refused.value.response.headers["X-Mock-Reason"]


def test_a_wrong_old_password_is_the_sdks_exception(started: Start) -> None:
    """Only who knows the password gets a new one."""
    started(auth="strict", **ALICE)

    with pytest.raises(ConnectivityManagementResultException) as refused:
        reset_password(logged_in(), "wrong")

    assert_refused(refused.value, "INPUT_INVALID.Password.Invalid")


@in_session
@pytest.mark.parametrize(
    ("visitor", "code"),
    [
        ({"without": "VZ-M2M-Token"}, "REQUEST_FAILED.SessionToken.Format"),
        ({"session": "wrong"}, "INPUT_INVALID.SessionToken.Invalid"),
    ],
    ids=["missing-session", "wrong-session"],
)
def test_a_call_without_a_session_is_the_sdks_exception(
    started: Start,
    call: Any,
    visitor: dict[str, str],
    code: str,
) -> None:
    """What is done to a session needs one that the server issued."""
    started(auth="strict")

    with pytest.raises(ConnectivityManagementResultException) as refused:
        call(client(**visitor))

    assert_refused(refused.value, code)


@in_session
def test_a_call_in_an_idle_session_is_the_sdks_exception(
    thingspace: MockThingSpace, started: Start, call: Any
) -> None:
    """What is done to a session needs one that is alive."""
    started(auth="strict")
    visitor = logged_in()
    thingspace.advance(minutes=20)

    with pytest.raises(ConnectivityManagementResultException) as refused:
        call(visitor)

    assert_refused(refused.value, "REQUEST_FAILED.SessionToken.Expired")


@pytest.mark.parametrize(
    "call", [log_in, *IN_SESSION.values()], ids=["login", *IN_SESSION]
)
@pytest.mark.parametrize(
    ("visitor", "fault"),
    [
        ({"without": "Authorization"}, 900902),
        ({"token": OauthToken("wrong", "Bearer")}, 900901),
    ],
    ids=["missing-bearer", "wrong-bearer"],
)
def test_a_bad_bearer_token_is_a_plain_exception(
    started: Start,
    call: Any,
    visitor: dict[str, Any],
    fault: int,
) -> None:
    """The SDK does not parse the gateway's 401, but its fault can be read."""
    started(auth="strict")

    with pytest.raises(APIException) as refused:
        call(client(**visitor))

    assert type(refused.value) is APIException
    assert refused.value.response_code == 401
    assert refused.value.reason == "HTTP response not OK."
    assert f'"code": {fault}' in refused.value.response.text


def test_a_refused_key_stops_the_client_before_the_call(
    thingspace: MockThingSpace,
    started: Start,
) -> None:
    """Without a token the SDK raises by itself: only the token call goes out."""
    started(auth="strict")

    with pytest.raises(RELEASE.keyless):
        FOTA_V1.listed(client(key=""))

    assert operations(thingspace) == ["token"]


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic OnNlY3JldA==", "Bearer wrong"],
    ids=["none", "no-key", "no-basic"],
)
def test_a_refused_key_is_the_sdks_exception(
    started: Start, authorization: str
) -> None:
    """Asking for a token without a key raises what OAuth calls it."""
    started(auth="strict")

    with pytest.raises(OauthProviderException) as refused:
        request_token(client(token=OauthToken("any", "Bearer")), authorization)

    assert refused.value.response.status_code == 401
    assert refused.value.error == "invalid_client"
    assert refused.value.error_description


def test_a_client_without_a_session_token_is_stopped(
    thingspace: MockThingSpace,
    started: Start,
) -> None:
    """The SDK raises by itself, or the server refuses what 1.0.0 sends."""
    started(auth="strict")

    with pytest.raises(RELEASE.sessionless):
        FOTA_V1.listed(client(None))

    assert operations(thingspace) == list(RELEASE.sessionless_operations)


def test_the_sdk_stays_on_this_machine(started: Start, connected: list[Any]) -> None:
    """From log-in to log-out nothing but loopback is looked up or connected to."""
    started(auth="strict", **ALICE)
    visitor = logged_in()
    for family in FAMILIES:
        family.register(visitor)
        family.listed(visitor)
        family.deregister(visitor)
    reset_password(visitor, "secret")
    log_out(visitor)

    assert set(connected) == {"127.0.0.1"}


def assert_refused(refused: ConnectivityManagementResultException, code: str) -> None:
    """Assert that an exception has a code, and a message."""
    assert refused.response.status_code == 400
    assert refused.error_code == f"{UWS}.{code}"
    assert refused.error_message
    assert refused.error_message in refused.response.text
