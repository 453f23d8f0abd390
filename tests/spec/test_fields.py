"""What text must be to stand in a field, and how it is refused when it is not."""

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from marshmallow import ValidationError

from mockthingspace.core.exceptions import (
    InvalidAccount,
    InvalidRequest,
    InvalidUrl,
    MissingAccount,
    MissingField,
    UnknownService,
)
from mockthingspace.spec.fields import (
    Account,
    HttpHeaders,
    ListenerUrl,
    Millis,
    OrEmpty,
    QaAccount,
    Secret,
    ServiceName,
    SimulatorAccount,
    Text,
)

from ..rows import each

ACCOUNT = "0242078689-00001"
NAMED = ServiceName(("A", "B"), {"Bs": "B"})
ASCII_ONLY = "٠٢٤٢٠٧٨٦٨٩-٠٠٠٠١"

GOOD: list[tuple[Any, str]] = [
    (Text(), ""),
    (Text(), "any 🎉\n"),
    (Secret(), "hunter2"),
    (Account(), ACCOUNT),
    (SimulatorAccount(), ACCOUNT),
    (SimulatorAccount(), "TestAccount-2"),
    (QaAccount(), ACCOUNT),
    (QaAccount(), "TestQAAccount"),
    (NAMED, "A"),
    (NAMED, "Bs"),
    (ListenerUrl(), "http://l"),
    (ListenerUrl(), "https://user:word@l.example:1/a?b#c"),
    (ListenerUrl(), "http://[::1]:65535/"),
    (ListenerUrl(), "http://10.0.0.1/"),
]
BAD: list[tuple[Any, Any, str]] = [
    (Text(), None, "must be a string"),
    (Text(), 5, "must be a string"),
    (Text(), "a\0", "must not hold a NUL character"),
    (Text(), "\ud800", "must not hold half a surrogate pair"),
    (Account(), "", "must be ten digits, a hyphen and five digits, such as 02420786"),
    (Account(), f"{ACCOUNT}\n", "must be ten digits"),
    (Account(), ASCII_ONLY, "must be ten digits"),
    (Account(), "TestAccount-2", "must be ten digits"),
    (Account(), "TestQAAccount", "must be ten digits"),
    (SimulatorAccount(), "TestQAAccount", "89-00001, or TestAccount-2"),
    (SimulatorAccount(), "TestAccount-", "89-00001, or TestAccount-2"),
    (QaAccount(), "TestAccount-2", "89-00001, or TestQAAccount"),
    (QaAccount(), "TestQAAccount2", "89-00001, or TestQAAccount"),
    (NAMED, "a", "must be one of A, B"),
    (NAMED, "", "must be one of A, B"),
    (ListenerUrl(), "", "must begin with http:// or https://"),
    (ListenerUrl(), "ftp://l/", "must begin with http:// or https://"),
    (ListenerUrl(), "http://", "must name a host"),
    (ListenerUrl(), "http://l:0/", "must have a port from 1 to 65535"),
    (ListenerUrl(), "http://1.2.3/", "must name a host"),
    (ListenerUrl(), "http://-l/", "must name a host"),
    (ListenerUrl(), f"http://{'a' * 64}/", "must name a host"),
    (ListenerUrl(), "http://[::1/", "is not a URL: its host cannot be read"),
    (ListenerUrl(), "http://a:b#1@l/", "must have a port from 1 to 65535"),
    (ListenerUrl(), 'http://a:b"c@l/', 'must not hold " < >'),
    (ListenerUrl(), "http://l:65536/", "must have a port from 1 to 65535"),
    (ListenerUrl(), "http://l/ ", "must not hold white space or control characters"),
    (ListenerUrl(), "http://l/\u202e", "must not hold white space or control"),
]


def kind(value: Any) -> str:
    """Name a field or a value for a test."""
    return type(value).__name__ if hasattr(value, "deserialize") else repr(value)[:24]


@each(("field", "text"), GOOD, ids=kind)
def test_good_text_is_taken(field: Any, text: str) -> None:
    """It is kept as it came, but for another spelling of a service."""
    assert field.deserialize(text) == {"Bs": "B"}.get(text, text)


@each(("field", "value", "words"), BAD, ids=kind)
def test_bad_text_is_refused_in_words(field: Any, value: Any, words: str) -> None:
    """The words say what would have been taken."""
    with pytest.raises(ValidationError) as caught:
        field.deserialize(value)
    assert words in caught.value.messages[0]


REFUSALS: list[tuple[Any, Any, type[Exception]]] = [
    (Text(), "a", InvalidRequest),
    (Text(), None, MissingField),
    (Text(), 5, MissingField),
    (Account(), "a", InvalidAccount),
    (Account(), "", MissingAccount),
    (Account(), None, MissingAccount),
    (Account(), 5, MissingAccount),
    (NAMED, "C", UnknownService),
    (NAMED, "", UnknownService),
    (NAMED, [], MissingField),
    (ListenerUrl(), "", InvalidUrl),
    (ListenerUrl(), False, MissingField),
    (HttpHeaders(), "a", MissingField),
    (HttpHeaders(), {}, MissingField),
    (HttpHeaders(), None, MissingField),
]


@each(("field", "value", "refusal"), REFUSALS, ids=kind)
def test_a_field_says_how_it_is_refused(
    field: Any, value: Any, refusal: type[Exception]
) -> None:
    """Text that will not do is one refusal, no text at all is another."""
    assert field.refusal_of(value) is refusal


@each(
    ("field", "secret"),
    [(Text(), False), (Account(), False), (Secret(), True), (HttpHeaders(), True)],
    ids=kind,
)
def test_a_field_says_whether_it_may_be_quoted(field: Any, secret: bool) -> None:
    """Passwords and headers are kept out of reasons."""
    assert field.secret is secret


HEADERS: list[tuple[Any, tuple[tuple[str, str], ...]]] = [
    ({}, ()),
    ("", ()),
    ("X-A: b", (("X-A", "b"),)),
    ("X-A:b\nX-C: d: e\r\n", (("X-A", "b"), ("X-C", "d: e"))),
    (" X-A \t:\t b ", (("X-A", "b"),)),
    ("X-A: b\nX-A: c", (("X-A", "c"),)),
]


@each(("value", "pairs"), HEADERS, ids=kind)
def test_headers_are_pairs(value: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    """An object and text with one a line are the same headers, in their order."""
    assert HttpHeaders().deserialize(value) == pairs


BAD_HEADERS: list[tuple[Any, str]] = [
    (5, "must be an object of header names and values"),
    ([], "must be an object of header names and values"),
    ("X-A", "must have a 'Name: value' on each line"),
    ("X-A: b\n\nX-C: d", "must have a 'Name: value' on each line"),
    ("X-A: b\n folded", "must have a 'Name: value' on each line"),
    (": b", "header 1 has an invalid name"),
    ({"": "b"}, "header 1 has an invalid name"),
    ({"X A": "b"}, "header 1 has an invalid name"),
    ({"X-A": "b", "x-a": ""}, "must have each header once, in whatever capitals"),
    ({"host": "b"}, "'host' is not a header that can be set"),
    ({"x" * 101: "b"}, "header 1 has an invalid name"),
    ({"X-A": None}, "X-A: must be printable ASCII text"),
    ({"X-A": "b\r\n"}, "X-A: must be printable ASCII text"),
    ({"X-A": "ü"}, "X-A: must be printable ASCII text"),
]


@each(("value", "words"), BAD_HEADERS, ids=kind)
def test_what_cannot_be_sent_as_headers_is_refused(value: Any, words: str) -> None:
    """HTTP's own headers, odd names and values that break a line are not taken."""
    with pytest.raises(ValidationError) as caught:
        HttpHeaders().deserialize(value)
    assert caught.value.messages == [words]


@each("odd", ["\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2028", "\u3000"], ids=ascii)
@each("text", ["X-A{}: b", "X-A:{}b", "X-A: b{}", "X-A: b{}X-C: d"])
def test_only_ascii_ends_a_line_or_stands_around_a_header(text: str, odd: str) -> None:
    """What an object of headers does not take, text does not take either."""
    with pytest.raises(ValidationError):
        HttpHeaders().deserialize(text.format(odd))


SPELLED: list[tuple[Any, Any, Any]] = [
    (Text(), None, None),
    (Text(), "", ""),
    (OrEmpty(), None, ""),
    (OrEmpty(), "", ""),
    (OrEmpty(), "a", "a"),
    (HttpHeaders(), (), {}),
    (HttpHeaders(), None, None),
    (HttpHeaders(), (("X-A", "b"),), {"X-A": "b"}),
    (Millis(), None, None),
    (
        Millis(),
        datetime(2019, 9, 7, 23, 57, 53, 292_999, timezone.utc),
        "2019-09-07T23:57:53.292Z",
    ),
    (Millis(), datetime(2019, 9, 7, tzinfo=timezone.utc), "2019-09-07T00:00:00.000Z"),
    (
        Millis(),
        datetime(2019, 9, 8, 1, tzinfo=timezone(timedelta(hours=2))),
        "2019-09-07T23:00:00.000Z",
    ),
]


@each(("field", "value", "spelled"), SPELLED, ids=kind)
def test_a_value_is_spelled_as_thingspace_does(
    field: Any, value: Any, spelled: Any
) -> None:
    """Nothing is null, an empty text, or left out, as the field says."""
    assert field.serialize("one", {"one": value}) == spelled


@each(
    ("field", "value", "taken"),
    [
        *((field, text, True) for field, text in GOOD),
        *((field, text, False) for field, text, _ in BAD if isinstance(text, str)),
    ],
    ids=kind,
)
def test_the_description_of_a_field_takes_what_it_takes(
    field: Any, value: str, taken: bool
) -> None:
    """What JSON Schema says of a field lets nothing good out."""
    said = field.described("")
    found = value in said.get("enum", ()) or bool(
        re.search(said.get("pattern", "(?!)"), value)
    )
    assert found or not taken
