"""The handle: a running server in a test's hands, here or elsewhere."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from mockthingspace import MockThingSpace, MockThingSpaceError, Settings
from mockthingspace.client.models import RecordedExchange
from mockthingspace.core.exceptions import AdminError, SettingsError

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
LISTENER = "http://localhost:9001/cb"
TIMEOUT_S = 10


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, running."""
    with MockThingSpace() as server:
        yield server


@pytest.fixture
def thing(running: MockThingSpace) -> MockThingSpace:
    """The module's server, as just started."""
    running.reset()
    return running


@pytest.fixture
def far(thing: MockThingSpace) -> MockThingSpace:
    """The handle another process would have of it."""
    return MockThingSpace.at(f"{thing.url}/")


def callbacks(server: MockThingSpace, account: str = ACCOUNT) -> str:
    """Return the URL of an account's callbacks."""
    return f"{server.url_for('fota-v1')}/callbacks/{account}"


def use(server: MockThingSpace) -> None:
    """Make four requests, one of which nothing serves."""
    url, other = callbacks(server), callbacks(server, OTHER)
    with requests.Session() as session:
        session.trust_env = False
        wanted = {"name": "Fota", "url": LISTENER, "password": "hunter2"}
        session.post(url, json=wanted, headers={"X-A": "b"}, timeout=TIMEOUT_S)
        session.get(url, timeout=TIMEOUT_S)
        session.get(other, timeout=TIMEOUT_S)
        session.get(f"{server.url}/nowhere", timeout=TIMEOUT_S)


def test_a_server_answers_between_start_and_stop() -> None:
    """Start binds a free port and returns the handle; stop frees the port."""
    server = MockThingSpace()
    url = server.start().url
    assert requests.get(f"{url}/__admin/health", timeout=TIMEOUT_S).ok
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/__admin/health", timeout=TIMEOUT_S)


@pytest.mark.parametrize(
    "use_it",
    [
        lambda registration: registration.url,
        lambda thingspace: thingspace.admin,
        lambda thingspace: thingspace.url_for("fota-v1"),
        lambda thingspace: thingspace.register(ACCOUNT, LISTENER),
        lambda thingspace: thingspace.registrations(),
        lambda thingspace: thingspace.requests(),
        lambda thingspace: thingspace.assert_requested(),
        lambda thingspace: thingspace.reset(),
    ],
    ids=lambda use_it: use_it.__code__.co_names[0],
)
def test_a_server_that_does_not_run_cannot_be_used(
    use_it: Callable[[MockThingSpace], Any],
) -> None:
    """Whatever is asked of it before the start, the error says to start it."""
    with pytest.raises(MockThingSpaceError, match="not running; start\\(\\) it first"):
        use_it(MockThingSpace())


def test_starting_twice_is_refused(thing: MockThingSpace) -> None:
    """The error says where it is running already, and it goes on running."""
    with pytest.raises(MockThingSpaceError, match=f"already running at {thing.url}$"):
        thing.start()
    assert thing.registrations() == []


def test_a_server_that_runs_elsewhere_is_not_started(far: MockThingSpace) -> None:
    """A handle of a running server has nothing to start."""
    with pytest.raises(MockThingSpaceError, match="already running at"):
        far.start()


def test_stopping_twice_does_no_harm() -> None:
    """A server that is stopped stays so."""
    server = MockThingSpace()
    server.stop()
    with server:
        server.stop()
    with pytest.raises(MockThingSpaceError, match="not running"):
        _ = server.url


def test_a_stopped_server_starts_afresh() -> None:
    """Nothing of the first run is left in the second."""
    server = MockThingSpace()
    with server:
        server.register(ACCOUNT, LISTENER)
    with server:
        assert server.registrations() == []


def test_leaving_a_handle_from_elsewhere_leaves_the_server(
    thing: MockThingSpace,
) -> None:
    """A server that was not started here is not stopped here."""
    with MockThingSpace.at(thing.url) as far:
        far.stop()
    assert thing.registrations() == []


def test_a_port_that_is_not_given_is_a_free_one() -> None:
    """A test's server never fights for the default port."""
    given = [
        MockThingSpace().settings.port,
        MockThingSpace(Settings(auth="strict")).settings.port,
        MockThingSpace(Settings(port=8440)).settings.port,
        MockThingSpace(port=8441).settings.port,
    ]
    assert given == [0, 0, 8440, 8441]


def test_fields_are_over_the_settings() -> None:
    """Single settings change those that were handed in."""
    settings = MockThingSpace(
        Settings(auth="strict", registration_rules="enforced"), auth="off"
    ).settings
    assert (settings.auth, settings.registration_rules) == ("off", "enforced")


def test_an_unknown_field_is_refused() -> None:
    """A mistyped setting is named at once."""
    with pytest.raises(SettingsError, match="did you mean 'port'"):
        MockThingSpace(prot=1)


def test_two_servers_share_nothing(thing: MockThingSpace) -> None:
    """Two servers of one process have their own ports, state and settings."""
    thing.register(ACCOUNT, LISTENER)
    with MockThingSpace() as other:
        assert (other.url != thing.url, other.registrations()) == (True, [])


def test_the_url_of_a_family_is_its_base(thing: MockThingSpace) -> None:
    """A client is pointed at the server by one URL."""
    assert thing.url_for("fota-v1") == f"{thing.url}/api/fota/v1"


def test_the_url_of_an_unknown_family_names_those_there_are(
    thing: MockThingSpace,
) -> None:
    """The error for a mistyped API has every API once."""
    with pytest.raises(
        MockThingSpaceError,
        match=r"'fota'; known: fota-v1, fota-v2, .*, session$",
    ):
        thing.url_for("fota")


def test_a_registration_is_returned_as_made(thing: MockThingSpace) -> None:
    """Registering answers the registration, as the list has it."""
    made = thing.register(ACCOUNT, LISTENER, username="ann", password="secret")
    assert (made.service, made.username, made.password) == ("Fota", "ann", "secret")
    assert thing.registrations() == [made]


def test_a_registration_has_the_headers_and_the_secret_it_was_given(
    thing: MockThingSpace,
) -> None:
    """What is not given is none, or made up where the API signs."""
    where = {"family": "diagnostics", "service": "Diagnostics"}
    given = thing.register(
        ACCOUNT, LISTENER, headers={"X-Key": "k"}, secret="s", **where
    )
    made_up = thing.register(OTHER, LISTENER, family="location", service="Location")
    plain = thing.register(ACCOUNT, LISTENER)

    assert (given.headers, given.secret) == ((("X-Key", "k"),), "s")
    assert thing.registrations(family="diagnostics") == [given]
    assert (made_up.headers, len(made_up.secret)) == ((), 64)
    assert (plain.headers, plain.secret) == ((), None)


def test_a_registration_that_cannot_be_is_refused(thing: MockThingSpace) -> None:
    """The admin API's refusal comes as an error with its code."""
    with pytest.raises(AdminError, match=r"^url: must begin with http") as caught:
        thing.register(ACCOUNT, "localhost")
    assert (caught.value.code, caught.value.status) == ("invalid", 400)


def test_registrations_are_chosen(thing: MockThingSpace) -> None:
    """Account, API and service choose what is returned."""
    registration = thing.register(ACCOUNT, LISTENER)
    thing.register(OTHER, LISTENER)
    assert thing.registrations(ACCOUNT, "fota-v1", "Fota") == [registration]
    assert thing.registrations(family="session", service="Fota") == []


def test_requests_are_values(thing: MockThingSpace) -> None:
    """An exchange has what was asked and answered, secrets hidden."""
    use(thing)
    exchange = thing.requests()[0]
    assert (exchange.method, exchange.url, exchange.status, exchange.matched) == (
        "POST",
        f"/api/fota/v1/callbacks/{ACCOUNT}",
        200,
        True,
    )
    assert (exchange.family, exchange.operation, exchange.account, exchange.reason) == (
        "fota-v1",
        "register",
        ACCOUNT,
        None,
    )
    assert (exchange.headers["X-A"], "hunter2" in exchange.body) == ("b", False)
    assert (exchange.reply, exchange.reply_headers["Content-Type"]) == (
        '{"accountName": "0242078689-00001", "serviceName": "Fota"}',
        "application/json",
    )
    assert (
        timedelta(0)
        <= exchange.completed_at - exchange.arrived_at
        < timedelta(seconds=60)
    )


def test_an_exchange_is_printed_in_one_line(thing: MockThingSpace) -> None:
    """A person reads what was asked, answered and why."""
    use(thing)
    lines = [str(exchange) for exchange in thing.requests()]
    assert lines[0] == (
        f"POST /api/fota/v1/callbacks/{ACCOUNT} -> 200  fota-v1 register"
    )
    assert lines[3].startswith("GET /nowhere -> 404  -  (no operation has the path")


def test_requests_are_chosen(thing: MockThingSpace) -> None:
    """Account, API, operation, status and since choose what is returned."""
    use(thing)
    first = thing.requests()[0].seq
    assert [
        [item.seq - first for item in chosen]
        for chosen in (
            thing.requests(ACCOUNT),
            thing.requests(family="fota-v1"),
            thing.requests(operation="list"),
            thing.requests(status=404),
            thing.requests(since=first + 1),
        )
    ] == [[0, 1], [0, 1, 2], [1, 2], [3], [2, 3]]


MET: dict[str, tuple[dict[str, Any], list[int]]] = {
    "anything": ({}, [0, 1, 2, 3]),
    "operation": ({"operation": "register"}, [0]),
    "account": ({"account": OTHER}, [2]),
    "family": ({"family": "fota-v1", "count": 3}, [0, 1, 2]),
    "method": ({"method": "POST"}, [0]),
    "path": ({"path": "/nowhere"}, [3]),
    "status": ({"status": 200, "count": 3}, [0, 1, 2]),
    "headers": ({"headers": {"x-a": "b"}}, [0]),
    "body": ({"body": {"name": "Fota"}}, [0]),
    "text": ({"body": "", "count": 3}, [1, 2, 3]),
    "none": ({"operation": "deregister", "count": 0}, []),
}


@pytest.mark.parametrize(("wanted", "expected"), MET.values(), ids=list(MET))
def test_what_was_requested_is_returned(
    thing: MockThingSpace, wanted: dict[str, Any], expected: list[int]
) -> None:
    """An assertion that holds returns the exchanges it is about."""
    use(thing)
    first = thing.requests()[0].seq
    found = thing.assert_requested(**wanted)
    assert [item.seq - first for item in found] == expected


def test_only_what_came_since_counts(thing: MockThingSpace) -> None:
    """An assertion can be about what happened after a moment."""
    use(thing)
    last = thing.requests()[-1].seq
    with pytest.raises(AssertionError, match="the journal is empty"):
        thing.assert_requested(since=last)


def failure(server: MockThingSpace, **wanted: Any) -> list[str]:
    """Return the lines an assertion fails with."""
    with pytest.raises(AssertionError) as caught:
        server.assert_requested(**wanted)
    return str(caught.value).splitlines()


def test_a_failure_shows_the_three_nearest_and_how_they_differ(
    thing: MockThingSpace,
) -> None:
    """What was expected is said, and of the nearest requests each difference."""
    use(thing)
    lines = failure(thing, operation="register", account=ACCOUNT, status=201)
    assert lines[:9] == [
        "expected at least 1 request",
        "  operation  register",
        f"  account    {ACCOUNT}",
        "  status     201",
        "but 0 matched",
        "",
        f"nearest: POST /api/fota/v1/callbacks/{ACCOUNT} -> 200  fota-v1 register",
        "  status  expected  201",
        "          actual    200",
    ]
    assert len([line for line in lines if line.startswith("nearest: ")]) == 3


def test_a_failure_without_any_request_says_so(thing: MockThingSpace) -> None:
    """A client that was pointed elsewhere is the first thing to think of."""
    assert failure(thing, operation="list") == [
        "expected at least 1 request",
        "  operation  list",
        "but 0 matched",
        "",
        "the journal is empty: no request reached the server",
    ]


def test_a_failure_says_that_the_handles_register_is_no_request(
    thing: MockThingSpace,
) -> None:
    """It goes past the wire, and so past the journal."""
    thing.register(ACCOUNT, "http://localhost:9001/fota")
    assert failure(thing, operation="register")[-1] == (
        "the journal is empty: no request reached the server; "
        "the handle's register() sends no request"
    )


def test_a_wrong_count_shows_what_matched(thing: MockThingSpace) -> None:
    """Too many or too few: the failure names those that were counted."""
    use(thing)
    lines = failure(thing, operation="list", count=1)
    assert lines == [
        "expected 1 request",
        "  operation  list",
        "but 2 matched",
        "",
        f"matched: GET /api/fota/v1/callbacks/{ACCOUNT} -> 200  fota-v1 list",
        f"  curl {callbacks(thing)}",
        "",
        f"matched: GET /api/fota/v1/callbacks/{OTHER} -> 200  fota-v1 list",
        f"  curl {callbacks(thing, OTHER)}",
    ]


def test_a_request_that_must_not_be_is_shown(thing: MockThingSpace) -> None:
    """A count of none fails with what came nevertheless."""
    use(thing)
    lines = failure(thing, count=0)
    assert lines[:2] == ["expected 0 requests", "but 4 matched"]
    assert len([line for line in lines if line.startswith("matched: ")]) == 4
    assert len([line for line in lines if line.startswith("  curl ")]) == 4
    assert [line for line in lines if "nearest:" in line or "empty" in line][1:] == []


def test_what_must_not_be_requested_is_shown(thing: MockThingSpace) -> None:
    """The assertion holds where nothing matches, and else shows what does."""
    use(thing)
    thing.assert_not_requested("deregister")
    with pytest.raises(AssertionError) as caught:
        thing.assert_not_requested("list", account=OTHER)
    assert str(caught.value).splitlines() == [
        "expected 0 requests",
        "  operation  list",
        f"  account    {OTHER}",
        "but 1 matched",
        "",
        f"matched: GET /api/fota/v1/callbacks/{OTHER} -> 200  fota-v1 list",
        f"  curl {callbacks(thing, OTHER)}",
    ]


def test_a_failure_shows_no_secret(thing: MockThingSpace) -> None:
    """A password that came is hidden where the difference is told."""
    use(thing)
    lines = failure(thing, operation="register", body={"password": "other"})
    at = lines.index("  body.password  expected  ***")
    hidden = "***  (they differ where they are hidden)"
    assert lines[at + 1] == f"                 actual    {hidden}"
    assert not [line for line in lines if "hunter2" in line or "other" in line]


def test_a_failure_says_what_was_evicted() -> None:
    """A request that is not found may have been evicted, and the remedy is named."""
    with MockThingSpace(journal_limit=1) as server:
        use(server)
        lines = failure(server, operation="register")
    assert lines[-1] == (
        "3 older requests were evicted; raise the setting journal_limit to keep more"
    )


def test_a_reset_returns_what_there_was(thing: MockThingSpace) -> None:
    """A reset counts, and leaves nothing."""
    use(thing)
    told = thing.reset()
    assert (told["registrations"], told["requests"], thing.requests()) == (1, 4, [])


def test_a_reset_of_an_account_leaves_the_others(thing: MockThingSpace) -> None:
    """Only what is of the account goes."""
    use(thing)
    thing.reset(ACCOUNT)
    assert [exchange.account for exchange in thing.requests()] == [OTHER, None]


SAME: dict[str, Callable[[MockThingSpace], Any]] = {
    "url": lambda registration: registration.url,
    "url_for": lambda thingspace: thingspace.url_for("session"),
    "registrations": lambda thingspace: thingspace.registrations(ACCOUNT),
    "requests": lambda thingspace: thingspace.requests(status=200),
    "requested": lambda thingspace: thingspace.assert_requested(
        "register", body={"name": "Fota"}
    ),
    "failure": lambda item: failure(item, path="/no", headers={"X-A": "c"}, count=2),
    "admin": lambda thingspace: thingspace.admin.ask("GET", "/snapshot"),
}


@pytest.mark.parametrize("ask", SAME.values(), ids=list(SAME))
def test_a_handle_from_elsewhere_says_the_same(
    thing: MockThingSpace, far: MockThingSpace, ask: Callable[[MockThingSpace], Any]
) -> None:
    """In process or over the network, the same call has the same result."""
    use(thing)
    assert ask(far) == ask(thing)


REFUSED: dict[str, Callable[[MockThingSpace], Any]] = {
    "registration": lambda thingspace: thingspace.register("5", LISTENER),
    "family": lambda thingspace: thingspace.register(ACCOUNT, LISTENER, family="fota"),
    "pattern": lambda thingspace: thingspace.admin.ask(
        "POST", "/requests/find", {"a": 1}
    ),
    "resource": lambda thingspace: thingspace.admin.ask("GET", "/nowhere"),
    "unknown": lambda thingspace: thingspace.url_for("fota"),
}


@pytest.mark.parametrize("ask", REFUSED.values(), ids=list(REFUSED))
def test_a_handle_from_elsewhere_is_refused_the_same(
    thing: MockThingSpace, far: MockThingSpace, ask: Callable[[MockThingSpace], Any]
) -> None:
    """In process or over the network, the same mistake has the same error."""
    told = []
    for handle in (thing, far):
        with pytest.raises(MockThingSpaceError) as caught:
            ask(handle)
        told.append((type(caught.value), str(caught.value)))
    assert told[0] == told[1]


def test_a_handle_from_elsewhere_changes_the_same_server(
    thing: MockThingSpace, far: MockThingSpace
) -> None:
    """What one handle registers or resets, the other sees."""
    made = far.register(ACCOUNT, LISTENER)
    seen = thing.registrations()
    far.reset()
    assert (seen, thing.registrations()) == ([made], [])


def test_a_handle_that_keeps_to_an_account_sees_that_alone(
    thing: MockThingSpace,
) -> None:
    """Lists and assertions of a scoped handle are about its account."""
    use(thing)
    thing.register(OTHER, LISTENER)
    scoped = MockThingSpace.at(thing.url, account=ACCOUNT)
    seen: list[RecordedExchange] = scoped.assert_requested(count=2)
    assert {value.account for value in (*seen, *scoped.requests())} == {ACCOUNT}
    assert [registration.account for registration in scoped.registrations()] == [
        ACCOUNT
    ]


def test_a_handle_that_keeps_to_an_account_can_be_asked_for_another(
    thing: MockThingSpace,
) -> None:
    """The scope is what is meant where no account is named."""
    use(thing)
    scoped = MockThingSpace.at(thing.url, account=ACCOUNT)
    assert [exchange.account for exchange in scoped.requests(OTHER)] == [OTHER]


def test_a_handle_that_keeps_to_an_account_resets_that_alone(
    thing: MockThingSpace,
) -> None:
    """Everybody else who uses the server keeps what they have."""
    thing.register(ACCOUNT, LISTENER)
    other = thing.register(OTHER, LISTENER)
    MockThingSpace.at(thing.url, account=ACCOUNT).reset()
    assert thing.registrations() == [other]
