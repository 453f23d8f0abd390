"""WireMock's published Python client asks the server what was requested.

Its models are filled from the admin API's documents: what it reads is WireMock's
key, and what it does not know of ours does no harm.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from wiremock import client as wiremock
from wiremock import constants

from mockthingspace import MockThingSpace

ACCOUNT = "0242078689-00001"
PATIENCE_S = 10
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
BODY = {"name": "Fota", "url": "http://localhost:9001/fota"}


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, on a real socket."""
    with MockThingSpace() as server:
        yield server


@pytest.fixture
def thing(running: MockThingSpace, monkeypatch: pytest.MonkeyPatch) -> MockThingSpace:
    """The server after three requests, and the client pointed at it."""
    running.reset()
    monkeypatch.setattr(constants.Config, "base_url", f"{running.url}/__admin")
    with requests.Session() as session:
        headers = {"Authorization": "Basic YW5uOmh1bnRlcjI="}
        session.post(
            running.url + CALLBACKS, json=BODY, headers=headers, timeout=PATIENCE_S
        )
        session.get(f"{running.url}{CALLBACKS}?page=2", timeout=PATIENCE_S)
        session.get(f"{running.url}/api/fota/v1/callback/{ACCOUNT}", timeout=PATIENCE_S)
    return running


def pattern(**wanted: Any) -> Any:
    """Return the client's own request pattern."""
    return wiremock.NearMissMatchPatternRequest(**wanted)


def test_every_request_is_listed(thing: MockThingSpace) -> None:
    """The journal comes with its total, and each request with what it was."""
    found = wiremock.Requests.get_all_received_requests(parameters={})
    assert (found.meta.total, found.request_journal_disabled) == (3, False)
    first = found.requests[0]
    assert [exchange.id for exchange in found.requests] == [
        str(exchange.seq) for exchange in thing.requests()
    ]
    assert (first.request.method, first.request.url) == ("POST", CALLBACKS)
    assert first.request.absolute_url == thing.url + CALLBACKS
    assert first.request.headers["Content-Type"] == "application/json"
    assert first.request.headers["Authorization"] == "Basic ***"
    assert first.request.body == thing.requests()[0].body
    assert (first.request.logged_date) == int(
        thing.requests()[0].arrived_at.timestamp() * 1000
    )
    assert first.request.logged_date_string.endswith("Z")
    assert [
        (
            exchange.response_definition.status,
            exchange.response_definition.from_configured_stub,
        )
        for exchange in found.requests
    ] == [(200, True), (200, True), (404, False)]


def test_a_list_has_a_limit(thing: MockThingSpace) -> None:
    """The client's limit works."""
    third = thing.requests()[2]
    last = wiremock.Requests.get_all_received_requests(limit=1, parameters={})
    assert [exchange.id for exchange in last.requests] == [str(third.seq)]


def test_one_request_is_found_by_its_id(thing: MockThingSpace) -> None:
    """What is listed can be asked for alone."""
    seq = str(thing.requests()[1].seq)
    found = wiremock.Requests.get_request(seq)
    assert (found.id, found.request.url) == (seq, f"{CALLBACKS}?page=2")
    with pytest.raises(wiremock.NotFoundException):
        wiremock.Requests.get_request("999999")


PATTERNS: dict[str, tuple[dict[str, Any], int]] = {
    "everything": ({"method": "ANY", "url_pattern": ".*"}, 3),
    "url": ({"url": CALLBACKS}, 1),
    "path": ({"url_path": CALLBACKS}, 2),
    "path pattern": ({"method": "GET", "url_path_pattern": "/api/.*"}, 2),
    "query": ({"query_parameters": {"page": {"equalTo": "2"}}}, 1),
    "header": ({"headers": {"Content-Type": {"contains": "json"}}}, 1),
    "absent": ({"headers": {"Content-Type": {"absent": True}}}, 2),
    "json": ({"body_patterns": [{"equalToJson": BODY}]}, 1),
    "text": ({"body_patterns": [{"matches": ".*Fota.*"}]}, 1),
    "nothing": ({"method": "DELETE"}, 0),
}


@pytest.mark.parametrize(("wanted", "number"), PATTERNS.values(), ids=list(PATTERNS))
def test_requests_are_found_and_counted(
    thing: MockThingSpace, wanted: dict[str, Any], number: int
) -> None:
    """Patterns of the client find what WireMock would, and count it."""
    found = wiremock.Requests.get_matching_requests(pattern(**wanted))
    counted = wiremock.Requests.get_matching_request_count(pattern(**wanted))
    assert (len(found.requests), counted.count) == (number, number)
    assert all(
        exchange.url.startswith("/api/") and exchange.method
        for exchange in found.requests
    )


def test_what_cannot_be_matched_is_refused(thing: MockThingSpace) -> None:
    """A pattern the server does not know is an error with its name, never a match."""
    for wanted in (
        {"cookies": {"a": {"equalTo": "b"}}},
        {"body_patterns": [{"matchesJsonPath": "$.a"}]},
        {"client_ip": "127.0.0.1"},
    ):
        with pytest.raises(wiremock.ClientException, match="unknown"):
            wiremock.Requests.get_matching_requests(pattern(**wanted))


def test_what_nothing_serves_is_found(thing: MockThingSpace) -> None:
    """Requests that no operation answers are listed."""
    path = f"/api/fota/v1/callback/{ACCOUNT}"
    found = wiremock.Requests.get_unmatched_requests()
    assert [(exchange.method, exchange.url) for exchange in found.requests] == [
        ("GET", path)
    ]


def test_a_pattern_is_told_what_nearly_met_it(thing: MockThingSpace) -> None:
    """Near misses of a pattern are requests, nearest first."""
    wanted = pattern(method="PUT", url_path=CALLBACKS)
    near = wiremock.NearMisses.find_nearest_misses_by_request_pattern(wanted)
    distances = [item.match_result.distance for item in near.near_misses]
    assert (len(distances), distances) == (3, sorted(distances))
    assert near.near_misses[0].request.url.startswith(CALLBACKS)


def test_the_journal_is_emptied(thing: MockThingSpace) -> None:
    """The client's reset forgets the requests and nothing else."""
    thing.register(ACCOUNT, "http://localhost:9001/fota")
    wiremock.Requests.reset_request_journal()
    assert (thing.requests(), len(thing.registrations())) == ([], 1)
