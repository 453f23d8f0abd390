"""The admin API's events, deliveries and clock: what a script drives messages by."""

import json
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from threading import Event as Signal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from mockthingspace import create_app
from mockthingspace.apis import APIS
from mockthingspace.backend.backend import Backend, BackendState
from mockthingspace.core.clock import LATEST, Clock
from mockthingspace.core.models import Delivery
from mockthingspace.core.settings import Settings
from mockthingspace.core.sources import date_of
from mockthingspace.core.waiting import HOLDING
from mockthingspace.server.admin.common import LONGEST_WAIT_S
from mockthingspace.server.admin.deliveries import _come
from mockthingspace.server.http.current import EXTENSION

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
ORIGIN = "https://listener.example"
FINISHED = "Fota.upgradeFinished"
TRIGGER = {"event": FINISHED, "account": ACCOUNT}
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
NEW = Delivery("", 0, "fota-v1", "a", "Fota", None, "http://l", b"{}", "event", NOW)
PATIENCE_S = 5


class Listening:
    """A listener in process: what came, and how it answers next."""

    def __init__(self) -> None:
        self.came: list[Any] = []
        self.statuses: list[int] = []
        self.answers = Signal()
        self.asked = Signal()
        self.answers.set()

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        """Answer a message, as soon as it may."""
        length = int(environ["CONTENT_LENGTH"])
        self.came.append(json.loads(environ["wsgi.input"].read(length)))
        self.asked.set()
        assert self.answers.wait(PATIENCE_S)
        status = self.statuses.pop(0) if self.statuses else 200
        start(f"{status} Said", [("Content-Type", "text/plain")])
        return [b"said"]


@pytest.fixture
def listener() -> Listening:
    """The listener of the account."""
    return Listening()


@pytest.fixture
def app(listener: Listening) -> Iterator[Flask]:
    """A server whose clock stands still, with the listener in process."""
    made = create_app(Settings(clock="manual"), {ORIGIN: listener})
    yield made
    listener.answers.set()
    made.extensions[EXTENSION].close()


@pytest.fixture
def registered(client: FlaskClient) -> FlaskClient:
    """A client of a server where the account has registered its listener."""
    register(client, ACCOUNT)
    return client


def register(client: FlaskClient, account: str) -> None:
    """Register the listener for an account."""
    url = f"{ORIGIN}/cb/{account}"
    wanted = {"family": "fota-v1", "account": account, "url": url}
    assert client.post("/__admin/registrations", json=wanted).status_code == 201


def post(client: FlaskClient, path: str, body: Any = None) -> TestResponse:
    """Post a document to the admin API, and have the reply written out."""
    return client.post(f"/__admin{path}", json=body or {}, buffered=True)


def trigger(client: FlaskClient, **wanted: Any) -> dict[str, Any]:
    """Trigger an event, and return the delivery made."""
    reply = post(client, "/deliveries", TRIGGER | wanted)
    assert reply.status_code == 202, reply.get_json()
    [made] = reply.get_json()["deliveries"]
    return dict(made)


def delivered(client: FlaskClient, **wanted: Any) -> dict[str, Any]:
    """Trigger an event, wait until it was delivered, and return the delivery."""
    since = trigger(client, **wanted)["seq"] - 1
    reply = post(client, "/deliveries/wait", {"since": since})
    [made] = reply.get_json()["deliveries"]
    return dict(made)


def refused(reply: TestResponse, status: int, code: str) -> str:
    """Assert that a reply is the admin API's own error, and return its message."""
    document = reply.get_json()
    assert (reply.status_code, list(document)) == (status, ["error", "message"])
    assert (document["error"], reply.mimetype) == (code, "application/json")
    return str(document["message"])


def test_the_events_are_shown_with_every_field(client: FlaskClient) -> None:
    """The catalogue says of each field what it is by default and how we know."""
    shown = client.get("/__admin/events").get_json()["events"]
    there = [(api.name, event) for api in APIS for event in api.events]
    assert [
        (registration.name, family, registration.service, registration.summary)
        for family, registration in there
    ] == [
        (
            registration["event"],
            registration["family"],
            registration["service"],
            registration["summary"],
        )
        for registration in shown
    ]
    assert [list(map(field_of, item.fields)) for _, item in there] == [
        item["fields"] for item in shown
    ]


def test_an_event_is_known_as_its_least_known_field_is(client: FlaskClient) -> None:
    """One field that is assumed makes the message assumed."""
    shown = client.get("/__admin/events?family=fota-v1").get_json()["events"]
    found = {
        item["event"]: {field["evidence"] for field in item["fields"]} for item in shown
    }
    assert found[FINISHED] == {"documented", "assumed"}
    assert [item["evidence"] for item in shown] == ["assumed"] * 4


def test_the_events_can_be_had_by_family_and_service(client: FlaskClient) -> None:
    """A filter that names nobody is refused."""
    found = client.get("/__admin/events?service=NiddService").get_json()["events"]
    assert {registration["service"] for registration in found} == {"NiddService"}
    reply = client.get("/__admin/events?family=fota")
    assert refused(reply, 400, "unknown_family")


def field_of(field: Any) -> dict[str, Any]:
    """Return a field as the catalogue shows it."""
    names = ("path", "default", "source")
    return {name: getattr(field, name) for name in names} | {
        "evidence": field.evidence,
        "date": date_of(field.source),
    }


def test_a_trigger_answers_with_the_pending_delivery(registered: FlaskClient) -> None:
    """202, and a delivery with the keys of the contract, not attempted yet."""
    made = trigger(registered)
    assert list(made) == [
        "id",
        "seq",
        "family",
        "account",
        "service",
        "event",
        "url",
        "status",
        "trigger",
        "message",
        "faults",
        "headers",
        "signed",
        "due_at",
        "attempts",
    ]
    assert tuple(
        made[name]
        for name in (
            "family",
            "account",
            "service",
            "event",
            "status",
            "trigger",
            "attempts",
        )
    ) == ("fota-v1", ACCOUNT, "Fota", FINISHED, "pending", "event", [])
    assert made["due_at"] == registered.get("/__admin/clock").get_json()["now"]


def test_a_message_goes_out_after_the_reply(
    registered: FlaskClient, listener: Listening, backend: Backend
) -> None:
    """Nothing is sent until the reply to the trigger is written."""
    reply = registered.post("/__admin/deliveries", json=TRIGGER)
    [kept] = registered.get("/__admin/deliveries").get_json()["deliveries"]
    assert (
        listener.came,
        kept["attempts"],
        backend.wait_until_idle(0),
    ) == ([], [], False)
    reply.close()
    assert backend.wait_until_idle(PATIENCE_S)
    assert len(listener.came) == 1


def test_a_delivery_is_shown_with_its_attempts(
    registered: FlaskClient, listener: Listening
) -> None:
    """An attempt has the keys of the contract, and one of status and error."""
    made = delivered(registered)
    shown = registered.get(f"/__admin/deliveries/{made['id']}").get_json()
    assert made == shown
    assert listener.came == [shown["message"]]
    [attempt] = shown["attempts"]
    assert list(attempt) == [
        "seq",
        "number",
        "started_at",
        "finished_at",
        "duration_s",
        "status_code",
        "error",
        "reply",
        "warning",
    ]
    assert (
        attempt["number"],
        attempt["status_code"],
        attempt["error"],
        attempt["reply"],
    ) == (1, 200, None, "said")


def test_overrides_are_sent(registered: FlaskClient, listener: Listening) -> None:
    """A trigger may change fields of the message."""
    delivered(registered, overrides={"upgradeFinished.upgradeId": "mine"})
    assert listener.came[0]["upgradeFinished"]["upgradeId"] == "mine"


@pytest.mark.parametrize("message", [{"a": [1]}, [1, "ü"], "\ud800", 0, False, "", []])
def test_a_message_of_the_users_own_is_sent(
    registered: FlaskClient, listener: Listening, message: Any
) -> None:
    """Any JSON goes out as it is, and the delivery says it was such a message."""
    made = delivered(registered, message=message)
    assert (
        listener.came,
        made["message"],
        made["trigger"],
    ) == ([message], message, "message")


@each(
    ("wanted", "status", "code", "words"),
    [
        ({"event": "Fota.x"}, 400, "unknown_event", "unknown event 'Fota.x'; known: "),
        (
            {"service": "fota"},
            400,
            "unknown_service",
            "unknown service 'fota'; nearest",
        ),
        ({"account": None}, 400, "invalid_body", "account: is required: whose list"),
        (
            {"overrides": {"accountname": "x"}},
            400,
            "invalid_message",
            "no field 'accountname'; did you mean 'accountName'?",
        ),
        (
            {"overrides": {"accountName": 5}},
            400,
            "invalid_message",
            "accountName: must be a string, got a number",
        ),
        (
            {"message": {}, "overrides": {"a": 1}},
            400,
            "invalid_message",
            "overrides are for the event's own message; a message of yours has none",
        ),
        (
            {"account": OTHER},
            404,
            "not_registered",
            f"account {OTHER} has no registration with fota-v1 for Fota; registered: "
            f"{ACCOUNT} fota-v1 Fota",
        ),
    ],
    ids=["event", "service", "no account", "path", "type", "both", "account"],
)
def test_a_trigger_that_cannot_be_is_told_why(
    registered: FlaskClient,
    wanted: dict[str, Any],
    status: int,
    code: str,
    words: str,
) -> None:
    """Whatever is wrong is named with what there is, and nothing is made."""
    reply = post(registered, "/deliveries", TRIGGER | wanted)
    assert refused(reply, status, code).startswith(words)
    assert registered.get("/__admin/health").get_json()["pending_deliveries"] == 0


def test_a_trigger_where_nothing_is_registered_says_so(client: FlaskClient) -> None:
    """The refusal does not leave an empty list behind."""
    reply = post(client, "/deliveries", TRIGGER)
    assert "; registered: nothing; " in refused(reply, 404, "not_registered")


def test_a_refused_trigger_lists_five_registrations(client: FlaskClient) -> None:
    """Of many registrations the first are named, the others counted."""
    for number in range(7):
        register(client, f"{number:010}-00001")
    reply = post(client, "/deliveries", TRIGGER)
    message = refused(reply, 404, "not_registered")
    assert (message.count("-00001 fota"), " and 2 more; " in message) == (5, True)


def test_another_services_registration_gets_nothing(
    registered: FlaskClient, backend: Backend
) -> None:
    """An event goes to the listener of its service alone."""
    [old] = backend.state.registry.every()
    backend.state.registry.remove(account=ACCOUNT)
    backend.state.registry.register(
        type(old)(old.family, ACCOUNT, "Else", old.url, None, None, old.registered_at)
    )
    reply = post(registered, "/deliveries", TRIGGER)
    there = f"for Fota; registered: {ACCOUNT} fota-v1 Else; "
    assert there in refused(reply, 404, "not_registered")


def test_a_number_too_large_for_json_is_refused(registered: FlaskClient) -> None:
    """What Python reads as infinite cannot be sent."""
    body = json.dumps(TRIGGER | {"message": "@"}).replace('"@"', "1e400")
    reply = registered.post(
        "/__admin/deliveries", data=body, content_type="application/json"
    )
    assert "a message must be JSON" in refused(reply, 400, "invalid_message")


def test_a_delivery_is_sent_again(registered: FlaskClient, listener: Listening) -> None:
    """A resend is a delivery of its own, of the same message."""
    first = delivered(registered, overrides={"accountName": "mine"})
    reply = post(registered, f"/deliveries/{first['id']}/resend")
    [again] = reply.get_json()["deliveries"]
    assert (
        reply.status_code,
        again["trigger"],
        again["status"],
        again["message"],
    ) == (202, "resend", "pending", first["message"])
    assert first["id"] != again["id"]
    post(registered, "/deliveries/wait-until-idle")
    assert listener.came == 2 * [first["message"]]


def test_a_resend_goes_to_where_the_listener_is_now(registered: FlaskClient) -> None:
    """A listener that moved meanwhile gets it at the new place."""
    first = delivered(registered)
    url = f"{ORIGIN}/moved"
    moved = {"family": "fota-v1", "account": ACCOUNT, "url": url}
    registered.post("/__admin/registrations", json=moved)
    reply = post(registered, f"/deliveries/{first['id']}/resend")
    assert reply.get_json()["deliveries"][0]["url"] == url


def test_a_resend_to_nobody_is_refused(registered: FlaskClient) -> None:
    """Where the registration is gone, the refusal says what there is."""
    first = delivered(registered)
    registered.delete("/__admin/registrations")
    reply = post(registered, f"/deliveries/{first['id']}/resend")
    assert refused(reply, 404, "not_registered").startswith(
        f"account {ACCOUNT} has no registration with fota-v1 for Fota; "
        "registered: nothing; to register a listener: curl "
    )


def test_a_trigger_to_nobody_tells_the_curl_that_registers(
    client: FlaskClient,
) -> None:
    """What it says, done as it stands, lets the same trigger pass."""
    wanted = {"event": "NiddService.delivered", "account": ACCOUNT}
    said = refused(post(client, "/deliveries", wanted), 404, "not_registered")

    curl, url, _, header, _, body = shlex.split(said.partition("listener: ")[2])
    name, _, value = header.partition(": ")
    assert client.post(url, data=body, headers={name: value}).status_code == 201
    assert (curl, post(client, "/deliveries", wanted).status_code) == ("curl", 202)


def test_a_trigger_for_an_account_that_is_not_accepted_says_so() -> None:
    """A registration would be refused, so none is suggested."""
    other = create_app(Settings(accounts=frozenset({OTHER}))).test_client()
    wanted = {"event": "NiddService.delivered", "account": ACCOUNT}
    said = refused(post(other, "/deliveries", wanted), 404, "not_registered")
    assert said == f"account {ACCOUNT} is not one of the accounts setting: {OTHER}"


def test_a_resend_passes_over_other_services(
    registered: FlaskClient, backend: Backend
) -> None:
    """A registration for another service is not where the message was meant for."""
    first = delivered(registered)
    [old] = backend.state.registry.every()
    backend.state.registry.remove()
    backend.state.registry.register(
        type(old)(old.family, ACCOUNT, "Else", old.url, None, None, old.registered_at)
    )
    reply = post(registered, f"/deliveries/{first['id']}/resend")
    refused(reply, 404, "not_registered")


@each("identity", ["99", "a", "wait", "-1", "%F0%9F%98%80"])
def test_a_delivery_that_is_not_there_is_named(
    client: FlaskClient, identity: str
) -> None:
    """Neither shown nor sent again."""
    shown = client.get(f"/__admin/deliveries/{identity}")
    sent = post(client, f"/deliveries/{identity}/resend")
    assert refused(shown, 404, "unknown_delivery").startswith("there is no delivery ")
    refused(sent, 404, "unknown_delivery")


def ids(client: FlaskClient, query: str = "") -> list[str]:
    """Return the deliveries that a query finds."""
    found = client.get(f"/__admin/deliveries?{query}").get_json()["deliveries"]
    return [item["id"] for item in found]


@pytest.fixture
def several(registered: FlaskClient, listener: Listening) -> FlaskClient:
    """A client of a server with three deliveries: done, pending, of another."""
    register(registered, OTHER)
    delivered(registered)
    listener.statuses.append(503)
    trigger(registered, event="Fota.firmwareList")
    post(registered, "/deliveries/wait", {"attempts": 1, "count": 2})
    delivered(registered, account=OTHER)
    return registered


@each(
    ("query", "expected"),
    [
        ("", [0, 1, 2]),
        (f"account={OTHER}", [2]),
        ("account=0000000000-00000", []),
        ("event=Fota.firmwareList", [1]),
        ("status=pending", [1]),
        ("status=delivered", [0, 2]),
        ("status=stale", []),
        ("family=fota-v1&service=Fota", [0, 1, 2]),
        ("limit=0", []),
        ("limit=2", [1, 2]),
        ("limit=5", [0, 1, 2]),
        ("status=delivered&limit=1", [2]),
    ],
)
def test_deliveries_are_filtered(
    several: FlaskClient, query: str, expected: list[int]
) -> None:
    """Filters are exact; a limit keeps the last so many."""
    every = ids(several)
    assert [every[index] for index in expected] == ids(several, query)


def test_since_leaves_out_what_came_before(several: FlaskClient) -> None:
    """A cursor is a seq; the list tells the last one there is."""
    shown = several.get("/__admin/deliveries").get_json()
    numbers = [delivery["seq"] for delivery in shown["deliveries"]]
    assert [str(numbers[-1])] == ids(several, f"since={numbers[1]}")
    assert ids(several, f"since={shown['meta']['last_seq']}") == []


def test_the_total_is_what_matches_before_the_limit(several: FlaskClient) -> None:
    """A limit shows fewer; it does not count fewer."""
    meta = several.get("/__admin/deliveries?limit=1").get_json()["meta"]
    assert (meta["total"], meta["evicted"]) == (3, 0)


FILTERS = {
    "status": "known: abandoned, cancelled, delivered, pending, stale",
    "event": f"nearest of {sum(len(api.events) for api in APIS)}: Fota.firmwareList",
    "family": "known: connectivity, diagnostics, fota-v1",
    "service": "nearest of 28: Fota",
}


@each("name", FILTERS)
@each("how", ["list", "wait"])
def test_a_filter_of_what_is_not_there_is_refused(
    client: FlaskClient, name: str, how: str
) -> None:
    """A mistyped word must not look like nothing found."""
    reply = (
        client.get(f"/__admin/deliveries?{name}=fota")
        if how == "list"
        else post(client, "/deliveries/wait", {name: "fota"})
    )
    message = refused(reply, 400, f"unknown_{name}")
    assert message.startswith(f"unknown {name} 'fota'; {FILTERS[name]}")


def test_a_filter_that_means_nothing_is_refused(client: FlaskClient) -> None:
    """The refusal names the filters there are."""
    message = refused(client.get("/__admin/deliveries?acct=a"), 400, "unknown_filter")
    assert message.endswith("account, family, service, event, status, since, limit")


@each("name", ["since", "limit"])
@each("value", ["-1", "1.5", "a", "", "9" * 5000])
def test_a_number_filter_is_a_number(
    client: FlaskClient, name: str, value: str
) -> None:
    """Since and limit are whole numbers of a sane length."""
    reply = client.get(f"/__admin/deliveries?{name}={value}")
    refused(reply, 400, "invalid_filter")


def test_an_event_of_the_users_own_may_be_asked_for(client: FlaskClient) -> None:
    """A filter knows the events of the seed too."""
    own = {"family": "fota-v1", "service": "Fota", "message": {"a": 1}}
    client.put("/__admin/snapshot", json={"events": {"Own.x": own}})
    register(client, ACCOUNT)
    made = delivered(client, event="Own.x", overrides={"a": 2})
    assert (made["message"], ids(client, "event=Own.x")) == ({"a": 2}, [made["id"]])


def test_nothing_that_came_before_the_wait_is_missed(registered: FlaskClient) -> None:
    """A wait with a cursor finds what is there already."""
    since = registered.get("/__admin/deliveries").get_json()["meta"]["last_seq"]
    delivered(registered)
    delivered(registered)
    wanted = {"since": since, "count": 2, "timeout_s": 0}
    reply = post(registered, "/deliveries/wait", wanted)
    assert (reply.status_code, reply.get_json()["meta"]["total"]) == (200, 2)


def test_a_wait_looks_past_its_cursor_alone(registered: FlaskClient) -> None:
    """What is not above the cursor does not count and is not shown."""
    since = delivered(registered)["seq"]
    reply = post(registered, "/deliveries/wait", {"since": since, "timeout_s": 0})
    assert (reply.status_code, reply.get_json()["deliveries"]) == (408, [])


def test_a_wait_in_vain_shows_what_came_and_what_is_due(several: FlaskClient) -> None:
    """408 with a line for each delivery, and when a pending one is due."""
    wanted = {"account": ACCOUNT, "count": 2, "timeout_s": 0}
    reply = post(several, "/deliveries/wait", wanted)
    shown = reply.get_json()
    place = f"{ACCOUNT} -> {ORIGIN}/cb/{ACCOUNT}"
    assert (
        reply.status_code,
        shown["error"],
        [delivery["id"] for delivery in shown["deliveries"]],
    ) == (408, "timed_out", ids(several))
    first, second, other = (delivery["id"] for delivery in shown["deliveries"])
    due_at = shown["deliveries"][1]["due_at"]
    lines = shown["message"].splitlines()
    assert [line for line in lines if line and "  curl " not in line] == [
        "waited 0 s for 2 deliveries",
        f"  account  {ACCOUNT}",
        "  status   delivered",
        "but 1 matched",
        f"matched: {first} {FINISHED} for {place}: delivered, 1 attempt, last: 200",
        f"nearest: {second} Fota.firmwareList for {place}: pending, 1 attempt, "
        f"last: 503, next at {due_at}",
        "  status  expected  delivered",
        "          actual    pending",
        f"nearest: {other} {FINISHED} for {place.replace(ACCOUNT, OTHER)}: delivered, "
        "1 attempt, last: 200",
        f"  account  expected  {ACCOUNT}",
        f"           actual    {OTHER}",
        f"pending: {second} Fota.firmwareList, attempt 2 due in 300 s, at {due_at}; "
        "advance(seconds=300) brings it",
    ]


def test_a_wait_where_there_is_nothing_says_so(client: FlaskClient) -> None:
    """What was asked for is repeated, attempts included."""
    wanted = {"attempts": 2, "event": FINISHED, "timeout_s": 0.01}
    shown = post(client, "/deliveries/wait", wanted).get_json()
    assert shown["message"].splitlines() == [
        "waited for 1 delivery, and nothing more is due",
        f"  event     {FINISHED}",
        "  attempts  at least 2",
        "but 0 matched",
        "",
        "no listener is registered; first: register(account, url)",
        f'nothing was triggered; to send a message: trigger("{FINISHED}", account)',
    ]


def test_a_line_hides_the_user_of_a_url(client: FlaskClient) -> None:
    """A password in a listener's URL is not in a sentence."""
    url = "https://ann:hunter2@listener.example/cb"
    wanted = {"family": "fota-v1", "account": ACCOUNT, "url": url}
    client.post("/__admin/registrations", json=wanted)
    trigger(client)
    reply = post(client, "/deliveries/wait", {"status": "stale", "timeout_s": 0})
    assert "-> https://ann:***@listener.example/cb: " in reply.get_json()["message"]


def watched(state: BackendState, monkeypatch: pytest.MonkeyPatch) -> Signal:
    """Return an event that is set once somebody waits for what happens."""
    waiting = Signal()
    watching = state.notifier.watching

    def noticed(*args: Any) -> Any:
        waiting.set()
        return watching(*args)

    monkeypatch.setattr(state.notifier, "watching", noticed)
    return waiting


def test_no_clock_goes_past_the_year_9000(registered: FlaskClient, clock: Clock):
    """What is due later than the clock's last instant still has an instant."""
    clock.move_to(LATEST - timedelta(seconds=1))
    reply = post(registered, "/clock/advance", {"seconds": 2})
    assert refused(reply, 400, "invalid_clock") == (
        "the clock cannot go beyond 9000-01-01 00:00:00+00:00"
    )
    assert post(registered, "/clock/advance", {"seconds": 1}).status_code == 200


@each("how", ["reset", "close", "restore"])
def test_a_wait_ends_with_what_it_waits_on(
    client: FlaskClient, backend: Backend, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reset, a restore or the end of the server lets go of who waits."""
    waiting = watched(backend.state, monkeypatch)
    with ThreadPoolExecutor(1) as others:
        replied = others.submit(
            post, client.application.test_client(), WAITS, {"advance": False}
        )
        assert waiting.wait(PATIENCE_S)
        if how == "reset":
            post(client, "/reset")
        elif how == "close":
            backend.close()
        else:
            client.put("/__admin/snapshot", json={})
        reply = replied.result(PATIENCE_S / 2)
    assert reply.status_code == 408
    assert reply.get_json()["message"].startswith(
        "the server was reset or stopped during the wait for 1 delivery"
    )


def test_a_wait_whose_client_has_gone_moves_no_clock(
    registered: FlaskClient, backend: Backend
) -> None:
    """It ends, though something else is due again and again."""

    @contextmanager
    def gone(over: Signal) -> Iterator[Callable[[], bool]]:
        over.set()
        yield lambda: True

    backend.runtime.timers.set_mode("manual")
    before = backend.clock.now()

    def tick() -> None:
        again_at = backend.clock.now() + timedelta(seconds=15)
        backend.runtime.timers.at(again_at, None, tick)

    tick()
    reply = registered.post(
        f"/__admin{WAITS}", json={}, environ_overrides={HOLDING: gone}
    )
    assert (reply.status_code, backend.clock.now()) == (408, before)


def test_idle_is_told(registered: FlaskClient) -> None:
    """A wait until idle ends when nothing is under way or due."""
    trigger(registered)
    reply = post(registered, "/deliveries/wait-until-idle", {"timeout_s": PATIENCE_S})
    assert (reply.status_code, reply.get_json()) == (200, {"idle": True})
    assert len(ids(registered, "status=delivered")) == 1


def test_not_idle_is_told(registered: FlaskClient, listener: Listening) -> None:
    """A listener that does not answer keeps the server busy."""
    listener.answers.clear()
    trigger(registered)
    reply = post(registered, "/deliveries/wait-until-idle", {"timeout_s": 0.01})
    listener.answers.set()
    assert refused(reply, 408, "timed_out") == (
        "attempts were still under way after 0.01 s"
    )


def test_an_answer_after_a_reset_is_stale(
    registered: FlaskClient, listener: Listening, backend: Backend
) -> None:
    """It is shown when it is asked for, and nowhere else."""
    listener.answers.clear()
    answered, note_late = Signal(), backend.runtime.late
    backend.runtime.late = lambda delivery: (note_late(delivery), answered.set())
    made = trigger(registered)
    assert listener.asked.wait(PATIENCE_S)
    assert post(registered, "/reset").get_json()["cancelled"] == 1
    listener.answers.set()
    assert answered.wait(PATIENCE_S)
    assert (ids(registered, "status=stale"), ids(registered)) == ([made["id"]], [])


def test_health_counts_what_is_pending(
    registered: FlaskClient, listener: Listening
) -> None:
    """A delivery counts until it is over."""
    listener.statuses.append(500)
    trigger(registered)
    post(registered, "/deliveries/wait", {"attempts": 1})
    before = registered.get("/__admin/health").get_json()["pending_deliveries"]
    post(registered, "/clock/advance", {"seconds": 300})
    after = registered.get("/__admin/health").get_json()["pending_deliveries"]
    assert (before, after) == (1, 0)


@each("query", ["", f"?account={ACCOUNT}", "?service=Fota"])
def test_removing_a_registration_cancels_its_deliveries(
    several: FlaskClient, query: str
) -> None:
    """What waits for a retry is not sent to who is not registered any more."""
    several.delete(f"/__admin/registrations{query}")
    assert ids(several)[1:2] == ids(several, "status=cancelled")
    fired = post(several, "/clock/advance", {"seconds": 3600}).get_json()["fired"]
    assert fired == []


def test_removing_another_registration_cancels_nothing(several: FlaskClient) -> None:
    """Only the deliveries of what was removed are cancelled."""
    several.delete(f"/__admin/registrations?account={OTHER}")
    assert ids(several, "status=cancelled") == []


def test_the_clock_is_shown(client: FlaskClient, backend: Backend) -> None:
    """Whether it stands, and what time it is."""
    shown = client.get("/__admin/clock").get_json()
    assert list(shown) == ["mode", "now", "ahead_s"]
    assert shown["mode"] == "manual"
    assert shown["now"] == f"{backend.clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"


def test_the_clock_is_let_run_and_stopped(client: FlaskClient) -> None:
    """Its mode can be changed, and is told."""
    modes = [
        client.put("/__admin/clock", json={"mode": mode}).get_json()["mode"]
        for mode in ("real", "manual", "manual")
    ]
    assert modes == ["real", "manual", "manual"]


def test_an_advance_makes_all_happen_that_is_due(
    registered: FlaskClient, listener: Listening
) -> None:
    """The whole schedule passes at once; what fired is told in order."""
    register(registered, OTHER)
    listener.statuses = [500] * 8
    for account in (ACCOUNT, OTHER):
        trigger(registered, account=account)
    post(registered, "/deliveries/wait", {"attempts": 1, "count": 2})
    reply = post(registered, "/clock/advance", {"seconds": 900}).get_json()
    assert list(reply) == ["mode", "now", "ahead_s", "fired"]
    numbers = [attempt["number"] for attempt in reply["fired"]]
    assert numbers == [2, 2, 3, 3, 4, 4]
    order = [attempt["seq"] for attempt in reply["fired"]]
    assert sorted(order) == order
    assert set(ids(registered)) == {attempt["delivery"] for attempt in reply["fired"]}
    assert len(ids(registered, "status=abandoned")) == 2


def test_an_advance_short_of_it_fires_nothing(
    registered: FlaskClient, listener: Listening
) -> None:
    """A retry does not come a second early."""
    listener.statuses = [500]
    trigger(registered)
    post(registered, "/deliveries/wait", {"attempts": 1})
    assert (
        post(registered, "/clock/advance", {"seconds": 299}).get_json()["fired"] == []
    )


def test_an_advance_takes_seconds_minutes_and_hours(
    client: FlaskClient, clock: Clock
) -> None:
    """They add up."""
    before = clock.now()

    post(client, "/clock/advance", {"seconds": 3, "minutes": 2, "hours": 1})

    assert clock.now() - before == timedelta(hours=1, minutes=2, seconds=3)


def test_an_advance_is_no_longer_than_the_longest(client: FlaskClient) -> None:
    """Nor do its parts together."""
    reply = post(client, "/clock/advance", {"seconds": 1, "hours": 720})
    assert refused(reply, 400, "invalid_clock") == "at most 2592000 seconds in all"


def test_a_clock_that_runs_is_not_advanced(client: FlaskClient) -> None:
    """409, and how to stop it."""
    client.put("/__admin/clock", json={"mode": "real"})
    message = refused(post(client, "/clock/advance", {"seconds": 1}), 409, "clock_runs")
    assert 'PUT /__admin/clock {"mode": "manual"}' in message


WAITS = "/deliveries/wait"
IDLES = "/deliveries/wait-until-idle"
BAD: list[tuple[str, str, Any]] = [
    *(("/clock/advance", "seconds", value) for value in (None, True, "5", [], {}, -1)),
    ("/clock/advance", "seconds", 10**30),
    *(("/clock/advance", unit, "5") for unit in ("minutes", "hours")),
    ("/clock/advance", "hours", 721),
    ("/clock/advance", "days", 5),
    *(("/deliveries", "account", value) for value in (5, [], {}, True)),
    *(("/deliveries", "event", value) for value in (None, 5, [], {})),
    *(("/deliveries", "service", value) for value in (5, [], {})),
    *(("/deliveries", "overrides", value) for value in (5, [], "a", True)),
    ("/deliveries", "override", {}),
    *((WAITS, "count", value) for value in (None, True, "1", 0, -1, 1.5, [], {})),
    *((WAITS, "attempts", value) for value in (True, "1", 0, -1, 1.5, [], {})),
    *((WAITS, "since", value) for value in (None, True, "1", -1, 1.5, [], {})),
    *((WAITS, "timeout_s", value) for value in (None, True, "1", -1, 601, [], {})),
    *((WAITS, "account", value) for value in (5, [], {})),
    *((WAITS, "advance", value) for value in (None, 5, "true", [], {})),
    *((WAITS, "status", value) for value in (5, [], {})),
    (WAITS, "acct", "a"),
    *((IDLES, "timeout_s", value) for value in (None, True, "1", -1, 601, 10**400)),
    (IDLES, "since", 1),
]


@each(
    ("path", "name", "value"),
    BAD,
    ids=[f"{row[0]} {row[1]}={row[2]!r:.9}" for row in BAD],
)
def test_a_field_of_another_kind_is_refused(
    registered: FlaskClient, path: str, name: str, value: Any
) -> None:
    """A field that cannot be used is named, and nothing is done."""
    body = (TRIGGER if path == "/deliveries" else {}) | {name: value}
    reply = post(registered, path, body)
    code = "invalid_clock" if "clock" in path else "invalid_body"
    message = refused(reply, 400, code)
    assert message.startswith(f"{name}: ")
    assert ids(registered) == []


@each("mode", [None, "Real", "", 5, True, [], {}], ids=repr)
def test_a_mode_the_clock_does_not_have_is_refused(
    client: FlaskClient, mode: Any
) -> None:
    """The refusal names the two there are."""
    reply = client.put("/__admin/clock", json={"mode": mode})
    assert refused(reply, 400, "invalid_clock") == "mode: must be real or manual"


def test_the_longest_wait_is_named(client: FlaskClient) -> None:
    """A wait has an end."""
    longest = LONGEST_WAIT_S
    reply = post(client, IDLES, {"timeout_s": longest + 1})
    assert str(longest) in refused(reply, 400, "invalid_body")


ODD = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([10**30, -(10**30), 1e308, 0.5, -0.5])
    | st.text(max_size=3)
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
)
FIELDS = (
    *("event", "account", "service", "overrides", "message", "status", "family"),
    *("attempts", "count", "since", "seconds", "mode", ""),
)


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[FlaskClient]:
    """A client of one server for every example."""
    made = create_app(Settings(clock="manual"), {ORIGIN: Listening()})
    client = made.test_client()
    register(client, ACCOUNT)
    yield client
    made.extensions[EXTENSION].close()


PATHS = st.sampled_from(["/deliveries", WAITS, IDLES, "/clock/advance", "/clock"])


@given(path=PATHS, body=st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=4))
@settings(max_examples=60, deadline=None)
def test_no_body_breaks_the_admin_api(
    fuzzed: FlaskClient, path: str, body: dict[str, Any]
) -> None:
    """Whatever comes, the reply is a document and not a failure of ours."""
    wanted = {
        "/deliveries": TRIGGER | body,
        WAITS: {**body, "timeout_s": 0},
        IDLES: {**body, "timeout_s": 0.2},
    }
    method = "PUT" if path == "/clock" else "POST"
    reply = fuzzed.open(
        f"/__admin{path}", method=method, json=wanted.get(path, body), buffered=True
    )
    assert reply.status_code in (200, 202, 400, 404, 408, 409)
    assert isinstance(reply.get_json(), dict)


def waiting_for(backend: Backend, count: int, status: str) -> Any:
    """Wait in a thread for so many deliveries; return what they will be."""
    app = create_app()

    def wait() -> list[Delivery]:
        with app.test_request_context():
            return _come(
                backend.state,
                lambda delivery: delivery.status == status,
                count,
                PATIENCE_S,
            )

    return ThreadPoolExecutor(1).submit(wait)


def test_a_wait_does_not_count_what_was_forgotten(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a reset of its account a delivery is no more."""
    begun = watched(backend.state, monkeypatch)
    deliveries = backend.state.deliveries
    came = waiting_for(backend, 2, "delivered")
    assert begun.wait(PATIENCE_S)
    deliveries.add(NEW._replace(status="delivered"))
    deliveries.remove(lambda delivery: True)
    second = deliveries.add(NEW._replace(status="delivered"))
    third = deliveries.add(NEW._replace(status="delivered"))
    assert came.result(PATIENCE_S) == [second, third]


def test_a_wait_returns_what_was_there_for_a_moment(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it has changed since makes it no wait in vain."""
    begun = watched(backend.state, monkeypatch)
    deliveries = backend.state.deliveries
    came = waiting_for(backend, 1, "pending")
    assert begun.wait(PATIENCE_S)
    with deliveries.lock:
        pending = deliveries.add(NEW)
        deliveries.replace(pending._replace(status="delivered"))
    assert came.result(PATIENCE_S) == [pending]
