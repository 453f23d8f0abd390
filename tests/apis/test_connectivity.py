"""What Connectivity Management does as no other API does."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mockthingspace import MockThingSpace, create_app
from mockthingspace.apis.connectivity.services import CONNECTIVITY
from mockthingspace.core.settings import Settings

from ..rows import each

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/m2m/v1/callbacks/{ACCOUNT}"
ORIGIN = "https://listener.example"
URL = f"{ORIGIN}/cb"
WANTED = {"name": "CarrierService", "url": URL}
NAMED = {"accountName": ACCOUNT, "serviceName": "CarrierService"}


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


def _refused(response: TestResponse, code: str) -> str:
    """Assert a refusal with one of connectivity's codes; return the reason."""
    assert (
        response.status_code,
        response.json["errorCode"],
    ) == (400, f"UnifiedWebService.{code}")
    assert set(response.json) == {"errorCode", "errorMessage"}
    return response.headers["X-Mock-Reason"]


def test_there_are_twenty_three_services():
    """They are those of the longest list there is."""
    assert len(CONNECTIVITY) == 23


def test_every_service_has_a_listener_of_its_own(client):
    """An account has one registration for each service, in the order they came."""
    for service in CONNECTIVITY:
        url = f"https://{service.lower()}.example/"
        response = client.post(CALLBACKS, json={"name": service, "url": url})
        named = {"accountName": ACCOUNT, "serviceName": service}
        assert (response.status_code, response.json) == (200, named)

    assert client.get(CALLBACKS).json == [
        {
            "accountName": ACCOUNT,
            "serviceName": service,
            "url": f"https://{service.lower()}.example/",
        }
        for service in CONNECTIVITY
    ]


def test_deregistering_one_service_leaves_the_others(client):
    """What ends is the one that is named, and it is named in the reply."""
    for service in ("NiddService", "CarrierService", "QoS"):
        client.post(CALLBACKS, json={**WANTED, "name": service})

    ended = client.delete(f"{CALLBACKS}/name/CarrierService")

    assert (ended.status_code, ended.json) == (200, NAMED)
    assert [item["serviceName"] for item in client.get(CALLBACKS).json] == [
        "NiddService",
        "QoS",
    ]


def test_missing_succeed_names_what_was_not_there():
    """With ``deregister_missing=ok`` the reply is as if there had been one."""
    ended = _client(deregister_missing="ok").delete(f"{CALLBACKS}/name/CarrierService")

    assert (ended.status_code, ended.json) == (200, NAMED)


@each("registered", ["AlertService", "AlertsService"])
@each("again", ["AlertService", "AlertsService"])
@each("ended", ["AlertService", "AlertsService"])
def test_both_spellings_of_the_alerts_mean_one_registration(
    client, registered, again, ended
):
    """Whatever it is registered and ended by, it is answered as AlertService."""
    named = {"accountName": ACCOUNT, "serviceName": "AlertService"}

    first = client.post(CALLBACKS, json={"name": registered, "url": "http://first/"})
    second = client.post(CALLBACKS, json={"name": again, "url": URL})
    listed = client.get(CALLBACKS).json
    gone = client.delete(f"{CALLBACKS}/name/{ended}")

    assert [first.json, second.json, gone.json] == [named] * 3
    assert listed == [{**named, "url": URL}]
    assert client.get(CALLBACKS).json == []


@each("service", ["alertService", "AlertsServices", "Fota", "carr"])
def test_a_service_is_held_to_its_case(client, service):
    """Another case is another name; the reason has those there are."""
    registered = client.post(CALLBACKS, json={**WANTED, "name": service})
    ended = client.delete(f"{CALLBACKS}/name/{service}")

    for item in (registered, ended):
        reason = _refused(item, "INPUT_INVALID.CallbackService.Invalid")
        assert "must be one of AlertService, CarrierService, " in reason


def test_credentials_are_listed_as_they_were_sent(client):
    """The list shows username and password in clear, even an empty one."""
    client.post(CALLBACKS, json={**WANTED, "username": "ann", "password": ""})

    assert (client.get(CALLBACKS).json) == [
        {**NAMED, "url": URL, "username": "ann", "password": ""}
    ]


def test_the_pages_list_empty_credentials_where_there_are_none():
    """With ``dialect=docs`` no field is left out, and no list is an empty body."""
    client = _client(dialect="docs")
    nothing = client.get(CALLBACKS)
    client.post(CALLBACKS, json=WANTED)
    client.post(CALLBACKS, json={**WANTED, "name": "QoS", "username": "ann"})

    assert (
        nothing.status_code,
        nothing.data,
        nothing.headers.get("Content-Type"),
    ) == (200, b"", None)
    assert [
        (item["username"], item["password"]) for item in client.get(CALLBACKS).json
    ] == [("", ""), ("ann", "")]


@each(
    ("account", "status"),
    [
        ("TestAccount-1", 200),
        ("TestAccount-1234567890", 200),
        ("TestAccount-", 400),
        ("TestAccount-12345678901", 400),
        ("testaccount-1", 400),
        ("TestAccount-a", 400),
        ("TestAccount-1 ", 400),
        ("TestAccount-١", 400),
        ("TestQAAccount", 400),
        ("0242078689-00001", 200),
    ],
)
def test_the_simulators_accounts_are_accounts_here(client, account, status):
    """TestAccount- and one to ten digits is an account, as its format is."""
    response = client.post(f"/api/m2m/v1/callbacks/{account}", json=WANTED)

    assert response.status_code == status


@each(
    "path",
    [
        "/api/fota/v1/callbacks/TestAccount-1",
        "/api/fota/v2/callbacks/TestAccount-1",
        "/api/fota/v3/callbacks/TestAccount-1",
        "/api/loc/v1/callbacks/TestAccount-1",
        "/api/diagnostics/v1/callbacks?accountName=TestAccount-1",
        "/api/hyper-precise/v1/callbacks?accountNumber=TestAccount-1",
    ],
)
def test_the_simulators_accounts_are_none_elsewhere(client, path):
    """The simulator is of this API alone."""
    assert client.get(path).status_code == 400


def test_a_simulators_account_can_be_one_of_those_that_exist():
    """The ``accounts`` setting takes the names that the API takes."""
    client = _client(accounts=("TestAccount-2",))

    assert client.get("/api/m2m/v1/callbacks/TestAccount-2").status_code == 200
    other = client.get("/api/m2m/v1/callbacks/TestAccount-3")
    _refused(other, "REQUEST_FAILED.AccountNotFound")


FORBIDDEN = [
    ("apostrophe", "'"),
    ("less than", "<"),
    ("backslash", "\\"),
]


@each("field", ["name", "url", "username", "password", "colour"])
@each("character", [item[1] for item in FORBIDDEN], ids=[item[0] for item in FORBIDDEN])
def test_some_characters_are_in_no_field(client, field, character):
    """They come before all else that is wrong; the reason has field and character."""
    body = {**WANTED, field: f"hunter2{character}"}

    reason = _refused(
        client.post(CALLBACKS, json=body), "INPUT_INVALID.Request.InvalidCharacter"
    )

    assert reason == f"{field}: must not hold {character}"
    assert client.get(CALLBACKS).json == []


@each("text", [">", '"', "&", "/", "%27", "ü", "’"])
def test_other_characters_may_be_in_a_field(client, text):
    """What the page does not name is taken."""
    client.post(CALLBACKS, json={**WANTED, "username": text})

    assert client.get(CALLBACKS).json[0]["username"] == text


@each("field", ["username", "password"])
def test_enforced_rules_limit_credentials_to_40_characters(field):
    """Where rules are ``enforced`` 40 characters are accepted and 41 are refused."""
    client = _client(registration_rules="enforced")

    accepted = client.post(CALLBACKS, json={**WANTED, field: "x" * 40})
    refused = client.post(CALLBACKS, json={**WANTED, field: "x" * 41})

    assert accepted.status_code == 200
    reason = _refused(refused, "INPUT_INVALID.Credentials.TooLong")
    assert f"{field} has 41 characters" in reason


def test_without_strict_credentials_have_any_length(client):
    """The limits are for ``enforced`` rules."""
    wanted = {**WANTED, "url": "http://l:8000/", "username": "x" * 41}

    assert client.post(CALLBACKS, json=wanted).status_code == 200


def test_enforced_rules_hold_to_the_ports_but_take_http():
    """Where rules are ``enforced`` the port is on the page's list."""
    client = _client(registration_rules="enforced")

    good = client.post(CALLBACKS, json={**WANTED, "url": "http://listener:9001/"})
    bad = client.post(CALLBACKS, json={**WANTED, "url": "https://listener:9007/"})

    assert good.status_code == 200
    assert "9001-9006" in _refused(bad, "INPUT_INVALID.CallbackUrl.Invalid")


# Messages: how often they were tried is counted in them.


class Listening:
    """A listener in process that keeps what it gets, and refuses it."""

    def __init__(self) -> None:
        self.got: list[Any] = []

    def __call__(self, environ: Any, start: Any) -> list[bytes]:
        """Refuse a message."""
        self.got.append(json.loads(environ["wsgi.input"].read()))
        start("503 Busy", [])
        return [b""]


LISTENER = Listening()
EVENT = "CarrierService.activate"


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, with a listener in process."""
    with MockThingSpace(deliver_to={ORIGIN: LISTENER}) as server:
        yield server


@pytest.fixture
def thing(running: MockThingSpace) -> MockThingSpace:
    """The server as just started, with a registration."""
    LISTENER.got.clear()
    running.reset()
    running.register(
        ACCOUNT,
        URL,
        family="connectivity",
        service="CarrierService",
        username="ann",
        password="hunter2",
    )
    return running


def got(server: MockThingSpace) -> list[Any]:
    """Return what the listener gets until every delivery is abandoned."""
    server.advance(minutes=15)
    server.assert_delivered(status="abandoned")
    return LISTENER.got


def test_a_message_counts_the_attempts_at_it(thing):
    """Four attempts say 1, 2, 3 and 4, of 4, and are the same but for that."""
    thing.trigger(EVENT, ACCOUNT)

    messages = got(thing)

    assert [message.pop("callbackCount") for message in messages] == [1, 2, 3, 4]
    assert messages == [messages[0]] * 4
    assert messages[0]["maxCallbackThreshold"] == 4


@each(
    ("retries", "threshold"),
    [("documented", 4), ("observed", 2), ("none", 1), ("5", 2)],
)
def test_a_message_says_how_many_attempts_there_are(retries, threshold):
    """``maxCallbackThreshold`` is 4 as documented, 2 as observed; an override wins."""
    with MockThingSpace(retries=retries, deliver_to={ORIGIN: LISTENER}) as server:
        server.register(ACCOUNT, URL, family="connectivity", service="NiddService")
        for given in ({}, {"maxCallbackThreshold": 9}):
            server.trigger("NiddService.queued", ACCOUNT, **given)
        told = [item.message["maxCallbackThreshold"] for item in server.deliveries()]

    assert told == [threshold, 9]


def test_an_sms_of_a_device_is_not_sent_again(thing):
    """One that is not acknowledged waits at ThingSpace, and says it has one attempt."""
    thing.register(
        ACCOUNT, URL, family="connectivity", service="EnhancedConnectivityService"
    )
    thing.trigger("EnhancedConnectivityService.smsReceived", ACCOUNT)

    messages = got(thing)

    assert [
        (item["callbackCount"], item["maxCallbackThreshold"]) for item in messages
    ] == [(1, 1)]


def test_the_count_stays_where_it_stands_in_the_message(thing):
    """The order of a message's fields is the same at each attempt."""
    thing.trigger(EVENT, ACCOUNT)

    first, *others = (list(item) for item in got(thing))

    assert others == [first] * 3


def test_a_count_of_the_users_is_counted_on_from(thing):
    """An override of the count is what the first attempt says."""
    thing.trigger(EVENT, ACCOUNT, callbackCount=7)

    assert [item["callbackCount"] for item in got(thing)] == [7, 8, 9, 10]


def test_a_message_of_the_users_is_sent_as_it_is(thing):
    """Nothing in a whole message of the user's own is counted."""
    own = {"callbackCount": 1, "a": ["callbackCount"]}
    thing.trigger(EVENT, ACCOUNT, message=own)

    assert got(thing) == [own] * 4


def test_a_resend_counts_anew(thing):
    """A delivery of the same message begins with the first attempt's count."""
    [made] = thing.trigger(EVENT, ACCOUNT)
    thing.advance(minutes=15)

    thing.resend(made.id)

    assert [item["callbackCount"] for item in got(thing)] == [1, 2, 3, 4] * 2


def test_the_delivery_is_shown_as_its_first_attempt(thing):
    """The journal shows the message once, as it was made."""
    thing.trigger(EVENT, ACCOUNT)
    got(thing)

    [shown] = thing.deliveries()
    assert (shown.message["callbackCount"], len(shown.attempts)) == (1, 4)


def test_a_message_of_a_family_without_a_count_is_the_same_each_time(thing):
    """What has no count has none added."""
    thing.register(ACCOUNT, URL, family="fota-v2")
    thing.trigger("FotaV2.campaignScheduled", ACCOUNT)

    first, *others = got(thing)

    assert "callbackCount" not in first
    assert others == [first] * 3


def test_a_message_echoes_the_credentials(thing):
    """Username and password of the registration are in the message."""
    thing.trigger(EVENT, ACCOUNT)

    echoed = {(item["username"], item["password"]) for item in got(thing)}

    assert echoed == {("ann", "hunter2")}


@each("spelling", ["AlertService", "AlertsService"])
def test_an_alert_reaches_either_spelling(thing, spelling):
    """A listener registered by the other name gets the same messages."""
    made = thing.register(ACCOUNT, URL, family="connectivity", service=spelling)
    event = next(
        event["event"] for event in thing.events() if event["service"] == "AlertService"
    )

    [sent] = thing.trigger(event, ACCOUNT)

    assert (made.service, sent.service) == ("AlertService", "AlertService")
