"""Exchanges are shown with WireMock's keys, and without passwords or tokens."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace.backend.backend import Backend
from mockthingspace.core import serializers
from mockthingspace.core.clock import Clock, rfc3339
from mockthingspace.core.models import Exchange, Registration

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
SECRET = "hunter2"
NOW = datetime(2024, 1, 2, 3, 4, 5, 678, timezone.utc)


def exchange(**fields: Any) -> Exchange:
    """Make an exchange of no interest but for these fields."""
    plain = Exchange(
        seq=7,
        method="GET",
        path="/",
        query="",
        headers=(),
        body=b"",
        status=200,
        reply_headers=(),
        reply=b"",
        family=None,
        operation=None,
        account=None,
        reason=None,
        matched=False,
        arrived_at=NOW,
        completed_at=NOW,
    )
    return plain._replace(**fields)


def test_an_exchange_has_wiremocks_keys_and_ours() -> None:
    """An exchange is shown with exactly the keys of the contract."""
    shown = serializers.document(
        exchange(
            method="POST",
            path="/a b",
            query="c=d",
            headers=(("HTTP_HOST", "localhost:8440"),),
            body=b"body",
            status=400,
            reply_headers=(("Content-Type", "application/json"),),
            reply=b"{}",
            family="fota-v1",
            operation="register",
            account=ACCOUNT,
            reason="why",
            matched=True,
            completed_at=NOW + timedelta(seconds=1),
        )
    )
    assert shown == {
        "id": "7",
        "seq": 7,
        "request": {
            "method": "POST",
            "url": "/a%20b?c=d",
            "absoluteUrl": "http://localhost:8440/a%20b?c=d",
            "headers": {"Host": "localhost:8440"},
            "body": "body",
            "loggedDate": int(NOW.timestamp() * 1000),
            "loggedDateString": "2024-01-02T03:04:05.000678Z",
        },
        "responseDefinition": {"status": 400, "fromConfiguredStub": True},
        "response": {
            "status": 400,
            "headers": {"Content-Type": "application/json"},
            "body": "{}",
        },
        "wasMatched": True,
        "family": "fota-v1",
        "operation": "register",
        "account": ACCOUNT,
        "reason": "why",
        "arrived_at": "2024-01-02T03:04:05.000678Z",
        "completed_at": "2024-01-02T03:04:06.000678Z",
    }


def test_an_exchange_without_host_is_shown_as_of_this_machine() -> None:
    """An HTTP/1.0 client need not name a host."""
    shown = serializers.document(exchange())
    assert shown["request"]["absoluteUrl"] == "http://localhost/"


def test_bytes_that_are_no_text_are_shown_as_replaced() -> None:
    """A body in another encoding is shown as far as it can be read."""
    shown = serializers.document(exchange(body=b"a\xff\xfe", reply=b"\x80b"))
    assert (shown["request"]["body"], shown["response"]["body"]) == ("a��", "�b")


def test_a_secret_among_bytes_that_are_no_text_is_hidden() -> None:
    """A body in another encoding does not give its password away."""
    shown = serializers.document(exchange(body=b'{"a": "\xff", "password": "hunter2"}'))
    assert SECRET not in json.dumps(shown)


def test_no_part_of_an_exchange_shows_a_secret() -> None:
    """URL, headers, bodies and the reason are shown without secrets alike."""
    url = f"http://ann:{SECRET}@h/"
    shown = serializers.document(
        exchange(
            path=f"/{url}",
            query=f"token={SECRET}",
            headers=(("HTTP_AUTHORIZATION", f"Bearer {SECRET}"),),
            body=f'{{"url": "{url}", "password": "{SECRET}"}}'.encode(),
            reply=f'{{"sessionToken": "{SECRET}"}}'.encode(),
            reply_headers=(("X-Mock-Reason", f"url: no (got: '{url}')"),),
            reason=f"url: no (got: '{url}')",
        )
    )
    assert SECRET not in json.dumps(shown)


def test_the_journal_is_shown_without_secrets(client: FlaskClient) -> None:
    """Whatever a client sends, the list of requests does not repeat its secrets."""
    client.post(
        CALLBACKS,
        json={
            "name": "Fota",
            "url": f"http://ann:{SECRET}@localhost/",
            "username": "ann",
            "password": SECRET,
        },
        headers={"Authorization": f"Bearer {SECRET}", "VZ-M2M-Token": SECRET},
    )
    client.get(CALLBACKS)
    client.post(CALLBACKS, json={"name": "Fota", "url": f"ftp://ann:{SECRET}@h/"})
    client.post(
        "/api/m2m/v1/session/login", json={"username": "ann", "password": SECRET}
    )
    client.post("/api/ts/v1/oauth2/revoke", data={"token": SECRET})
    client.get(f"/nowhere?access_token={SECRET}")
    shown = client.get("/__admin/requests").get_data(as_text=True)
    assert (len(json.loads(shown)["requests"]), SECRET in shown) == (6, False)


def test_an_issued_token_is_not_shown(client: FlaskClient) -> None:
    """A reply that holds a token is shown without it."""
    reply = client.post(
        "/api/ts/v1/oauth2/token", data={"grant_type": "client_credentials"}
    )
    token = json.loads(reply.data)["access_token"]
    shown = client.get("/__admin/requests").get_data(as_text=True)
    assert token not in shown


LINES = [
    ({}, "GET / -> 200  -"),
    (
        {"family": "fota-v1", "operation": "list", "reason": "why"},
        "GET / -> 200  fota-v1 list  (why)",
    ),
    (
        {"path": "/a\nb\x1b", "query": "token=hunter2"},
        "GET /a%0Ab%1B?token=*** -> 200  -",
    ),
]


@pytest.mark.parametrize(
    ("fields", "line"), LINES, ids=["unserved", "served", "control"]
)
def test_an_exchange_is_one_line(fields: dict[str, Any], line: str) -> None:
    """A person reads an exchange in one line, whatever its path holds."""
    assert serializers.line(serializers.document(exchange(**fields))) == line


def test_a_registration_is_shown_with_its_credentials() -> None:
    """The admin API shows what a message would be sent with."""
    shown = serializers.registration(
        Registration(
            "f", "a", "s", "http://h/", "ann", SECRET, NOW, (("X-A", "b"),), SECRET
        )
    )
    assert shown == {
        "family": "f",
        "account": "a",
        "service": "s",
        "url": "http://h/",
        "username": "ann",
        "password": SECRET,
        "registered_at": "2024-01-02T03:04:05.000678Z",
        "headers": {"X-A": "b"},
        "secret": SECRET,
    }


def test_instants_are_told_in_utc_to_the_microsecond() -> None:
    """An instant of any zone is spelled with Z and six digits."""
    east = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2024, 1, 1, 1, tzinfo=east)) == (
        "2023-12-31T23:00:00.000000Z"
    )


def test_exchanges_have_the_servers_time(
    backend: Backend, clock: Clock, client: FlaskClient
) -> None:
    """Arrival and completion are read from the server's clock."""
    clock.advance(90)
    client.get(CALLBACKS)
    shown = client.get("/__admin/requests").get_json()["requests"][0]
    now = rfc3339(clock.now())
    assert (shown["arrived_at"], shown["completed_at"]) == (now, now)
