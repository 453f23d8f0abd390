"""One rule for secrets, in every view: none shows what a seed does not need."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from mockthingspace import Listener, MockThingSpace, create_app
from mockthingspace.apis import APIS
from mockthingspace.backend.delivery.outcome import Outcome
from mockthingspace.cli.main import main
from mockthingspace.client.transport import AdminRequest
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.matching import request_patterns
from mockthingspace.core.matching.criteria import redacted as told
from mockthingspace.core.models import Attempt, Caller
from mockthingspace.core.redaction import (
    HIDDEN,
    body_without_secrets,
    custom_header,
    header,
    is_secret,
    without_secrets,
)

from ..rows import each

ACCOUNT = "0242078689-00001"
SECRET = "hunter2"
DIAGNOSTICS = {"family": "diagnostics", "service": "Diagnostics"}


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """A listener that repeats a secret when it refuses."""
    with Listener() as running:
        yield running


@pytest.fixture(scope="module")
def thing(listener: Listener) -> Iterator[MockThingSpace]:
    """A server that was told secrets wherever it can be, and failed to deliver."""
    listener.reply(500, times=9, body=f'{{"clientSecret": "{SECRET}"}}'.encode())
    url = listener.url.replace("//", f"//ann:{SECRET}@")
    with MockThingSpace(credentials={"ann": SECRET}) as running:
        known = {"username": "ann", "password": SECRET}
        running.register(ACCOUNT, url, **known)
        running.register(
            ACCOUNT, url, headers={"X-A": SECRET}, secret=SECRET, **DIAGNOSTICS
        )
        running.trigger("Fota.upgradeFinished", ACCOUNT)
        running.trigger("Fota.upgradeFinished", ACCOUNT, message={"old_pwd": SECRET})
        running.trigger("Diagnostics.observation", ACCOUNT)
        running.advance(seconds=1)
        body = {"name": "Fota", "url": f"{url}/?accessToken={SECRET}", **known}
        path = f"{running.url_for('fota-v1')}/callbacks/{ACCOUNT}?pwd={SECRET}"
        requests.post(path, json=body, headers={"X-JWT": SECRET}, timeout=5)
        yield running


READS = (
    *("deliveries", "deliveries/1", "requests", "requests/unmatched", "faults"),
    *("timeline", "timeline?format=text", "timeline?format=mermaid", "events"),
    *("health", "clock", "settings"),
)
ASKS: dict[str, Any] = {
    "deliveries/wait": {"timeout_s": 0, "count": 9},
    "near-misses/delivery-pattern": {"event": "Fota.firmwareList"},
    "near-misses/request-pattern": {"operation": "list"},
    "requests/find": {"operation": "register"},
    "deliveries": {"event": "Fota.upgradeFinished", "account": ACCOUNT},
}


def test_no_document_of_the_admin_api_shows_a_secret(thing: MockThingSpace) -> None:
    """Neither lists, nor near misses, nor what a wait in vain is answered with."""
    said = {
        path: requests.get(f"{thing.url}/__admin/{path}", timeout=5).text
        for path in READS
    }
    for path, body in ASKS.items():
        reply = requests.post(f"{thing.url}/__admin/{path}", json=body, timeout=5)
        said[f"POST {path}"] = reply.text
    assert [path for path, text in said.items() if SECRET in text] == []
    assert HIDDEN in said["deliveries"]
    assert "waited 0 s for 9 deliveries" in said["POST deliveries/wait"]


def test_what_stands_where_an_account_should_is_shown_without_secrets() -> None:
    """It may be the URL of a listener: two arguments are soon confused."""
    shown = f"http://ann:{HIDDEN}@h/"
    with MockThingSpace() as running:
        requests.get(
            f"{running.url_for('diagnostics')}/callbacks",
            params={"accountName": f"http://ann:{SECRET}@h/"},
            timeout=5,
        )
        exchanges, entries = running.requests(), running.timeline()
    assert [item.account for item in exchanges] == [shown]
    assert [entry.account for entry in entries] == [shown, shown]


def test_an_assertion_in_vain_shows_no_secret(thing: MockThingSpace) -> None:
    """What was expected is told as it would be shown if it had come."""
    with pytest.raises(AssertionError) as caught:
        thing.assert_requested(
            path=f"/nope?sid={SECRET}",
            headers={"X-Auth": SECRET},
            body=f"user[pwd]={SECRET}",
        )
    assert (SECRET in str(caught.value), f"?sid={HIDDEN}" in str(caught.value)) == (
        False,
        True,
    )


SLOW: dict[str, dict[str, Any]] = {
    "a header": {"headers": {"X-Auth": {"matches": SECRET}}},
    "a parameter": {"queryParameters": {"user[pwd]": {"equalTo": SECRET}}},
    "a body": {"bodyPatterns": [{"equalTo": f"pwd={SECRET}"}]},
}


@pytest.mark.parametrize("pattern", SLOW.values(), ids=SLOW)
def test_a_pattern_that_takes_too_long_is_told_without_secrets(
    monkeypatch: pytest.MonkeyPatch, pattern: dict[str, Any]
) -> None:
    """Its message names what was asked for, of a secret only the name."""
    monkeypatch.setattr(request_patterns, "MATCHING_S", -1.0)
    with pytest.raises(AdminError) as caught:
        request_patterns.criteria(pattern)
    said = caught.value.message
    assert (HIDDEN in said, SECRET in said) == (True, False)


def test_an_expression_that_is_none_is_told_without_secrets() -> None:
    """It may be the beginning of a password."""
    with pytest.raises(AdminError) as caught:
        request_patterns.criteria({"headers": {"X-Auth": {"matches": f"{SECRET}("}}})
    assert caught.value.message.startswith(f"headers.X-Auth: '{HIDDEN}': missing )")


def test_only_registrations_and_snapshots_tell_secrets(thing: MockThingSpace) -> None:
    """A program reads them back: a handle its registration, a seed all there are."""
    for path in ("registrations", "snapshot"):
        assert SECRET in requests.get(f"{thing.url}/__admin/{path}", timeout=5).text
    [first, _] = thing.registrations(ACCOUNT)
    assert first.password == SECRET


@pytest.mark.parametrize("command", ["registrations", "deliveries", "requests"])
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_no_command_shows_a_secret(
    thing: MockThingSpace,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: list[str],
) -> None:
    """What is printed may be in a log of CI; 'snapshot' is for restoring."""
    with pytest.raises(SystemExit):
        main([command, "--url", thing.url, *options])
    said = capsys.readouterr().out
    assert (ACCOUNT in said, SECRET in said) == (True, False)


def test_no_value_shows_a_secret_when_it_is_spelled(
    thing: MockThingSpace, listener: Listener
) -> None:
    """A failing test's report has the locals of every frame."""
    backend = thing._backend
    assert backend is not None
    state = backend.state
    values = [
        *(thing, backend, state, state.settings, listener.messages),
        *(thing.registrations(), thing.deliveries(), thing.requests()),
        *(state.deliveries.every(), state.journal.every(), state.registry.every()),
        *(Caller("me", SECRET, SECRET), state.settings.but(credentials={"a": SECRET})),
        Attempt(1, 1, backend.clock.now(), 0.0, 200, None, SECRET.encode()),
        Attempt(1, 1, backend.clock.now(), 0.0, None, f"http://a:{SECRET}@h/", b""),
    ]
    assert [type(value) for value in values if SECRET in f"{value!r}"] == []
    assert "status='pending', attempts=(Attempt(" in repr(state.deliveries.every())
    assert f"?pwd={HIDDEN}' -> 200" in repr(state.journal.every())


KEYS = {
    *("passwd", "pwd", "clientSecret", "accessToken", "old_password", "PASSWORD"),
    *("userPassword", "vz-m2m-token", "apiKey", "x_api_key", "secretKey", "token"),
    *("privateKey", "AWS_ACCESS_KEY", "signature", "id_jwt", "credentials"),
    *(
        "setCookie",
        "passphrase",
        "passcode",
        "bearer",
        "pass",
        "passwords",
        "tokens",
        "password2",
    ),
    *("newPassword1", "password_confirmation", "password_hash", "auth", "session"),
    *("sid", "sig", "client_assertion", "user[password]", "JWTToken", "sessionToken"),
    *("apikeys", "subscription-key", "X-Functions-Key", "X-Access-Keys"),
}
PLAIN = {
    *("tokenized", "token_type", "username", "key", "keys", "authority", "monkey"),
    *(
        "keyboard",
        "primaryKey",
        "requestId",
        "accountName",
        "signal",
        "numberOfSessions",
        "design",
    ),
    *("obsession", "compass", "aside", "author", "passenger", "Idempotency-Key"),
}


def test_a_secret_is_known_by_the_words_of_its_name() -> None:
    """However they are joined, and whatever else is in it."""
    assert {name for name in KEYS | PLAIN if is_secret(name)} == KEYS


def test_what_thingspace_says_stays_readable() -> None:
    """Of all replies and messages only passwords and a device's credential hide."""
    events = [event for api in APIS for event in api.events]
    errors = [response for api in APIS for response in api.answers.values()]
    said = [json.dumps(response.body) for response in errors]
    said += [json.dumps(event.template()) for event in events]
    credential = json.dumps({"username": "", "password": ""})
    told = [
        text.replace("{password}", HIDDEN).replace(credential, json.dumps(HIDDEN))
        for text in said
    ]
    assert [body_without_secrets(text.encode()) for text in told] == told


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_secret_is_hidden_in_every_spelling_of_a_body(key: str) -> None:
    """JSON, a form, XML, parts and text that is none of them have the same rule."""
    bodies = [
        json.dumps({"a": [{key: SECRET}]}),
        json.dumps({key: SECRET})[:-2],
        f"a=b&{key}={SECRET}",
        f"<a><{key}>{SECRET}</{key}></a>",
        f"a=b&c=%3F{key}%3D{SECRET}",
        json.dumps({"a": f"?{key}={SECRET}"}),
        f'--b\r\nA: x; name="{key}"\r\n\r\n{SECRET}\r\n--b--',
        f"{key}: {SECRET}",
    ]
    shown = [body_without_secrets(body.encode()) for body in bodies]
    assert [item for item in shown if SECRET in item] == []


USER_INFO = (
    *("http://ann:hunter2@h/", "http://ann:hunter2/1@h:9/", "//ann:hunter2@h/x"),
    *("http://ann:a hunter2@h:9/", 'http://ann:a"hunter2@h/', "ann:hunter2@h:9"),
    *("http:ann:hunter2@h", "http:/ann:hunter2@h", "http://ann%3Ahunter2%40h/"),
)


@each("text", USER_INFO)
def test_user_info_is_hidden_however_it_is_spelled(text: str) -> None:
    """Also where it makes the address none: that is refused, and shown."""
    body = json.dumps({"url": text}).encode()
    shown = without_secrets(text) + body_without_secrets(body)
    assert (SECRET in shown, shown.count(HIDDEN)) == (False, 2)


@each(
    "url",
    [
        "http://localhost:9001/cb?mail=ann@h.example",
        "http://[::1]:9001/cb?mail=ann@h.example",
        "https://h.example/users/@me",
    ],
)
def test_what_is_no_user_info_is_shown(url: str) -> None:
    """A port is no password, and an at sign makes none of a path."""
    assert without_secrets(url) == url


@each(
    ("resource", "asked"),
    [
        ("deliveries", {"event": "Fota.upgradeFinished", "account": ACCOUNT}),
        ("requests/count", {"bodyPatterns": [{"token=$": "a"}]}),
        ("requests/count", {"bodyPatterns": [{"equalToJson": "{}${json-unit.$}"}]}),
        ("requests/count", {"family": "http://ann:$@h"}),
        ("deliveries", {"event": "password=$", "account": ACCOUNT}),
        ("password=$", {}),
    ],
)
def test_a_refusal_of_the_admin_api_shows_no_secret(
    thing: MockThingSpace, resource: str, asked: dict[str, Any]
) -> None:
    """Whatever was wrong with what it was sent."""
    document = json.loads(json.dumps(asked).replace("$", SECRET))
    if "event" in asked:
        document["overrides"] = {"clientSecret": [SECRET], "deviceId": [SECRET]}
    url = f"{thing.url}/__admin/{resource.replace('$', SECRET)}"
    reply = requests.post(url, json=document, timeout=5)
    assert (reply.status_code in (400, 404), SECRET in reply.text) == (True, False)


def test_the_defaults_of_an_event_of_ones_own_are_told_without_secrets() -> None:
    """A name hides them, and an address its user info; echoes are no secrets."""
    message = {"token": SECRET, "url": f"http://ann:{SECRET}@h/", "u": "{password}"}
    client = create_app().test_client()
    own = {"family": "fota-v1", "service": "Fota", "message": message}
    client.put("/__admin/snapshot", json={"events": {"Fota.own": own}})
    [told] = [
        event
        for event in client.get("/__admin/events").get_json()["events"]
        if event["event"] == "Fota.own"
    ]
    assert {field["path"]: field["default"] for field in told["fields"]} == {
        "token": HIDDEN,
        "url": f"http://ann:{HIDDEN}@h/",
        "u": "{password}",
    }


def test_no_secret_is_hidden_where_there_is_none() -> None:
    """An empty password says that there is none, which is worth knowing."""
    empty = '{"username":  "", "password": "", "pwd": null, "tokens": [], "auth": {}}'
    assert body_without_secrets(empty.encode()) == empty
    shown = [header("X-Token", ""), custom_header("X-A", "")]
    assert (shown, told("body.password", "")) == (["", ""], "")


def test_what_is_sent_is_shown_without_its_body() -> None:
    """Frames of a failing test have requests and outcomes as their values."""
    asked = AdminRequest("POST", "/__admin/registrations", {}, {"password": SECRET})
    outcome = Outcome(200, None, SECRET.encode())
    assert (repr(asked), repr(outcome)) == (
        "AdminRequest(POST /__admin/registrations)",
        "Outcome(200)",
    )
