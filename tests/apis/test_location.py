"""What Device Location does as no other API does."""

from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.core.settings import Settings

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
CALLBACKS = f"/api/loc/v1/callbacks/{ACCOUNT}"
URL = "https://listener.example/cb"
WANTED = {"name": "Location", "url": URL}
SERVICES = ("Location", "DeviceLocation")
HEADER = "X-ThingSpace-Secret"


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


def test_both_services_have_a_listener_of_their_own(client):
    """Each is registered, listed and deregistered by its own name."""
    for service in SERVICES:
        made = client.post(CALLBACKS, json={**WANTED, "name": service})
        assert (
            made.status_code,
            made.json,
        ) == (200, {"account": ACCOUNT, "name": service})
    both = client.get(CALLBACKS).json

    ended = client.delete(f"{CALLBACKS}/name/DeviceLocation")

    assert both == [{"name": service, "url": URL} for service in SERVICES]
    assert (ended.status_code, ended.json) == (200, {"success": True})
    assert client.get(CALLBACKS).json == [{"name": "Location", "url": URL}]


@pytest.mark.parametrize("service", ["location", "Devicelocation", "Fota", "Loc"])
def test_there_is_no_other_service(client, service):
    """The reason has the two there are."""
    response = client.post(CALLBACKS, json={**WANTED, "name": service})

    assert (
        response.status_code,
        response.json["errorMessage"],
    ) == (400, "Invalid service name")
    assert (
        "must be one of Location, DeviceLocation" in (response.headers["X-Mock-Reason"])
    )


def test_there_are_no_credentials(client):
    """Username and password are fields this API does not know."""
    response = client.post(CALLBACKS, json={**WANTED, "username": "a", "password": "b"})

    [kept] = client.get("/__admin/registrations").json["registrations"]
    assert (kept["username"], kept["password"]) == (None, None)
    assert "'password', 'username'" in response.headers["X-Mock-Reason"]


def test_the_pages_shapes():
    """With ``dialect=docs`` the list and the end have the pages' names."""
    client = _client(dialect="docs")
    named = {"accountName": ACCOUNT, "serviceName": "Location"}

    nothing = client.get(CALLBACKS)
    made = client.post(CALLBACKS, json=WANTED)
    listed = client.get(CALLBACKS)
    ended = client.delete(f"{CALLBACKS}/name/Location")

    assert (nothing.status_code, nothing.data) == (200, b"")
    assert made.json == {"account": ACCOUNT, "name": "Location"}
    assert listed.json == [{**named, "url": URL, "username": "", "password": ""}]
    assert ended.json == named


def test_the_pages_end_of_what_was_not_there():
    """With ``deregister_missing=ok`` it is answered as if it had been."""
    client = _client(dialect="docs", deregister_missing="ok")

    ended = client.delete(f"{CALLBACKS}/name/DeviceLocation")

    assert ended.json == {"accountName": ACCOUNT, "serviceName": "DeviceLocation"}


def test_each_registration_gets_a_new_secret(client):
    """Neither a service nor an account nor a second registration shares one."""
    made = [
        client.post(
            f"/api/loc/v1/callbacks/{account}", json={**WANTED, "name": service}
        ).headers[HEADER]
        for account in (ACCOUNT, OTHER)
        for service in SERVICES
        for _ in range(2)
    ]

    assert len(set(made)) == 8
    kept = client.get("/__admin/registrations").json["registrations"]
    assert [item["secret"] for item in kept] == made[1::2]


def test_a_refused_registration_keeps_the_secret(client):
    """What was registered goes on being signed as it was."""
    secret = client.post(CALLBACKS, json=WANTED).headers[HEADER]

    refused = client.post(CALLBACKS, json={**WANTED, "url": "no url"})

    [kept] = client.get("/__admin/registrations").json["registrations"]
    assert (refused.status_code, kept["secret"]) == (400, secret)
    assert HEADER not in refused.headers


def test_the_setting_names_the_secrets_header():
    """A client that knows the real name is served under it, and only under it."""
    made = _client(secret_header="X-Real-Name").post(CALLBACKS, json=WANTED)

    assert len(made.headers["X-Real-Name"]) == 64
    assert HEADER not in made.headers


@pytest.mark.parametrize("name", [HEADER, "X-Key", "X-Real-Name", "server2"])
def test_no_view_of_an_exchange_has_the_secret(name, caplog):
    """Whatever its header is called, journal, log and reason are without it."""
    client = _client(secret_header=name)
    with caplog.at_level("INFO", "mockthingspace"):
        secret = client.post(CALLBACKS, json={**WANTED, "colour": "red"}).headers[name]
    client.get(CALLBACKS)
    client.delete(f"{CALLBACKS}/name/Location")

    shown = client.get("/__admin/requests")

    assert shown.json["requests"][0]["response"]["headers"][name] == "***"
    assert secret not in shown.text
    [record] = caplog.records
    assert secret not in f"{record.getMessage()} {record.exchange()}"
    assert "'colour'" in shown.json["requests"][0]["reason"]
