"""Seed documents: what a server starts with, and what a snapshot gives back."""

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import create_app
from mockthingspace.apis import APIS
from mockthingspace.backend import seeds
from mockthingspace.core.exceptions import SettingsError
from mockthingspace.core.settings import Settings

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"
NOW = datetime(2024, 1, 1, tzinfo=timezone.utc)
LOCATED = {"family": "location", "service": "Location"}
GOOD = {"family": "fota-v1", "account": ACCOUNT, "url": "http://localhost/"}
TWO_SERVICES = {**GOOD, "family": "location"}


def started(folder: Path, document: object) -> FlaskClient:
    """Return a client of a server started from a seed file."""
    path = folder / "seed.json"
    path.write_text(json.dumps(document), "utf-8")
    return create_app(Settings(seed=str(path))).test_client()


def snapshot(client: FlaskClient) -> dict[str, Any]:
    """Return everything as a seed document."""
    shown: dict[str, Any] = client.get("/__admin/snapshot").get_json()
    return shown


def test_an_empty_document_seeds_nothing() -> None:
    """Both keys of a seed document may be left out."""
    assert seeds.seed({}, APIS, NOW).registrations == ()


def test_a_registration_needs_family_account_and_url() -> None:
    """The one service there is, no credentials and now are filled in."""
    (made,) = seeds.seed({"registrations": [GOOD]}, APIS, NOW).registrations
    assert (made.service, made.username, made.password, made.registered_at) == (
        "Fota",
        None,
        None,
        NOW,
    )


def test_an_instant_is_kept_in_utc() -> None:
    """A registration keeps the time it was made at."""
    item = {**GOOD, "registered_at": "2024-01-01T01:00:00+01:00"}
    made = seeds.registration(item, APIS, datetime.now(timezone.utc))
    assert (made.registered_at, made.registered_at.tzinfo) == (NOW, timezone.utc)


def test_a_service_must_be_named_where_there_are_more() -> None:
    """Only an API with a single service fills it in."""
    words = r"^service: must be one of Location, DeviceLocation$"
    with pytest.raises(SettingsError, match=words):
        seeds.registration(TWO_SERVICES, APIS, NOW)


@each(
    ("service", "family"),
    [
        ("NiddService", "connectivity"),
        ("AlertsService", "connectivity"),
        ("DeviceLocation", "location"),
        ("Fota", "fota-v1"),
    ],
)
def test_a_service_finds_its_family(service: str, family: str) -> None:
    """The first that has it, where none is named."""
    item = {**GOOD, "service": service}
    del item["family"]
    made = seeds.registration(item, APIS, NOW)
    assert made.family == family


def test_a_named_service_is_taken() -> None:
    """An API with several services takes each of them."""
    item = {**TWO_SERVICES, "service": "DeviceLocation"}
    assert seeds.registration(item, APIS, NOW).service == "DeviceLocation"


@each("spelling", ["AlertService", "AlertsService"])
def test_a_service_may_be_spelled_otherwise(spelling: str) -> None:
    """A seed takes the spellings that the API takes."""
    item = {**GOOD, "family": "connectivity", "service": spelling}
    assert seeds.registration(item, APIS, NOW).service == "AlertService"


FORMATS = [
    ("connectivity", "CarrierService", "TestAccount-1", True),
    ("diagnostics", None, "TestQAAccount", True),
    ("connectivity", "CarrierService", "TestQAAccount", False),
    ("diagnostics", None, "TestAccount-1", False),
    *(
        (family, service, account, False)
        for family, service in (
            *(("fota-v1", None), ("fota-v2", None), ("fota-v3", None)),
            *(("location", "Location"), ("hyper-precise", None)),
        )
        for account in ("TestAccount-1", "TestQAAccount")
    ),
]


@each(("family", "service", "account", "good"), FORMATS)
def test_an_account_is_held_to_its_familys_format(
    family: str, service: str | None, account: str, good: bool
) -> None:
    """The accounts of one API's examples are none of another's."""
    item = {**GOOD, "family": family, "service": service, "account": account}
    if good:
        assert seeds.registration(item, APIS, NOW).account == account
    else:
        with pytest.raises(SettingsError, match=r"^account: must be ten digits, "):
            seeds.registration(item, APIS, NOW)


SIGNED = [{**TWO_SERVICES, "service": "Location"}, {**GOOD, "family": "diagnostics"}]
SIGNED_IDS = ["location", "diagnostics"]


@each("item", SIGNED, ids=SIGNED_IDS)
@each("given", [{}, {"secret": None}], ids=["left out", "null"])
def test_a_signed_registration_gets_a_secret(
    item: dict[str, Any], given: dict[str, Any]
) -> None:
    """One that is not given is made up, another each time."""
    made = [seeds.registration(item | given, APIS, NOW).secret for _ in range(2)]
    assert (len(set(made)), {len(secret or "") for secret in made}) == (2, {64})


@each("item", SIGNED, ids=SIGNED_IDS)
def test_a_signed_registration_keeps_the_secret_it_has(item: dict[str, Any]) -> None:
    """What messages are signed with can be said in a seed."""
    made = seeds.registration({**item, "secret": "schlüssel"}, APIS, NOW)
    assert made.secret == "schlüssel"


@each("given", [{}, {"secret": None}], ids=["left out", "null"])
def test_a_registration_that_is_not_signed_gets_no_secret(
    given: dict[str, Any],
) -> None:
    """There is nothing that it would be for."""
    assert seeds.registration(GOOD | given, APIS, NOW).secret is None


@each(
    ("given", "pairs"),
    [
        ({}, ()),
        ({"headers": None}, ()),
        ({"headers": {}}, ()),
        ({"headers": ""}, ()),
        ({"headers": {"X-A": "b", "X-C": ""}}, (("X-A", "b"), ("X-C", ""))),
        ({"headers": "X-A: b\nX-C:"}, (("X-A", "b"), ("X-C", ""))),
    ],
    ids=["left out", "null", "none", "no text", "object", "text"],
)
def test_a_registration_has_headers(
    given: dict[str, Any], pairs: tuple[tuple[str, str], ...]
) -> None:
    """What is sent with each message is an object, or text with one a line."""
    assert seeds.registration(GOOD | given, APIS, NOW).headers == pairs


@each(
    ("document", "words"),
    [
        ({"registration": []}, "'registration' in a seed document: did you mean 'reg"),
        ({"zzz": []}, "'zzz' in a seed document: it may have settings, registrations"),
        ({"": []}, "it may have settings, registrations"),
        ({"registrations": None}, "must be an array"),
        ({"registrations": {}}, "must be an array"),
        ({"registrations": "a"}, "must be an array"),
        ({"registrations": 1}, "must be an array"),
    ],
    ids=["mistyped", "unknown", "empty", "null", "object", "string", "number"],
)
def test_a_document_of_another_form_is_refused(
    document: dict[str, Any], words: str
) -> None:
    """A seed document has known keys and an array of registrations."""
    with pytest.raises(SettingsError, match=words):
        seeds.checked(document)


BAD_ITEMS: list[tuple[Any, str]] = [
    (None, "a registration must be an object"),
    ([], "a registration must be an object"),
    ("a", "a registration must be an object"),
    (5, "a registration must be an object"),
    ({}, "family: is required; account: is required; url: is required"),
    ({**GOOD, "name": "Fota"}, "name: unknown; a registration has family, account, s"),
    ({**GOOD, "family": None}, "family: must be a string"),
    ({**GOOD, "family": ["fota-v1"]}, "family: must be a string"),
    ({**GOOD, "family": "fota"}, "family: 'fota' has no callbacks; allowed: "),
    ({**GOOD, "family": "session"}, "family: 'session' has no callbacks; allow"),
    ({**GOOD, "account": 5}, "account: must be a string"),
    ({**GOOD, "account": "5"}, "account: must be ten digits, a hyphen and five digits"),
    ({**GOOD, "service": "fota"}, "service: must be one of Fota"),
    ({**GOOD, "service": ""}, "service: must be one of Fota"),
    (
        {**GOOD, "service": "NiddService"},
        "service: must be one of Fota; NiddService is of connectivity",
    ),
    ({"service": "Nidd"}, "service: unknown 'Nidd'; nearest of 28: NiddService, "),
    ({**GOOD, "service": 5}, "service: must be a string"),
    ({**GOOD, "url": None}, "url: must be a string"),
    ({**GOOD, "url": "localhost"}, "url: must begin with http:// or https://"),
    ({**GOOD, "username": 5}, "username: must be a string"),
    ({**GOOD, "password": {}}, "password: must be a string"),
    ({**GOOD, "password": "\ud800"}, "password: must not hold half a surrogate pair"),
    ({**GOOD, "secret": 5}, "secret: must be a string"),
    ({**GOOD, "secret": "a\0"}, "secret: must not hold a NUL character"),
    ({**GOOD, "headers": 5}, "headers: must be an object of header names and values"),
    ({**GOOD, "headers": {"Host": "h"}}, "headers: 'Host' is not a header that can be"),
    ({**GOOD, **LOCATED, "secret": ""}, "secret: must not be empty"),
    ({**GOOD, "headers": {"X-A": None}}, "headers: X-A: must be printable ASCII text"),
    ({**GOOD, "family": "location"}, "service: must be one of Location, DeviceLocati"),
    ({**GOOD, "registered_at": None}, "registered_at: "),
    ({**GOOD, "registered_at": 5}, "registered_at: "),
    ({**GOOD, "registered_at": "today"}, "registered_at: "),
    ({**GOOD, "registered_at": "2024-01-01T00:00:00"}, "registered_at: "),
    ({**GOOD, "registered_at": "0001-01-01T00:00:00+14:00"}, "registered_at: "),
    ({**GOOD, "registered_at": "9999-12-31T23:59:59-14:00"}, "registered_at: "),
]


@each(
    ("item", "words"),
    BAD_ITEMS,
    ids=[f"{index} {row[1]:.30}" for index, row in enumerate(BAD_ITEMS)],
)
def test_a_bad_registration_is_named_by_its_index(item: Any, words: str) -> None:
    """The error says which registration cannot be used, which field, and why."""
    with pytest.raises(SettingsError) as caught:
        seeds.seed({"registrations": [GOOD, item]}, APIS, NOW)
    assert str(caught.value).startswith(f"registrations[1]: {words}")


def test_a_bad_password_is_not_repeated() -> None:
    """An error about a password does not hold it."""
    with pytest.raises(SettingsError) as caught:
        seeds.registration({**GOOD, "password": "hunter2\0"}, APIS, NOW)
    assert "hunter2" not in str(caught.value)


def test_a_server_starts_from_its_seed_file(tmp_path: Path) -> None:
    """Registrations and settings of the seed file are in force at once."""
    document = {"settings": {"deregister_missing": "ok"}, "registrations": [GOOD]}
    client = started(tmp_path, document)
    listed = client.get(CALLBACKS).get_json()
    other = client.delete(f"/api/fota/v1/callbacks/{OTHER}/name/Fota")
    assert (listed[0]["url"], other.status_code) == (GOOD["url"], 200)


def test_a_server_does_not_start_from_a_bad_seed_file(tmp_path: Path) -> None:
    """A seed file with a registration that cannot be used is refused."""
    with pytest.raises(SettingsError, match=r"^registrations\[0\]: "):
        started(tmp_path, {"registrations": [{}]})


MESSAGE = {
    "accountName": "{account}",
    "a.b": {"0": "{account", "7": "{}", "": "{url}"},
    "rows": [["ü", 1.5, None, True], [], {}, "{password}"],
}
OWN: dict[str, Any] = {"family": "fota-v1", "service": "Fota", "message": MESSAGE}
RICH: dict[str, Any] = {
    "settings": {
        "auth": "present",
        "registration_rules": "enforced",
        "deregister_missing": "ok",
        "dialect": "docs",
        "credentials": {"ann": "secret"},
        "accounts": [ACCOUNT, OTHER],
        "retries": "1,0.5",
        "actions": 2.5,
        "secret_header": "X-Key",
        "signature_header": "X-Proof",
        "journal_limit": 5,
    },
    "registrations": [
        {
            **GOOD,
            "service": "Fota",
            "username": "ann",
            "password": "pässword",
            "registered_at": "2024-01-01T00:00:00.000001Z",
            "headers": {},
            "secret": None,
        },
        {
            "family": "fota-v1",
            "account": OTHER,
            "service": "Fota",
            "url": "https://[::1]:9001/cb?a=b",
            "username": None,
            "password": None,
            "registered_at": "2024-01-02T00:00:00.000000Z",
            "headers": {},
            "secret": None,
        },
        {
            "family": "diagnostics",
            "account": "TestQAAccount",
            "service": "Diagnostics",
            "url": "http://localhost/",
            "username": None,
            "password": None,
            "registered_at": "2024-01-03T00:00:00.000000Z",
            "headers": {"X-A": "b", "Authorization": "Basic x"},
            "secret": "s3cret",
        },
    ],
    "events": {"Own.rich": OWN, "Own.empty": {**OWN, "message": {}}},
    "faults": [],
    "actions": [
        {
            "family": "connectivity",
            "operation": "activate",
            "account": ACCOUNT,
            "request_id": "86c83330-4bf5-4235-9c4e-a83f93aeae4c",
            "devices": [[{"id": "990013907835573", "kind": "imei"}]],
            "failing": [[{"id": "990013907835573", "kind": "imei"}]],
            "accepted_at": "2024-01-01T00:00:00.000000Z",
            "due_at": None,
            "values": {"servicePlan": "m2m4G"},
        },
        {
            "family": "hyper-precise",
            "operation": "create-usage-report",
            "account": OTHER,
            "request_id": "2c90bd28-ece4-42ef-9f02-7e3bd4fbff33",
            "devices": [[]],
            "failing": [],
            "accepted_at": "2024-01-01T00:00:00.000000Z",
            "due_at": "2999-01-01T00:00:00.000000Z",
            "values": {},
        },
    ],
    "hyper_precise": {ACCOUNT: ["990013907835573", "990013907884259"]},
}


@each("document", [{}, RICH], ids=["empty", "rich"])
def test_a_snapshot_restored_gives_the_same_snapshot(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    """What GET shows, PUT takes, and GET shows again."""
    client.put("/__admin/snapshot", json=document)
    before = snapshot(client)
    client.post("/__admin/reset", json={})
    client.put("/__admin/snapshot", json=before)
    assert snapshot(client) == before


def test_a_snapshot_shows_what_was_restored(client: FlaskClient) -> None:
    """A document that says everything comes back as it was."""
    client.put("/__admin/snapshot", json=RICH)
    assert snapshot(client) == RICH


def test_a_snapshot_is_a_seed_file(client: FlaskClient, tmp_path: Path) -> None:
    """A server started from a snapshot has that snapshot."""
    client.put("/__admin/snapshot", json=RICH)
    exported = snapshot(client)
    assert snapshot(started(tmp_path, exported)) == exported


def test_a_restore_says_how_many_and_what_went(client: FlaskClient) -> None:
    """The reply to a restore counts what came and what it replaced."""
    client.post("/__admin/registrations", json=GOOD)
    client.get(CALLBACKS)
    client.post("/api/m2m/v1/session/login", json={"username": "a", "password": "b"})
    reply = client.put("/__admin/snapshot", json=RICH).get_json()
    assert reply == {
        "restored": 3,
        "replaced": {
            "registrations": 1,
            "requests": 2,
            "tokens": 1,
            "actions": 0,
            "deliveries": 0,
            "cancelled": 0,
        },
    }


def test_restored_settings_are_in_force(client: FlaskClient) -> None:
    """A restore brings its settings, not only its registrations."""
    client.put("/__admin/snapshot", json={"settings": {"auth": "present"}})
    assert client.get(CALLBACKS).status_code == 401


def test_a_reset_after_a_restore_goes_back_to_the_start(tmp_path: Path) -> None:
    """A restore holds until the next reset, which knows only the start."""
    document = {"settings": {"deregister_missing": "ok"}, "registrations": [GOOD]}
    client = started(tmp_path, document)
    before = snapshot(client)
    client.put("/__admin/snapshot", json=RICH)
    client.post("/__admin/reset", json={})
    after = snapshot(client)
    for registration in (*before["registrations"], *after["registrations"]):
        del registration["registered_at"]
    assert after == before


def test_a_seed_file_is_read_once(tmp_path: Path) -> None:
    """A server resets and restores after its seed file has gone."""
    client = started(tmp_path, {"registrations": [GOOD]})
    (tmp_path / "seed.json").unlink()
    restored = client.put("/__admin/snapshot", json=RICH)
    client.post("/__admin/reset", json={})
    assert (restored.status_code, len(snapshot(client)["registrations"])) == (200, 1)


@each(
    ("document", "words"),
    [
        ({"setting": {}}, "unknown key 'setting'"),
        ({"settings": []}, "the settings in the snapshot must be an object"),
        ({"settings": None}, "the settings in the snapshot must be an object"),
        ({"settings": {"prot": 1}}, "unknown setting 'prot' in the snapshot"),
        ({"settings": {"auth": "on"}}, "allowed: off | present | strict"),
        ({"settings": {"journal_limit": 10**30}}, "allowed: a whole number from 1 to"),
        ({"settings": {"host": "h", "port": 1}}, "host, port: only set when a server"),
        ({"settings": {"seed": "a"}}, "seed: only set when a server starts"),
        ({"settings": {"allowed_hosts": []}}, "allowed_hosts: only set when a server"),
        ({"settings": {"clock": "manual"}}, "clock: only set when a server starts"),
        ({"settings": {"dialect": "page"}}, "allowed: sdk | docs"),
        ({"settings": {"secret_header": "a b"}}, "allowed: the name of an HTTP header"),
        ({"events": []}, "the events of a seed document must be an object"),
        ({"events": {"Own.x": 5}}, "events.Own.x: an event must be an object"),
        ({"registrations": {}}, "the registrations of a seed document must be"),
        ({"registrations": [GOOD, {}]}, "registrations[1]: family: is required"),
    ],
    ids=lambda value: json.dumps(value)[:40] if isinstance(value, dict) else "",
)
def test_a_refused_restore_changes_nothing(
    client: FlaskClient, document: dict[str, Any], words: str
) -> None:
    """A document with anything wrong in it is refused as a whole."""
    client.put("/__admin/snapshot", json=RICH)
    before, epoch = snapshot(client), client.get("/__admin/health").get_json()["epoch"]
    good = {"registrations": [], "settings": {"auth": "strict"}}
    reply = client.put("/__admin/snapshot", json=good | document)
    assert (reply.status_code, reply.get_json()["error"]) == (400, "invalid")
    assert words in reply.get_json()["message"]
    assert snapshot(client) == before
    assert client.get("/__admin/health").get_json()["epoch"] == epoch


DEEP: Any = []
for _ in range(100):
    DEEP = [DEEP]
BAD_EVENTS: list[tuple[Any, str]] = [
    (None, "an event must be an object"),
    ([], "an event must be an object"),
    ({}, "family: is required; service: is required; message: is required"),
    ({**OWN, "family": None}, "family: must be a string"),
    ({**OWN, "family": "fota"}, "family: 'fota' has no callbacks; allowed: fota"),
    ({**OWN, "family": "session"}, "family: 'session' has no callbacks; allowed"),
    ({**OWN, "service": 5}, "service: must be a string"),
    ({**OWN, "service": "fota"}, "service: must be one of Fota"),
    ({**OWN, "message": None}, "message: must be an object"),
    ({**OWN, "message": [1]}, "message: must be an object"),
    ({**OWN, "message": "{}"}, "message: must be an object"),
    ({**OWN, "message": {"a": DEEP}}, "a message is nested at most 100 deep"),
    ({**OWN, "message": {"a": float("nan")}}, "a message must be JSON: "),
    ({**OWN, "text": {}}, "text: unknown; an event has family, service, message"),
]


@each(("item", "words"), BAD_EVENTS, ids=[row[1][:40] for row in BAD_EVENTS])
def test_an_event_that_cannot_be_used_says_why(item: Any, words: str) -> None:
    """What is wrong with an event of the user's own is named with the event."""
    with pytest.raises(SettingsError) as caught:
        seeds.seed({"events": {"Own.x": item}}, APIS, NOW)
    assert str(caught.value).startswith(f"events.Own.x: {words}")


def test_a_seed_file_with_a_bad_event_is_refused(tmp_path: Path) -> None:
    """A server does not start with an event that it could not send."""
    with pytest.raises(SettingsError, match=r"^events\.Own\.x: message: is required$"):
        started(tmp_path, {"events": {"Own.x": {"family": "fota-v1", "service": "F"}}})


def test_an_event_of_the_users_own_is_in_the_catalogue(tmp_path: Path) -> None:
    """Each leaf of its message is a field, assumed, from the seed file."""
    client = started(tmp_path, {"events": {"Own.rich": OWN}})
    shown = client.get("/__admin/events").get_json()["events"][-1]
    assert (
        shown["event"],
        shown["family"],
        shown["service"],
        shown["summary"],
    ) == ("Own.rich", "fota-v1", "Fota", "the seed file's own")
    assert {(field["evidence"], field["source"]) for field in shown["fields"]} == {
        ("assumed", "the seed file")
    }
    assert [field["path"] for field in shown["fields"]] == [
        "accountName",
        "a.b.0",
        "a.b.7",
        "a.b.",
        "rows.0.0",
        "rows.0.1",
        "rows.0.2",
        "rows.0.3",
        "rows.1",
        "rows.2",
        "rows.3",
    ]


def test_an_event_of_the_users_own_comes_before_ours(tmp_path: Path) -> None:
    """A seed file may say otherwise what a built-in event holds."""
    client = started(tmp_path, {"events": {"Fota.firmwareList": OWN}})
    shown = client.get("/__admin/events").get_json()["events"]
    named = [item for item in shown if item["event"] == "Fota.firmwareList"]
    assert len(shown) == sum(len(api.events) for api in APIS)
    assert [item["summary"] for item in named] == ["the seed file's own"]


@each("spelling", ["AlertService", "AlertsService"])
def test_an_event_of_the_users_own_may_spell_its_service_otherwise(
    spelling: str,
) -> None:
    """It is sent to who is registered for the service, by whatever name."""
    item = {**OWN, "family": "connectivity", "service": spelling}
    [(family, made)] = seeds.seed({"events": {"Own.x": item}}, APIS, NOW).events
    assert (family, made.service) == ("connectivity", "AlertService")


FAULT: dict[str, Any] = {
    "kind": "status",
    "on": "requests",
    "status": 503,
    "account": ACCOUNT,
    "times": 2,
    "probability": 1.0,
    "seed": 0,
    "ttl_s": 60.0,
}
LASTING: dict[str, Any] = {
    "kind": "delay",
    "on": "deliveries",
    "seconds": 1.5,
    "event": "Own.x",
    "times": None,
    "probability": 0.5,
    "seed": 7,
    "ttl_s": 300.0,
}
OWN_X = {"Own.x": {**OWN, "message": {}}}


def statuses(client: FlaskClient, number: int, path: str = CALLBACKS) -> list[int]:
    """Return how so many requests are answered."""
    return [client.get(path).status_code for _ in range(number)]


def test_a_seeds_faults_act_from_the_start_and_after_a_reset(tmp_path: Path) -> None:
    """They are planned anew each time."""
    client = started(tmp_path, {"faults": [FAULT]})
    for _ in range(2):
        assert statuses(client, 3) == [503, 503, 200]
        client.post("/__admin/reset", json={})


def test_a_reset_of_an_account_plans_its_seeded_faults_anew(tmp_path: Path) -> None:
    """And leaves those of others as they are."""
    other = CALLBACKS.replace(ACCOUNT, OTHER)
    seeded = [FAULT, {**FAULT, "account": OTHER}]
    client = started(tmp_path, {"faults": seeded})
    statuses(client, 1)
    statuses(client, 1, other)
    client.post(f"/__admin/reset?account={ACCOUNT}", json={})
    assert statuses(client, 3) == [503, 503, 200]
    assert statuses(client, 2, other) == [503, 200]


def test_a_snapshot_has_the_faults_that_are_planned(
    client: FlaskClient, tmp_path: Path
) -> None:
    """As a seed spells them; what has acted once acts once less."""
    document = {"events": OWN_X, "faults": [FAULT, LASTING]}
    client.put("/__admin/snapshot", json=document)
    assert snapshot(client)["faults"] == [FAULT, LASTING]
    statuses(client, 1)
    exported = snapshot(client)
    assert exported["faults"] == [{**FAULT, "times": 1}, LASTING]
    assert snapshot(started(tmp_path, exported)) == exported


def test_a_seeded_fault_may_be_for_the_seeds_own_event() -> None:
    """What it can be for is what there is."""
    document = {"events": OWN_X, "faults": [LASTING]}
    [made] = seeds.seed(document, APIS, NOW).faults
    assert (made.event, made.times) == ("Own.x", None)
    with pytest.raises(SettingsError, match=r"^faults\[0\]: event: unknown 'Own.x'; "):
        seeds.seed({"faults": [LASTING]}, APIS, NOW)


@each(
    ("item", "words"),
    [
        (None, "a fault must be an object with a kind: refuse, status, "),
        ([], "a fault must be an object with a kind"),
        ({"kind": "rest"}, "kind: unknown 'rest'; did you mean 'reset'?"),
        ({**FAULT, "status": 200}, "status: 200 cannot be used; allowed: a status fr"),
        ({**FAULT, "acted": 1}, "unknown option 'acted' of status"),
    ],
    ids=["null", "array", "kind", "status", "unknown"],
)
def test_a_bad_fault_is_named_by_its_index(item: Any, words: str) -> None:
    """The error says which fault cannot be used, and why."""
    with pytest.raises(SettingsError) as caught:
        seeds.seed({"faults": [FAULT, item]}, APIS, NOW)
    assert str(caught.value).startswith(f"faults[1]: {words}")


@each("faults", [None, {}, "a", 1])
def test_the_faults_of_a_seed_are_an_array(faults: Any) -> None:
    """As its registrations are."""
    with pytest.raises(SettingsError, match="the faults of a seed document must be an"):
        seeds.checked({"faults": faults})
