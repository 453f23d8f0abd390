"""One rule for secrets, in every view: none shows what a seed does not need."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mockthingspace import Listener, MockThingSpace, patterns
from mockthingspace.cli import main
from mockthingspace.client import Asked
from mockthingspace.errors import AdminError
from mockthingspace.families import FAMILIES
from mockthingspace.model import Attempt, Caller
from mockthingspace.redaction import HIDDEN, body_without_secrets, is_secret
from mockthingspace.transport import Outcome

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
    """A double that was told secrets wherever it can be, and failed to deliver."""
    listener.reply(500, times=9, body=f'{{"clientSecret": "{SECRET}"}}'.encode())
    url = listener.url.replace("//", f"//ann:{SECRET}@")
    with MockThingSpace() as running:
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
    *("requests/unmatched/near-misses", "health", "clock"),
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


def test_a_request_that_is_asked_about_is_repeated_without_secrets(
    thing: MockThingSpace,
) -> None:
    """What it nearly was is told beside it, which is no reason to show a password."""
    asked = {
        "method": "GET",
        "url": f"/nope?pwd={SECRET}",
        "absoluteUrl": f"http://ann:{SECRET}@localhost/nope",
        "headers": {"Authorization": f"Bearer {SECRET}", "X-A": "b"},
        "cookies": {"a": SECRET},
        "queryParams": {"pwd": {"key": "pwd", "values": [SECRET]}},
        "basicAuthCredentials": {"username": "ann", "password": SECRET},
        "body": f'{{"password": "{SECRET}"}}',
        "bodyAsBase64": b64encode(f'{{"password": "{SECRET}"}}'.encode()).decode(),
    }
    url = f"{thing.url}/__admin/near-misses/request"
    reply = requests.post(url, json=asked, timeout=5)
    request = reply.json()["nearMisses"][0]["request"]
    assert (reply.status_code, SECRET in reply.text) == (200, False)
    assert "bodyAsBase64" not in request
    assert (request["url"], request["headers"]["X-A"]) == (f"/nope?pwd={HIDDEN}", "b")


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
    "basic": {"basicAuth": {"username": "ann", "password": SECRET}},
    "a header": {"headers": {"X-Auth": {"matches": SECRET}}},
    "a parameter": {"queryParameters": {"user[pwd]": {"equalTo": SECRET}}},
    "a body": {"bodyPatterns": [{"equalTo": f"pwd={SECRET}"}]},
}


@pytest.mark.parametrize("pattern", SLOW.values(), ids=SLOW)
def test_a_pattern_that_takes_too_long_is_told_without_secrets(
    monkeypatch: pytest.MonkeyPatch, pattern: dict[str, Any]
) -> None:
    """Its message names what was asked for, of a secret only the name."""
    proof = b64encode(f"ann:{SECRET}".encode()).decode()
    [criterion] = patterns.criteria(pattern)
    monkeypatch.setattr(patterns, "MATCHING_S", -1.0)
    with pytest.raises(AdminError) as caught:
        criterion.read(None)
    said = caught.value.message
    assert (HIDDEN in said, SECRET in said, proof in said) == (True, False, False)


def test_an_expression_that_is_none_is_told_without_secrets() -> None:
    """It may be the beginning of a password."""
    with pytest.raises(AdminError) as caught:
        patterns.criteria({"headers": {"X-Auth": {"matches": f"{SECRET}("}}})
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
    double = thing._double
    assert double is not None
    state = double.state
    values = [
        *(thing, double, state, state.settings, listener.messages),
        *(thing.registrations(), thing.deliveries(), thing.requests()),
        *(state.deliveries.every(), state.journal.every(), state.registry.every()),
        *(Caller("me", SECRET, SECRET), state.settings.but(credentials={"a": SECRET})),
        Attempt(1, 1, double.clock.now(), 0.0, 200, None, SECRET.encode()),
        Attempt(1, 1, double.clock.now(), 0.0, None, f"http://a:{SECRET}@h/", b""),
    ]
    assert [type(one) for one in values if SECRET in f"{one!r}"] == []
    assert "status='pending', attempts=(Attempt(" in repr(state.deliveries.every())
    assert f"?pwd={HIDDEN}' -> 200" in repr(state.journal.every())


KEYS = {
    *("passwd", "pwd", "clientSecret", "accessToken", "old_password", "PASSWORD"),
    *("userPassword", "vz-m2m-token", "apiKey", "x_api_key", "secretKey", "token"),
    *("privateKey", "AWS_ACCESS_KEY", "signature", "id_jwt", "credentials"),
    *("setCookie", "passphrase", "bearer", "pass", "passwords", "tokens", "password2"),
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


FIXTURES = Path(__file__).parent.parent / "fixtures"


def test_what_thingspace_says_stays_readable() -> None:
    """No error's reply and no message has a word that passes for a secret."""
    events = [event for family in FAMILIES for event in family.events]
    said = [path.read_text() for path in FIXTURES.rglob("*.error.json")]
    said += [json.dumps(event.template()) for event in events]
    told = [text.replace("{password}", HIDDEN) for text in said]
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
    shown = [body_without_secrets(one.encode()) for one in bodies]
    assert [one for one in shown if SECRET in one] == []


def test_no_secret_is_hidden_where_there_is_none() -> None:
    """An empty password says that there is none, which is worth knowing."""
    assert body_without_secrets(b'{"password": ""}') == '{"password": ""}'


def test_what_is_sent_is_shown_without_its_body() -> None:
    """Frames of a failing test have requests and outcomes as their values."""
    asked = Asked("POST", "/__admin/registrations", {}, {"password": SECRET})
    outcome = Outcome(200, None, SECRET.encode())
    assert (repr(asked), repr(outcome)) == (
        "Asked(POST /__admin/registrations)",
        "Outcome(200)",
    )
