"""Each kind of fault on deliveries, as a listener sees it happen, and end."""

import json
from collections.abc import Callable, Iterator
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from mockthingspace import Listener, MockThingSpace, create_app, verify
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.faults.delivery_faults import NOBODYS
from mockthingspace.backend.faults.kinds import FAULTS
from mockthingspace.core.redaction import body_without_secrets
from mockthingspace.core.settings import Settings
from mockthingspace.server.http.current import EXTENSION
from mockthingspace.testing.listener import ReceivedMessage

from ..rows import each

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"
FINISHED, LISTED = "Fota.upgradeFinished", "Fota.firmwareList"
ALERT = "CarrierService.activate"
DATA = "NiddService.mobileOriginated"
HERE = "http://listener.example"
STRANGER = "0000000000-00000"


@pytest.fixture
def thingspace() -> Iterator[MockThingSpace]:
    """A server that sends a refused message once more, after ten seconds."""
    with MockThingSpace(retries="10") as running:
        yield running


@pytest.fixture
def listener(thingspace: MockThingSpace) -> Iterator[Listener]:
    """A listener that is registered for the account."""
    with Listener() as listening:
        for family, service in (
            ("fota-v1", "Fota"),
            ("connectivity", "CarrierService"),
        ):
            thingspace.register(
                ACCOUNT,
                listening.url,
                family=family,
                service=service,
                username="ann",
                password="new",
            )
        yield listening


def sent(thingspace: MockThingSpace, *events: str) -> list[Any]:
    """Send messages of events, wait until all that is due has come; return them."""
    for event in events:
        same = {"requestId": "the same"} if event == ALERT else {}
        thingspace.trigger(event, ACCOUNT, **same)
    thingspace.wait_until_idle()
    return thingspace.deliveries(ACCOUNT)


def documents(listener: Listener) -> list[Any]:
    """Return what came, read as JSON where it is JSON."""
    return [_read(message) for message in listener.messages]


def _read(message: ReceivedMessage) -> Any:
    try:
        return json.loads(message.body)
    except ValueError:
        return None


def every_object(document: Any) -> Iterator[dict[str, Any]]:
    """Return every object in a document."""
    inside = document if isinstance(document, list) else []
    if isinstance(document, dict):
        yield document
        inside = list(document.values())
    for item in inside:
        yield from every_object(item)


def kinds_of(document: Any) -> list[str]:
    """Return every device's kind in a document."""
    return [part["kind"] for part in every_object(document) if "kind" in part]


def everything_unknown(document: Any, _: Any) -> bool:
    """Say whether every object has a field that nobody knows."""
    theirs = {NOBODYS: {"since": "a fault", "list": [1, None]}}
    own = [part for part in every_object(document) if "since" not in part]
    return len(own) > 1 and all(theirs.items() <= item.items() for item in own)


CHANGED: list[tuple[dict[str, Any], Callable[[Any, Any], bool]]] = [
    ({"kind": "corrupt"}, lambda hit, whole: hit is None),
    ({"kind": "missing-brace"}, lambda hit, whole: hit is None),
    (
        {"kind": "wrong-account"},
        lambda hit, whole: (
            json.dumps(whole).replace(ACCOUNT, STRANGER) == json.dumps(hit)
        ),
    ),
    (
        {"kind": "wrong-account", "other": OTHER},
        lambda hit, whole: OTHER in json.dumps(hit) and ACCOUNT not in json.dumps(hit),
    ),
    (
        {"kind": "oversized", "bytes": 100_000},
        lambda hit, whole: hit == {**whole, NOBODYS: "x" * 100_000},
    ),
    ({"kind": "extra-fields"}, everything_unknown),
    (
        {"kind": "kind-case"},
        lambda hit, whole: (
            [item.swapcase() for item in kinds_of(whole)] == kinds_of(hit) != []
        ),
    ),
]


@pytest.mark.parametrize(
    ("given", "happened"), CHANGED, ids=[str(row[0]) for row in CHANGED]
)
def test_a_message_is_changed_and_the_next_is_not(
    thingspace: MockThingSpace,
    listener: Listener,
    given: dict[str, Any],
    happened: Callable[[Any, Any], bool],
) -> None:
    """The listener gets what the fault made of it; then all is as it was."""
    thingspace.fault(on="deliveries", account=ACCOUNT, **given)
    event = LISTED if given["kind"] == "wrong-account" else ALERT
    first, second = sent(thingspace, event, event)
    hit, whole = documents(listener)
    assert happened(hit, whole)
    assert (first.faults, second.faults) == ([given["kind"]], [])


def test_every_kind_on_deliveries_is_seen_somewhere_here() -> None:
    """A new kind needs a test that sees it happen."""
    here = {row["kind"] for row, _ in CHANGED}
    here |= {"drop", "delay", "duplicate", "reorder", "overlap", "stale-credentials"}
    here |= {"escaped-padding"}
    assert {fault.name for fault in FAULTS if fault.on == "deliveries"} == here


def test_a_message_without_its_first_brace_is_whole_otherwise(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Put back, the brace makes it JSON again, at each attempt with its count."""
    listener.reply(503)
    thingspace.fault("missing-brace")
    sent(thingspace, ALERT)
    thingspace.advance(seconds=10)
    repaired = [json.loads(b"{" + message.body) for message in listener.messages]
    assert [item["callbackCount"] for item in repaired] == [1, 2]


def test_padding_is_escaped_twice(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """What is parsed has a backslash and ``u003d`` for each ``=``."""
    thingspace.register(
        ACCOUNT, listener.url, family="connectivity", service="NiddService"
    )
    thingspace.fault("escaped-padding")
    sent(thingspace, DATA, DATA)
    received = [
        item["niddResponse"]["niddMONotificationResponse"]["message"]
        for item in documents(listener)
    ]
    assert received == [r"SGVsbG8sIFdvcmxkIQ\u003d\u003d", "SGVsbG8sIFdvcmxkIQ=="]


def test_a_dropped_message_is_never_sent(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It is abandoned without an attempt; the next one is sent."""
    thingspace.fault("drop", event=LISTED)
    first, second, third = sent(thingspace, FINISHED, LISTED, LISTED)
    thingspace.advance(minutes=60)
    assert [len(item.attempts) for item in (first, second, third)] == [1, 0, 1]
    assert [item.status for item in (first, second, third)] == [
        "delivered",
        "abandoned",
        "delivered",
    ]
    assert len(listener.messages) == 2


def test_dropped_messages_are_not_kept_for_ever() -> None:
    """They are over, so they make room as others do."""
    with MockThingSpace(journal_limit=3) as thingspace:
        thingspace.register(ACCOUNT, "http://127.0.0.1:9/")
        thingspace.fault("drop", times=None)
        assert len(sent(thingspace, *[LISTED] * 5)) == 3


def test_a_delayed_message_is_sent_at_its_time(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """On the server's clock; those behind it wait, and the next has no delay."""
    for _ in range(2):
        thingspace.fault("delay", on="deliveries", seconds=15)
    sent(thingspace, FINISHED, LISTED)
    assert listener.messages == thingspace.advance(seconds=29.9) == []
    assert len(thingspace.advance(seconds=0.1)) == 2
    assert [f"Fota.{item['type']}" for item in documents(listener)] == [
        FINISHED,
        LISTED,
    ]
    sent(thingspace, LISTED)
    assert len(listener.messages) == 3


def test_a_delayed_message_delays_no_other_registration(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Only what goes to the same place waits behind it."""
    thingspace.fault("delay", on="deliveries", service="Fota", seconds=30)
    sent(thingspace, FINISHED, ALERT)
    assert len(listener.messages) == 1
    assert [delivery.status for delivery in thingspace.deliveries(ACCOUNT)] == [
        "pending",
        "delivered",
    ]


def test_a_duplicate_is_sent_after_the_message(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """So often as it says, byte by byte the same; the next comes once."""
    thingspace.fault("duplicate", copies=2)
    made = sent(thingspace, FINISHED, LISTED)
    assert [delivery.trigger for delivery in made] == [
        "event",
        "duplicate",
        "duplicate",
        "event",
    ]
    first, second, third, other = [message.body for message in listener.messages]
    assert first == second == third != other


def test_a_reordered_message_lets_the_next_one_by(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It goes right after it; without a next one it goes after its seconds."""
    thingspace.fault("reorder", seconds=20, times=2)
    held, by = sent(thingspace, FINISHED), sent(thingspace, LISTED)
    assert (listener.messages, len(by)) == ([], 2)
    assert held[0].due_at > by[0].due_at
    sent(thingspace, LISTED)
    last = documents(listener)[-1]
    assert len(listener.messages) == 3
    assert last["type"] == "upgradeFinished"
    thingspace.fault("reorder", seconds=20)
    sent(thingspace, FINISHED)
    assert thingspace.advance(seconds=19) == []
    assert len(thingspace.advance(seconds=1)) == 1
    sent(thingspace, LISTED)
    assert [item["type"] for item in documents(listener)[3:]] == [
        "upgradeFinished",
        "firmwareList",
    ]


def test_a_reordered_message_with_duplicates_is_passed_by_one(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """All of it waits, and goes when the next has gone."""
    thingspace.fault("reorder")
    thingspace.fault("duplicate")
    sent(thingspace, FINISHED, LISTED)
    assert [item["type"] for item in documents(listener)] == [
        "firmwareList",
        "upgradeFinished",
        "upgradeFinished",
    ]


def test_a_dropped_message_passes_nobody(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """What is held back waits for a message that is sent."""
    thingspace.fault("reorder")
    sent(thingspace, FINISHED)
    thingspace.fault("drop")
    sent(thingspace, LISTED)
    assert listener.messages == []
    sent(thingspace, LISTED)
    assert [item["type"] for item in documents(listener)] == [
        "firmwareList",
        "upgradeFinished",
    ]


def test_nothing_passes_a_message_that_is_being_retried(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Once it has gone out it is not held back any more."""
    listener.reply(503)
    thingspace.fault("reorder", seconds=5)
    sent(thingspace, FINISHED)
    thingspace.advance(seconds=5)
    sent(thingspace, LISTED)
    assert len(listener.messages) == 1
    thingspace.advance(seconds=10)
    assert [item["type"] for item in documents(listener)] == [
        "upgradeFinished",
        "upgradeFinished",
        "firmwareList",
    ]


def test_a_cancelled_message_holds_nobody_up(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Deregistering takes what is held back away; a reset too."""
    thingspace.fault("reorder")
    sent(thingspace, FINISHED)
    thingspace.admin.ask("DELETE", "/registrations", account=ACCOUNT, family="fota-v1")
    thingspace.register(ACCOUNT, listener.url)
    sent(thingspace, LISTED)
    thingspace.fault("reorder")
    sent(thingspace, FINISHED)
    thingspace.reset(ACCOUNT)
    thingspace.register(ACCOUNT, listener.url)
    sent(thingspace, LISTED)
    thingspace.advance(minutes=5)
    assert documents(listener)[-1]["type"] == "firmwareList"
    assert 2 <= len(listener.messages) <= 3


class Meeting:
    """An application that answers one attempt only when another has come."""

    def __init__(self) -> None:
        self.both = Barrier(2)
        self.met: list[bool] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        """Wait for the other attempt, or see that there is none."""
        environ["wsgi.input"].read()
        try:
            self.both.wait(30 if not self.met else 0)
            self.met.append(True)
        except BrokenBarrierError:
            self.met.append(False)
        start("200 OK", [])
        return []


def test_the_second_attempt_overlaps_the_first() -> None:
    """Both are under way at once; the next message is sent once."""
    app = Meeting()
    with MockThingSpace(retries="10", deliver_to={HERE: app}) as thingspace:
        thingspace.register(ACCOUNT, HERE)
        thingspace.fault("overlap")
        sent(thingspace, FINISHED)
        sent(thingspace, LISTED)
        first, second = thingspace.deliveries(ACCOUNT)
        thingspace.advance(seconds=10)
    assert app.met == [True, True, False]
    assert (len(first.attempts), first.status) == (2, "delivered")
    assert (len(second.attempts), second.status) == (1, "delivered")


def test_both_attempts_are_made_however_quick_the_listener_is(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """An answer to one does not call the other back."""
    thingspace.fault("overlap", times=20)
    made = sent(thingspace, *[FINISHED] * 20)
    assert [len(delivery.attempts) for delivery in made] == [2] * 20
    assert len(listener.messages) == 40


def test_a_schedule_of_one_attempt_has_none_to_overlap(listener: Listener) -> None:
    """There is no second one."""
    with MockThingSpace(retries="none") as thingspace:
        thingspace.register(ACCOUNT, listener.url)
        thingspace.fault("overlap")
        [made] = sent(thingspace, FINISHED)
    assert len(made.attempts) == 1


def test_stale_credentials_are_those_of_when_it_was_planned(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Registering again changes nothing for the listener until it is cleared."""
    with thingspace.fault("stale-credentials"):
        thingspace.register(ACCOUNT, listener.url, username="bob", password="newer")
        sent(thingspace, LISTED)
    sent(thingspace, LISTED)
    assert [(item["username"], item["password"]) for item in documents(listener)] == [
        ("ann", "new"),
        ("bob", "newer"),
    ]


def test_a_stale_signature_is_by_the_secret_of_when_it_was_planned(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """A listener that has the new secret sees a wrong signature."""
    wanted = {"family": "location", "service": "Location"}
    old = thingspace.register(ACCOUNT, listener.url, **wanted).secret or ""
    thingspace.fault("stale-credentials", times=1)
    new = thingspace.register(ACCOUNT, listener.url, **wanted).secret or ""
    sent(thingspace, "Location.report", "Location.report")
    header = thingspace.settings.signature_header
    proofs = [
        tuple(verify(message.body, message.headers[header], key) for key in (old, new))
        for message in listener.messages
    ]
    assert proofs == [(True, False), (False, True)]


def test_stale_credentials_take_the_place_of_none(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """A registration that has none any more is sent those it had."""
    thingspace.fault("stale-credentials")
    thingspace.register(ACCOUNT, listener.url)
    sent(thingspace, LISTED)
    [item] = documents(listener)
    assert (item["username"], item["password"]) == ("ann", "new")


def test_credentials_cannot_be_stale_where_there_were_none(
    thingspace: MockThingSpace,
) -> None:
    """A registration that came after the fault keeps its own."""
    thingspace.fault("stale-credentials")
    with Listener() as listener:
        thingspace.register(ACCOUNT, listener.url, username="bob")
        sent(thingspace, LISTED)
        assert [item["username"] for item in documents(listener)] == ["bob"]


@each("message", [None, True, 12, "text", [], [{"kind": "imei"}], {}])
@each(
    "kind",
    [fault for fault in FAULTS if fault.on == "deliveries"],
    ids=lambda item: item.name,
)
def test_a_message_of_any_form_can_be_faulted(kind: Any, message: Any) -> None:
    """The user's own message may be any JSON; what cannot be changed stays."""
    bodies: list[bytes] = []

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        bodies.append(environ["wsgi.input"].read())
        start("200 OK", [])
        return []

    made = create_app(Settings(clock="manual"), {HERE: app})
    client = made.test_client()
    backend: Backend = made.extensions[EXTENSION]
    registration = {"family": "fota-v1", "account": ACCOUNT, "url": HERE}
    client.post("/__admin/registrations", json=registration)
    given = {"kind": kind.name, "on": "deliveries"}
    client.post("/__admin/faults", json=given)
    wanted = {"event": LISTED, "account": ACCOUNT, "message": message}
    if message is None:
        wanted = {"event": LISTED, "account": ACCOUNT}
    reply = client.post("/__admin/deliveries", json=wanted, buffered=True)
    backend.advance(60)
    backend.close()
    assert reply.status_code == 202
    assert (bodies == []) == (kind.name == "drop")
    if kind.name == "corrupt":
        with pytest.raises(json.JSONDecodeError):
            json.loads(bodies[0])
    if kind.name == "oversized":
        assert len(bodies[0]) >= 2**16
        json.loads(bodies[0])


def test_faults_on_one_message_add_up(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """Each finds what the one before it left; the order is the planned one."""
    for kind in ("corrupt", "wrong-account", "oversized", "duplicate"):
        thingspace.fault(kind, times=1)
    made = sent(thingspace, LISTED)
    assert [delivery.faults for delivery in made] == [
        ["corrupt", "wrong-account", "oversized", "duplicate"]
    ] * 2
    first, second = [message.body for message in listener.messages]
    assert second == first
    assert len(first) > 2**16
    assert STRANGER.encode() in first
    assert not first.endswith(b"}")


def test_a_corrupt_message_counts_its_attempts(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It is the message of each attempt that breaks off."""
    listener.reply(503)
    thingspace.fault("corrupt")
    sent(thingspace, ALERT)
    thingspace.advance(seconds=10)
    first, second = [message.body for message in listener.messages]
    assert [
        item[item.index(b'"callbackCount"') :][:18] for item in (first, second)
    ] == [
        b'"callbackCount": 1',
        b'"callbackCount": 2',
    ]


@pytest.mark.parametrize(
    "kind", [row["kind"] for row, _ in CHANGED] + ["overlap", "drop"]
)
def test_a_message_is_sent_again_as_it_was_meant(
    thingspace: MockThingSpace, listener: Listener, kind: str
) -> None:
    """Resending carries no fault, and meets none."""
    whole = sent(thingspace, ALERT)[0].message
    listener.clear()
    thingspace.fault(kind, on="deliveries", times=2)
    hit = sent(thingspace, ALERT)[-1]
    again = thingspace.resend(hit.id)
    thingspace.wait_until_idle()
    assert (again.message, again.faults) == (whole, [])
    assert json.loads(body_without_secrets(listener.messages[-1].body)) == whole
    assert len(thingspace.deliveries(ACCOUNT)[-1].attempts) == 1
    assert thingspace.faults()[0].acted == 1


def test_other_accounts_messages_are_left_alone(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """A fault of an account is used up by that account's messages only."""
    thingspace.register(OTHER, listener.url)
    thingspace.fault("drop", account=OTHER)
    sent(thingspace, LISTED)
    thingspace.trigger(LISTED, OTHER)
    assert [delivery.status for delivery in thingspace.deliveries()] == [
        "delivered",
        "abandoned",
    ]


def test_what_is_delayed_goes_with_a_reset(
    thingspace: MockThingSpace, listener: Listener
) -> None:
    """It is cancelled, and no time brings it back."""
    for end in (thingspace.reset, lambda: thingspace.reset(ACCOUNT)):
        thingspace.register(ACCOUNT, listener.url)
        thingspace.fault("delay", on="deliveries", account=ACCOUNT, seconds=60)
        sent(thingspace, LISTED)
        assert end()["cancelled"] == 1
        assert thingspace.advance(minutes=2) == listener.messages == []
