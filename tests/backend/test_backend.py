"""A server starts over by making a new state, and shares nothing with another."""

import gc
import json
import weakref
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from types import FunctionType, ModuleType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mockthingspace import MockThingSpace, create_app
from mockthingspace.backend.backend import Backend, BackendState, Seed
from mockthingspace.backend.faults.models import Fault
from mockthingspace.core.clock import Clock, Mode
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.models import Registration
from mockthingspace.core.settings import Settings
from mockthingspace.server.http.current import EXTENSION

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
CALLBACKS = "/api/fota/v1/callbacks"
CREDENTIALS = {"ann": "secret"}
ORIGIN = "https://listener.example"
WAIT_S = 10


def seeded(folder: Path, *accounts: str) -> FlaskClient:
    """Return a client of a server with a registration of each account in its seed."""
    path = folder / "seed.json"
    registrations = [
        {"family": "fota-v1", "account": account, "url": f"http://localhost/{account}"}
        for account in accounts
    ]
    path.write_text(json.dumps({"registrations": registrations}), "utf-8")
    return create_app(Settings(seed=str(path))).test_client()


def register(client: FlaskClient, account: str, url: str = "http://other/") -> None:
    """Register a listener of an account as a client does."""
    client.post(f"{CALLBACKS}/{account}", json={"name": "Fota", "url": url})


def urls(client: FlaskClient) -> list[str]:
    """Return the URL of every registration."""
    shown = client.get("/__admin/registrations").get_json()["registrations"]
    return [registration["url"] for registration in shown]


def contents(state: BackendState) -> dict[str, Any]:
    """Return all that is in a state, but for its number."""
    return {
        "settings": state.settings,
        "registrations": state.registry.every(),
        "requests": state.journal.every(),
        "evicted": state.journal.evicted,
        "limit": state.journal._kept.maxlen,
        "tokens": {
            name: value for name, value in vars(state.tokens).items() if name != "_lock"
        },
    }


def use(client: FlaskClient) -> None:
    """Fill every store of a server."""
    register(client, ACCOUNT)
    client.get("/nowhere")
    client.post(
        "/api/ts/v1/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic YTpi"},
    )
    for password in ("secret", "wrong"):
        login = {"username": "ann", "password": password}
        client.post("/api/m2m/v1/session/login", json=login)


def test_only_a_fault_that_goes_back_remembers_what_was_registered() -> None:
    """Memory does not grow with faults times registrations."""
    backend = Backend(Settings())
    kinds = ("drop", "stale", "stale-credentials")
    planned = [backend.plan(Fault(kind, "deliveries")) for kind in kinds]
    copy = backend.state.registry.copy()
    assert [fault.memory for fault in planned] == [None, copy, copy]


def test_a_reset_server_equals_a_fresh_one() -> None:
    """After a reset nothing of what was done is left in any store."""
    settings = Settings(credentials=CREDENTIALS, journal_limit=3)
    app = create_app(settings)
    backend: Backend = app.extensions[EXTENSION]
    fresh: Backend = create_app(settings).extensions[EXTENSION]
    use(app.test_client())
    used = contents(backend.state)
    backend.reset()
    assert contents(backend.state) == contents(fresh.state)
    assert [name for name in used if used[name] == contents(fresh.state)[name]] == [
        "settings",
        "limit",
    ]


def test_a_reset_says_what_there_was() -> None:
    """A reset counts registrations, requests and tokens."""
    app = create_app(Settings(credentials=CREDENTIALS))
    use(app.test_client())
    assert app.extensions[EXTENSION].reset() == {
        "registrations": 1,
        "requests": 5,
        "tokens": 2,
        "actions": 0,
        "deliveries": 0,
        "cancelled": 0,
    }


def test_a_reset_leaves_nothing_of_the_old_state_in_memory(
    client: FlaskClient, backend: Backend, clock: Clock
) -> None:
    """Neither do actions whose time would have come much later keep it."""
    upgrade = {
        "accountName": ACCOUNT,
        "deviceList": ["990003425730524"],
        "firmwareName": "a",
        "firmwareTo": "b",
        "startDate": "2099-04-01",
        "endDate": "2099-04-02",
    }
    replied = client.post("/api/fota/v1/upgrades", json=upgrade)
    old = weakref.ref(backend.state.journal)
    backend.reset()
    gc.collect()
    assert (replied.status_code, old()) == (200, None)


def test_a_reset_is_the_first_thing_that_is_logged(backend: Backend) -> None:
    """Of what was before, nothing is left."""
    backend.reset()
    [entry] = backend.state.event_log.every()
    assert (entry.sort, entry.account, entry.summary) == ("reset", None, "everything")


def test_a_reset_makes_a_new_state_and_leaves_the_old(
    client: FlaskClient, backend: Backend
) -> None:
    """Who still holds the old state sees it as it was."""
    register(client, ACCOUNT)
    old = backend.state
    before = contents(old)
    backend.reset()
    assert (contents(old), backend.state is old) == (before, False)


def test_a_reset_replays_the_seed(tmp_path: Path) -> None:
    """What the seed registered is there again, and nothing else."""
    client = seeded(tmp_path, ACCOUNT)
    register(client, ACCOUNT)
    register(client, OTHER)
    client.post("/__admin/reset", json={})
    assert urls(client) == [f"http://localhost/{ACCOUNT}"]


def test_a_reset_counts_the_requests_on(client: FlaskClient, backend: Backend) -> None:
    """A request's number is not given again after a reset, which has one too."""
    register(client, ACCOUNT)
    backend.reset()
    register(client, ACCOUNT)
    assert [exchange.seq for exchange in backend.state.journal.every()] == [3]


@pytest.mark.parametrize("mode", ["real", "manual"])
def test_a_reset_puts_the_clock_back(mode: Mode) -> None:
    """It has this machine's time again, and runs or stands as it was started."""
    backend = Backend(Settings(clock=mode))
    backend.set_mode("manual")
    backend.clock.advance(3600)
    backend.set_mode("real" if mode == "manual" else "manual")

    backend.reset()

    assert backend.clock.mode == mode
    assert abs(backend.clock.ahead_s) < 1800


def test_a_reset_of_an_account_leaves_the_clock(backend: Backend, clock: Clock) -> None:
    """It is everybody's."""
    clock.advance(3600)
    before = clock.now()

    backend.reset_account(ACCOUNT)

    assert clock.now() == before


def test_a_restored_snapshot_leaves_the_clock(
    client: FlaskClient, clock: Clock
) -> None:
    """A snapshot has no time in it."""
    clock.advance(3600)
    before = clock.now()

    client.put("/__admin/snapshot", json={})

    assert clock.now() == before


def test_a_reset_of_an_account_replays_its_seed_alone(tmp_path: Path) -> None:
    """One account is as just started; the others stay as they are."""
    client = seeded(tmp_path, ACCOUNT, OTHER)
    register(client, ACCOUNT)
    register(client, OTHER)
    client.post(f"/__admin/reset?account={ACCOUNT}", json={})
    assert sorted(urls(client)) == [f"http://localhost/{ACCOUNT}", "http://other/"]


def test_a_reset_of_an_account_leaves_the_tokens(
    client: FlaskClient, backend: Backend
) -> None:
    """Tokens are of a client, not of an account, and go on living."""
    use(client)
    state = backend.state
    tokens = len(state.tokens)
    told = backend.reset_account(ACCOUNT)
    assert (backend.state, len(state.tokens)) == (state, tokens)
    assert told == {
        "registrations": 1,
        "requests": 1,
        "tokens": 0,
        "actions": 0,
        "deliveries": 0,
        "cancelled": 0,
    }


def test_a_reset_of_an_account_is_written_down(backend: Backend) -> None:
    """A timeline says when its account began anew."""
    backend.reset_account(ACCOUNT)
    [noted] = backend.state.event_log.every()
    assert (noted.sort, noted.account, noted.summary) == (
        "reset",
        ACCOUNT,
        f"account {ACCOUNT}",
    )


def test_a_replacement_holds_until_the_next_reset(backend: Backend) -> None:
    """Other settings and registrations do not change what a reset goes back to."""
    registration = Registration(
        "fota-v1", ACCOUNT, "Fota", "http://h/", None, None, backend.clock.now()
    )
    backend.replace(Settings(auth="strict"), Seed((registration,)))
    replaced = backend.state
    backend.reset()
    assert (replaced.settings.auth, replaced.registry.every()) == (
        "strict",
        [registration],
    )
    assert (backend.state.settings.auth, backend.state.registry.every()) == ("off", [])


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flask, Event, Event]]:
    """An application whose register waits, once it has begun, to be let go on."""
    app, begun, go_on = create_app(), Event(), Event()
    name = next(name for name in app.view_functions if "fota-v1.register" in name)
    register = app.view_functions[name]

    def hold(**path: str) -> Any:
        begun.set()
        assert go_on.wait(WAIT_S)
        return register(**path)

    app.view_functions[name] = hold
    yield app, begun, go_on
    go_on.set()


@pytest.mark.parametrize("reset", ["reset", "restore"])
def test_a_request_in_flight_over_a_reset_is_not_seen(
    held: tuple[Flask, Event, Event], reset: str
) -> None:
    """A request that began before a reset leaves no trace in the state after it."""
    app, begun, go_on = held
    replies: list[int] = []

    def ask() -> None:
        answer = app.test_client().post(
            f"{CALLBACKS}/{ACCOUNT}", json={"name": "Fota", "url": "http://late/"}
        )
        replies.append(answer.status_code)

    backend: Backend = app.extensions[EXTENSION]
    old = backend.state
    late = Thread(target=ask)
    late.start()
    assert begun.wait(WAIT_S)
    client = app.test_client()
    if reset == "reset":
        client.post("/__admin/reset", json={})
    else:
        client.put("/__admin/snapshot", json={})
    go_on.set()
    late.join(WAIT_S)
    assert (replies, len(old.registry.every()), len(old.journal)) == ([200], 1, 1)
    assert (urls(client), backend.state.journal.every()) == ([], [])


def test_concurrent_resets_each_make_a_state(backend: Backend) -> None:
    """Eight resets at once are eight epochs."""
    resets = [Thread(target=backend.reset) for _ in range(8)]
    for reset in resets:
        reset.start()
    for item in resets:
        item.join()
    assert backend.state.epoch == 8


def test_a_reset_waits_for_that_of_an_account(backend: Backend) -> None:
    """A state is not replaced while one of its accounts is being reset."""
    reset = Thread(target=backend.replace, args=(Settings(), Seed()))
    waited: list[bool] = []

    class Registrations(tuple[Registration, ...]):
        """A seed that has everything reset while an account's is replayed."""

        __slots__ = ()

        def __iter__(self) -> Iterator[Registration]:
            reset.start()
            reset.join(0.05)
            waited.append(reset.is_alive())
            return iter(())

    backend.seed = Seed(Registrations())
    backend.reset_account(ACCOUNT)
    reset.join(WAIT_S)
    assert (waited, backend.state.epoch) == ([True], 1)


def test_a_rule_that_an_application_is_given_is_its_own() -> None:
    """A route added to an application is served there, and by no other."""
    mine, other = create_app(), create_app()
    mine.add_url_rule("/mine", view_func=lambda: "mine")
    shown = [app.test_client().get("/mine").status_code for app in (mine, other)]
    assert shown == [200, 404]
    assert mine.test_client().get("/__admin/health").status_code == 200


@each(
    ("url", "application", "said"),
    [
        ("listener.example", print, "must be scheme and host, such as https://"),
        ("https://listener.example/cb", print, "must be scheme and host, such as"),
        ("http://[", print, "must be scheme and host, such as"),
        ("https://listener.example", None, "must lead to a WSGI or ASGI application"),
    ],
)
def test_what_nothing_could_be_delivered_to_is_refused(
    url: str, application: Any, said: str
) -> None:
    """A mistake in ``deliver_to`` is told at once, not by attempts that fail."""
    with pytest.raises(SettingsError, match=said):
        create_app(deliver_to={url: application})


def test_two_servers_share_nothing(client: FlaskClient) -> None:
    """What one server is told, another in the same process does not know."""
    other = create_app(Settings(deregister_missing="ok")).test_client()
    use(client)
    assert (urls(other), other.get("/__admin/requests").get_json()["requests"]) == (
        [],
        [],
    )


def test_a_token_of_one_server_is_foreign_to_another() -> None:
    """A strict server accepts only its own tokens."""
    one, other = (create_app(Settings(auth="strict")).test_client() for _ in range(2))
    token = one.post(
        "/api/ts/v1/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": "Basic YTpi"},
    ).get_json()["access_token"]
    login = {"username": "a", "password": "b"}
    bearer = {"Authorization": f"Bearer {token}"}
    path = "/api/m2m/v1/session/login"
    assert [
        client.post(path, json=login, headers=bearer).status_code
        for client in (one, other)
    ] == [200, 401]


def contained(root: object) -> int:
    """Return how much the containers hold that something leads to."""
    seen: dict[int, object] = {}
    left = [root]
    while left:
        item = left.pop()
        if id(item) in seen or isinstance(item, type | ModuleType):
            continue
        seen[id(item)] = item
        function = isinstance(item, FunctionType)  # that has all of its module
        left += (item.__closure__ or ()) if function else gc.get_referents(item)
    containers = (dict, set, list, deque)
    return sum(len(item) for item in seen.values() if isinstance(item, containers))


def test_nothing_is_left_of_accounts_that_were_reset() -> None:
    """Neither of their deliveries, pending or over, nor of their faults and ids."""

    def listener(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("503 Busy" if environ["PATH_INFO"] == "/busy" else "200 OK", [])
        return [b""]

    with MockThingSpace(journal_limit=10, deliver_to={ORIGIN: listener}) as mock:

        def come_and_go(accounts: range) -> int:
            for number in accounts:
                account = f"{number:010d}-00001"
                mock.register(account, f"{ORIGIN}/{'busy' if number % 2 else 'free'}")
                mock.fault("duplicate", account=account, copies=2)
                mock.trigger("Fota.upgradeFinished", account)
                mock.trigger("Fota.upgradeFinished", account)
                mock.wait_until_idle()
                mock._backend.reset_account(account)
            gc.collect()
            return contained(mock._backend)

        few = come_and_go(range(20))
        more = come_and_go(range(20, 60))
        assert more < few + 40  # not one thing for each
