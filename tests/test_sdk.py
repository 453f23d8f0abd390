"""The published SDK, unmodified, cannot tell the double from what is documented.

One double serves the whole file; each test begins with a double as just
started. Nothing of the SDK is replaced but the host in its table of hosts.
"""

import gc
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apimatic_core.exceptions.auth_validation_exception import AuthValidationException
from verizon.api_helper import APIHelper
from verizon.configuration import Configuration, Environment
from verizon.exceptions.api_exception import APIException
from verizon.exceptions.connectivity_management_result_exception import (
    ConnectivityManagementResultException,
)
from verizon.exceptions.fota_v1_result_exception import FotaV1ResultException
from verizon.exceptions.oauth_provider_exception import OauthProviderException
from verizon.http.auth.thingspace_oauth import ThingspaceOauthCredentials
from verizon.http.auth.vz_m2m_token import VZM2mTokenCredentials
from verizon.models.callback_service_enum import CallbackServiceEnum
from verizon.models.fota_v1_callback_registration_request import (
    FotaV1CallbackRegistrationRequest,
)
from verizon.models.fota_v1_callback_registration_result import (
    FotaV1CallbackRegistrationResult,
)
from verizon.models.fota_v1_success_result import FotaV1SuccessResult
from verizon.models.log_in_request import LogInRequest
from verizon.models.log_in_result import LogInResult
from verizon.models.log_out_request import LogOutRequest
from verizon.models.oauth_token import OauthToken
from verizon.models.registered_callbacks import RegisteredCallbacks
from verizon.models.session_reset_password_request import SessionResetPasswordRequest
from verizon.models.session_reset_password_result import SessionResetPasswordResult
from verizon.verizon_client import VerizonClient

from mockthingspace import MockThingSpace, Settings, create_app
from mockthingspace.clock import Clock
from mockthingspace.double import EXTENSION
from mockthingspace.server import Server

ACCOUNT = "0242078689-00001"
FOTA = CallbackServiceEnum.FOTA
URL = "https://10.120.102.183:50559/CallbackListener/FirmwareServiceMessages.asmx"
ANOTHER_URL = "http://localhost:9001/callbacks"
INVALID = "INVALID_PARAMETER"
ALICE = {"credentials": {"alice": "secret"}}
Call = Callable[[VerizonClient], Any]
HOST = "https://thingspace.verizon.com"
PRODUCTION = dict(Configuration.environments[Environment.PRODUCTION])


def is_local(host: Any) -> bool:
    """Say whether a host is this machine."""
    return host in ("127.0.0.1", "::1", "localhost", None)


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """A double on a port, and the SDK's production hosts pointing there."""
    with MockThingSpace() as double, pytest.MonkeyPatch.context() as patch:
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1")
        point(patch, double.url)
        yield double
    gc.collect()  # the SDK never closes its connections; later tests count theirs


@pytest.fixture
def thingspace(running: MockThingSpace) -> MockThingSpace:
    """The double, as just started."""
    running.reset()
    return running


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The hosts that were looked up or connected to; others than ours fail."""
    hosts: list[Any] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def watched_connect(self: socket.socket, address: Any) -> None:
        hosts.append(address[0])
        assert is_local(address[0]), address
        connect(self, address)

    def watched_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        hosts.append(host)
        assert is_local(host), host
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", watched_connect)
    monkeypatch.setattr(socket, "getaddrinfo", watched_look_up)
    return hosts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The clock, standing still, of another double, with strict tokens."""
    app = create_app(Settings(auth="strict"))
    double = app.extensions[EXTENSION]
    double.means.timers.set_mode("manual")
    server = Server(app, "127.0.0.1", 0)
    server.start()
    point(monkeypatch, server.url)
    yield double.clock
    server.stop()
    double.close()


def point(patch: pytest.MonkeyPatch, url: str) -> None:
    """Replace the host of the SDK's production servers."""
    patch.setitem(
        Configuration.environments,
        Environment.PRODUCTION,
        {server: base.replace(HOST, url) for server, base in PRODUCTION.items()},
    )


def client(session: str | None = "any", key: str = "key") -> VerizonClient:
    """Make a client with a session token (None: none) and an OAuth key."""
    return VerizonClient(
        thingspace_oauth_credentials=ThingspaceOauthCredentials(key, "secret"),
        vz_m2m_token_credentials=session and VZM2mTokenCredentials(session),
    )


def logged_in() -> VerizonClient:
    """Log in through the SDK and make a client of what came."""
    return client(log_in(client(None)).session_token)


def log_in(visitor: VerizonClient, password: str = "secret") -> LogInResult:
    """Open a session."""
    login = LogInRequest(username="alice", password=password)
    return visitor.session_management.start_connectivity_management_session(login).body


def reset_password(visitor: VerizonClient, old: str) -> SessionResetPasswordResult:
    """Ask for a new password."""
    return visitor.session_management.reset_connectivity_management_password(
        SessionResetPasswordRequest(old_password=old)
    ).body


def listed(visitor: VerizonClient, account: str = ACCOUNT) -> Any:
    """List the account's registrations."""
    return visitor.software_management_callbacks_v1.list_registered_callbacks(
        account
    ).body


def register(
    visitor: VerizonClient, account: str = ACCOUNT, **fields: Any
) -> FotaV1CallbackRegistrationResult:
    """Register a listener."""
    wanted = FotaV1CallbackRegistrationRequest(**{"name": FOTA, "url": URL, **fields})
    return visitor.software_management_callbacks_v1.register_callback(
        account, wanted
    ).body


def deregister(
    visitor: VerizonClient, account: str = ACCOUNT, service: str = FOTA
) -> FotaV1SuccessResult:
    """Deregister a listener."""
    return visitor.software_management_callbacks_v1.deregister_callback(
        account, service
    ).body


def started(thingspace: MockThingSpace, **settings: Any) -> None:
    """Start the double over with these settings."""
    thingspace.admin.ask("PUT", "/snapshot", {"settings": settings})


def operations(thingspace: MockThingSpace) -> list[str | None]:
    """Return the operations the double was asked for."""
    return [one.operation for one in thingspace.requests()]


def test_an_account_without_registrations_lists_none(
    thingspace: MockThingSpace,
) -> None:
    """The empty list is a list for the SDK, not None."""
    assert listed(client()) == []


def test_a_registration_is_listed_as_the_sdks_model(thingspace: MockThingSpace) -> None:
    """A registration comes back as RegisteredCallbacks, without credentials."""
    thingspace.register(ACCOUNT, URL)

    [one] = listed(client())

    assert isinstance(one, RegisteredCallbacks)
    assert vars(one) == {"aname": ACCOUNT, "name": "Fota", "url": URL}


def test_credentials_are_listed_where_the_registration_has_them(
    thingspace: MockThingSpace,
) -> None:
    """The SDK's model has the registered user name and password."""
    register(client(), username="listener", password="secret")

    [one] = listed(client())

    assert (one.username, one.password) == ("listener", "secret")


def test_registering_names_account_and_service(thingspace: MockThingSpace) -> None:
    """The reply to a registration is the SDK's model of it."""
    result = register(client())

    assert isinstance(result, FotaV1CallbackRegistrationResult)
    assert vars(result) == {"account_name": ACCOUNT, "service_name": "Fota"}
    assert [URL] == [one.url for one in thingspace.registrations(ACCOUNT)]


def test_registering_again_replaces(thingspace: MockThingSpace) -> None:
    """Nothing of the earlier registration is left, its credentials neither."""
    register(client(), username="listener", password="secret")

    register(client(), url=ANOTHER_URL)

    [one] = listed(client())
    assert vars(one) == {"aname": ACCOUNT, "name": "Fota", "url": ANOTHER_URL}


def test_deregistering_succeeds(thingspace: MockThingSpace) -> None:
    """Deregistering answers the SDK's success and leaves nothing."""
    register(client())

    result = deregister(client())

    assert isinstance(result, FotaV1SuccessResult)
    assert result.success is True
    assert listed(client()) == []


@pytest.mark.parametrize("auth", ["off", "present", "strict"])
def test_the_client_fetches_its_bearer_token_by_itself(
    thingspace: MockThingSpace, auth: str
) -> None:
    """One token is fetched before the first call, and serves the others too."""
    started(thingspace, auth=auth)
    visitor = client(None)

    log_in(visitor)
    log_in(visitor)

    assert operations(thingspace) == ["token", "login", "login"]


def test_the_token_is_the_sdks_model(thingspace: MockThingSpace) -> None:
    """A fetched token is a bearer's, for an hour."""
    token = client().thingspace_oauth.fetch_token()

    assert isinstance(token, OauthToken)
    assert (token.token_type, token.expires_in) == ("Bearer", 3600)


def test_logging_in_gives_a_session_that_works(thingspace: MockThingSpace) -> None:
    """Under strict auth the tokens the SDK got open every operation."""
    started(thingspace, auth="strict")

    visitor = logged_in()

    assert register(visitor).account_name == ACCOUNT
    assert [one.url for one in listed(visitor)] == [URL]
    assert deregister(visitor).success is True


def test_logging_out_names_the_session(thingspace: MockThingSpace) -> None:
    """Logging out answers the session it ended."""
    session = log_in(client(None)).session_token

    result = client(session).session_management.end_connectivity_management_session()

    assert isinstance(result.body, LogOutRequest)
    assert result.body.session_token == session


def test_a_password_reset_gives_the_password_to_log_in_with(
    thingspace: MockThingSpace,
) -> None:
    """The new password is in effect at once; the old one is wrong."""
    started(thingspace, auth="strict", **ALICE)

    result = reset_password(logged_in(), "secret")

    assert isinstance(result, SessionResetPasswordResult)
    assert isinstance(log_in(client(None), result.new_password), LogInResult)
    with pytest.raises(ConnectivityManagementResultException):
        log_in(client(None), "secret")


def refusal(name: str, call: Call, message: str, reason: str, **settings: Any) -> Any:
    """A row of the table of refusals."""
    return pytest.param(call, message, reason, settings, id=name)


BAD_ACCOUNT = "Invalid account name format"
BAD_BODY = "Input binding error"
BAD_SERVICE = "Invalid service name"
LONG = "x" * 41


@pytest.mark.parametrize(
    ("call", "message", "reason", "settings"),
    [
        refusal(
            "list-bad-account",
            lambda visitor: listed(visitor, "TestAccount-1"),
            BAD_ACCOUNT,
            "came: 'TestAccount-1'",
        ),
        refusal(
            "list-inactive-account",
            listed,
            "Inactive account",
            "the accounts setting: 0252012345-00001",
            accounts=["0252012345-00001"],
        ),
        refusal(
            "register-bad-account",
            lambda visitor: register(visitor, "a b"),
            BAD_ACCOUNT,
            "ten digits",
        ),
        refusal(
            "register-inactive-account",
            register,
            "Inactive account",
            "the accounts setting",
            accounts=[],
        ),
        refusal(
            "register-unknown-service",
            lambda visitor: register(visitor, name="CarrierService"),
            BAD_SERVICE,
            "must be one of Fota (came: 'CarrierService')",
        ),
        refusal(
            "register-bad-url",
            lambda visitor: register(visitor, url="ftp://10.120.102.183"),
            "Invalid callback URL",
            "url: must begin with http:// or https://",
        ),
        refusal(
            "register-missing-url",
            lambda visitor: register(visitor, url=APIHelper.SKIP),
            BAD_BODY,
            "url: ",
        ),
        refusal(
            "register-missing-name",
            lambda visitor: register(visitor, name=APIHelper.SKIP),
            BAD_BODY,
            "name: ",
        ),
        refusal(
            "register-missing-body",
            lambda visitor: visitor.software_management_callbacks_v1.register_callback(
                ACCOUNT, None
            ),
            BAD_BODY,
            "JSON object was expected",
        ),
        refusal(
            "register-port",
            lambda visitor: register(visitor, url="http://localhost:8080/"),
            "Invalid callback URL",
            "port 8080",
            strict=True,
        ),
        refusal(
            "register-long-credential",
            lambda visitor: register(visitor, username=LONG),
            "Invalid username or password",
            "username has 41 characters",
            strict=True,
        ),
        refusal(
            "deregister-bad-account",
            lambda visitor: deregister(visitor, "0242078689"),
            BAD_ACCOUNT,
            "came: '0242078689'",
        ),
        refusal(
            "deregister-inactive-account",
            deregister,
            "Inactive account",
            "the accounts setting",
            accounts=[],
        ),
        refusal(
            "deregister-unknown-service",
            lambda visitor: deregister(visitor, service="fota"),
            BAD_SERVICE,
            "must be one of Fota (came: 'fota')",
        ),
        refusal(
            "deregister-not-registered",
            deregister,
            "Callback not registered",
            "missing=succeed",
        ),
    ],
)
def test_a_refusal_is_the_sdks_typed_exception(
    thingspace: MockThingSpace,
    call: Call,
    message: str,
    reason: str,
    settings: dict[str, Any],
) -> None:
    """A refusal has its code and message set, and its reason in a header."""
    started(thingspace, **settings)

    with pytest.raises(FotaV1ResultException) as refused:
        call(client())

    assert (400, INVALID, message) == (
        refused.value.response_code,
        refused.value.error_code,
        refused.value.error_message,
    )
    assert reason in refused.value.response.headers["X-Mock-Reason"]
    assert message in str(refused.value)


def test_deregistering_what_is_not_registered_can_succeed(
    thingspace: MockThingSpace,
) -> None:
    """The setting missing=succeed makes the SDK's call succeed."""
    started(thingspace, missing="succeed")

    assert deregister(client()).success is True


@pytest.mark.parametrize(
    ("attempts", "code"),
    [(1, "INPUT_INVALID.Password.Invalid"), (6, "REQUEST_FAILED.Login.Locked")],
    ids=["wrong", "locked"],
)
def test_a_failed_login_is_the_sdks_typed_exception(
    thingspace: MockThingSpace, attempts: int, code: str
) -> None:
    """A wrong password, and a lock after five of them, have a code and a message."""
    started(thingspace, **ALICE)
    visitor = client(None)

    for _ in range(attempts):
        with pytest.raises(ConnectivityManagementResultException) as refused:
            log_in(visitor, "wrong")

    assert refused.value.error_code == f"UnifiedWebService.{code}"
    assert refused.value.error_message
    assert "alice" in refused.value.response.headers["X-Mock-Reason"]


def test_a_wrong_session_token_is_the_sdks_typed_exception(
    thingspace: MockThingSpace,
) -> None:
    """A session the double never issued is refused with 400, which the SDK parses."""
    started(thingspace, auth="strict")

    with pytest.raises(FotaV1ResultException) as refused:
        listed(client("wrong"))

    assert "The session token is invalid." in refused.value.error_message


def test_a_session_that_was_logged_out_is_refused(thingspace: MockThingSpace) -> None:
    """Logging out ends the session for the other families too."""
    started(thingspace, auth="strict")
    visitor = logged_in()

    visitor.session_management.end_connectivity_management_session()

    with pytest.raises(FotaV1ResultException, match="session token is invalid"):
        listed(visitor)


def test_an_idle_session_is_refused(clock: Clock) -> None:
    """A session dies after 20 minutes without use; each use renews it."""
    visitor = logged_in()
    for _ in range(2):
        clock.advance(20 * 60 - 1)
        assert listed(visitor) == []

    clock.advance(20 * 60)

    with pytest.raises(FotaV1ResultException, match=r"The Session has expired\."):
        listed(visitor)


def test_an_expired_bearer_token_is_a_plain_exception(clock: Clock) -> None:
    """The SDK does not parse the gateway's 401, but its fault can be read."""
    visitor = logged_in()
    assert listed(visitor) == []
    clock.advance(60 * 60)

    with pytest.raises(APIException) as refused:
        listed(visitor)

    assert_gateway_fault(refused.value, 900901)
    assert "expired" in refused.value.response.headers["X-Mock-Reason"]


def test_a_wrong_bearer_token_is_a_plain_exception(thingspace: MockThingSpace) -> None:
    """A token from elsewhere is the gateway's 401."""
    started(thingspace, auth="strict")
    elsewhere = ThingspaceOauthCredentials(
        "key", "secret", oauth_token=OauthToken("wrong", "Bearer")
    )
    visitor = VerizonClient(
        thingspace_oauth_credentials=elsewhere,
        vz_m2m_token_credentials=VZM2mTokenCredentials("any"),
    )

    with pytest.raises(APIException) as refused:
        listed(visitor)

    assert_gateway_fault(refused.value, 900901)


def assert_gateway_fault(refused: APIException, code: int) -> None:
    """Assert that an exception is the SDK's plain one, for a fault of the gateway."""
    assert type(refused) is APIException
    assert (401, "HTTP response not OK.") == (refused.response_code, refused.reason)
    assert f'"code": {code}' in refused.response.text


def test_a_refused_key_stops_the_client_before_the_call(
    thingspace: MockThingSpace,
) -> None:
    """Without a token the SDK raises by itself: only the token call goes out."""
    started(thingspace, auth="strict")

    with pytest.raises(AuthValidationException, match="OAuthToken is undefined"):
        listed(client(key=""))

    assert operations(thingspace) == ["token"]


def test_a_refused_key_is_the_sdks_typed_exception(thingspace: MockThingSpace) -> None:
    """Fetching a token without a key raises what OAuth calls it."""
    started(thingspace, auth="strict")

    with pytest.raises(OauthProviderException) as refused:
        client(key="").thingspace_oauth.fetch_token()

    assert (401, "invalid_client") == (refused.value.response_code, refused.value.error)


def test_a_missing_session_token_stops_the_client(thingspace: MockThingSpace) -> None:
    """Without a session token the SDK raises by itself; the API is not called."""
    with pytest.raises(AuthValidationException, match="vz_m2m_token is undefined"):
        listed(client(None))

    assert operations(thingspace) == ["token"]


def test_the_sdk_stays_on_this_machine(
    thingspace: MockThingSpace, connected: list[Any]
) -> None:
    """From log-in to log-out nothing but loopback is looked up or connected to."""
    started(thingspace, auth="strict", **ALICE)
    visitor = logged_in()
    register(visitor)
    listed(visitor)
    deregister(visitor)
    reset_password(visitor, "secret")
    visitor.session_management.end_connectivity_management_session()

    assert "127.0.0.1" in connected
    assert all(is_local(host) for host in connected)
