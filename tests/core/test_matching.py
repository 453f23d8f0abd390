"""Patterns find exchanges, and explain how the nearest others differ."""

import json
from datetime import datetime, timezone
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from mockthingspace import create_app
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.matching import request_patterns
from mockthingspace.core.matching.criteria import (
    NearMiss,
    matches,
    near_misses,
)
from mockthingspace.core.matching.request_patterns import criteria
from mockthingspace.core.models import Exchange

from ..rows import each

ACCOUNT = "0242078689-00001"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
SECRET = "hunter2"
NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
ONE = Exchange(
    seq=1,
    method="POST",
    path="/api/a b",
    query="x=1&empty=&x=2",
    headers=(("HTTP_X_COLOUR", "Dark Red"), ("CONTENT_TYPE", "application/json")),
    body=b'{"name": "Fota", "flag": true, "list": [1, 2], "in": {"a": 1}}',
    status=400,
    reply_headers=(),
    reply=b"",
    family="fota-v1",
    operation="register",
    account=ACCOUNT,
    reason=None,
    matched=True,
    arrived_at=NOW,
    completed_at=NOW,
)
WHOLE = json.loads(ONE.body)


def holds(pattern: dict[str, Any], exchange: Exchange = ONE) -> bool:
    """Say whether an exchange matches a pattern."""
    return matches(exchange, criteria(pattern))


def header(**matcher: Any) -> dict[str, Any]:
    """Return a pattern of one header."""
    return {"headers": {"x-colour": matcher}}


def query(name: str, **matcher: Any) -> dict[str, Any]:
    """Return a pattern of one query parameter."""
    return {"queryParameters": {name: matcher}}


def body(**matcher: Any) -> dict[str, Any]:
    """Return a pattern of the body."""
    return {"bodyPatterns": [matcher]}


MATCHERS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"method": "POST"}, True),
    ({"method": "ANY"}, True),
    ({"method": "post"}, False),
    ({"url": "/api/a%20b?x=1&empty=&x=2"}, True),
    ({"url": "/api/a%20b"}, False),
    ({"urlPath": "/api/a%20b"}, True),
    ({"urlPath": "/api/a.*"}, False),
    ({"urlPattern": r"/api/.*\?x=1.*"}, True),
    ({"urlPattern": "/api/a"}, False),
    ({"urlPathPattern": "/api/[a-z]%20b"}, True),
    ({"urlPathPattern": "/api"}, False),
    ({"family": "fota-v1"}, True),
    ({"family": "fota"}, False),
    ({"operation": "register"}, True),
    ({"operation": "list"}, False),
    ({"account": ACCOUNT}, True),
    ({"account": ""}, False),
    ({"status": 400}, True),
    ({"status": 401}, False),
    (header(equalTo="Dark Red"), True),
    (header(equalTo="dark red"), False),
    (header(equalTo="D.*"), False),
    (header(contains="k R"), True),
    (header(contains="blue"), False),
    (header(doesNotContain="blue"), True),
    (header(doesNotContain="Red"), False),
    (header(matches="D[a-z]+ Red"), True),
    (header(matches="Dark"), False),
    (header(doesNotMatch="Dark"), True),
    (header(doesNotMatch="Dark.*"), False),
    (header(absent=False), True),
    (header(absent=True), False),
    (header(contains="Dark", doesNotContain="Blue"), True),
    (header(contains="Dark", doesNotContain="Red"), False),
    ({"headers": {"Content-Type": {"equalTo": "application/json"}}}, True),
    ({"headers": {"X-Other": {"absent": True}}}, True),
    ({"headers": {"X-Other": {"doesNotContain": "a"}}}, False),
    (query("x", equalTo="1"), True),
    (query("x", equalTo="2"), True),
    (query("x", equalTo="3"), False),
    (query("x", absent=False), True),
    (query("x", absent=True), False),
    (query("empty", equalTo=""), True),
    (query("empty", absent=True), False),
    (query("y", absent=True), True),
    (body(contains="Fota"), True),
    (body(equalTo="Fota"), False),
    ({"bodyPatterns": {"contains": "Fota"}}, True),
    ({"bodyPatterns": [{"contains": "Fota"}, {"contains": "x"}]}, False),
    ({"bodyPatterns": []}, True),
    (body(equalToJson=WHOLE), True),
    (body(equalToJson=json.dumps(WHOLE)), True),
    (body(equalToJson={"name": "Fota"}), False),
    (body(equalToJson={"name": "Fota"}, ignoreExtraElements=True), True),
    (body(equalToJson={"name": "fota"}, ignoreExtraElements=True), False),
    (body(equalToJson={"flag": 1}, ignoreExtraElements=True), False),
    (body(equalToJson={"list": [2, 1]}, ignoreExtraElements=True), False),
    (body(equalToJson={"list": [1, 2]}, ignoreExtraElements=True), True),
    (body(equalToJson={"in": {}}, ignoreExtraElements=True), True),
    (body(equalToJson={"name": {}}, ignoreExtraElements=True), False),
    (body(equalToJson={"in": {"a": 2}}, ignoreExtraElements=True), False),
    (body(equalToJson={"in": {"b": 1}}, ignoreExtraElements=True), False),
    (body(equalToJson={"name": {"a": 1}}, ignoreExtraElements=True), False),
    (body(equalToJson={"list": [1]}, ignoreExtraElements=True), False),
    (body(equalToJson={"list": 1}, ignoreExtraElements=True), False),
    (body(equalToJson={"name": [1]}, ignoreExtraElements=True), False),
    (body(equalToJson={}, ignoreExtraElements=True), True),
    (body(equalToJson=[1]), False),
    (body(equalToJson=5), False),
]


@each(
    ("pattern", "expected"),
    MATCHERS,
    ids=[f"{index} {row[0]!s:.60}" for index, row in enumerate(MATCHERS)],
)
def test_each_key_and_matcher_means_what_wiremocks_does(
    pattern: dict[str, Any], expected: bool
) -> None:
    """A pattern matches an exchange when each thing it asks for holds."""
    assert holds(pattern) == expected


def test_any_text_is_matched_over_its_lines() -> None:
    """A dot in a pattern is any character, a line's end too."""
    assert holds(body(matches="a.*b"), ONE._replace(body=b"a\n\nb"))


@each("content", [b"", b"{", b"\xff", b"[" * 100_000, b"[1]"])
def test_a_body_that_is_no_object_has_no_fields(content: bytes) -> None:
    """Whatever a body is, comparing it as JSON says no and breaks nothing."""
    found = [
        holds(body(equalToJson=value), ONE._replace(body=content)) for value in (5, {})
    ]
    assert found == [False, False]


def test_a_body_that_is_no_object_can_be_equal() -> None:
    """An array is compared as a whole."""
    assert holds(body(equalToJson=[1]), ONE._replace(body=b"[1]"))


@each("key", ["family", "operation", "account"])
def test_an_exchange_that_has_none_does_not_match(key: str) -> None:
    """A request that nothing serves is no account's, whatever account is asked for."""
    assert not holds({key: "a"}, ONE._replace(**{key: None}))


MALFORMED: list[tuple[dict[str, Any], str, str]] = [
    ({"verb": "GET"}, "unknown_key", "unknown key 'verb'; a pattern has method, url"),
    ({"method": None}, "invalid_pattern", "method: must be a string"),
    ({"method": ["GET"]}, "invalid_pattern", "method: must be a string"),
    ({"account": None}, "invalid_pattern", "account: must be a string"),
    ({"family": 5}, "invalid_pattern", "family: must be a string"),
    ({"operation": {}}, "invalid_pattern", "operation: must be a string"),
    ({"status": "400"}, "invalid_pattern", "status: must be a whole number"),
    ({"status": True}, "invalid_pattern", "status: must be a whole number"),
    ({"status": None}, "invalid_pattern", "status: must be a whole number"),
    ({"url": None}, "invalid_pattern", "url: equalTo: must be a string"),
    ({"urlPattern": "("}, "invalid_pattern", "urlPattern: '(': missing )"),
    ({"urlPattern": "a{9999999999}"}, "invalid_pattern", "urlPattern: 'a{"),
    ({"urlPattern": "(" * 500}, "invalid_pattern", "urlPattern: '((("),
    (
        body(equalToJson="[" * 101 + "]" * 101),
        "invalid_pattern",
        "equalToJson: it is nested more than 100 deep",
    ),
    (body(equalToJson="[" * 100_000), "invalid_pattern", "equalToJson: "),
    ({"urlPattern": "a" * 501}, "invalid_pattern", "urlPattern: an expression has at"),
    ({"headers": []}, "invalid_pattern", "headers: must be an object"),
    ({"headers": {"X": "a"}}, "invalid_pattern", "headers.X: must be an object"),
    (header(equals="a"), "unknown_matcher", "headers.x-colour: unknown 'equals'; kn"),
    (header(equalTo=None), "invalid_pattern", "headers.x-colour: equalTo: must be a"),
    (header(absent="true"), "invalid_pattern", "headers.x-colour: absent: must be t"),
    ({"queryParameters": None}, "invalid_pattern", "queryParameters: must be an obj"),
    ({"bodyPatterns": None}, "invalid_pattern", "bodyPatterns: must be an object"),
    ({"bodyPatterns": [5]}, "invalid_pattern", "bodyPatterns: must be an object"),
    (body(equalToJson="{"), "invalid_pattern", "equalToJson: Expecting property"),
    (body(equalToJson={}, ignored=1), "unknown_matcher", "body: unknown 'ignored'; "),
    (
        body(equalToJson={}, ignoreExtraElements=None),
        "invalid_pattern",
        "body: ignoreExtraElements: must be true or false",
    ),
    (body(matchesXPath="/a"), "unknown_matcher", "body: unknown 'matchesXPath'; know"),
    (
        body(equalToJson={"a": ["${json-unit.ignore}"]}),
        "unknown_matcher",
        "equalToJson: ${json-unit.… is not known here; give the value itself",
    ),
    ({"cookies": {}}, "unknown_key", "unknown key 'cookies'; a pattern has method"),
]


@each(
    ("pattern", "code", "words"),
    MALFORMED,
    ids=[f"{index} {row[2]:.40}" for index, row in enumerate(MALFORMED)],
)
def test_a_malformed_pattern_is_refused(
    pattern: dict[str, Any], code: str, words: str
) -> None:
    """What a pattern cannot say is named, and where it stands."""
    with pytest.raises(AdminError) as caught:
        criteria(pattern)
    assert (caught.value.code, caught.value.status) == (code, 400)
    assert caught.value.message.startswith(words)


def test_an_unknown_matcher_is_told_those_there_are() -> None:
    """The error for an unknown matcher names every known one."""
    with pytest.raises(AdminError) as caught:
        criteria(header(equals="a"))
    assert caught.value.message.endswith(
        "known: equalTo, contains, doesNotContain, matches, doesNotMatch, absent"
    )


def misses(pattern: dict[str, Any], *exchanges: Exchange) -> list[NearMiss]:
    """Return the near misses of a pattern among exchanges."""
    return near_misses(exchanges, criteria(pattern))


def test_the_three_nearest_come_nearest_first() -> None:
    """Near misses are those that differ least, in order."""
    paths = ["/zzz", "/callbackz", "/call", "/callbacks", "/callba"]
    found = misses(
        {"urlPath": "/callbacks"},
        *(ONE._replace(seq=index, path=path) for index, path in enumerate(paths)),
    )
    assert [item.exchange.path for item in found] == ["/callbackz", "/callba", "/call"]


def test_what_differs_in_one_thing_is_nearer_than_in_two() -> None:
    """Distance grows with the number of differences."""
    found = misses(
        {"method": "GET", "status": 200},
        ONE._replace(seq=1, status=401),
        ONE._replace(seq=2, status=200),
    )
    assert [item.exchange.seq for item in found] == [2, 1]
    assert 0 < found[0].distance < found[1].distance <= 1


def test_of_equally_near_ones_the_latest_comes_first() -> None:
    """What was asked last is what a test is about."""
    found = misses({"status": 200}, ONE, ONE._replace(seq=2), ONE._replace(seq=3))
    assert [item.exchange.seq for item in found] == [3, 2, 1]


def test_an_account_that_is_nearly_the_same_is_another() -> None:
    """What another account did comes behind what this one nearly did."""
    other = ONE._replace(seq=2, account="0242078689-00002")
    found = misses({"account": ACCOUNT, "status": 200}, ONE, other._replace(status=200))
    assert [item.exchange.seq for item in found] == [1, 2]


def test_an_exchange_that_matches_is_no_near_miss() -> None:
    """Only what does not match is explained."""
    assert misses({"status": 400}, ONE) == []


def test_nothing_misses_an_empty_pattern() -> None:
    """A pattern that asks for nothing matches everything."""
    assert misses({}, ONE) == []


def test_each_difference_is_named() -> None:
    """A near miss tells each field that differs, what was expected and what came."""
    (miss,) = misses(
        {
            "method": "GET",
            "status": 200,
            "family": "fota-v1",
            "urlPathPattern": "/x",
            "headers": {"X-Colour": {"contains": "Blue"}, "X-No": {"equalTo": "a"}},
            **body(equalToJson={"name": "F", "more": [1]}),
        },
        ONE,
    )
    assert [tuple(difference) for difference in miss.differences] == [
        ("method", "GET", "POST"),
        ("status", "200", "400"),
        ("urlPathPattern", "matches /x", "/api/a%20b"),
        ("headers.X-Colour", "contains Blue", "Dark Red"),
        ("headers.X-No", "a", "(absent)"),
        ("body.name", "F", "Fota"),
        ("body.more", "[1]", "(absent)"),
        ("body", "only ['more', 'name']", '["flag", "in", "list", "name"]'),
    ]


SECRETS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "authorization": (
        {"headers": {"Authorization": {"equalTo": "Bearer x"}}},
        {"headers": (("HTTP_AUTHORIZATION", f"Bearer {SECRET}"),)},
    ),
    "session": (
        {"headers": {"vz-m2m-token": {"equalTo": "x"}}},
        {"headers": (("HTTP_VZ_M2M_TOKEN", SECRET),)},
    ),
    "password": (
        body(equalToJson={"password": "x"}),
        {"body": f'{{"password": "{SECRET}"}}'.encode()},
    ),
    "in an object": (
        body(equalToJson={"a": {}}),
        {"body": f'{{"a": {{"password": "{SECRET}"}}}}'.encode()},
    ),
    "body": (
        body(equalTo="x"),
        {"body": f'{{"password": "{SECRET}"}}'.encode()},
    ),
    "form": (body(equalTo="x"), {"body": f"token={SECRET}".encode()}),
    "user info": (
        body(equalToJson={"url": "x"}),
        {"body": f'{{"url": "http://ann:{SECRET}@h/"}}'.encode()},
    ),
    "query": (query("token", equalTo="x"), {"query": f"token={SECRET}"}),
    "url": ({"url": "x"}, {"query": f"access_token={SECRET}"}),
}


@each(("pattern", "fields"), SECRETS.values(), ids=list(SECRETS))
def test_a_near_miss_shows_no_secret(
    pattern: dict[str, Any], fields: dict[str, Any]
) -> None:
    """What came is shown with passwords and tokens hidden."""
    (miss,) = misses(pattern, ONE._replace(**fields))
    came = miss.differences[0].actual
    assert (SECRET in came, "***" in came) == (False, True)


EXPECTED: dict[str, dict[str, Any]] = {
    "authorization": {"headers": {"Authorization": {"equalTo": f"Bearer {SECRET}"}}},
    "session": {"headers": {"vz-m2m-token": {"contains": SECRET}}},
    "password": body(equalToJson={"password": SECRET}),
    "in an object": body(equalToJson={"a": {"password": SECRET}}),
    "body": body(equalTo=f'{{"password": "{SECRET}"}}'),
    "part of a body": body(contains=f'"password": "{SECRET}'),
    "half a character": body(contains=f'\ud800"password": "{SECRET}"'),
    "form": body(equalTo=f"token={SECRET}"),
    "user info": body(equalToJson={"url": f"http://ann:{SECRET}@h/"}),
    "query": query("token", equalTo=SECRET),
    "url": {"url": f"/?access_token={SECRET}"},
}


@each("pattern", EXPECTED.values(), ids=list(EXPECTED))
def test_a_near_miss_shows_no_secret_that_was_expected(pattern: dict[str, Any]) -> None:
    """What was asked for is shown with passwords and tokens hidden."""
    (miss,) = misses(pattern, ONE)
    expected = miss.differences[0].expected
    assert (SECRET in expected, "***" in expected) == (False, True)


def test_that_no_token_was_expected_is_shown() -> None:
    """A header that should be absent hides nothing but what came."""
    (miss,) = misses(
        {"headers": {"Authorization": {"absent": True}}},
        ONE._replace(headers=(("HTTP_AUTHORIZATION", f"Bearer {SECRET}"),)),
    )
    assert miss.differences == [("headers.Authorization", "(absent)", "Bearer ***")]


RESOURCES = ("/requests/find", "/requests/count", "/near-misses/request-pattern")
KEYS = (
    "method",
    "url",
    "urlPath",
    "urlPattern",
    "urlPathPattern",
    "headers",
    "queryParameters",
    "bodyPatterns",
    "family",
    "operation",
    "account",
    "status",
    "since",
)
MATCHER_KEYS = (
    "equalTo",
    "contains",
    "doesNotContain",
    "matches",
    "doesNotMatch",
    "absent",
    "equalToJson",
    "ignoreExtraElements",
)
NAMES = st.sampled_from(MATCHER_KEYS)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["(", "[", "*", "a{9999999999}", "(?P<a>", "\\", "null", "{}"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(NAMES | st.text(max_size=4), below, max_size=3)
    ),
    max_leaves=8,
)
PATTERNS = st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=3)


@pytest.fixture(scope="module")
def used() -> FlaskClient:
    """A client of a server that has seen a few requests."""
    client = create_app().test_client()
    client.post(CALLBACKS, json={"name": "Fota", "url": "http://localhost/"})
    client.post(f"{CALLBACKS}?a=", data=b"[1, null]")
    client.get("/nowhere", headers={"X-A": "b"})
    return client


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(pattern=PATTERNS)
def test_no_pattern_breaks_the_server(
    used: FlaskClient, pattern: dict[str, Any]
) -> None:
    """Any JSON at any place of a pattern is used or refused, never a failure."""
    replies = [used.post(f"/__admin{path}", json=pattern) for path in RESOURCES]
    documents = [reply.get_json() for reply in replies]
    assert len({reply.status_code for reply in replies}) == 1
    if replies[0].status_code != 200:
        assert (replies[0].status_code, list(documents[0])) == (
            400,
            ["error", "message"],
        )
    else:
        assert documents[0]["meta"]["total"] == documents[1]["count"]


@each("path", RESOURCES)
@each(
    "pattern",
    [
        '{"account": %s}',
        '{"since": %s}',
        '{"bodyPatterns": [{"equalToJson": {"a": %s}}]}',
    ],
    ids=["account", "since", "body"],
)
@each("depth", [600, 100_000])
def test_a_deep_pattern_is_refused(
    used: FlaskClient, path: str, pattern: str, depth: int
) -> None:
    """A pattern that is nested too deeply is the asker's mistake."""
    deep = "[" * depth + "]" * depth
    reply = used.post(
        f"/__admin{path}", data=pattern % deep, content_type="application/json"
    )
    assert (reply.status_code, list(reply.get_json())) == (400, ["error", "message"])


def test_each_value_below_is_a_difference_of_its_own() -> None:
    """What differs deep in a body is named by its path, and text is told from JSON."""
    (miss,) = misses(
        body(
            equalToJson={"in": {"a": "1", "b": {"c": 2}}, "name": {}, "flag": "on"},
            ignoreExtraElements=True,
        ),
        ONE,
    )
    assert [tuple(difference) for difference in miss.differences] == [
        ("body.in.a", '"1"', "1"),
        ("body.in.b.c", "2", "(absent)"),
        ("body.name", "{}", "Fota"),
        ("body.flag", "on", "true"),
    ]


def test_a_document_that_is_no_object_is_a_difference() -> None:
    """A body that should be an object is told from one that is none."""
    pattern = body(equalToJson={}, ignoreExtraElements=True)
    (miss,) = misses(pattern, ONE._replace(body=b"[1]"))
    assert miss.differences == [("body", "an object", "(absent)")]


def test_a_secret_below_is_hidden_too() -> None:
    """However deep a secret is asked for, it is not in what is told."""
    (miss,) = misses(body(equalToJson={"httpHeaders": {"X-Key": SECRET}}), ONE)
    assert "***" in miss.differences[0].expected
    assert SECRET not in str(miss.differences)


@each("key", ["urlPattern", "headers", "queryParameters", "body"])
def test_an_expression_that_runs_away_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """It neither holds the interpreter nor looks as if nothing were found."""
    monkeypatch.setattr(request_patterns, "MATCHING_S", 0.01)
    expression, text = "/api/(a|aa)+$", "/api/" + "a" * 200 + "b"
    matcher = {"matches": expression}
    pattern, field = {
        "urlPattern": ({key: expression}, "urlPattern"),
        "headers": ({key: {"X-A": matcher}}, "headers.X-A"),
        "queryParameters": ({key: {"a": matcher}}, "queryParameters.a"),
        "body": (body(**matcher), "body"),
    }[key]
    exchange = ONE._replace(
        path=text, query=f"a={text}", headers=(("HTTP_X_A", text),), body=text.encode()
    )
    with pytest.raises(AdminError) as caught:
        holds(pattern, exchange._replace(query="") if key == "urlPattern" else exchange)
    assert caught.value.code == "too_slow"
    assert caught.value.message.startswith(f"{field} ")
    assert f"{expression}: matching took more than 0.01 s" in caught.value.message


def test_a_pattern_that_runs_away_is_a_400(
    used: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin API says it is the pattern, and how long one may take."""
    monkeypatch.setattr(request_patterns, "MATCHING_S", 0.01)
    used.get("/api/" + "a" * 200 + "b")
    for path in (
        "requests/find",
        "requests/count",
        "near-misses/request-pattern",
    ):
        reply = used.post(f"/__admin/{path}", json={"urlPattern": "/api/(a|aa)+$"})
        assert (reply.status_code, reply.get_json()["error"]) == (400, "too_slow")
        assert "0.01 s of processor time" in reply.get_json()["message"]


def test_an_expression_that_takes_long_to_prepare_is_refused() -> None:
    """Of a long one neither the time is limited nor could it be interrupted."""
    assert holds(body(matches="b" * 500), ONE._replace(body=b"b" * 500))
    with pytest.raises(AdminError, match=r"body: .* has at most 500 characters"):
        criteria(body(matches="b" * 501))


@each(
    ("pattern", "asked"),
    [
        ({"urlPath": "/elsewhere"}, "urlPath /elsewhere"),
        ({"queryParameters": {"a": {"equalTo": "b"}}}, "queryParameters.a b"),
    ],
)
def test_a_pattern_has_its_time_for_all_it_looks_at_together(
    pattern: dict[str, Any], asked: str
) -> None:
    """What takes long of each exchange or value is no longer than of one."""
    now = iter(range(10**9))
    exchange = ONE._replace(query="a=c&" * 20)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(request_patterns, "thread_time", lambda: next(now))
        wanted = criteria(pattern)
        with pytest.raises(AdminError, match=f"{asked}: matching took more"):
            [matches(exchange, wanted) for _ in range(9)]


def test_a_query_is_taken_apart_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by each of two hundred criteria again."""
    taken: list[str] = []

    def counted(query: str, **options: Any) -> dict[str, list[str]]:
        taken.append(query)
        return parse_qs(query, **options)

    monkeypatch.setattr(request_patterns, "parse_qs", counted)
    names = [f"name{number}" for number in range(100)]
    exchange = ONE._replace(query="&".join(f"{name}=b" for name in names))
    pattern = {"queryParameters": {name: {"equalTo": "b"} for name in names}}
    assert (holds(pattern, exchange), taken) == (True, [exchange.query])


def test_what_costs_nothing_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters by exact words look at any number of exchanges."""
    wanted = criteria({"account": ACCOUNT})
    monkeypatch.setattr(request_patterns, "thread_time", lambda: float("inf"))
    assert matches(ONE, wanted)


def test_making_a_pattern_has_its_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many expressions take long to prepare."""
    monkeypatch.setattr(request_patterns, "MATCHING_S", -1.0)
    with pytest.raises(AdminError, match="urlPattern matches /a: matching took more"):
        criteria({"urlPattern": "/a"})


@each("expression", ["(?R)", "(?0)", "(a)(?1)", "(a)(?-1)", "(?P<x>a)(?&x)", "(?P>x)"])
def test_an_expression_that_calls_itself_is_refused(expression: str) -> None:
    """How much memory it needs is limited by nothing."""
    with pytest.raises(AdminError, match="a recursive expression"):
        holds({"urlPattern": expression}, ONE)


def test_a_body_deeper_than_a_pattern_can_be_is_no_json() -> None:
    """What nobody can ask for is not looked into."""
    deep = "[" * 101 + "]" * 101
    exchange = ONE._replace(body=f'{{"a": {deep}}}'.encode())
    assert not holds(body(equalToJson={}, ignoreExtraElements=True), exchange)


@each("key", ["equalToJson", "matches", "headers"])
def test_a_pattern_asks_for_so_much_and_no_more(key: str) -> None:
    """A pattern is for a person to read; what would take long to make is refused."""
    many = {str(number): number for number in range(201)}
    pattern = {
        "equalToJson": body(equalToJson=many),
        "matches": {"bodyPatterns": [{"matches": "(a|b|c)" * 70}] * 201},
        "headers": {"headers": {name: {"equalTo": "a"} for name in many}},
    }[key]
    with pytest.raises(AdminError, match="a pattern has at most 200 criteria"):
        criteria(pattern)


def test_near_misses_compare_the_texts_of_the_likeliest_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those that differ in the least are looked at closely, and the newest of them."""
    monkeypatch.setattr("mockthingspace.core.matching.criteria.COMPARED", 2)
    wanted = criteria({"method": "PUT", "urlPath": "/api/x", "status": 400})
    exchanges = [
        ONE._replace(seq=1, status=500),
        ONE._replace(seq=2, path="/api/x"),
        ONE._replace(seq=3, method="PUT"),
        ONE._replace(seq=4),
    ]
    found = [exchange.exchange.seq for exchange in near_misses(exchanges, wanted)]
    assert sorted(found) == [2, 3]


def test_near_misses_look_for_no_order_of_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The work grows with the texts' length, so that many long ones take no minute."""
    monkeypatch.setattr(SequenceMatcher, "find_longest_match", None)
    found = misses({"urlPath": "/aaXaaX" * 20}, ONE, ONE._replace(path="/aX" * 60))
    assert [miss.exchange.path for miss in found] == ["/aX" * 60, ONE.path]


USUAL = {
    "/api/fota/v[12]/callbacks/[0-9]{10}-[0-9]{5}": True,
    "/api/(?!m2m).*": True,
    "(?i)/API/.*": True,
    r"/api/\w+/v\d/[^/]+/.*": True,
    "/api/.*(?<=00001)": True,
    "/api": False,
    "(?<family>a)?.*1": True,
    ".*+x": False,
    "[^?]+(\\?.*)?": True,
}


@each("expression", USUAL)
def test_the_expressions_people_write_work(expression: str) -> None:
    """They are Python's and most of Java's, which WireMock has, over the whole text."""
    exchange = ONE._replace(path=CALLBACKS, query="")
    assert holds({"urlPattern": expression}, exchange) == USUAL[expression]


@each("matcher", ["equalTo", "contains", "doesNotContain"])
def test_text_is_compared_as_text(matcher: str) -> None:
    """What means something in an expression means itself."""
    exchange = ONE._replace(headers=(("HTTP_X_COLOUR", "A.b*"),))
    there = matcher != "doesNotContain"
    found = [holds(header(**{matcher: text}), exchange) for text in ("A.b*", "AXb*")]
    assert found == [there, not there]
