"""The register of how faithful the server is has an entry for all that it sends."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import pytest
import requests
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from mockthingspace import Listener, MockThingSpace, Settings
from mockthingspace.apis import APIS
from mockthingspace.apis.fidelity import ALL, KINDS, entries, totals
from mockthingspace.apis.handlers import listing
from mockthingspace.core.models import EVIDENCE, Claim, Exchange
from mockthingspace.core.sources import (
    BEST_PRACTICES,
    BRACELESS,
    CONNECTIVITY_ERRORS,
    CONNECTIVITY_LIST,
    FOTA_ERRORS,
    FOTA_GET,
    LOCATION_LIST,
    NIDD_FAILURES,
    NIDD_LOG,
    SCHEMA,
    SDK,
    START_SMS,
    UNMATCHED,
    date_of,
)
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.spec.api import Api, Operation
from mockthingspace.spec.fields import Text
from mockthingspace.spec.schemas import BaseSchema

from ..rows import each
from .cases.asking import Case, answer, backend
from .cases.every import CASES

REGISTER = entries()
KNOWN = {(entry.family, entry.kind, entry.name) for entry in REGISTER}
HEADERS = {entry.name.lower() for entry in REGISTER if entry.kind == "header"}
SENDING = [api for api in APIS if api.events]
OWN_KEYS = {"httpHeaders"}  # what is in them is the user's own
ACCOUNT = "0242078689-00001"
ORIGIN = "https://listener.example"
SETTINGS = Settings()
EMPTY = "dialect=docs: an account with no registration is listed as an empty body"


class Unmarked(BaseSchema):
    """A schema that does not say how it is known."""

    url = Text()


class Arrived(NamedTuple):
    """What a listener got of one event."""

    headers: dict[str, str]
    message: Any


def keys(document: Any, above: str = "") -> Iterator[str]:
    """Return the path of every key of a document, arrays collapsed."""
    if isinstance(document, list):
        for item in document:
            yield from keys(item, above)
    if isinstance(document, dict):
        for key, value in document.items():
            yield f"{above}{key}"
            if key not in OWN_KEYS:
                yield from keys(value, f"{above}{key}.")


def leaves(message: Any, above: str = "") -> Iterator[str]:
    """Return the path of everything in a message that holds nothing else."""
    pairs = message.items() if isinstance(message, dict) else enumerate(message)
    for step, value in pairs:
        path = f"{above}{step}"
        if isinstance(value, dict | list) and value:
            yield from leaves(value, f"{path}.")
        else:
            yield path


@cache
def _answers() -> list[tuple[Case, TestResponse, Exchange]]:
    """Return every case with its answer and the journal's entry of it."""
    answers = []
    for case in CASES:
        app = backend(case)
        response = answer(case, app)
        exchange = app.extensions[EXTENSION].state.journal.every()[-1]
        answers.append((case, response, exchange))
    return answers


def sent(
    case: Case, response: TestResponse, exchange: Exchange
) -> set[tuple[str, str, str]]:
    """Return the entries that a case's reply needs, but for its headers."""
    document = response.get_json(silent=True)
    if case.status != 200:
        folder, _, name = str(case.answer).partition("/")
        refusal = name.removesuffix(".error.json").removesuffix(".docs")
        return {(folder, "refusal", refusal.rpartition(".")[2])}
    place = f"{exchange.operation} reply"
    in_docs = f"{place} (dialect=docs)"
    if case.settings.get("dialect") == "docs" and any(
        (family, name.rpartition(" ")[0]) == (exchange.family, in_docs)
        for family, _, name in KNOWN
    ):
        place = in_docs
    return {(exchange.family, "field", f"{place} {key}") for key in keys(document)}


def unknown(place: str, names: Iterable[str], setting: str) -> set[str]:
    """Return the headers that have no entry; the name of one is a setting's."""
    named = str(getattr(SETTINGS, setting)).lower()
    lower = {name.lower() for name in names}
    found = {f"{place} {setting if item == named else item}" for item in lower}
    return found - HEADERS


def test_every_key_of_a_reply_has_an_entry() -> None:
    """What a reply holds, or the refusal it is, is in the register."""
    unmarked = {repr(row[0]): sent(*row) - KNOWN for row in _answers()}

    assert {case: new for case, new in unmarked.items() if new} == {}


def test_every_header_of_a_reply_has_an_entry() -> None:
    """The application sends no header that the register does not have."""
    unmarked = {
        repr(case): unknown("reply", response.headers.keys(), "secret_header")
        for case, response, _ in _answers()
    }

    assert {case: new for case, new in unmarked.items() if new} == {}


def test_every_field_of_a_reply_and_every_refusal_is_seen() -> None:
    """The register has nothing of a reply that is never sent."""
    seen = set().union(*(sent(*row) for row in _answers()))
    told = {
        (family, kind, name.removesuffix(" (dialect=docs)"))
        if kind == "refusal"
        else (family, kind, name)
        for family, kind, name in KNOWN
        if (one := (family, kind, name))[1] == "refusal"
        or (one[1] == "field" and " reply " in one[2])
    }

    assert told - seen == set()


SAID = {
    "fota-v1": ("username and password have at most 40",),
    "fota-v2": ("the URL is https", "callback is taken for url", "the body is empty"),
    "fota-v3": ("the URL is https", "callback is taken for url", "PUT registers"),
    "connectivity": ("TestAccount-", "AlertsService", "an apostrophe", "twenty-three"),
    "location": ("has the secret", "HMAC-SHA256", "a new secret", "hexadecimal"),
    "diagnostics": ("TestQAAccount", "httpHeaders go", "given twice", "HMAC-SHA256"),
    "hyper-precise": ("an array of one object", "name is taken for service"),
}
BY_ALL = (
    *("the listener's port is", "replaces the whole first", "ten digits", "HEAD is"),
    *("any 2xx acknowledges", "retries=documented", "retries=observed", "a redirect"),
    *("has 10 s to answer", "breaks off", "in order", "can be resent", "certificate"),
    *("cancels what was not sent", "POST of JSON", "under way keeps", "encoded slash"),
    *("unknown fields", "any Content-Type", "deregister_missing=ok", "exact case"),
    *("sent as it is",),
)


@each("family", SAID)
def test_every_rule_of_a_family_has_an_entry(family: str) -> None:
    """What no field, refusal or message shows is told, of each API."""
    told = [
        entry.summary
        for entry in entries()
        if (entry.family, entry.kind) == (family, "rule")
    ]

    missing = {
        words
        for words in (*SAID[family], *BY_ALL)
        if not any(words in item for item in told)
    }
    assert missing == set()


@pytest.fixture(scope="module", params=SENDING, ids=lambda item: item.name)
def arrived(request: pytest.FixtureRequest) -> dict[str, Arrived]:
    """What a listener in process got of every event of an API, by event."""
    family: Api = request.param
    got: list[Arrived] = []

    @Request.application
    def listener(message: Request) -> Response:
        got.append(Arrived(dict(message.headers), message.get_json()))
        return Response()

    with MockThingSpace(deliver_to={ORIGIN: listener}) as thing:
        for service in family.services:
            thing.register(ACCOUNT, ORIGIN, family=family.name, service=service)
        for event in family.events:
            thing.trigger(event.name, ACCOUNT)
            thing.wait_until_idle()
    assert len(got) == len(family.events)
    return dict(zip((event.name for event in family.events), got, strict=True))


@pytest.fixture
def api(arrived: dict[str, Arrived], request: pytest.FixtureRequest) -> Api:
    """The API whose messages arrived."""
    found: Api = request.node.callspec.params["arrived"]
    return found


def test_every_leaf_of_a_message_has_an_entry(
    arrived: dict[str, Arrived], api: Api
) -> None:
    """Of every value in every message that is sent it is known how it is known."""
    found = {
        (api.name, "message", f"{name} {path}")
        for name, value in arrived.items()
        for path in leaves(value.message)
    }

    assert found == {entry for entry in KNOWN if entry[:2] == (api.name, "message")}


def test_every_header_of_a_message_has_an_entry(
    arrived: dict[str, Arrived],
) -> None:
    """A message has no header that the register does not have."""
    names = {name for value in arrived.values() for name in value.headers}

    assert unknown("message", names, "signature_header") == set()


def test_every_event_has_an_entry(arrived: dict[str, Arrived], api: Api) -> None:
    """Whatever can be triggered is in the register."""
    found = {(api.name, "event", name) for name in arrived}

    assert found == {entry for entry in KNOWN if entry[:2] == (api.name, "event")}


def test_every_header_on_a_socket_has_an_entry() -> None:
    """What the server and the HTTP client add to a reply and a message is known."""
    with MockThingSpace() as thing, Listener() as listener:
        path = f"{thing.url_for('location')}/callbacks/{ACCOUNT}"
        wanted = {"name": "Location", "url": listener.url}
        reply = requests.post(path, json=wanted, timeout=30)
        thing.trigger("Location.report", ACCOUNT)
        [message] = listener.wait_for(1)

    assert unknown("reply", reply.headers, "secret_header") == set()
    assert unknown("message", message.headers, "signature_header") == set()


def test_a_shape_that_does_not_say_how_it_is_known_is_no_family() -> None:
    """Nothing is served unmarked: the register refuses it."""
    claim = Claim("lists", "assumed", "made up")
    operation = Operation("list", "GET", "/", listing, claim, reply=Unmarked())
    made_up = Api("made-up", "/api/made-up", (operation,), {})

    with pytest.raises(AssertionError, match="does not say how it is known"):
        entries([made_up])


def test_every_entry_says_how_it_is_known() -> None:
    """An entry has one of three kinds of evidence, a source, and its date."""
    assert [
        entry
        for entry in REGISTER
        if entry.evidence not in EVIDENCE or entry.kind not in KINDS or not entry.source
    ] == []
    assert all(date.fromisoformat(day) for day in {entry.date for entry in REGISTER})


def test_every_entry_has_words() -> None:
    """An entry has a name, and says what it is."""
    assert [
        entry
        for entry in REGISTER
        if not (entry.family and entry.name and entry.summary)
    ] == []


def test_what_is_documented_names_a_page() -> None:
    """Documented is what stands at an address; observed, too, was written down."""
    assert [
        entry
        for entry in REGISTER
        if entry.evidence != "assumed" and "https://" not in entry.source
    ] == []


def test_an_entry_is_there_once() -> None:
    """Nothing is counted twice, and nothing that is said has two marks."""
    counts = Counter(
        (entry.family, entry.kind, entry.name, entry.summary) for entry in REGISTER
    )

    assert {name: number for name, number in counts.items() if number > 1} == {}


HELD = ("invalid-account", "inactive-account", "invalid-request")
READ = [
    *(
        (f"fota-{version}", name, evidence, FOTA_ERRORS)
        for version, evidence in (
            ("v1", "documented"),
            ("v2", "assumed"),
            ("v3", "assumed"),
        )
        for name in HELD
    ),
    *(
        (family.name, f"{name}{dialect}", evidence, CONNECTIVITY_ERRORS)
        for family in SENDING
        if family.name != "hyper-precise"
        for name in ("missing-bearer", "invalid-bearer")
        for dialect, evidence in (("", "assumed"), (" (dialect=docs)", "documented"))
    ),
    ("fota-v1", "not-served (dialect=docs)", "assumed", UNMATCHED),
    ("fota-v1", "method-not-served (dialect=docs)", "assumed", "HTTP's own"),
    ("fota-v2", "POST /api/fota/v2/callbacks/{account}", "documented", "v2.html"),
    ("fota-v3", "POST /api/fota/v3/callbacks/{account}", "assumed", SDK),
    ("connectivity", "POST /api/m2m/v1/callbacks/{account}", "assumed", BEST_PRACTICES),
    ("hyper-precise", "POST /api/hyper-precise/v1/callbacks", "assumed", "no more"),
    ("diagnostics", "a message is an HTTP POST of JSON", "assumed", "POSTed"),
    ("hyper-precise", "a message is an HTTP POST of JSON", "assumed", "REST"),
    ("fota-v1", EMPTY, "documented", FOTA_GET),
    ("connectivity", EMPTY, "documented", CONNECTIVITY_LIST),
    ("location", EMPTY, "documented", LOCATION_LIST),
    (
        "connectivity",
        "NiddService.mobileOriginated niddResponse.niddMONotificationResponse."
        "deviceIds.2.kind",
        "observed",
        NIDD_LOG,
    ),
]


@each(("family", "name", "evidence", "words"), READ)
def test_a_row_claims_what_its_source_says(
    family: str, name: str, evidence: str, words: str
) -> None:
    """What a page does not say is assumed, and a source is the page of its API."""
    [entry] = [item for item in REGISTER if (item.family, item.name) == (family, name)]

    assert (entry.evidence, words in entry.source) == (evidence, True)


def test_the_pages_of_hyper_precise_are_told_to_have_no_fault() -> None:
    """The row of a missing bearer token says what ``dialect=docs`` answers."""
    [summary] = [
        entry.summary
        for entry in REGISTER
        if (entry.family, entry.name)
        == ("hyper-precise", "missing-bearer (dialect=docs)")
    ]

    assert "errorCode INVALID_ACCESS, no fault" in summary
    assert "900902" not in summary


@each(
    ("source", "day"),
    [
        (NIDD_LOG, "2025-12-14"),
        (NIDD_FAILURES, "2025-11-01"),
        (SCHEMA, "2017-02-09"),
        (BRACELESS, "2016-12-15"),
        (UNMATCHED, "2016-05-26"),
        (START_SMS, "2026-11-24"),
    ],
)
def test_what_was_seen_has_its_own_date(source: str, day: str) -> None:
    """An entry that a log or a listener's code shows is as old as that."""
    days = {entry.date for entry in REGISTER if entry.source == source}

    assert (days | {date_of(source)}) == {day}


def test_the_totals_add_up() -> None:
    """Every entry is in one total, of the whole and of its API."""
    families = {entry.family for entry in REGISTER}
    parts = [
        totals(entry for entry in REGISTER if entry.family == name) for name in families
    ]

    assert sum(totals(REGISTER).values()) == len(REGISTER)
    assert totals(REGISTER) == {
        evidence: sum(item[evidence] for item in parts) for evidence in EVIDENCE
    }
    assert families == {ALL, *(api.name for api in APIS)}
