"""What Hyper-Precise Location does as no other API does."""

from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.core.settings import Settings

from ..rows import each

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/hyper-precise/v1/callbacks?accountNumber={ACCOUNT}"
SERVICE = "BullseyeReporting"
URL = "https://listener.example/cb"
WANTED = {"name": SERVICE, "url": URL}
PAGED = [{"aname": ACCOUNT, "name": SERVICE, "url": URL}]


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


def test_the_list_has_both_spellings_of_the_account(client):
    """Every release of the SDK parses it."""
    client.post(CALLBACKS, json=WANTED)

    assert client.get(CALLBACKS).json == [{**PAGED[0], "accountName": ACCOUNT}]


@pytest.mark.parametrize("key", ["service", "name"])
def test_a_deregistration_names_its_service_either_way(client, key):
    """The SDK says ``service``, the page ``name``; neither is unknown."""
    client.post(CALLBACKS, json=WANTED)

    ended = client.delete(f"{CALLBACKS}&{key}={SERVICE}")

    assert (ended.status_code, ended.data) == (200, b"")
    assert "Content-Type" not in ended.headers
    assert "X-Mock-Reason" not in ended.headers
    assert client.get(CALLBACKS).json == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"&name=Nope&service={SERVICE}", 200),
        (f"&service={SERVICE}&name=Nope", 200),
        (f"&service=Nope&name={SERVICE}", 400),
    ],
)
def test_of_the_two_names_service_counts(client, query, status):
    """Where both are given, the SDK's is what is meant."""
    client.post(CALLBACKS, json=WANTED)

    assert client.delete(CALLBACKS + query).status_code == status


@pytest.mark.parametrize("key", ["service", "name"])
@pytest.mark.parametrize("service", ["bullseyereporting", "Fota", ""])
def test_an_unknown_service_is_refused_by_either_name(client, key, service):
    """The answer does not depend on which of the two names it came by."""
    response = client.delete(f"{CALLBACKS}&{key}={service}")

    assert (
        response.status_code,
        response.json["message"],
    ) == (400, "Invalid service name")
    assert f"must be one of {SERVICE}" in response.headers["X-Mock-Reason"]


def test_a_deregistration_without_a_service_is_refused(client):
    """There is one service, but it must be named."""
    response = client.delete(CALLBACKS)

    assert (
        response.status_code,
        response.json,
    ) == (
        400,
        {"responseCode": "INVALID_PARAMETER", "message": "Invalid request"},
    )
    assert response.headers["X-Mock-Reason"] == "service: is required"


@each("dialect", ["sdk", "docs"])
@each("body", [[WANTED], WANTED], ids=["array of one", "object"])
def test_a_registration_is_an_object_or_an_array_of_one(dialect, body):
    """The page's example and the SDK's both register, whichever is followed."""
    client = _client(dialect=dialect)

    made = client.post(CALLBACKS, json=body)

    assert made.status_code == 200
    assert client.get(CALLBACKS).json[0]["url"] == URL


@each(
    ("body", "reason"),
    [
        (b"[]", "the body is empty"),
        (b" [ ] ", "the body is empty"),
        (b'[{"name": "BullseyeReporting"}, {}]', "the body is not JSON"),
        (b"[[{}]]", "the body is an array in JSON"),
        (b"[null]", "the body is null in JSON"),
        (b"[7]", "the body is a number in JSON"),
        (b"[", "the body is not JSON"),
        (b"]", "the body is not JSON"),
        (b"[{}", "the body is not JSON"),
        (b"[{},]", "the body is not JSON"),
        (b"[{}]", "name: is required; url: is required"),
    ],
    ids=str,
)
def test_an_array_of_none_or_more_is_refused(client, body, reason):
    """One registration is asked for at a time."""
    response = client.post(CALLBACKS, data=body)

    assert (
        response.status_code,
        response.json,
    ) == (
        400,
        {"responseCode": "INVALID_PARAMETER", "message": "Invalid request"},
    )
    assert response.headers["X-Mock-Reason"].startswith(reason)
    assert client.get(CALLBACKS).json == []


def test_the_account_travels_as_accountnumber_only(client):
    """The names it has in replies are none in a query."""
    response = client.get(f"/api/hyper-precise/v1/callbacks?accountName={ACCOUNT}")

    assert (
        response.status_code,
        response.json["message"],
    ) == (400, "Invalid account number")


def test_the_pages_shapes():
    """With ``dialect=docs`` a registration is answered whole, its end with words."""
    client = _client(dialect="docs")

    nothing = client.get(CALLBACKS)
    made = client.post(CALLBACKS, json=WANTED)
    listed = client.get(CALLBACKS)
    ended = client.delete(f"{CALLBACKS}&name={SERVICE}")

    assert nothing.json == []
    assert (made.json, listed.json) == (PAGED, PAGED)
    assert ended.json == {"responseCode": "SUCCESS", "message": "Success"}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("?accountNumber=me", 400, "INVALID_PARAMETER"),
        ("?accountNumber=0242078689-00002", 403, "INVALID_ACCESS"),
    ],
)
def test_the_pages_refuse_as_other_families_do(query, status, code):
    """With ``dialect=docs`` there is a code and a message, no response code."""
    client = _client(dialect="docs", accounts=(ACCOUNT,))

    response = client.get(f"/api/hyper-precise/v1/callbacks{query}")

    assert (response.status_code, response.json["errorCode"]) == (status, code)
    assert set(response.json) == {"errorCode", "errorMessage"}


def test_the_pages_refuse_without_a_fault():
    """With ``dialect=docs`` a 401 has a code and a message, and nothing else."""
    response = _client(dialect="docs", auth="present").get(CALLBACKS)

    assert (
        response.status_code,
        set(response.json),
    ) == (401, {"errorCode", "errorMessage"})


def test_a_fault_stands_in_the_sdks_model():
    """A 401 for want of a bearer token has the gateway's fault, its code as text."""
    response = _client(auth="present").get(CALLBACKS)

    assert (
        response.status_code,
        response.json["responseCode"],
        response.json["fault"]["code"],
    ) == (401, "INVALID_ACCESS", "900902")
    assert set(response.json["fault"]) == {"code", "message", "description"}


def test_enforced_rules_hold_to_the_ports():
    """Where rules are ``enforced`` a port must be one that ThingSpace delivers to."""
    client = _client(registration_rules="enforced")

    good = client.post(CALLBACKS, json={**WANTED, "url": "http://listener:9001/"})
    bad = client.post(CALLBACKS, json={**WANTED, "url": "http://listener:8000/"})

    assert [good.status_code, bad.status_code] == [200, 400]
    assert bad.json["message"] == "Invalid callback URL"
