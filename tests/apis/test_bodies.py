"""Bodies that cannot be used: each is a 400 in the API's schema, never a 500."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockthingspace import create_app
from mockthingspace.apis import APIS
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.server.openapi.schemas import EXAMPLES

from ..rows import each
from .cases.acting import EVERY as EVERY_OPERATION

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
GOOD = b'{"name": "Fota", "url": "http://listener/cb"}'
URL = "http://listener/cb"


def coded(code: str, message: str) -> dict[str, str]:
    """Spell a refusal as most APIs do."""
    return {"errorCode": code, "errorMessage": message}


FOTA = coded("INVALID_PARAMETER", "Input binding error")
LOCATION = coded("INVALID_PARAMETER", "Invalid JSON")
DIAGNOSTICS = coded("INVALID_PARAMETER", "The request parameter is invalid.")
DIAGNOSTICS_ACCOUNT = coded("INVALID_PARAMETER", "Invalid account name")
PRECISE = {"responseCode": "INVALID_PARAMETER", "message": "Invalid request"}
BLANK = coded(
    "UnifiedWebService.INPUT_INVALID.RequestUndefined",
    "Request cannot be blank. Please provide request details.",
)
LACKING = coded(
    "UnifiedWebService.DeserializationFailed", "A required element is missing."
)


@dataclass(frozen=True)
class Taker:
    """An operation that takes a JSON body, a good one, and how it refuses others.

    ``lacking`` is how fields that are missing or of another type are refused.
    """

    method: str
    path: str
    good: dict[str, Any]
    unreadable: dict[str, str]
    lacking: dict[str, str] | None = None


NAMED = {"url": URL}
TAKERS = {
    "fota-v1 register": Taker("POST", CALLBACKS, {"name": "Fota", **NAMED}, FOTA),
    **{
        f"fota-{version} {name}": Taker(
            method, f"/api/fota/{version}/callbacks/{ACCOUNT}", NAMED, FOTA
        )
        for version in ("v2", "v3")
        for name, method in (("register", "POST"), ("replace", "PUT"))
    },
    "connectivity register": Taker(
        "POST",
        f"/api/m2m/v1/callbacks/{ACCOUNT}",
        {"name": "CarrierService", **NAMED},
        BLANK,
        LACKING,
    ),
    "location register": Taker(
        "POST",
        f"/api/loc/v1/callbacks/{ACCOUNT}",
        {"name": "Location", **NAMED},
        LOCATION,
    ),
    "diagnostics register": Taker(
        "POST",
        "/api/diagnostics/v1/callbacks",
        {"accountName": ACCOUNT, "serviceName": "Diagnostics", "endpoint": URL},
        DIAGNOSTICS,
        DIAGNOSTICS_ACCOUNT,
    ),
    "hyper-precise register": Taker(
        "POST",
        f"/api/hyper-precise/v1/callbacks?accountNumber={ACCOUNT}",
        {"name": "BullseyeReporting", **NAMED},
        PRECISE,
    ),
    "session login": Taker(
        "POST",
        "/api/m2m/v1/session/login",
        {"username": "ann", "password": "b"},
        BLANK,
    ),
    "session reset-password": Taker(
        "PUT",
        "/api/m2m/v1/session/password/actions/reset",
        {"oldPassword": "b"},
        BLANK,
    ),
}
FORMS = ("session token", "session revoke")
WORDS = {
    "connectivity": (BLANK, LACKING),
    "diagnostics": (DIAGNOSTICS,),
    "hyper-precise": (PRECISE,),
    "location": (LOCATION,),
    **dict.fromkeys(("fota-v1", "fota-v2", "fota-v3"), (FOTA,)),
}
ACTING = {
    repr(acting): Taker(
        acting.operation.method, acting.path, acting.body, *WORDS[acting.api.name]
    )
    for acting in EVERY_OPERATION
    if acting.operation.body and repr(acting) not in (*TAKERS, *FORMS)
}


def test_every_operation_that_takes_a_body_is_tested_here():
    """A new one has its row in the table, or takes a form."""
    taking = {
        f"{api.name} {operation.name}"
        for api in APIS
        for operation in api.operations
        if operation.body is not None
    }

    assert taking == {*TAKERS, *ACTING, *FORMS}


UNREADABLE = {
    "nothing": (b"", "the body is empty"),
    "white space": (b" \r\n\t", "the body is empty"),
    "null": (b"null", "the body is null in JSON"),
    "true": (b"true", "the body is a boolean in JSON"),
    "number": (b"7", "the body is a number in JSON"),
    "fraction": (b"-7.5e3", "the body is a number in JSON"),
    "string": (b'"Fota"', "the body is a string in JSON"),
    "array": (b"[]", "the body is "),
    "array of two": (b"[" + GOOD + b"," + GOOD + b"]", "the body is "),
    "array of an array": (b"[[" + GOOD + b"]]", "the body is an array in JSON"),
    "truncated": (GOOD[:-5], "the body is not JSON"),
    "trailing": (GOOD + b"}", "the body is not JSON"),
    "two": (GOOD + GOOD, "the body is not JSON"),
    "single quotes": (b"{'name': 'Fota'}", "the body is not JSON"),
    "NaN": (b'{"name": NaN}', "NaN is not JSON"),
    "Infinity": (b'{"name": -Infinity}', "-Infinity is not JSON"),
    "form": (b"name=Fota&url=http%3A%2F%2Fl", "the body is not JSON"),
    "xml": (b"<name>Fota</name>", "the body is not JSON"),
    "raw NUL": (b'{"name": "Fo\0ta"}', "the body is not JSON"),
    "only NUL": (b"\0", "the body is not JSON"),
    "latin-1": ('{"name": "Föta"}'.encode("latin-1"), "the body is not UTF-8"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "the body is not UTF-8"),
    "UTF-16 without mark": (GOOD.decode().encode("utf-16-le"), "not JSON"),
    "half a character": (GOOD[:-2] + b"\xc3", "the body is not UTF-8"),
    "overlong": (b'{"name": "\xc0\xaf"}', "the body is not UTF-8"),
    "deep arrays": (b"[" * 20_000, "the body is nested too deeply"),
    "deep closed arrays": (b"[" * 20_000 + b"]" * 20_000, "nested too deeply"),
    "deep objects": (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, "too deeply"),
    "huge number": (b'{"name": ' + b"9" * 5000 + b"}", "the body is not JSON"),
}
FIELDS: dict[str, tuple[Any, str]] = {
    "null fields": (None, "must be a string (got: null)"),
    "boolean fields": (False, "must be a string (got: a boolean)"),
    "number fields": (2.5, "must be a string (got: a number)"),
    "array fields": (["Fota"], "must be a string (got: an array)"),
    "object fields": ({}, "must be a string (got: an object)"),
}


@pytest.fixture(scope="module")
def shared():
    """One client for all: a body that is refused leaves nothing behind."""
    return create_app().test_client()


def refused(client, taker, body):
    """Assert that a body is a 400 and leaves nothing; return words and reason."""
    backend = client.application.extensions[EXTENSION]
    backend.reset()

    response = client.open(
        taker.path, method=taker.method, data=body, content_type="application/json"
    )

    assert (response.status_code, response.content_type) == (400, "application/json")
    assert (backend.state.registry.every(), backend.state.actions.every()) == ([], [])
    return response.json, response.headers["X-Mock-Reason"]


every_taker = each("taker", TAKERS.values(), ids=TAKERS)
EVERY = TAKERS | ACTING
every_taker_and_action = each("taker", EVERY.values(), ids=EVERY)
GOOD = {  # those that need no earlier request
    name: taker
    for name, taker in EVERY.items()
    if EXAMPLES["request_id"] not in taker.path
}


@every_taker_and_action
@each(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_cannot_be_read_is_refused(shared, taker, body, reason):
    """It is a 400 in the API's words, and the reason says what is wrong."""
    said, why = refused(shared, taker, body)

    assert said == taker.unreadable
    assert reason in why


@every_taker_and_action
def test_a_request_without_body_and_content_type_is_refused_alike(shared, taker):
    """Published SDKs send one: the plain 400 of the API, and no other fault."""
    reply = shared.open(taker.path, method=taker.method)

    assert (reply.status_code, reply.json) == (400, taker.unreadable)


@every_taker
@each(("value", "reason"), FIELDS.values(), ids=FIELDS)
def test_fields_of_another_type_are_refused(shared, taker, value, reason):
    """No value stands in for text; the reason has every field and no secret."""
    said, why = refused(shared, taker, json.dumps(dict.fromkeys(taker.good, value)))

    assert said == (taker.lacking or taker.unreadable)
    hidden = "must be a string (got: a secret, not shown)"
    for key in taker.good:
        expected = hidden if "password" in key.lower() else reason
        assert f"{key}: {expected}" in why


@each("name", [name for name in EVERY if "precise" not in name])
@each("body", ["[]", "[{}]"], ids=["none", "one"])
def test_only_one_family_takes_an_array_of_one(shared, name, body):
    """Everywhere else a good object in an array is none."""
    taker = EVERY[name]

    said, why = refused(shared, taker, body.replace("{}", json.dumps(taker.good)))

    assert said == taker.unreadable
    assert why == "the body is an array in JSON; a JSON object was expected"


@every_taker
def test_fields_that_are_missing_are_named(shared, taker):
    """An empty object has nothing that is needed."""
    said, why = refused(shared, taker, b"{}")

    assert said == (taker.lacking or taker.unreadable)
    assert why == "; ".join(f"{key}: is required" for key in taker.good)


@every_taker
@each(
    ("text", "reason"),
    [
        ("\\u0000", "must not hold a NUL character"),
        ("\\ud800", "must not hold half a surrogate pair"),
        ("\\udfff", "must not hold half a surrogate pair"),
    ],
)
def test_text_that_could_not_be_stored_is_in_no_field(shared, taker, text, reason):
    """Whichever field it is in, the reason names it."""
    for key in taker.good:
        body = json.dumps({**taker.good, key: "%"}).replace("%", text)
        _, why = refused(shared, taker, body)
        assert f"{key}: {reason}" in why


@each(
    ("field", "message"),
    [("name", "Invalid service name"), ("url", "Invalid callback")],
)
@each("text", ["\0", "\ud800", "x" * 20_000, "\u202e", "🎉"])
def test_odd_text_in_a_field_is_refused_by_that_field(shared, field, message, text):
    """NUL, half a surrogate pair, very long and odd text never get in."""
    body = {"name": "Fota", "url": "http://listener", field: text}

    response = shared.post(CALLBACKS, json=body)

    assert response.status_code == 400
    assert message in response.json["errorMessage"]
    assert len(response.headers["X-Mock-Reason"]) <= 1024


@every_taker_and_action
@each("size", [1024 * 1024 + 1, 2_000_000])
def test_a_body_over_a_mebibyte_is_a_413_in_the_familys_shape(shared, taker, size):
    """It is not read, and the reason says how much is."""
    body = json.dumps(taker.good).ljust(size)

    response = shared.open(taker.path, method=taker.method, data=body)

    assert response.status_code == 413
    assert set(response.json) == set(taker.unreadable)
    assert "1048576 bytes" in response.headers["X-Mock-Reason"]


@each("taker", GOOD.values(), ids=GOOD)
@each(
    "body",
    [
        lambda good: good.ljust(1024 * 1024),
        lambda good: b"\xef\xbb\xbf" + good,
        lambda good: b"\r\n\t " + good,
    ],
    ids=["a mebibyte", "byte order mark", "white space"],
)
def test_a_body_that_is_odd_but_good_is_read(shared, taker, body):
    """The limit itself, a mark some editors write, and white space are good."""
    good = body(json.dumps(taker.good).encode())

    response = shared.open(taker.path, method=taker.method, data=good)

    assert response.status_code == 200


@each("name", [name for name in TAKERS if not name.startswith("sess")])
def test_a_body_where_none_is_expected_is_ignored(shared, name):
    """A list with a body is a list."""
    path = TAKERS[name].path
    path += "" if "diagnostics" not in path else f"?accountName={ACCOUNT}"

    assert shared.get(path, data=b"\xff").status_code == 200


@each("body", [b"", b"{}", b"\xff", b"a=b", b"grant_type", b"&=&"])
@each("operation", ["token", "revoke"])
def test_a_form_without_its_fields_is_refused(shared, operation, body):
    """Any bytes are a form, though rarely the one that is asked for."""
    response = shared.post(f"/api/ts/v1/oauth2/{operation}", data=body)

    assert response.status_code == 400
    assert set(response.json) == {"error", "error_description"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=8,
)
KEYS = sorted(
    {key for value in EVERY.values() for key in value.good}
    | {"callback", "httpHeaders", "username", "password"}
)
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS) | st.text(), JSON)
CHANGED = st.builds(
    lambda good, other: good | other,
    st.sampled_from([value.good for value in EVERY.values()]),
    DOCUMENTS,
)
BODIES = st.binary() | (CHANGED | DOCUMENTS | JSON).map(
    lambda document: json.dumps(document).encode()
)


@given(taker=st.sampled_from(list(EVERY.values())), body=BODIES)
def test_no_body_whatever_breaks_the_server(shared, taker, body):
    """Any bytes get a 200 or a refusal in the API's schema, and a journal entry.

    It is a 403 where an observation is asked for without a listener.
    """
    response = shared.open(taker.path, method=taker.method, data=body)

    assert response.status_code in (200, 400, 403)
    if response.status_code != 200:
        assert set(response.json) == set(taker.unreadable)
        assert response.headers["X-Mock-Reason"].isascii()
    assert shared.get("/__admin/requests?limit=1").status_code == 200
