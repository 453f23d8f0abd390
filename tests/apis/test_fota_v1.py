"""The three operations of fota-v1, as documented."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockthingspace import create_app
from mockthingspace.core.settings import Settings

from ..rows import each

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
URL = "https://listener.example:50559/callback"
WANTED = {"name": "Fota", "url": URL}


def _client(**settings: object) -> FlaskClient:
    return create_app(Settings(**settings)).test_client()


def _refused(response: TestResponse, message: str, status: int = 400) -> str:
    """Assert a refusal in the documented schema; return the reason."""
    assert response.status_code == status
    body = {"errorCode": "INVALID_PARAMETER", "errorMessage": message}
    assert response.json == body
    return response.headers["X-Mock-Reason"]


def test_an_account_with_no_registration_is_listed_as_an_empty_array(client):
    """The list of an account that has registered nothing is ``[]``."""
    response = client.get(CALLBACKS)

    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.json == []


def test_a_registration_is_acknowledged_with_account_and_service(client):
    """Registering answers with the account's and the service's name only."""
    response = client.post(CALLBACKS, json=WANTED)

    assert response.status_code == 200
    assert response.json == {"accountName": ACCOUNT, "serviceName": "Fota"}


def test_a_registration_is_listed_without_credentials_it_does_not_have(client):
    """The list leaves out username and password where there are none."""
    client.post(CALLBACKS, json=WANTED)

    assert (client.get(CALLBACKS).json) == [
        {"aname": ACCOUNT, "name": "Fota", "url": URL}
    ]


def test_a_registration_is_listed_with_the_credentials_it_has(client):
    """The list shows username and password in clear, even an empty one."""
    client.post(CALLBACKS, json={**WANTED, "username": "zaffod", "password": ""})

    [listed] = client.get(CALLBACKS).json

    assert (listed["username"], listed["password"]) == ("zaffod", "")


def test_registering_again_replaces_the_whole_registration(client):
    """A second registration keeps nothing of the first, not its credentials."""
    client.post(CALLBACKS, json={**WANTED, "username": "u", "password": "p"})
    client.post(CALLBACKS, json={**WANTED, "url": "http://localhost:9001/new"})

    assert client.get(CALLBACKS).json == [
        {"aname": ACCOUNT, "name": "Fota", "url": "http://localhost:9001/new"}
    ]


def test_a_refused_registration_leaves_the_earlier_one(client):
    """Nothing is half done: what was registered stays when a new one is refused."""
    client.post(CALLBACKS, json=WANTED)
    client.post(CALLBACKS, json={"name": "Fota", "url": "no url"})

    assert client.get(CALLBACKS).json[0]["url"] == URL


def test_deregistering_succeeds_and_empties_the_list(client):
    """Deregistering answers success, and the registration is gone."""
    client.post(CALLBACKS, json=WANTED)

    response = client.delete(f"{CALLBACKS}/name/Fota")

    assert (response.status_code, response.json) == (200, {"success": True})
    assert client.get(CALLBACKS).json == []


def test_accounts_do_not_see_each_other(client):
    """A registration belongs to its account alone."""
    client.post(CALLBACKS, json=WANTED)

    assert client.get("/api/fota/v1/callbacks/0242078689-00002").json == []


def test_deregistering_what_is_not_registered_is_refused(client):
    """The reason names the account and the setting that would let it pass."""
    response = client.delete(f"{CALLBACKS}/name/Fota")

    reason = _refused(response, "Callback not registered")
    assert ACCOUNT in reason
    assert "deregister_missing=ok" in reason


def test_deregistering_what_is_not_registered_can_succeed():
    """With ``deregister_missing=ok`` it answers as if there had been one."""
    response = _client(deregister_missing="ok").delete(f"{CALLBACKS}/name/Fota")

    assert (response.status_code, response.json) == (200, {"success": True})


@each(
    "account",
    [
        "",
        "TestAccount-1",
        "0242078689",
        "0242078689-0001",
        "02420786890-00001",
        " 0242078689-00001",
        "0242078689-00001%0A",
        "٠٢٤٢٠٧٨٦٨٩-٠٠٠٠١",
        "0242078689%2D00001%00",
        "0242078689-00001;x=1",
        "%FF%FE",
        "x" * 3000,
    ],
    ids=lambda account: repr(account[:20]),
)
@each("method", ["GET", "POST"])
def test_a_malformed_account_is_refused_in_the_documented_words(
    client, account, method
):
    """An account is ten ASCII digits, a hyphen, five digits, and nothing else."""
    response = client.open(
        f"/api/fota/v1/callbacks/{account}", method=method, json=WANTED
    )

    reason = _refused(response, "Invalid account name format")
    assert reason.startswith("account: must ")


def test_a_malformed_account_is_refused_when_deregistering(client):
    """The account is checked on all three operations."""
    response = client.delete("/api/fota/v1/callbacks/me/name/Fota")

    _refused(response, "Invalid account name format")


def test_a_service_of_another_family_is_told_whose_it_is(client):
    """Whoever mixed up two APIs need not look for the name."""
    refused = client.post(CALLBACKS, json={"name": "NiddService", "url": URL})

    assert refused.headers["X-Mock-Reason"] == (
        "name: must be one of Fota (got: 'NiddService'); NiddService is of connectivity"
    )


@each("service", ["fota", "FOTA", "CarrierService", "Fota ", ""])
def test_an_unknown_service_is_refused(client, service):
    """``Fota`` in its exact case is the only service; the reason says so."""
    registered = client.post(CALLBACKS, json={"name": service, "url": URL})
    deregistered = client.delete(f"{CALLBACKS}/name/{service}")

    assert "Fota" in _refused(registered, "Invalid service name")
    assert repr(service) in _refused(deregistered, "Invalid service name")


@each(
    "url",
    [
        "http://localhost/cb",
        "http://127.0.0.1:9001",
        "http://[::1]:9001/cb",
        "http://listener:8000/cb",
        "http://my_listener:8000/cb",
        "HTTPS://Listener.Example/cb?x=1#y",
        "http://user:secret@listener/cb",
        "http://bücher.example/cb",
        "http://listener.example./cb",
        "http://straße.example/cb",
        "http://a。b/cb",
        f"http://listener/{'a' * 7984}",
    ],
)
def test_a_url_a_message_can_be_sent_to_is_accepted(client, url):
    """Http and https, a host of any network, an address, a Compose name."""
    client.post(CALLBACKS, json={"name": "Fota", "url": url})

    assert client.get(CALLBACKS).json[0]["url"] == url


@each(
    "url",
    [
        "",
        "listener",
        "/cb",
        "ftp://listener/cb",
        "http://",
        "http:///cb",
        "http://:9001/cb",
        "http://listener:0/cb",
        "http://listener:65536/cb",
        "http://listener:port/cb",
        "http://[::1/cb",
        "http://[not:an:address]/cb",
        "http://999.1.1.1/cb",
        "http://a..b/cb",
        "http://-/cb",
        f"http://{'a' * 64}.example/cb",
        f"http://{'a.' * 127}b/cb",
        "http://[fe80::1%25eth0]/cb",
        "http://[fe80::1%eth0]/cb",
        "http://😀.example/cb",
        "http://。/cb",
        "http://a。。b/cb",
        "http://my_listener.bücher/cb",
        "http://a%62/cb",
        f"http://listener/{'a' * 7985}",
        "http://listener/a b",
        " http://listener/cb",
        "http://listener/cb\n",
        "http://listen\ter/cb",
        "javascript:alert(1)",
    ],
)
def test_a_url_no_message_can_be_sent_to_is_refused(client, url):
    """The reason names the field, what came and what is allowed."""
    reason = _refused(
        client.post(CALLBACKS, json={"name": "Fota", "url": url}),
        "Invalid callback URL",
    )

    assert reason.startswith("url: ")


def test_every_wrong_field_is_named(client):
    """One refusal, but the reason tells all that is wrong with the body."""
    reason = _refused(
        client.post(CALLBACKS, json={"name": 7, "username": None}),
        "Input binding error",
    )

    assert reason == (
        "name: must be a string (got: a number); url: is required; "
        "username: must be a string (got: null)"
    )


def test_a_reason_never_repeats_a_password(client):
    """What came for a password is not quoted, whatever is wrong with it."""
    reason = _refused(
        client.post(CALLBACKS, json={**WANTED, "password": "geheim\0"}),
        "Input binding error",
    )

    assert "password: must not hold a NUL character" in reason
    assert "geheim" not in reason


def test_unknown_fields_are_ignored_and_named(client):
    """A field ThingSpace does not know changes nothing; the reason names it."""
    response = client.post(CALLBACKS, json={**WANTED, "colour": "red", "Ünö": 1})

    assert response.status_code == 200
    assert (
        r"ignored unknown 'colour', '\xdcn\xf6'; known: name, password, url"
        in (response.headers["X-Mock-Reason"])
    )


@each("content_type", [None, "*/*", "text/plain", "application/xml", "x"])
def test_any_content_type_is_accepted_if_the_body_parses(client, content_type):
    """The body decides, not the header."""
    response = client.post(
        CALLBACKS,
        data=b'{"name": "Fota", "url": "http://l"}',
        content_type=content_type,
    )

    assert response.status_code == 200


def test_only_the_accounts_given_exist():
    """With ``accounts`` set any other is inactive, and the reason lists those."""
    client = _client(accounts=[ACCOUNT])

    assert client.get(CALLBACKS).status_code == 200
    other = client.get("/api/fota/v1/callbacks/0000000000-00000")
    assert ACCOUNT in _refused(other, "Inactive account")


@each("port", [80, 443, 9001, 9006, 50551, 50559, 28200, 28220])
def test_enforced_rules_accept_the_ports_thingspace_delivers_to(port):
    """Where rules are ``enforced`` a listener's port must be on ThingSpace's list."""
    client = _client(registration_rules="enforced")

    wanted = {"name": "Fota", "url": f"http://listener:{port}/"}
    assert client.post(CALLBACKS, json=wanted).status_code == 200


@each("url", ["http://listener:8080/", "https://listener:50569/"])
def test_enforced_rules_refuse_other_ports(url):
    """Where rules are ``enforced`` other ports are refused with the list as reason."""
    response = _client(registration_rules="enforced").post(
        CALLBACKS, json={"name": "Fota", "url": url}
    )

    assert "9001-9006" in _refused(response, "Invalid callback URL")


def test_enforced_rules_take_the_scheme_s_own_port():
    """A URL without a port means 80 or 443, which are on the list."""
    assert (
        _client(registration_rules="enforced").post(CALLBACKS, json=WANTED).status_code
        == 200
    )


@each("field", ["username", "password"])
def test_enforced_rules_limit_credentials_to_40_characters(field):
    """Where rules are ``enforced`` 40 characters are accepted and 41 are refused."""
    client = _client(registration_rules="enforced")

    accepted = client.post(CALLBACKS, json={**WANTED, field: "x" * 40})
    refused = client.post(CALLBACKS, json={**WANTED, field: "x" * 41})

    assert accepted.status_code == 200
    reason = _refused(refused, "Invalid username or password")
    assert f"{field} has 41 characters" in reason


@each(
    ("method", "path", "status", "reason"),
    [
        ("GET", "/api", 404, "nearest: GET /api/"),
        ("POST", "/", 405, "POST is not served here, only"),
        ("GET", f"/api/fota/v1/callback/{ACCOUNT}", 404, "(list)"),
        ("POST", f"/api/fota/v4/callbacks/{ACCOUNT}", 404, "(register)"),
        ("DELETE", f"{CALLBACKS}/Fota", 404, "(deregister)"),
        ("GET", f"{CALLBACKS}/", 404, "(list)"),
        ("GET", f"/api/fota/v1//callbacks/{ACCOUNT}", 404, "(list)"),
        ("PUT", CALLBACKS, 405, "PUT is not served here, only"),
        ("DELETE", CALLBACKS, 405, "(deregister)"),
        ("OPTIONS", CALLBACKS, 405, "OPTIONS is not served here"),
        ("BREW", CALLBACKS, 405, "BREW is not served here"),
        ("GET", f"/{'x' * 9000}", 404, "nearest"),
    ],
)
def test_what_is_not_served_gets_the_gateway_s_fault(
    client, method, path, status, reason
):
    """An unknown path is 404, another method 405; the reason names the nearest."""
    response = client.open(path, method=method)

    assert (response.status_code, response.json["fault"]["code"]) == (status, 900906)
    assert reason in response.headers["X-Mock-Reason"]


def test_a_405_names_the_methods_there_are(client):
    """The Allow header has the path's methods."""
    allowed = client.put(CALLBACKS).headers["Allow"]

    assert set(allowed.split(", ")) == {"GET", "HEAD", "POST"}


def test_a_reason_is_one_line_of_ascii_however_odd_the_request(client):
    """What came from outside cannot break out of the header or the log's line."""
    odd = "http://x/\r\nX-Evil: 1\u2028\ud83d"
    response = client.post(CALLBACKS, json={"name": odd, "url": odd, odd: odd})

    reason = response.headers["X-Mock-Reason"]
    assert reason.isascii()
    assert reason.isprintable()


def test_a_bug_is_a_500_that_says_so(client, backend, monkeypatch):
    """A failure of the server is neither hidden nor mistaken for ThingSpace's."""
    monkeypatch.setattr(backend.state.registry, "of", lambda *_: 1 / 0)

    response = client.get(CALLBACKS)

    assert (response.status_code, response.json["fault"]["code"]) == (500, 900900)
    assert "ZeroDivisionError" in response.headers["X-Mock-Reason"]


def test_a_bug_in_the_admin_api_is_a_500_in_its_own_shape(client, backend, monkeypatch):
    """A script sees the admin API's error document, whatever went wrong."""
    monkeypatch.setattr(backend.state.registry, "every", lambda **_: 1 / 0)

    response = client.get("/__admin/registrations")

    assert (response.status_code, response.json["error"]) == (500, "broken")


@each("key", ["x", "é", "\U0001f389", "\ufffd"])
def test_a_long_reason_is_cut_in_the_header_and_whole_in_the_journal(client, key):
    """Clients refuse long headers: it has at most 1 KiB, of whole characters."""
    body = {"name": "Fota", "url": "http://l/", key * 2000: 1}

    header = client.post(CALLBACKS, json=body).headers["X-Mock-Reason"]
    journal = client.get("/__admin/requests/1").get_json()

    code, end = ascii(key)[1:-1], "... (cut; GET /__admin/requests has all of it)"
    assert 1024 - len(code) < len(header) <= 1024
    assert set(header[len("ignored unknown '") : -len(end)].split(code)) == {""}
    assert header.endswith(end)
    assert journal["reason"].endswith("known: name, password, url, username")


def test_the_longest_reason_that_fits_is_not_cut(client):
    """A reason of just 1 KiB stands in the header whole."""
    for length in (900, 1024, 1025):
        key = "x" * (
            length - len("ignored unknown ''; known: name, password, url, username")
        )
        client.post(CALLBACKS, json={"name": "Fota", "url": "http://l/", key: 1})
    shown = client.get("/__admin/requests").get_json()["requests"]
    lengths = [
        len(exchange["response"]["headers"]["X-Mock-Reason"]) for exchange in shown
    ]
    assert (lengths, len(shown[2]["reason"])) == ([900, 1024, 1024], 1025)
