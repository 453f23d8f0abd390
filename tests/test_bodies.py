"""Bodies that are no registration: each is a documented 400, never a 500."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockthingspace import create_app

CALLBACKS = "/api/fota/v1/callbacks/0242078689-00001"
BINDING = {"errorCode": "INVALID_PARAMETER", "errorMessage": "Input binding error"}
GOOD = b'{"name": "Fota", "url": "http://listener/cb"}'

UNREADABLE = {
    "nothing": (b"", "the body is empty"),
    "white space": (b" \r\n\t", "the body is empty"),
    "null": (b"null", "the body is null in JSON"),
    "true": (b"true", "the body is a boolean in JSON"),
    "number": (b"7", "the body is a number in JSON"),
    "string": (b'"Fota"', "the body is a string in JSON"),
    "array": (b"[]", "the body is an array in JSON"),
    "array of one": (b"[" + GOOD + b"]", "the body is an array in JSON"),
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
    "deep arrays": (b"[" * 100_000, "the body is nested too deeply"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too deeply"),
    "huge number": (b'{"name": ' + b"9" * 5000 + b"}", "the body is not JSON"),
    "empty object": (b"{}", "name: is required; url: is required"),
    "null fields": (b'{"name": null, "url": null}', "name: must be a string"),
    "number fields": (b'{"name": 1, "url": 2.5}', "(came: a number)"),
    "array fields": (b'{"name": ["Fota"], "url": []}', "(came: an array)"),
    "object fields": (b'{"name": {}, "url": {}}', "(came: an object)"),
    "NUL": (b'{"name": "Fota", "url": "http://l", "username": "\\u0000"}', "NUL"),
    "lone surrogate": (
        b'{"name": "Fota", "url": "http://l", "username": "\\ud800"}',
        "username: must not hold half a surrogate pair",
    ),
}


@pytest.fixture(scope="module")
def shared():
    """One client for all: a body that is refused leaves nothing behind."""
    return create_app().test_client()


@pytest.mark.parametrize(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_body_that_is_no_registration_is_refused(shared, body, reason):
    """It is a 400 in the documented words, and the reason says what is wrong."""
    response = shared.post(CALLBACKS, data=body, content_type="application/json")

    assert (400, BINDING) == (response.status_code, response.json)
    assert reason in response.headers["X-Mock-Reason"]


@pytest.mark.parametrize(
    ("field", "message"),
    [("name", "Invalid service name"), ("url", "Invalid callback")],
)
@pytest.mark.parametrize("text", ["\0", "\ud800", "x" * 100_000, "\u202e", "🎉"])
def test_odd_text_in_a_field_is_refused_by_that_field(shared, field, message, text):
    """NUL, half a surrogate pair, very long and odd text never get in."""
    body = {"name": "Fota", "url": "http://listener", field: text}

    response = shared.post(CALLBACKS, json=body)

    assert 400 == response.status_code
    assert message in response.json["errorMessage"]
    assert len(response.headers["X-Mock-Reason"]) < 2500


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 2_000_000])
def test_a_body_over_a_mebibyte_is_a_413_in_the_documented_shape(shared, size):
    """It is not read, and the reason says how much is."""
    response = shared.post(CALLBACKS, data=GOOD + b" " * (size - len(GOOD)))

    assert 413 == response.status_code
    assert {"errorCode", "errorMessage"} == set(response.json)
    assert "1048576 bytes" in response.headers["X-Mock-Reason"]


def test_a_body_of_a_mebibyte_is_read(shared):
    """The limit itself is still good."""
    response = shared.post(CALLBACKS, data=GOOD.ljust(1024 * 1024))

    assert 200 == response.status_code


def test_a_byte_order_mark_is_skipped(shared):
    """A UTF-8 body may begin with the mark some editors and shells write."""
    response = shared.post(CALLBACKS, data=b"\xef\xbb\xbf" + GOOD)

    assert 200 == response.status_code


def test_a_body_where_none_is_expected_is_ignored(shared):
    """A list with a body is a list."""
    assert 200 == shared.get(CALLBACKS, data=b"\xff").status_code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(["name", "url", "username", "password"]) | st.text(), JSON
)


@settings(max_examples=100, deadline=None)
@given(body=st.binary() | (FIELDS | JSON).map(lambda one: json.dumps(one).encode()))
def test_no_body_whatever_breaks_the_double(shared, body):
    """Any bytes get a 200 or a 400 in the documented shape, and a journal entry."""
    response = shared.post(CALLBACKS, data=body)

    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert {"errorCode", "errorMessage"} == set(response.json)
        assert response.headers["X-Mock-Reason"].isascii()
    assert 200 == shared.get("/__admin/requests?limit=1").status_code
