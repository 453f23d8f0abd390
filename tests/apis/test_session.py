"""Logging in, tokens and their lifetimes, under each ``auth`` setting."""

from base64 import b64encode

from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.core.clock import Clock
from mockthingspace.core.settings import Settings
from mockthingspace.server.http.current import EXTENSION

from ..rows import each

TOKEN = "/api/ts/v1/oauth2/token"
REVOKE = "/api/ts/v1/oauth2/revoke"
LOGIN = "/api/m2m/v1/session/login"
LOGOUT = "/api/m2m/v1/session/logout"
RESET = "/api/m2m/v1/session/password/actions/reset"
CALLBACKS = "/api/fota/v1/callbacks/0242078689-00001"
GRANT = {"grant_type": "client_credentials"}
ALICE = {"username": "alice", "password": "secret"}
UWS = "UnifiedWebService"


def _client(**settings: object) -> FlaskClient:
    return create_app(Settings(**settings)).test_client()


def _clock(client: FlaskClient) -> Clock:
    backend = client.application.extensions[EXTENSION]
    backend.runtime.timers.set_mode("manual")
    return backend.clock


def _basic(key: str = "key", secret: str = "secret") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{key}:{secret}'.encode()).decode()}"}


def _token(client: FlaskClient, key: str = "key") -> str:
    return client.post(TOKEN, data=GRANT, headers=_basic(key)).json["access_token"]


def _logged_in(client: FlaskClient) -> dict[str, str]:
    """Log in as a client would, and return the two headers it then sends."""
    bearer = {"Authorization": f"Bearer {_token(client)}"}
    session = client.post(LOGIN, json=ALICE, headers=bearer).json["sessionToken"]
    return {**bearer, "VZ-M2M-Token": session}


def _code(response) -> tuple[int, object]:
    document = response.json
    return response.status_code, document.get("errorCode") or document["fault"]["code"]


def test_a_token_has_the_documented_fields():
    """A client gets a bearer token for an hour."""
    document = _client().post(TOKEN, data=GRANT, headers=_basic()).json

    assert (document["token_type"], document["expires_in"]) == ("Bearer", 3600)
    assert set(document) == {"access_token", "token_type", "expires_in"}


def test_a_token_repeats_the_scope_asked_for():
    """A scope that was asked for is granted and named."""
    data = {**GRANT, "scope": "ts.read"}

    assert _client().post(TOKEN, data=data).json["scope"] == "ts.read"


def test_asking_again_within_the_hour_gives_the_same_token():
    """The token is the client's for its hour, with what is left of it."""
    client = _client()
    clock = _clock(client)
    first = _token(client)
    clock.advance(3000)

    again = client.post(TOKEN, data=GRANT, headers=_basic()).json

    assert (again["access_token"], again["expires_in"]) == (first, 600)


def test_what_is_left_of_an_hour_is_rounded_up():
    """A token that still lives never has no second left."""
    client = _client()
    clock = _clock(client)
    _token(client)
    clock.advance(3599.5)

    again = client.post(TOKEN, data=GRANT, headers=_basic()).json

    assert again["expires_in"] == 1


def test_asking_after_the_hour_gives_another_token():
    """An expired token is not given out again."""
    client = _client()
    clock = _clock(client)
    first = _token(client)
    clock.advance(3600)

    assert first != _token(client)


def test_each_client_has_a_token_of_its_own():
    """Two keys never share a token."""
    client = _client()

    assert _token(client, "one") != _token(client, "two")


@each("data", [b"", b"grant_type=", b"grant_type=password", b"\xff"])
def test_another_grant_is_refused_in_the_documented_words(data):
    """Only ``client_credentials`` is a grant; without one it is the same error."""
    response = _client().post(TOKEN, data=data, headers=_basic())

    assert response.status_code == 400
    assert response.json == {
        "error": "invalid_request",
        "error_description": "Missing grant_type parameter value",
    }
    assert "grant_type" in response.headers["X-Mock-Reason"]


def test_an_empty_grant_is_not_a_missing_one():
    """The reason says what came."""
    response = _client().post(TOKEN, data=b"grant_type=", headers=_basic())

    assert response.headers["X-Mock-Reason"].endswith("(got: '')")


@each("auth", ["present", "strict"])
@each(
    "header",
    [
        None,
        "Basic",
        "Basic not-base64!",
        "Basic OnNlY3JldA==",
        "Basic a2V5",
        "Bearer abc",
    ],
    ids=["none", "empty", "not base64", "no key", "no colon", "bearer"],
)
def test_a_token_without_key_and_secret_is_refused(auth, header):
    """The token's request needs Basic credentials; the SDK's 401 schema answers."""
    headers = {"Authorization": header} if header else {}

    response = _client(auth=auth).post(TOKEN, data=GRANT, headers=headers)

    assert (response.status_code, response.json["error"]) == (401, "invalid_client")


def test_a_revoked_token_is_no_longer_good():
    """Revoking answers without a body; the token then is refused."""
    client = _client(auth="strict")
    headers = _logged_in(client)
    token = headers["Authorization"].partition(" ")[2]

    revoked = client.post(REVOKE, data={**GRANT, "token": token}, headers=_basic())

    assert (revoked.status_code, revoked.data) == (200, b"")
    assert "Content-Type" not in revoked.headers
    assert _code(client.get(CALLBACKS, headers=headers)) == (401, 900901)
    assert token != _token(client)


def test_revoking_an_unknown_token_succeeds():
    """As OAuth asks: the token is not good afterwards, so all is well."""
    assert _client().post(REVOKE, data={"token": "nobody's"}).status_code == 200


def test_revoking_nothing_is_refused():
    """A revocation has to name a token."""
    response = _client().post(REVOKE, data=GRANT)

    assert (response.status_code, response.json["error"]) == (400, "invalid_request")


def test_an_oversized_form_is_a_413():
    """Even a token's request is read up to a mebibyte only."""
    response = _client().post(TOKEN, data=b"x" * 2_000_000)

    assert (response.status_code, response.json["error"]) == (413, "invalid_request")


def test_anybody_may_log_in_without_credentials_configured():
    """Each login opens a session of its own."""
    client = _client()

    first = client.post(LOGIN, json=ALICE)
    second = client.post(LOGIN, json=ALICE)

    assert set(first.json) == {"sessionToken"}
    assert first.json != second.json


@each("body", [b"", b"null", b"{}", b'{"username": "a"}', b'{"username": 1}'])
def test_a_login_that_is_none_is_refused(body):
    """A login needs a user name and a password."""
    response = _client().post(LOGIN, data=body)

    assert _code(response) == (400, f"{UWS}.INPUT_INVALID.RequestUndefined")


def test_logging_out_ends_the_session_and_names_it():
    """The reply has the session's token; the token then is refused."""
    client = _client(auth="strict")
    headers = _logged_in(client)

    response = client.post(LOGOUT, headers=headers)

    assert response.json == {"sessionToken": headers["VZ-M2M-Token"]}
    assert _code(client.post(LOGOUT, headers=headers)) == (
        400,
        f"{UWS}.INPUT_INVALID.SessionToken.Invalid",
    )


def test_logging_out_of_nothing_is_harmless_where_auth_is_off():
    """Without the header, and with auth off, an empty session is named."""
    assert _client().post(LOGOUT).json == {"sessionToken": ""}


def test_a_password_reset_is_in_effect_at_once():
    """The new password logs in, the old one does not."""
    client = _client(credentials={"alice": "secret"})
    headers = _logged_in(client)

    new = client.put(RESET, json={"oldPassword": "secret"}, headers=headers).json

    with_old = client.post(LOGIN, json=ALICE)
    with_new = client.post(
        LOGIN, json={"username": "alice", "password": new["newPassword"]}
    )
    assert (with_old.status_code, with_new.status_code) == (400, 200)


def test_a_password_reset_needs_the_old_password():
    """A wrong old password changes nothing."""
    client = _client(credentials={"alice": "secret"})
    headers = _logged_in(client)

    response = client.put(RESET, json={"oldPassword": "guess"}, headers=headers)

    assert _code(response) == (400, f"{UWS}.INPUT_INVALID.Password.Invalid")
    assert client.post(LOGIN, json=ALICE).status_code == 200


def test_a_password_reset_without_credentials_configured_invents_one():
    """Where anybody may log in there is no old password to be wrong."""
    document = _client().put(RESET, json={"oldPassword": "any"}).json

    assert document["newPassword"].isalnum()


@each("user", ["alice", "bob"])
def test_wrong_credentials_are_refused(user):
    """Configured credentials are the only good ones; the reason says whose."""
    client = _client(credentials={"alice": "secret"})

    response = client.post(LOGIN, json={"username": user, "password": "guess"})

    assert _code(response) == (400, f"{UWS}.INPUT_INVALID.Password.Invalid")
    assert user in response.headers["X-Mock-Reason"]
    assert "guess" not in response.headers["X-Mock-Reason"]


def test_five_failed_logins_in_a_row_lock_the_user():
    """The sixth is refused even with the right password, until a reset."""
    client = _client(credentials={"alice": "secret"})
    guesses = [
        client.post(LOGIN, json={**ALICE, "password": "guess"}) for _ in range(5)
    ]
    left = [guess.headers["X-Mock-Reason"].rpartition("; ")[2] for guess in guesses]

    locked = client.post(LOGIN, json=ALICE)
    client.post("/__admin/reset", json={})
    unlocked = client.post(LOGIN, json=ALICE)

    assert left == [f"{number} attempts left" for number in (4, 3, 2, 1, 0)]
    assert _code(locked) == (400, f"{UWS}.REQUEST_FAILED.Login.Locked")
    assert unlocked.status_code == 200


def test_a_good_login_forgives_the_failures_before_it():
    """Only five failures in a row lock."""
    client = _client(credentials={"alice": "secret"})
    for password in ["guess"] * 4 + ["secret"] + ["guess"] * 4 + ["secret"]:
        last = client.post(LOGIN, json={**ALICE, "password": password})

    assert last.status_code == 200


def test_a_locked_user_does_not_lock_another():
    """Failures are counted for each user name."""
    client = _client(credentials={"alice": "secret", "bob": "hidden"})
    for _ in range(5):
        client.post(LOGIN, json={**ALICE, "password": "guess"})

    bob = client.post(LOGIN, json={"username": "bob", "password": "hidden"})

    assert bob.status_code == 200


def test_auth_off_needs_no_headers():
    """By default a request needs no proof of identity."""
    assert _client().get(CALLBACKS).status_code == 200


@each("auth", ["present", "strict"])
def test_a_missing_bearer_is_the_gateway_s_401(auth):
    """Without a bearer token the gateway answers, fault 900902."""
    response = _client(auth=auth).get(CALLBACKS, headers={"VZ-M2M-Token": "x"})

    assert _code(response) == (401, 900902)
    assert "Authorization: Bearer" in response.headers["X-Mock-Reason"]


@each("auth", ["present", "strict"])
def test_a_missing_session_token_is_refused(auth):
    """Without VZ-M2M-Token the API refuses, in its own schema."""
    client = _client(auth=auth)
    headers = {"Authorization": f"Bearer {_token(client)}"}

    response = client.get(CALLBACKS, headers=headers)

    assert _code(response) == (400, "INVALID_PARAMETER")
    assert "VZ-M2M-Token" in response.headers["X-Mock-Reason"]


def test_auth_present_takes_any_value():
    """As in ThingSpace's simulator, any bearer and session token will do."""
    headers = {"Authorization": "Bearer any", "VZ-M2M-Token": "tester"}

    response = _client(auth="present").get(CALLBACKS, headers=headers)

    assert response.status_code == 200


def test_auth_strict_refuses_a_bearer_it_did_not_issue():
    """The gateway answers with fault 900901 and names the API."""
    headers = {"Authorization": "Bearer any", "VZ-M2M-Token": "tester"}

    response = _client(auth="strict").get(CALLBACKS, headers=headers)

    assert _code(response) == (401, 900901)
    assert "/fota/v1" in response.json["fault"]["description"]


def test_auth_strict_refuses_a_session_it_did_not_open():
    """An invented VZ-M2M-Token is refused."""
    client = _client(auth="strict")
    headers = {**_logged_in(client), "VZ-M2M-Token": "tester"}

    assert _code(client.get(CALLBACKS, headers=headers)) == (400, "INVALID_PARAMETER")


def test_auth_strict_serves_who_logged_in():
    """Tokens issued here are good on every operation."""
    client = _client(auth="strict")

    assert client.get(CALLBACKS, headers=_logged_in(client)).status_code == 200


def test_a_bearer_dies_after_its_hour_however_often_it_is_used():
    """Unlike a session, a bearer token is not renewed by use."""
    client = _client(auth="strict")
    clock = _clock(client)
    headers = _logged_in(client)
    for _ in range(4):
        clock.advance(899)
        assert client.get(CALLBACKS, headers=headers).status_code == 200
    clock.advance(4)

    response = client.get(CALLBACKS, headers=headers)

    assert _code(response) == (401, 900901)
    assert "3600 s" in response.headers["X-Mock-Reason"]


def test_a_session_dies_after_twenty_minutes_without_use():
    """Each use renews it; then 1200 idle seconds end it."""
    client = _client(auth="strict")
    clock = _clock(client)
    headers = _logged_in(client)
    clock.advance(1199)
    assert client.get(CALLBACKS, headers=headers).status_code == 200
    clock.advance(1200)

    response = client.get(CALLBACKS, headers=headers)

    assert (
        response.status_code,
        response.json["errorMessage"],
    ) == (400, "UWS verification failure (The Session has expired.)")
    assert response.headers["X-Mock-Reason"] == (
        "this VZ-M2M-Token was idle for 1200 s; it dies after 1200 s"
    )


def test_the_session_api_says_that_a_session_expired_in_its_own_words():
    """The same refusal is coded by the connectivity API's table there."""
    client = _client(auth="strict")
    clock = _clock(client)
    headers = _logged_in(client)
    clock.advance(1200)

    assert _code(client.post(LOGOUT, headers=headers)) == (
        400,
        f"{UWS}.REQUEST_FAILED.SessionToken.Expired",
    )


def test_sessions_long_dead_are_forgotten(backend, client, clock):
    """A server that runs for weeks does not keep every session ever opened."""
    for _ in range(3):
        client.post(LOGIN, json=ALICE)
    clock.advance(2400)

    client.post(LOGIN, json=ALICE)

    assert len(backend.state.tokens) == 1


def test_a_reset_ends_every_token():
    """What was issued before a reset is not good after it."""
    client = _client(auth="strict")
    headers = _logged_in(client)

    client.post("/__admin/reset", json={})

    assert _code(client.get(CALLBACKS, headers=headers)) == (401, 900901)


def test_refused_requests_are_attributed_to_their_account(client):
    """A refusal for lack of a token is in the journal with account and reason."""
    strict = _client(auth="strict")
    strict.get(CALLBACKS)

    [shown] = strict.get("/__admin/requests").json["requests"]

    assert (
        shown["account"],
        shown["operation"],
        shown["wasMatched"],
    ) == ("0242078689-00001", "list", True)
