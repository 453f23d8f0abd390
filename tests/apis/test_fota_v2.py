"""What versions 2 and 3 of Software Management do as no other API does."""

from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.core.settings import Settings

from ..rows import each

ACCOUNT = "0242078689-00001"
URL, NEW = "https://listener.example/cb", "https://listener.example/new"
BINDING = {"errorCode": "INVALID_PARAMETER", "errorMessage": "Input binding error"}
BAD_URL = {"errorCode": "INVALID_PARAMETER", "errorMessage": "Invalid callback URL"}


@pytest.fixture(params=["v2", "v3"])
def version(request: pytest.FixtureRequest) -> str:
    """Each of the two versions."""
    return str(request.param)


@pytest.fixture
def callbacks(version: str) -> str:
    """Where the account's registration is."""
    return f"/api/fota/{version}/callbacks/{ACCOUNT}"


@cache
def _started(**settings: Any) -> FlaskClient:
    return create_app(Settings(**settings)).test_client()


def _client(**settings: Any) -> FlaskClient:
    """Return a client of a server with these settings, as just started."""
    client = _started(**settings)
    client.post("/__admin/reset", json={})
    return client


@pytest.fixture
def client() -> FlaskClient:
    """A client of a server with the default settings."""
    return _client()


@each("dialect", ["sdk", "docs"])
def test_what_is_registered_is_shown_as_an_object(callbacks, dialect):
    """It has the URL and nothing else, on the pages and in the SDK alike."""
    client = _client(dialect=dialect)

    for method in ("POST", "PUT", "GET"):
        response = client.open(callbacks, method=method, json={"url": URL})
        assert (response.status_code, response.json) == (200, {"url": URL})


@each("dialect", ["sdk", "docs"])
def test_nothing_registered_is_an_empty_body(callbacks, dialect):
    """It is a 200 without a body, and without a Content-Type."""
    response = _client(dialect=dialect).get(callbacks)

    assert (
        response.status_code,
        response.data,
        response.headers.get("Content-Type"),
    ) == (200, b"", None)
    assert response.headers["Content-Length"] == "0"


def test_put_registers_where_nothing_is(client, callbacks):
    """There need not be a registration to replace."""
    client.put(callbacks, json={"url": URL})

    assert client.get(callbacks).json == {"url": URL}


@each("first", ["POST", "PUT"])
@each("second", ["POST", "PUT"])
def test_put_and_post_replace_alike(client, callbacks, first, second):
    """An account has one URL, the last one."""
    client.open(callbacks, method=first, json={"url": URL})
    client.open(callbacks, method=second, json={"url": NEW})

    assert client.get(callbacks).json == {"url": NEW}


@each("method", ["POST", "PUT"])
@each(
    "body",
    [
        {"callback": NEW},
        {"url": NEW, "callback": URL},
        {"callback": URL, "url": NEW},
        {"callback": 7, "url": NEW},
        {"callback": "no url", "url": NEW},
    ],
    ids=str,
)
def test_callback_is_taken_for_url_where_there_is_no_url(
    client, callbacks, method, body
):
    """Of the two the URL counts, wherever it stands, and no field is unknown."""
    ignored = {"ignored callback, since url is given"} if "url" in body else set()

    response = client.open(callbacks, method=method, json=body)

    assert (response.status_code, response.json) == (200, {"url": NEW})
    assert set(response.headers.getlist("X-Mock-Reason")) == ignored


@each(
    ("body", "told", "reason"),
    [
        ({}, BINDING, "url: is required"),
        ({"URL": URL}, BINDING, "url: is required"),
        ({"callback": None}, BINDING, "url: must be a string"),
        ({"url": None, "callback": URL}, BINDING, "url: must be a string (got: null)"),
        ({"callback": "listener"}, BAD_URL, "url: must begin with http:// or https://"),
        ({"url": "", "callback": URL}, BAD_URL, "url: must begin with"),
    ],
    ids=str,
)
def test_neither_spelling_gets_a_bad_url_in(client, callbacks, body, told, reason):
    """A URL that is there and bad is not made good by another spelling."""
    response = client.put(callbacks, json=body)

    assert (response.status_code, response.json) == (400, told)
    assert response.headers["X-Mock-Reason"].startswith(reason)


def test_there_are_no_credentials(client, callbacks):
    """Username and password are fields these versions do not know."""
    response = client.post(
        callbacks, json={"url": URL, "username": "ann", "password": "hunter2"}
    )

    [kept] = client.get("/__admin/registrations").json["registrations"]
    assert (kept["username"], kept["password"]) == (None, None)
    assert (
        (response.headers["X-Mock-Reason"])
        == "ignored unknown 'password', 'username'; known: callback, url"
    )


def test_the_service_is_implied(client, callbacks, version):
    """A registration is for ``Fota``, which no path names."""
    client.post(callbacks, json={"url": URL})

    [kept] = client.get("/__admin/registrations").json["registrations"]
    assert (kept["family"], kept["service"]) == (f"fota-{version}", "Fota")
    assert client.delete(f"{callbacks}/name/Fota").status_code == 404


@each("method", ["POST", "PUT"])
@each(
    ("url", "reason"),
    [
        (
            "http://listener.example/cb",
            "registration_rules=enforced: ThingSpace takes only https://",
        ),
        (
            "http://listener.example:443/",
            "registration_rules=enforced: ThingSpace takes only https://",
        ),
        (
            "https://listener.example:8443/",
            "registration_rules=enforced: ThingSpace does not deliver to p",
        ),
    ],
)
def test_enforced_rules_take_https_and_some_ports_only(callbacks, method, url, reason):
    """Where rules are ``enforced`` the pages' hold, and what was registered stays."""
    client = _client(registration_rules="enforced")
    granted = client.open(callbacks, method=method, json={"url": URL})

    refused = client.open(callbacks, method=method, json={"url": url})

    assert (refused.status_code, refused.json) == (400, BAD_URL)
    assert refused.headers["X-Mock-Reason"].startswith(reason)
    assert client.get(callbacks).json == granted.json


def test_a_listener_without_a_certificate_will_do_otherwise(client, callbacks):
    """Where rules are ``relaxed`` any port and plain HTTP are good."""
    response = client.post(callbacks, json={"url": "http://localhost:8000/"})

    assert response.status_code == 200
