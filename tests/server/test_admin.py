"""The admin API: every resource, its errors, and who may use it."""

import re
from collections.abc import Iterable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import Client, TestResponse, run_wsgi_app

from mockthingspace import __version__, create_app
from mockthingspace.apis import APIS
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.store.journal import LONGEST_KEPT
from mockthingspace.core.settings import Settings, rows
from mockthingspace.server.admin import RESOURCES, common, requests
from mockthingspace.server.admin.common import owns
from mockthingspace.server.http.current import EXTENSION

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
NOBODY = "0242078689-99999"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
REGISTRATION = {
    "family": "fota-v1",
    "account": ACCOUNT,
    "service": "Fota",
    "url": "http://localhost:9001/cb",
    "username": "ann",
    "password": "secret",
}
MARKS = {"documented", "observed", "assumed"}


def assert_admin_error(reply: TestResponse, status: int, code: str) -> str:
    """Assert that a reply is the admin API's own error, and return its message."""
    document = reply.get_json()
    assert (reply.status_code, list(document)) == (status, ["error", "message"])
    assert (document["error"], reply.mimetype) == (code, "application/json")
    assert document["message"].strip()
    message: str = document["message"]
    return message


def seqs(reply: TestResponse) -> list[int]:
    """Return the numbers of the exchanges a reply shows."""
    return [exchange["seq"] for exchange in reply.get_json()["requests"]]


@pytest.fixture
def used(client: FlaskClient) -> FlaskClient:
    """A client of a server that has seen six requests of two accounts."""
    for account in (ACCOUNT, OTHER):
        path = f"/api/fota/v1/callbacks/{account}"
        client.post(path, json={"name": "Fota", "url": "http://localhost/"})
        client.get(path)
    client.get(f"/nowhere/{ACCOUNT}")
    client.post(CALLBACKS, json={"name": "fota"})
    return client


def test_health_says_who_answers(client: FlaskClient) -> None:
    """Health has the keys of the contract, and the process."""
    shown = client.get("/__admin/health").get_json()
    assert list(shown) == [
        "status",
        "version",
        "uptime_s",
        "pending_deliveries",
        "epoch",
        "pid",
    ]
    assert (shown["status"], shown["version"]) == ("healthy", __version__)


def test_uptime_is_the_servers_time(client: FlaskClient, backend: Backend) -> None:
    """Uptime counts from the start by the server's clock."""
    shown = client.get("/__admin/health").get_json()
    assert (
        0 <= shown["uptime_s"] <= (backend.clock.now() - backend.started_at).seconds + 1
    )


def test_the_epoch_counts_the_resets(client: FlaskClient) -> None:
    """A script sees by the epoch that the server was started over."""
    before = client.get("/__admin/health").get_json()["epoch"]
    told = client.post("/__admin/reset", json={}).get_json()["epoch"]
    after = client.get("/__admin/health").get_json()["epoch"]
    assert (told, after) == (before + 1, before + 1)


def test_families_shows_everything_served(client: FlaskClient) -> None:
    """Every operation of every API is shown with its method and path."""
    shown = client.get("/__admin/families").get_json()["families"]
    assert [
        (item["name"], operation["name"], operation["method"], operation["path"])
        for item in shown
        for operation in item["operations"]
    ] == [
        (
            api.name,
            operation.name,
            operation.method,
            api.prefix + operation.rule.replace("<", "{").replace(">", "}"),
        )
        for api in APIS
        for operation in api.operations
    ]


def test_everything_served_has_a_mark_and_a_source(client: FlaskClient) -> None:
    """Operations, refusals and claims all say how we know."""
    shown = client.get("/__admin/families").get_json()["families"]
    claims = [
        claim
        for family in shown
        for kind in ("operations", "refusals", "facts")
        for claim in family[kind]
    ]
    assert {claim["evidence"] for claim in claims} <= MARKS
    assert [
        claim for claim in claims if not (claim["summary"] and claim["source"])
    ] == []
    assert all(family["operations"] and family["refusals"] for family in shown)


def test_a_registration_is_added_and_shown(client: FlaskClient) -> None:
    """What is posted comes back with 201, and stands in the list."""
    added = client.post("/__admin/registrations", json=REGISTRATION)
    listed = client.get("/__admin/registrations").get_json()
    assert (added.status_code, listed) == (
        201,
        {"registrations": [added.get_json()], "meta": {"total": 1}},
    )
    assert added.get_json() == REGISTRATION | {
        "registered_at": added.get_json()["registered_at"],
        "headers": {},
        "secret": None,
    }


def test_an_added_registration_is_on_the_wire(client: FlaskClient) -> None:
    """A seeded registration is listed as one that a client made."""
    client.post("/__admin/registrations", json=REGISTRATION)
    assert client.get(CALLBACKS).get_json()[0]["url"] == REGISTRATION["url"]


def test_adding_again_replaces(client: FlaskClient) -> None:
    """One service has one registration, however it was made."""
    client.post("/__admin/registrations", json=REGISTRATION)
    client.post("/__admin/registrations", json=REGISTRATION | {"username": None})
    shown = client.get("/__admin/registrations").get_json()["registrations"]
    assert [item["username"] for item in shown] == [None]


def test_a_bad_registration_is_refused(client: FlaskClient) -> None:
    """What cannot be registered is named, and nothing is changed."""
    reply = client.post("/__admin/registrations", json=REGISTRATION | {"account": "5"})
    assert assert_admin_error(reply, 400, "invalid").startswith("account: must be ten")
    assert client.get("/__admin/registrations").get_json()["registrations"] == []


def test_a_registration_is_held_to_the_accounts_setting() -> None:
    """An account that does not exist cannot have one; the error says which can."""
    made = create_app(Settings(accounts=[OTHER]))
    reply = made.test_client().post("/__admin/registrations", json=REGISTRATION)
    made.extensions[EXTENSION].close()
    assert assert_admin_error(reply, 400, "invalid") == (
        f"account {ACCOUNT} is not one of the accounts setting: {OTHER}"
    )


FILTERS = [
    ("", 2),
    ("?family=fota-v1", 2),
    ("?family=session", 0),
    (f"?account={OTHER}", 1),
    (f"?account={ACCOUNT}&service=Fota", 1),
    (f"?account={OTHER}&family=session", 0),
    (f"?account={NOBODY}", 0),
]


@each(("query", "number"), FILTERS, ids=[row[0] for row in FILTERS])
def test_registrations_are_chosen_by_filters(
    used: FlaskClient, query: str, number: int
) -> None:
    """API, account and service choose what is shown."""
    shown = used.get(f"/__admin/registrations{query}").get_json()
    assert (len(shown["registrations"]), shown["meta"]["total"]) == (number, number)


@pytest.mark.parametrize(("query", "number"), FILTERS, ids=[row[0] for row in FILTERS])
def test_registrations_are_removed_by_filters(
    used: FlaskClient, query: str, number: int
) -> None:
    """The same filters choose what is removed; the others stay."""
    removed = used.delete(f"/__admin/registrations{query}").get_json()
    left = used.get("/__admin/registrations").get_json()["meta"]["total"]
    assert (removed, left) == ({"removed": number}, 2 - number)


REQUESTS = [
    ("", [1, 2, 3, 4, 5, 6]),
    (f"?account={ACCOUNT}", [1, 2, 5, 6]),
    (f"?account={NOBODY}", []),
    ("?family=fota-v1", [1, 2, 3, 4, 6]),
    ("?operation=register", [1, 3, 6]),
    ("?status=400", [6]),
    ("?status=404", [5]),
    ("?since=4", [5, 6]),
    ("?since=0", [1, 2, 3, 4, 5, 6]),
    ("?since=99", []),
    ("?limit=2", [5, 6]),
    ("?limit=0", []),
    ("?limit=99", [1, 2, 3, 4, 5, 6]),
    (f"?account={OTHER}&operation=list&limit=5", [4]),
    ("/unmatched", [5]),
    (f"/unmatched?account={OTHER}", []),
    ("/unmatched?since=5", []),
    ("/unmatched?limit=0", []),
]


@each(("query", "expected"), REQUESTS, ids=[row[0] or "all" for row in REQUESTS])
def test_requests_are_chosen_by_filters(
    used: FlaskClient, query: str, expected: list[int]
) -> None:
    """Filters choose, oldest first; a limit takes the newest."""
    assert seqs(used.get(f"/__admin/requests{query}")) == expected


def test_a_limit_does_not_change_the_total(used: FlaskClient) -> None:
    """The total counts what matches, not what is shown."""
    shown = used.get("/__admin/requests?limit=1&operation=register").get_json()
    assert (shown["meta"], shown["requestJournalDisabled"]) == (
        {"total": 3, "evicted": 0, "last_seq": 6},
        False,
    )


def test_evictions_are_reported() -> None:
    """A list says how many older requests are gone."""
    client = create_app(Settings(journal_limit=2)).test_client()
    for _ in range(5):
        client.get(CALLBACKS)
    reply = client.get("/__admin/requests")
    assert (seqs(reply), reply.get_json()["meta"]) == (
        [4, 5],
        {"total": 2, "evicted": 3, "last_seq": 5},
    )


def test_a_cursor_outlives_a_reset(used: FlaskClient) -> None:
    """The numbers go on over a reset, which has one too: since finds what is new."""
    last = used.get("/__admin/requests").get_json()["meta"]["last_seq"]
    used.post("/__admin/reset", json={})
    used.get(CALLBACKS)
    assert seqs(used.get(f"/__admin/requests?since={last}")) == [last + 2]


def test_one_request_is_shown_by_its_number(used: FlaskClient) -> None:
    """A request is shown alone as it is in the list."""
    listed = used.get("/__admin/requests").get_json()["requests"][1]
    assert used.get("/__admin/requests/2").get_json() == listed


def test_a_request_that_is_not_there_is_named(used: FlaskClient) -> None:
    """A number that the journal does not have is 404."""
    reply = used.get("/__admin/requests/7")
    assert assert_admin_error(reply, 404, "unknown_request") == (
        "the journal has no request 7"
    )


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", []),
        (f"?account={ACCOUNT}", [3, 4]),
        ("?family=fota-v1", [5]),
        ("?operation=register&since=1", [1, 2, 4, 5]),
        ("?status=404", [1, 2, 3, 4, 6]),
    ],
    ids=["all", "account", "family", "operation", "status"],
)
def test_requests_are_forgotten(used: FlaskClient, query: str, left: list[int]) -> None:
    """What the filters choose is removed from the journal and counted."""
    removed = used.delete(f"/__admin/requests{query}").get_json()
    assert (removed, seqs(used.get("/__admin/requests"))) == (
        {"removed": 6 - len(left)},
        left,
    )


def test_requests_are_found_and_counted_by_a_pattern(used: FlaskClient) -> None:
    """Find and count agree, and since belongs to the pattern."""
    pattern = {"operation": "register", "since": 1}
    found = used.post("/__admin/requests/find", json=pattern)
    counted = used.post("/__admin/requests/count", json=pattern).get_json()
    assert (seqs(found), counted) == (
        [3, 6],
        {
            "count": 2,
            "meta": {"total": 2, "evicted": 0, "last_seq": 6},
            "requestJournalDisabled": False,
        },
    )


def test_near_misses_have_wiremocks_keys(used: FlaskClient) -> None:
    """A near miss has its request, its distance and our differences."""
    shown = used.post(
        "/__admin/near-misses/request-pattern", json={"account": ACCOUNT, "status": 201}
    ).get_json()["nearMisses"]
    assert [exchange["request"]["seq"] for exchange in shown] == [2, 1, 6]
    assert [list(item) for item in shown] == [
        ["request", "matchResult", "differences"]
    ] * 3
    assert shown[0]["differences"] == [
        {"field": "status", "expected": "201", "actual": "200"}
    ]


def test_admin_requests_are_not_in_the_journal(used: FlaskClient) -> None:
    """Looking at the journal does not fill it."""
    used.get("/__admin/requests")
    used.get("/__admin/nowhere")
    used.post("/__admin/requests/find", json={"bad": 1})
    used.get("/__admin/health", headers={"Host": "evil.example"})
    assert used.get("/__admin/requests").get_json()["meta"]["last_seq"] == 6


@each(
    ("query", "message"),
    [
        ("requests?acct=a", "unknown filter 'acct'; allowed here: account, family"),
        ("requests/unmatched?status=404", "unknown filter 'status'; allowed here: acc"),
        ("registrations?since=1", "unknown filter 'since'; allowed here: family, acco"),
    ],
    ids=["requests", "unmatched", "registrations"],
)
def test_an_unknown_filter_is_named(
    client: FlaskClient, query: str, message: str
) -> None:
    """A filter that means nothing is refused with those that do."""
    reply = client.get(f"/__admin/{query}")
    assert assert_admin_error(reply, 400, "unknown_filter").startswith(message)


def test_requests_are_not_forgotten_up_to_a_limit(used: FlaskClient) -> None:
    """A limit says how many to show; what to forget it does not choose."""
    reply = used.delete("/__admin/requests?limit=1")
    assert_admin_error(reply, 400, "unknown_filter")
    assert seqs(used.get("/__admin/requests")) == [1, 2, 3, 4, 5, 6]


THERE = "known: connectivity, diagnostics, fota-v1"
NAMES = {operation.name for api in APIS for operation in api.operations}
OPERATIONS = f"nearest of {len(NAMES)}: register, deregister"
UNKNOWN = [
    ("GET", "registrations?family=fota", "family", THERE),
    ("GET", "registrations?service=fota", "service", "nearest of 28: Fota"),
    ("DELETE", "registrations?family=", "family", THERE),
    ("DELETE", "registrations?service=fota", "service", "nearest of 28: Fota"),
    ("GET", "requests?family=fota", "family", THERE),
    ("GET", "requests?operation=Register", "operation", OPERATIONS),
    ("DELETE", "requests?family=fota", "family", THERE),
]


@each(
    ("method", "path", "name", "there"),
    UNKNOWN,
    ids=[f"{row[0]} {row[1]}" for row in UNKNOWN],
)
def test_a_filter_of_what_is_not_there_is_refused(
    used: FlaskClient, method: str, path: str, name: str, there: str
) -> None:
    """A mistyped API, operation or service must not look like nothing found."""
    reply = used.open(f"/__admin/{path}", method=method)
    message = assert_admin_error(reply, 400, f"unknown_{name}")
    assert message.startswith(f"unknown {name} ")
    assert f"; {there}" in message
    assert seqs(used.get("/__admin/requests")) == [1, 2, 3, 4, 5, 6]


@each("resource", ["requests/find", "requests/count", "near-misses/request-pattern"])
@each("name", ["family", "operation"])
def test_a_pattern_of_what_is_not_there_is_refused(
    client: FlaskClient, resource: str, name: str
) -> None:
    """A pattern is held to the APIs and operations there are."""
    reply = client.post(f"/__admin/{resource}", json={name: "fota"})
    assert_admin_error(reply, 400, f"unknown_{name}")


@each("method", ["DELETE", "POST"])
def test_a_mistyped_filter_removes_nothing(used: FlaskClient, method: str) -> None:
    """A write with an unknown filter does not fall back to everything."""
    path = "reset" if method == "POST" else "registrations"
    reply = used.open(f"/__admin/{path}?acct={ACCOUNT}", method=method, json={})
    assert_admin_error(reply, 400, "unknown_filter")
    assert used.get("/__admin/registrations").get_json()["meta"]["total"] == 2


@each("name", ["since", "limit", "status"])
@each(
    "value", ["-1", "1.5", "a", "", "%D9%A1", "9" * 5000], ids=lambda value: value[:6]
)
def test_a_filter_that_is_no_number_is_named(
    client: FlaskClient, name: str, value: str
) -> None:
    """Since, limit and status are whole numbers of a sane length."""
    reply = client.get(f"/__admin/requests?{name}={value}")
    assert assert_admin_error(reply, 400, "invalid_filter") == (
        f"{name}: must be a whole number, 0 or more"
    )


@each("since", [None, "a", -1, 1.5, True, [], {}], ids=repr)
def test_a_since_that_is_no_number_is_refused(client: FlaskClient, since: Any) -> None:
    """A pattern's since is a whole number too."""
    reply = client.post("/__admin/requests/find", json={"since": since})
    assert_admin_error(reply, 400, "invalid_filter")


GETS = [rule for method, rule, _ in RESOURCES if method == "GET"]
WRITES = [(method, rule) for method, rule, _ in RESOURCES if method != "GET"]
WITH_BODY = [row for row in WRITES if row[0] != "DELETE"]
READS_NONE = ("/reset", "/requests/reset", "/deliveries/<identity>/resend")
MAY_BE_EMPTY = ("/actions/<request_id>/complete",)


@pytest.fixture
def full(used: FlaskClient) -> FlaskClient:
    """A client of a server that has a delivery too, number 7."""
    trigger = {"event": "Fota.firmwareList", "account": ACCOUNT}
    used.post("/__admin/deliveries", json=trigger)  # goes out once that is closed
    return used


def path_of(rule: str) -> str:
    """Return the path of a resource there is one of."""
    return f"/__admin{rule}".replace("<int:seq>", "1").replace("<identity>", "8")


def state_of(backend: Backend) -> tuple[object, ...]:
    """Return everything a request could change."""
    state = backend.state
    return (
        state,
        state.registry.every(),
        state.journal.every(),
        backend.sequence.last,
        state.deliveries.every(),
        backend.clock.mode,
        len(state.tokens),
        backend.settings,
    )


@each("rule", GETS)
def test_get_changes_nothing(full: FlaskClient, backend: Backend, rule: str) -> None:
    """Reading leaves the state, the journal and the tokens as they were."""
    before = state_of(backend)
    reply = full.get(path_of(rule))
    assert (reply.status_code, state_of(backend)) == (200, before)


@each("rule", GETS)
def test_every_document_is_an_object(full: FlaskClient, rule: str) -> None:
    """No resource answers a bare array."""
    reply = full.get(path_of(rule))
    assert (type(reply.get_json()), reply.mimetype) == (dict, "application/json")


@each("path", ["/nowhere", "/requests/a", "/health/"])
def test_an_unknown_resource_is_told_those_there_are(
    client: FlaskClient, path: str
) -> None:
    """A path below /__admin that is not served names every resource."""
    message = assert_admin_error(client.get(f"/__admin{path}"), 404, "not_served")
    named = [re.sub("<(int:)?([a-z_]+)>", r"{\2}", rule) for _, rule, _ in RESOURCES]
    assert [rule for rule in named if rule not in message] == []


@each("path", ["/", "/__admin", "/__admin/"])
def test_the_front_page_says_what_this_is_and_where_the_rest_is(
    client: FlaskClient, path: str
) -> None:
    """Whoever opens the server's URL learns its version, APIs, admin API, docs."""
    reply = client.get(path)

    shown = reply.get_json()
    assert (reply.status_code, shown["version"]) == (200, __version__)
    assert shown["families"]["/api/fota/v1"] == "fota-v1"
    assert shown["admin"]["/__admin/requests"] == "GET, DELETE"
    assert "mockthingspace --help" in shown["docs"]


def test_the_front_page_is_no_unmatched_request(client: FlaskClient) -> None:
    """Looking at it fails no test; whatever else is sent there is refused."""
    client.get("/")
    client.head("/")
    assert client.post("/").get_json()["fault"]["code"] == 900906

    [noted] = client.get("/__admin/requests").get_json()["requests"]
    assert noted["request"]["method"] == "POST"


@each("path", ["/__adminx", "/__admi", "/x/__admin", "/"])
def test_the_admin_api_owns_its_own_paths_alone(path: str) -> None:
    """A path that only begins alike is ThingSpace's."""
    assert not owns(path)


@each(
    ("method", "path", "allowed"),
    [
        ("POST", "/health", {"GET", "HEAD"}),
        ("DELETE", "/snapshot", {"GET", "HEAD", "PUT"}),
        ("GET", "/reset", {"POST"}),
        ("OPTIONS", "/requests", {"GET", "HEAD", "DELETE"}),
    ],
)
def test_another_method_is_refused_with_those_allowed(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    """A method a resource does not have is 405 with Allow."""
    reply = client.open(f"/__admin{path}", method=method, json={})
    assert_admin_error(reply, 405, "not_served")
    assert {part.strip() for part in reply.headers["Allow"].split(",")} == allowed


OURS = [
    "localhost",
    "localhost:8440",
    "LOCALHOST:1",
    "a.localhost",
    "127.0.0.1",
    "127.0.0.1:8440",
    "127.0.0.2:8440",
    "[::1]",
    "[::1]:8440",
    "192.0.2.7:8440",
    "my_server:8440",
    "Server.Test",
    "localhost:",
    "[0:0::1]:8440",
]
FOREIGN = [
    "",
    "evil.example",
    "evil.example:8440",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evillocalhost",
    "192.0.2.8",
    "0.0.0.0",
    "[::2]",
    "[::1",
    "[",
    "localhost:0",
    "localhost:a",
    "localhost:99999",
    "localhost@evil.example",
    "evil.example@localhost",
    "localhost/.evil.example",
    "localhost?a",
    "localhost#a",
    "localhost,evil.example",
    "[::1].evil.example",
    "[::1]evil.example",
    "[::1]:8440.evil.example",
    "[127.0.0.1]",
    "[localhost]",
    "[]",
    "[::1%25lo]",
    "[::1]:0",
    "::1",
    "evil.example\\.localhost",
    "evil.example%.localhost",
    ".localhost",
    "a..localhost",
    "a" * 64 + ".localhost",
    "evil.example .localhost",
    "evil.example;.localhost",
    "\xe9vil.localhost",
    "localhost.",
    "127.0.0.1.",
    "127.1",
    ".",
    ":8440",
    "localhost:8440:8440",
    "localhost:\xb2",
]


class AnyHost(FlaskClient):
    """A client without cookies, for which the oldest Werkzeug reads the Host."""

    def run_wsgi_app(
        self, environ: dict[str, Any], buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        """Ask the application, and nothing besides."""
        return run_wsgi_app(self.application, environ, buffered=buffered)


@pytest.fixture(scope="module")
def guarded() -> FlaskClient:
    """A client of a server on an address, with two more names allowed."""
    settings = Settings(host="192.0.2.7", allowed_hosts=["my_server", "server.test"])
    app = create_app(settings)
    app.test_client_class = AnyHost
    return app.test_client()


@each("host", OURS)
def test_a_host_of_ours_is_served(guarded: FlaskClient, host: str) -> None:
    """Loopback, the bound address and the allowed names reach the admin API."""
    reply = guarded.get("/__admin/health", headers={"Host": host})
    assert reply.status_code == 200


@each("host", FOREIGN)
def test_a_foreign_host_is_refused(guarded: FlaskClient, host: str) -> None:
    """A name that was made to resolve to this machine reaches nothing."""
    reply = guarded.get("/__admin/health", headers={"Host": host})
    message = assert_admin_error(reply, 403, "foreign_host")
    assert message.startswith(f"the Host {host!r} is not this server's; to reach")


@each(
    ("host", "name"),
    [
        ("My.Server:8440", "my.server"),
        ("[::2]:1", "::2"),
        ("[", "NAME"),
        ("", "NAME"),
        ("[::1].evil.example", "NAME"),
    ],
)
def test_a_foreign_host_is_told_how_to_be_ours(
    guarded: FlaskClient, host: str, name: str
) -> None:
    """The refusal of a host spells the option that allows it."""
    reply = guarded.get("/__admin/health", headers={"Host": host})
    message = assert_admin_error(reply, 403, "foreign_host")
    assert message.endswith(f", start the server with --allowed-hosts {name}")


def test_a_client_without_host_is_served(client: FlaskClient) -> None:
    """An HTTP/1.0 health check names no host, and no browser is one."""
    app = client.application

    def call(environ: dict[str, Any], start: Any) -> Any:
        del environ["HTTP_HOST"]
        return app.wsgi_app(environ, start)

    assert Client(call).get("/__admin/health").status_code == 200


@each("origin", ["http://localhost:8440", "HTTP://LocalHost:8440"])
def test_a_page_of_ours_is_served(client: FlaskClient, origin: str) -> None:
    """A page that the server itself serves may use the admin API."""
    headers = {"Host": "localhost:8440", "Origin": origin}
    assert client.get("/__admin/health", headers=headers).status_code == 200


@each(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost",
        "http://localhost:8441",
        "http://localhost:8440.evil.example",
        "http://localhost:8440@evil.example",
        "http://[",
        "http://[::1",
        "localhost:8440",
        "https://localhost:8440",
        "http://localhost:8440/",
        "x://localhost:8440",
        "file://",
    ],
)
@each("method", ["GET", "POST"])
def test_a_foreign_page_is_refused(
    client: FlaskClient, origin: str, method: str
) -> None:
    """A page of any other origin can neither read nor write."""
    headers = {"Host": "localhost:8440", "Origin": origin}
    path = "/__admin/registrations"
    reply = client.open(path, method=method, json=REGISTRATION, headers=headers)
    assert_admin_error(reply, 403, "foreign_origin")
    assert client.get(path).get_json()["meta"]["total"] == 0


@each("site", ["cross-site", "same-site", "Cross-Site", "", "?"])
@each("path", ["/__admin/requests?since=0", "/__admin/openapi.json"])
def test_a_request_from_another_site_is_refused(
    client: FlaskClient, site: str, path: str
) -> None:
    """A page elsewhere cannot keep the admin API busy with what it may not read."""
    reply = client.get(path, headers={"Sec-Fetch-Site": site})
    assert_admin_error(reply, 403, "foreign_site")


@each("site", ["none", "same-origin"])
def test_what_the_user_or_a_page_of_ours_opens_is_served(
    client: FlaskClient, site: str
) -> None:
    """An address typed into a browser and the server's own page are no attack."""
    reply = client.get("/__admin/health", headers={"Sec-Fetch-Site": site})
    assert reply.status_code == 200


@each(("method", "rule"), WITH_BODY)
@each(
    "mimetype",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_a_write_must_say_that_it_is_json(
    client: FlaskClient, method: str, rule: str, mimetype: str | None
) -> None:
    """What a form of a web page can send is refused."""
    reply = client.open(
        f"/__admin{rule}", method=method, data=b"{}", content_type=mimetype
    )
    message = assert_admin_error(reply, 415, "not_json")
    needed = "the header 'Content-Type: application/json'"
    assert message == f"a body of {method} needs {needed}"


@each(("method", "path"), [("POST", "reset"), ("DELETE", "requests")])
@each("mimetype", [None, "application/x-www-form-urlencoded"])
def test_a_write_without_body_needs_no_content_type(
    client: FlaskClient, method: str, path: str, mimetype: str | None
) -> None:
    """``curl -X POST …/__admin/reset`` is enough."""
    reply = client.open(f"/__admin/{path}", method=method, content_type=mimetype)
    assert reply.status_code == 200


@each(
    "header",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
@each("path", ["reset", "requests/reset", "deliveries/7/resend"])
def test_an_empty_form_of_a_web_page_is_refused(
    full: FlaskClient, path: str, header: dict[str, str]
) -> None:
    """A browser says where a form comes from, with or without a body."""
    form = "application/x-www-form-urlencoded"
    reply = full.post(f"/__admin/{path}", headers=header, content_type=form)
    assert reply.status_code == 403
    assert full.get("/__admin/requests").get_json()["meta"]["total"] == 6


def test_a_charset_does_not_matter(client: FlaskClient) -> None:
    """The parameters of the content type are not looked at."""
    reply = client.post(
        "/__admin/reset", data=b"{}", content_type="application/json; charset=utf-8"
    )
    assert reply.status_code == 200


BODIES = {
    "empty": b"",
    "truncated": b"{",
    "null": b"null",
    "array": b"[]",
    "string": b'"a"',
    "number": b"5",
    "NaN": b'{"a": NaN}',
    "not UTF-8": b'{"a": "\xff"}',
    "too deep": b'{"a":' * 100_000,
}


@each("body", BODIES.values(), ids=list(BODIES))
@each(("method", "rule"), [row for row in WITH_BODY if row[1] not in READS_NONE])
def test_a_malformed_body_is_refused(
    client: FlaskClient, method: str, rule: str, body: bytes
) -> None:
    """Every resource that reads a document wants a JSON object."""
    if rule in MAY_BE_EMPTY and not body:
        return
    reply = client.open(
        f"/__admin{rule}", method=method, data=body, content_type="application/json"
    )
    assert_admin_error(reply, 400, "invalid_body")


def test_a_large_snapshot_is_restored(client: FlaskClient) -> None:
    """The size a request may have is ThingSpace's limit, not the admin API's."""
    registrations = [
        {**REGISTRATION, "account": f"{number:010}-00001", "username": "u" * 1000}
        for number in range(1100)
    ]
    reply = client.put("/__admin/snapshot", json={"registrations": registrations})
    assert (reply.status_code, reply.get_json()["restored"]) == (200, 1100)
    assert len(client.get("/__admin/snapshot").data) > 1024 * 1024


def test_a_snapshot_leaves_out_what_a_server_starts_with(client: FlaskClient) -> None:
    """Address, clock and seed file belong to the server, not to its state."""
    shown = client.get("/__admin/snapshot").get_json()
    assert (list(shown), list(shown["settings"])) == (
        ["settings", "registrations", "events", "faults", "actions", "hyper_precise"],
        [
            "auth",
            "registration_rules",
            "deregister_missing",
            "dialect",
            "credentials",
            "accounts",
            "retries",
            "actions",
            "secret_header",
            "signature_header",
            "journal_limit",
        ],
    )


def test_the_settings_are_shown_without_passwords() -> None:
    """All of them, as JSON has them, so that a script can hold them to its own."""
    chosen = Settings(credentials={"ann": "hunter2"}, accounts=[ACCOUNT], port=0)
    made = create_app(chosen)
    shown = made.test_client().get("/__admin/settings").get_json()["settings"]
    made.extensions[EXTENSION].close()
    assert list(shown) == [row.name for row in rows()]
    assert (shown["credentials"], shown["accounts"]) == ({"ann": "***"}, [ACCOUNT])


KINDS = (
    *("registrations", "requests", "tokens", "actions"),
    *("deliveries", "cancelled", "epoch"),
)


def counts(**there_were: int) -> dict[str, int]:
    """Return what a reset tells, where nothing else was there."""
    return dict.fromkeys(KINDS, 0) | there_were


@pytest.mark.parametrize("query", ["", f"?account={ACCOUNT}"], ids=["all", "account"])
def test_a_reset_counts_the_deliveries(full: FlaskClient, query: str) -> None:
    """A reset says how many deliveries it forgot and how many were not sent."""
    reply = full.post(f"/__admin/reset{query}", json={}).get_json()
    assert (reply["deliveries"], reply["cancelled"]) == (1, 1)


def test_a_reset_says_what_there_was(used: FlaskClient) -> None:
    """A reset counts what it left behind."""
    reply = used.post("/__admin/reset", json={}).get_json()
    assert reply == counts(registrations=2, requests=6, epoch=1)


def test_a_reset_of_an_account_touches_only_that(used: FlaskClient) -> None:
    """Others that use the same server keep their registrations and requests."""
    reply = used.post(f"/__admin/reset?account={ACCOUNT}", json={}).get_json()
    left = used.get("/__admin/registrations").get_json()["registrations"]
    assert reply == counts(registrations=1, requests=4)
    assert [item["account"] for item in left] == [OTHER]
    assert seqs(used.get("/__admin/requests")) == [3, 4]


READ_BY_ACCOUNT = ("registrations", "requests", "requests/unmatched", "deliveries")
ASKED_BY_ACCOUNT = ("requests/find", "requests/count", "deliveries", "deliveries/wait")


@each("account", ["", "12345", "0242078689", "x" * 200_000])
@each(
    ("method", "path"),
    [
        *(("GET", path) for path in (*READ_BY_ACCOUNT, "faults", "timeline")),
        *(("DELETE", path) for path in ("registrations", "requests", "faults")),
        *(("POST", path) for path in (*ASKED_BY_ACCOUNT, "reset")),
        ("POST", "deliveries/wait-until-idle"),
        ("POST", "near-misses/delivery-pattern"),
        ("POST", "near-misses/request-pattern"),
    ],
)
def test_what_is_no_account_is_refused_wherever_it_is_read(
    used: FlaskClient, method: str, path: str, account: str
) -> None:
    """A mistyped account is neither everybody, nor one that has nothing."""
    event = {"event": "Fota.upgradeFinished"} if path == "deliveries" else {}
    given = (
        {"json": {"account": account, **event}}
        if method == "POST"
        else {"query_string": {"account": account}}
    )
    reply = used.open(f"/__admin/{path}", method=method, **given)
    assert_admin_error(reply, 400, "invalid_account")


def test_a_reset_takes_its_account_from_the_body_too(used: FlaskClient) -> None:
    """An account in the body is reset alone, as one in the query."""
    reply = used.post("/__admin/reset", json={"account": ACCOUNT}).get_json()
    assert counts(registrations=1, requests=4) == reply


def test_a_reset_without_a_body_resets_everything(used: FlaskClient) -> None:
    """An empty body names no account."""
    reply = used.post("/__admin/reset", content_type="application/json")
    assert (reply.status_code, reply.get_json()["epoch"]) == (200, 1)


def test_a_wait_that_a_reset_ends_shows_what_there_is_then(
    used: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """List and total are of the same journal, the new one."""
    other = used.application.test_client()
    monkeypatch.setattr(
        requests, "block", lambda *_: other.post("/__admin/reset", json={})
    )
    shown = used.get("/__admin/requests?wait_s=1").get_json()
    assert (shown["requests"], shown["meta"]["total"]) == ([], 0)


@each("body", [b'{"acct": "a"}', b'{"account": 5}', b'{"account": null}', b"[]", b"{"])
def test_a_reset_of_anything_else_is_refused(used: FlaskClient, body: bytes) -> None:
    """A mistyped account does not reset everybody."""
    reply = used.post("/__admin/reset", data=body, content_type="application/json")
    assert_admin_error(reply, 400, "invalid_body")
    assert seqs(used.get("/__admin/requests")) == [1, 2, 3, 4, 5, 6]


def test_a_document_that_is_too_large_is_refused(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin API does not read without end."""
    monkeypatch.setattr(common, "MAX_SNAPSHOT", 10)
    reply = client.put("/__admin/snapshot", json={"registrations": []})
    message = assert_admin_error(reply, 413, "too_large")
    assert message == "a document here has at most 10 bytes"


def test_what_a_foreign_page_sends_is_not_read(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may not ask is refused before the body is read."""
    monkeypatch.setattr(common, "MAX_SNAPSHOT", 1)
    headers = {"Host": "evil.example"}
    reply = client.put("/__admin/snapshot", json={"a": 1}, headers=headers)
    assert_admin_error(reply, 403, "foreign_host")


def test_what_is_read_is_no_longer_than_it_may_be(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document of just the longest size is read."""
    monkeypatch.setattr(common, "MAX_DOCUMENT", 2)
    assert client.post("/__admin/reset", json={}).status_code == 200


def test_a_long_body_is_kept_cut(client: FlaskClient) -> None:
    """The journal keeps the first 64 KiB of a body; the server reads it all."""
    body = b'{"name": "Fota", "url": "http://listener/cb"}'.ljust(LONGEST_KEPT + 1)
    assert client.post(CALLBACKS, data=body).status_code == 200
    kept = client.get("/__admin/requests/1").get_json()["request"]["body"]
    assert body[:-1].decode() == kept


def test_what_is_nested_too_deeply_for_a_resource_is_refused(
    app: Flask, client: FlaskClient
) -> None:
    """Whichever resource runs out of depth, it is the asker's mistake."""

    def too_deep() -> None:
        raise RecursionError

    app.view_functions["admin.GET /health"] = too_deep

    reply = client.get("/__admin/health")

    assert assert_admin_error(reply, 400, "invalid_body") == (
        "the body is nested too deeply"
    )


def test_only_a_snapshot_may_be_large(client: FlaskClient) -> None:
    """A document of over a mebibyte is a snapshot, or a mistake."""
    body = b"{}".ljust(common.MAX_DOCUMENT + 1)
    json_ = "application/json"
    small = client.post("/__admin/requests/find", data=body, content_type=json_)
    large = client.put("/__admin/snapshot", data=body, content_type=json_)
    message = assert_admin_error(small, 413, "too_large")
    assert message == "a document here has at most 1048576 bytes"
    assert large.status_code == 200


def test_a_document_of_brackets_is_refused_unread(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Millions of empty arrays would hold the interpreter while they are read."""
    monkeypatch.setattr(common, "MOST_BRACKETS", 3)
    reply = client.put("/__admin/snapshot", json={"registrations": [[], []]})
    message = assert_admin_error(reply, 413, "too_large")
    assert message == "a document has at most 3 arrays and objects"


def test_a_document_is_not_nested_deeper_than_anything_here(
    client: FlaskClient,
) -> None:
    """What recurses over a document never runs out of stack."""
    deep = "[" * 111 + "]" * 111
    reply = client.post(
        "/__admin/deliveries", data=f'{{"a": {deep}}}', content_type="application/json"
    )
    message = assert_admin_error(reply, 400, "invalid_body")
    assert message == "the body is nested more than 110 deep"


def test_many_large_lists_do_not_fill_the_memory(client: FlaskClient) -> None:
    """A reply is kept as a request is: the first 64 KiB of it."""
    names = {"username": "u" * 100_000, "password": "p"}
    client.post(CALLBACKS, json={"name": "Fota", "url": "http://l/", **names})
    whole = client.get(CALLBACKS)
    kept = client.get("/__admin/requests/2").get_json()["response"]["body"]
    assert len(whole.text) > 100_000
    assert len(kept) <= LONGEST_KEPT
