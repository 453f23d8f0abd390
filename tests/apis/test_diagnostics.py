"""What Device Diagnostics does as no other API does."""

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import MockThingSpace, create_app
from mockthingspace.core.settings import Settings

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
AT = "/api/diagnostics/v1/callbacks"
CALLBACKS = f"{AT}?accountName={ACCOUNT}"
ONE = f"{CALLBACKS}&serviceName=Diagnostics"
ORIGIN = "https://listener.example"
URL = f"{ORIGIN}/cb"
WANTED = {"accountName": ACCOUNT, "serviceName": "Diagnostics", "endpoint": URL}
EVENT = "Diagnostics.observation"
INVALID = {
    "errorCode": "INVALID_PARAMETER",
    "errorMessage": "The request parameter is invalid.",
}


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


def test_the_whole_registration_is_the_answer_to_everything(client):
    """Registering, listing and ending it show the same object."""
    wanted = {**WANTED, "httpHeaders": {"X-A": "b"}}

    made = client.post(AT, json=wanted).json
    listed = client.get(CALLBACKS).json
    ended = client.delete(ONE).json

    assert {key: value for key, value in made.items() if key != "createdOn"} == wanted
    assert (listed, ended) == ([made], made)


def test_the_same_is_answered_where_the_pages_are_followed():
    """In this API ``dialect`` changes nothing."""
    client = _client(dialect="docs")

    made = client.post(AT, json=WANTED).json

    assert set(made) == {*WANTED, "httpHeaders", "createdOn"}
    assert client.get(CALLBACKS).json == [made]
    client.delete(ONE)
    assert client.get(CALLBACKS).json == []


def test_missing_succeed_answers_what_can_be_known():
    """With ``deregister_missing=ok`` the names are answered, and nothing made up."""
    ended = _client(deregister_missing="ok").delete(ONE)

    named = {"accountName": ACCOUNT, "serviceName": "Diagnostics"}
    assert (ended.status_code, ended.json) == (200, named)


def test_a_registration_says_when_it_was_made():
    """``createdOn`` is the server's clock, in UTC, to the millisecond, with a Z."""
    client = _client(clock="manual")
    client.post("/__admin/clock/advance", json={"seconds": 0.0007})
    now = client.get("/__admin/clock").json["now"]

    first = client.post(AT, json=WANTED).json["createdOn"]
    client.post("/__admin/clock/advance", json={"seconds": 90.5})
    again = client.get(CALLBACKS).json[0]["createdOn"]
    second = client.post(AT, json=WANTED).json["createdOn"]

    assert first == again == f"{now[:23]}Z"
    read = [
        datetime.strptime(item, "%Y-%m-%dT%H:%M:%S.%f%z") for item in (first, second)
    ]
    assert (read[1] - read[0]).total_seconds() == pytest.approx(90.5, abs=0.001)
    assert timezone.utc == read[0].tzinfo


@each("account", ["TestQAAccount", ACCOUNT])
def test_the_examples_account_is_an_account_here(client, account):
    """TestQAAccount is an account of this API, in all three operations."""
    made = client.post(AT, json={**WANTED, "accountName": account})
    listed = client.get(f"{AT}?accountName={account}").json
    ended = client.delete(f"{AT}?accountName={account}&serviceName=Diagnostics")

    assert listed == [made.json]
    assert made.json == ended.json


@each(
    "path",
    [
        "/api/fota/v1/callbacks/TestQAAccount",
        "/api/fota/v2/callbacks/TestQAAccount",
        "/api/fota/v3/callbacks/TestQAAccount",
        "/api/m2m/v1/callbacks/TestQAAccount",
        "/api/loc/v1/callbacks/TestQAAccount",
        "/api/hyper-precise/v1/callbacks?accountNumber=TestQAAccount",
        f"{AT}?accountName=testqaaccount",
        f"{AT}?accountName=TestQAAccount1",
        f"{AT}?accountName=TestAccount-1",
    ],
)
def test_the_examples_account_is_none_elsewhere(client, path):
    """It is of this API alone, in its exact case."""
    assert client.get(path).status_code == 400


HEADERS: dict[str, tuple[Any, Any]] = {
    "object": ({"X-A": "b", "x_c": ""}, {"X-A": "b", "x_c": ""}),
    "text": ("X-A: b\r\nX-C:d\n x-e : f:g ", {"X-A": "b", "X-C": "d", "x-e": "f:g"}),
    "one line": ("X-A: b", {"X-A": "b"}),
    "all that may be in a name": (
        {"!#$%&'*+.^_`|~-09azAZ": "x"},
        {"!#$%&'*+.^_`|~-09azAZ": "x"},
    ),
    "all printable ASCII": ({"X-A": f"a{''.join(map(chr, range(32, 127)))}a"}, None),
    "spaces around": ({"X-A": " b", "X-C": "d "}, {"X-A": "b", "X-C": "d"}),
    "our own": (
        {"Content-Type": "text/plain", "User-Agent": "me", "Authorization": "Basic x"},
        None,
    ),
}


@each(("given", "answered"), HEADERS.values(), ids=HEADERS)
def test_headers_are_taken_as_object_and_as_text(client, given, answered):
    """Whichever they came as, an object is answered, in their order."""
    made = client.post(AT, json={**WANTED, "httpHeaders": given})

    assert made.status_code == 200
    assert made.json["httpHeaders"] == (answered or given)
    assert "X-Mock-Reason" not in made.headers


@each("given", [{}, ""], ids=["object", "text"])
def test_no_headers_are_an_empty_object(client, given):
    """What holds none is answered as one that did not come at all."""
    made = client.post(AT, json={**WANTED, "httpHeaders": given})
    again = client.post(AT, json=WANTED)

    assert [
        (delivery.status_code, delivery.json["httpHeaders"])
        for delivery in (made, again)
    ] == [(200, {})] * 2


BAD_HEADERS: dict[str, tuple[Any, str]] = {
    **{
        name: ({name: "x"}, f"{name!r} is not a header that can be set")
        for name in (
            *("Host", "hOST", "Content-Length", "Connection", "Transfer-Encoding"),
            *("Expect", "TE", "Trailer", "Upgrade"),
        )
    },
    "Host as text": ("X-A: b\nhost: l", "'host' is not a header that can be set"),
    "no name": ({"": "x"}, "header 1 has an invalid name"),
    "no name as text": (": x", "header 1 has an invalid name"),
    "space in the name": ({"X A": "x"}, "header 1 has an invalid name"),
    "colon in the name": ({"X:": "x"}, "header 1 has an invalid name"),
    "line end in the name": ({"X\r\nY": "x"}, "header 1 has an invalid name"),
    "NUL in the name": ({"X\0": "x"}, "header 1 has an invalid name"),
    "non-ASCII name": ({"X-Ä": "x"}, "header 1 has an invalid name"),
    "long name": ({"X" * 101: "x"}, "header 1 has an invalid name"),
    "line end": ({"X-A": "b\r\nX-C: d"}, "X-A: must be printable ASCII text"),
    "tab": ({"X-A": "b\tc"}, "X-A: must be printable ASCII text"),
    "NUL": ({"X-A": "\0"}, "X-A: must be printable ASCII text"),
    "non-ASCII": ({"X-A": "ü"}, "X-A: must be printable ASCII text"),
    "non-ASCII as text": ("X-A: ü", "X-A: must be printable ASCII text"),
    "half a surrogate": ({"X-A": "\ud800"}, "X-A: must be printable ASCII text"),
    "number": ({"X-A": 5}, "X-A: must be printable ASCII text"),
    "null value": ({"X-A": None}, "X-A: must be printable ASCII text"),
    "object value": ({"X-A": {}}, "X-A: must be printable ASCII text"),
    "second of two": ({"X-A": "b", "X-C": []}, "X-C: must be printable ASCII text"),
    "null": (None, "httpHeaders: must be an object of header"),
    "array": (["X-A: b"], "httpHeaders: must be an object of header names and values"),
    "a number": (5, "httpHeaders: must be an object of header names and values"),
    "true": (True, "httpHeaders: must be an object of header names and values"),
    "no colon": ("X-A", "httpHeaders: "),
    "a line without a colon": ("X-A: b\nX-C", "httpHeaders: "),
}


@each(("given", "reason"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_headers_that_cannot_be_sent_are_refused(client, given, reason):
    """A registration with one of them is none, and the reason says which and why."""
    response = client.post(AT, json={**WANTED, "httpHeaders": given})

    assert (response.status_code, response.json) == (400, INVALID)
    assert reason in response.headers["X-Mock-Reason"]
    assert client.get(CALLBACKS).json == []


@each(
    "given",
    [
        {"X-A": "hunter2\0"},
        {"Host": "hunter2"},
        "X-A: hunter2ü",
        "Authorization Bearer hunter2",
    ],
    ids=str,
)
def test_a_reason_never_repeats_a_header(client, given):
    """What came for headers may be a token, and is not quoted."""
    response = client.post(AT, json={**WANTED, "httpHeaders": given})

    assert response.status_code == 400
    assert "hunter2" not in response.headers["X-Mock-Reason"]


def test_registering_again_replaces_the_headers(client):
    """A second registration keeps nothing of the first."""
    client.post(AT, json={**WANTED, "httpHeaders": {"X-A": "b"}})
    client.post(AT, json=WANTED)

    assert client.get(CALLBACKS).json[0]["httpHeaders"] == {}


# Messages have the headers.


class Listening:
    """A listener in process that keeps the headers it gets, and refuses at first."""

    def __init__(self) -> None:
        self.refuses = 0
        self.got: list[dict[str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        """Take a message, or refuse it."""
        self.got.append({key: value for key, value in environ.items() if key.isupper()})
        start("503 Busy" if len(self.got) <= self.refuses else "200 OK", [])
        return [b""]


LISTENER = Listening()


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, with a listener in process."""
    with MockThingSpace(deliver_to={ORIGIN: LISTENER}) as server:
        yield server


@pytest.fixture
def thing(running: MockThingSpace) -> MockThingSpace:
    """The server as just started."""
    LISTENER.got.clear()
    LISTENER.refuses = 0
    running.reset()
    return running


def sent(thing: MockThingSpace, headers: dict[str, str]) -> list[dict[str, str]]:
    """Return what a listener with these headers gets with a message's attempts."""
    thing.register(ACCOUNT, URL, family="diagnostics", headers=headers)
    thing.trigger(EVENT, ACCOUNT)
    thing.advance(minutes=15)
    thing.assert_delivered(count=1)
    return LISTENER.got


def test_headers_go_with_each_attempt(thing):
    """Whatever came of the attempt before, they are there again."""
    LISTENER.refuses = 2

    got = sent(thing, {"X-A": "b", "Authorization": "Basic x"})

    assert [(item["HTTP_X_A"], item["HTTP_AUTHORIZATION"]) for item in got] == [
        ("b", "Basic x")
    ] * 3


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE"])
def test_a_header_stands_in_the_place_of_our_own(thing, name):
    """However it is spelled, there is one Content-Type, the registration's."""
    [got] = sent(thing, {name: "text/plain", "user-agent": "me"})

    assert (got["CONTENT_TYPE"], got["HTTP_USER_AGENT"]) == ("text/plain", "me")


@pytest.mark.parametrize("name", ["X-ThingSpace-Signature", "x-thingspace-signature"])
def test_the_signature_cannot_be_overridden(thing, name):
    """A registration's header of that name gives way to the signature."""
    [got] = sent(thing, {name: "forged"})

    assert len(bytes.fromhex(got["HTTP_X_THINGSPACE_SIGNATURE"])) == 32


def test_without_headers_a_message_has_our_own(thing):
    """Nothing of an earlier registration goes with a later one's messages."""
    sent(thing, {"X-A": "b", "Content-Type": "text/plain"})
    LISTENER.got.clear()
    thing.register(ACCOUNT, URL, family="diagnostics")

    thing.trigger(EVENT, ACCOUNT)
    thing.wait_for_delivery(count=2)

    [got] = LISTENER.got
    assert (got["CONTENT_TYPE"], "HTTP_X_A" in got) == ("application/json", False)


def test_a_delivery_shows_its_headers_without_secrets(thing):
    """Which headers went is seen; what any but the plain ones hold may be secret."""
    sent(thing, {"X-A": "b", "Authorization": "Basic x", "Accept": "text/plain"})

    [shown] = thing.deliveries()
    hidden = {"X-A": "***", "Authorization": "***", "Accept": "text/plain"}
    assert (shown.headers, shown.signed) == (hidden, True)


def test_a_resend_has_the_headers_of_now(thing):
    """What is registered when it is sent again is what goes with it."""
    sent(thing, {"X-A": "b"})
    thing.register(ACCOUNT, URL, family="diagnostics", headers={"X-A": "c"})

    thing.resend(thing.deliveries()[0].id)
    thing.wait_for_delivery(count=2)

    assert [item["HTTP_X_A"] for item in LISTENER.got] == ["b", "c"]
