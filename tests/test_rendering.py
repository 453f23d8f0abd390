"""Exchanges are shown with WireMock's keys, and without passwords or tokens."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import rendering
from mockthingspace.clock import ManualClock, RealClock, rfc3339
from mockthingspace.double import Double
from mockthingspace.model import Exchange, Registration
from mockthingspace.rendering import without_secrets

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
SECRET = "hunter2"
NOW = datetime(2024, 1, 2, 3, 4, 5, 678, timezone.utc)

TOKEN_KEYS = (
    "password",
    "oldPassword",
    "newPassword",
    "sessionToken",
    "access_token",
    "refresh_token",
    "client_secret",
    "token",
)


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


WITH_SECRETS = {
    "json": '{"password": "hunter2"}',
    "every token key": json.dumps(dict.fromkeys(TOKEN_KEYS, SECRET)),
    "another case": '{"PassWord": "hunter2"}',
    "nested": '{"a": [{"b": {"password": "hunter2"}}]}',
    "no space": '{"password":"hunter2"}',
    "much space": '{"password" \n : \t "hunter2"}',
    "escaped key": r'{"pass\u0077ord": "hunter2"}',
    "escaped quote": r'{"password": "a\"hunter2"}',
    "object value": '{"password": {"a": "hunter2"}}',
    "array value": '{"token": ["a", "hunter2"]}',
    "truncated": '{"password": "hunter2',
    "truncated in an escape": '{"password": "hunter2\\',
    "truncated with a line in it": '{"password": "a\\\nhunter2',
    "truncated escaped key": r'{"p\u0061ss\u0057ord": "hunter2',
    "truncated escaped value": r'{"pass\u0077ord": "a\u0022hunter2',
    "truncated array": '{"token": ["a", "hunter2',
    "truncated object": '{"a": "\\u0041", "token": {"a": "hunter2',
    "not JSON": '{"password": hunter2}',
    "a form": "grant_type=x&token=hunter2&b=c",
    "a form's first": "password=hunter2",
    "a form with spaces": "password=a hunter2",
    "a form with quotes": 'password=a"hunter2',
    "a query": "/cb?token=hunter2",
    "a query in JSON": '{"url": "http://h/?a=b&access_token=hunter2"}',
    "user info": "http://ann:hunter2@localhost/",
    "user info with an at sign": "http://ann:a@hunter2@localhost/",
    "user info without a name": "http://:hunter2@localhost/",
    "user info in JSON": '{"url": "https://ann:hunter2@localhost/"}',
    "user info with escaped slashes": r'{"url": "http:\/\/ann:hunter2@localhost\/"}',
}


@pytest.mark.parametrize("text", WITH_SECRETS.values(), ids=WITH_SECRETS)
def test_a_secret_is_hidden(text: str) -> None:
    """No spelling of a password or a token, whole or cut off, is shown."""
    shown = without_secrets(text)
    assert (SECRET in shown, rendering.HIDDEN in shown) == (False, True)


@pytest.mark.parametrize("value", ["12345", "-1.5", "true", "null"])
@pytest.mark.parametrize("end", ["}", ""], ids=["whole", "cut off"])
def test_a_secret_that_is_no_string_is_hidden(value: str, end: str) -> None:
    """A password of another JSON type is still a password."""
    shown = without_secrets(f'{{"password": {value}{end}')
    assert shown == f'{{"password": "***"{end}'


def test_what_stands_beside_a_secret_is_shown() -> None:
    """Hiding one field leaves the others as they were."""
    text = '{"url": "http://h/?token=hunter2", "name": "Fota", "password": "hunter2"}'
    assert json.loads(without_secrets(text)) == {
        "url": "http://h/?token=***",
        "name": "Fota",
        "password": "***",
    }


def test_what_follows_a_secret_in_a_form_is_shown() -> None:
    """A hidden value ends where the next field of the form begins."""
    assert without_secrets("a=b&token=hunter2&c=d") == "a=b&token=***&c=d"


WITHOUT_SECRETS = {
    "empty": "",
    "blank": " \n",
    "json": '{"name":  "Fota",\n "url": "http://localhost:9001/cb"}',
    "escapes": r'{"n\u0061me": "\u0041"}',
    "array": '[1,  2, "a@b:c"]',
    "truncated": '{"name": "Fo',
    "truncated escapes": r'{"n\u00zz": "Fo',
    "too deep": '{"\\u0041": ' + "[" * 5000,
    "already hidden": '{"password":"***"}',
    "like a secret": '{"passwords": "many", "tokenized": true}',
    "a value": '{"name": "password"}',
    "form": "grant_type=client_credentials&scope=a b",
    "address": "http://localhost:8440/a@b",
    "text": "the password: none, token",
    "not Latin": "密码 🔑 \x00",
}


@pytest.mark.parametrize("text", WITHOUT_SECRETS.values(), ids=WITHOUT_SECRETS)
def test_a_text_without_secrets_is_shown_to_the_letter(text: str) -> None:
    """Where nothing is hidden, nothing is changed."""
    assert without_secrets(text) == text


HEADERS = [
    ("HTTP_AUTHORIZATION", "Bearer hunter2", {"Authorization": "Bearer ***"}),
    ("HTTP_AUTHORIZATION", "Basic aHVudGVyMg==", {"Authorization": "Basic ***"}),
    ("HTTP_AUTHORIZATION", "hunter2", {"Authorization": "***"}),
    ("HTTP_PROXY_AUTHORIZATION", "a hunter2", {"Proxy-Authorization": "a ***"}),
    ("HTTP_VZ_M2M_TOKEN", "hunter2", {"Vz-M2M-Token": "***"}),
    ("HTTP_COOKIE", "a=hunter2", {"Cookie": "***"}),
    ("HTTP_REFERER", "http://a:hunter2@h/", {"Referer": "http://a:***@h/"}),
    ("CONTENT_TYPE", "text/plain", {"Content-Type": "text/plain"}),
    ("HTTP_X_A", "b", {"X-A": "b"}),
]


@pytest.mark.parametrize(
    ("name", "value", "shown"), HEADERS, ids=[f"{row[0]} {row[1]}" for row in HEADERS]
)
def test_headers_are_shown_by_their_http_names_and_without_tokens(
    name: str, value: str, shown: dict[str, str]
) -> None:
    """Of a credential header, at most its scheme is shown."""
    assert rendering.headers([(name, value)]) == shown


def test_an_exchange_has_wiremocks_keys_and_ours() -> None:
    """An exchange is shown with exactly the keys of the contract."""
    shown = rendering.document(
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
        },
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
    shown = rendering.document(exchange())
    assert shown["request"]["absoluteUrl"] == "http://localhost/"


def test_bytes_that_are_no_text_are_shown_as_replaced() -> None:
    """A body in another encoding is shown as far as it can be read."""
    shown = rendering.document(exchange(body=b"a\xff\xfe", reply=b"\x80b"))
    assert (shown["request"]["body"], shown["response"]["body"]) == ("a��", "�b")


def test_a_secret_among_bytes_that_are_no_text_is_hidden() -> None:
    """A body in another encoding does not give its password away."""
    shown = rendering.document(exchange(body=b'{"a": "\xff", "password": "hunter2"}'))
    assert SECRET not in json.dumps(shown)


def test_no_part_of_an_exchange_shows_a_secret() -> None:
    """URL, headers, bodies and the reason are shown without secrets alike."""
    url = f"http://ann:{SECRET}@h/"
    shown = rendering.document(
        exchange(
            path=f"/{url}",
            query=f"token={SECRET}",
            headers=(("HTTP_AUTHORIZATION", f"Bearer {SECRET}"),),
            body=f'{{"url": "{url}", "password": "{SECRET}"}}'.encode(),
            reply=f'{{"sessionToken": "{SECRET}"}}'.encode(),
            reply_headers=(("X-Mock-Reason", f"url: no (came: '{url}')"),),
            reason=f"url: no (came: '{url}')",
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
    assert rendering.line(rendering.document(exchange(**fields))) == line


def test_a_registration_is_shown_with_its_credentials() -> None:
    """The admin API shows what a message would be sent with."""
    shown = rendering.registration(
        Registration("f", "a", "s", "http://h/", "ann", SECRET, NOW)
    )
    assert shown == {
        "family": "f",
        "account": "a",
        "service": "s",
        "url": "http://h/",
        "username": "ann",
        "password": SECRET,
        "registered_at": "2024-01-02T03:04:05.000678Z",
    }


def test_instants_are_told_in_utc_to_the_microsecond() -> None:
    """An instant of any zone is spelled with Z and six digits."""
    east = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2024, 1, 1, 1, tzinfo=east)) == (
        "2023-12-31T23:00:00.000000Z"
    )


def test_exchanges_have_the_doubles_time(
    double: Double, clock: ManualClock, client: FlaskClient
) -> None:
    """Arrival and completion are read from the double's clock."""
    clock.advance(90)
    client.get(CALLBACKS)
    shown = client.get("/__admin/requests").get_json()["requests"][0]
    now = rfc3339(clock.now())
    assert (shown["arrived_at"], shown["completed_at"]) == (now, now)


def test_a_manual_clock_moves_when_told() -> None:
    """A manual clock stands at its start until it is advanced."""
    clock = ManualClock(NOW)
    before = clock.now()
    clock.advance(0.5)
    assert (before, clock.now()) == (NOW, NOW + timedelta(seconds=0.5))


def test_the_real_clock_is_utc() -> None:
    """The machine's clock is read as an aware instant."""
    assert RealClock().now().tzinfo == timezone.utc
