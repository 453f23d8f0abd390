"""The timeline: order, scopes, words, its three spellings, and waiting for it."""

import json
import re
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockthingspace import Listener, MockThingSpace, MockThingSpaceError
from mockthingspace.backend.backend import Backend
from mockthingspace.backend.store.deliveries import Deliveries
from mockthingspace.backend.store.event_log import LONGEST_SAYS, EventLog, LogEntry
from mockthingspace.backend.store.journal import Journal
from mockthingspace.backend.timeline import (
    DRAWN,
    LONGEST,
    SIGNS,
    Entry,
    concerns,
    document,
    mermaid,
    text,
    timeline,
)
from mockthingspace.client.timeline import entries
from mockthingspace.core.models import Attempt, Delivery, Exchange
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
GOLDEN = Path(__file__).parents[1] / "golden"
START = datetime(2026, 11, 23, 23, 58, tzinfo=timezone.utc)
LISTENER = "http://ann:hunter2@listener:9000/cb?token=abc"
CALLBACKS = f"/api/fota/v1/callbacks/{ACCOUNT}"


def world(limit: int = 100) -> Any:
    """Return what a timeline is read from, with nothing in it."""
    sequence, notifier = EventNumbers(), Notifier()
    stores = {
        "journal": Journal(limit, sequence, notifier),
        "deliveries": Deliveries(limit, sequence, notifier),
        "event_log": EventLog(limit, sequence, notifier),
    }
    return SimpleNamespace(sequence=sequence, state=SimpleNamespace(**stores))


def at(seconds: float) -> datetime:
    """Return an instant so many seconds after the start."""
    return START + timedelta(seconds=seconds)


def exchange(**fields: Any) -> Exchange:
    """Return an exchange that is not in a journal yet."""
    plain = Exchange(
        seq=0,
        method="GET",
        path=CALLBACKS,
        query="",
        headers=(),
        body=b"",
        status=200,
        reply_headers=(),
        reply=b"",
        family="fota-v1",
        operation="list",
        account=ACCOUNT,
        reason=None,
        matched=True,
        arrived_at=START,
        completed_at=START,
    )
    return plain._replace(**fields)


def delivery(**fields: Any) -> Delivery:
    """Return a delivery that is not kept yet."""
    plain = Delivery(
        id="",
        seq=0,
        family="fota-v1",
        account=ACCOUNT,
        service="Fota",
        event="Fota.firmwareList",
        url=LISTENER,
        message=b"{}",
        trigger="event",
        due_at=START,
        made_at=START,
    )
    return plain._replace(**fields)


def attempted(made: Any, kept: Delivery, *came: Any, **fields: Any) -> Delivery:
    """Keep what came of a delivery's attempts, each a status or an error."""
    attempts = tuple(
        Attempt(
            after=made.sequence.last,
            seq=made.sequence.take(),
            number=number,
            started_at=at(60 * number),
            duration_s=0.1,
            status_code=item if isinstance(item, int) else None,
            error=item if isinstance(item, str) else None,
            reply=b"",
        )
        for number, item in enumerate(came, 1)
    )
    return made.state.deliveries.replace(kept._replace(attempts=attempts, **fields))


@pytest.fixture
def eventful() -> Any:
    """A world in which everything has happened that can."""
    made = world()
    journal, note = made.state.journal, made.state.event_log.note
    note("reset", START, None, "everything")
    journal.add(exchange(after=1, completed_at=at(0.25)))
    note("fault", at(1), ACCOUNT, "planned: 3 status on requests")
    note("fault", at(2), ACCOUNT, "acted: 3 status on requests")
    journal.add(
        exchange(
            after=3,
            method="POST",
            operation="register",
            query="password=hunter2",
            status=503,
            reason="name: 'a;b#end' & \"ü\"\n<x>; token=abc",
            arrived_at=at(2),
            completed_at=at(2),
        )
    )
    journal.add(
        exchange(
            path="/nowhere",
            family=None,
            operation=None,
            account=None,
            status=404,
            after=5,
        )
    )
    note("trigger", at(3), ACCOUNT, "Fota.firmwareList")
    add = made.state.deliveries.add
    first = add(delivery(made_at=at(3), faults=("delay",), due_at=at(60)))
    second = add(delivery(made_at=at(3), trigger="duplicate", url="http://other/"))
    jump = note("clock", at(3), None, "117 s on")
    attempted(made, first, 503, "no answer within 5 s", due_at=at(400))
    attempted(made, second, 503, 200, status="delivered")
    made.state.event_log.add_to(jump, "; attempts that fell due: 2")
    note("reset", at(130), None, f"account {OTHER}")
    note("action", at(131), ACCOUNT, "activate 1bc19205 accepted for 1 device")
    return made


def spelled(made: Any, how: Any) -> str:
    """Return the whole timeline of a world in a format."""
    found = timeline(made, None)
    return f"{how(found.entries, len(found.entries), found.evicted)}\n"


def seqs(entries: list[Entry]) -> list[int]:
    """Return the numbers of entries."""
    return [entry.seq for entry in entries]


@each("how", [text, mermaid], ids=["txt", "mmd"])
def test_a_timeline_is_spelled_as_pinned(eventful: Any, how: Any) -> None:
    """Each sort of entry is told in the words and the order of the pinned file."""
    name = {text: "timeline.txt", mermaid: "timeline.mmd"}[how]
    assert (GOLDEN / name).read_text("utf-8") == spelled(eventful, how)


def test_attempts_stand_in_the_order_of_their_times() -> None:
    """Where each began: one that is answered late is not behind what came meanwhile."""
    made = world()
    kept = made.state.deliveries.add(delivery(made_at=at(1)))
    after = made.sequence.last
    made.state.journal.add(exchange(after=after, arrived_at=at(3), completed_at=at(4)))
    late = [
        Attempt(
            made.sequence.take(), number, at(began), 1.0, 200, None, b"", after=after
        )
        for number, began in ((2, 2.5), (1, 2))
    ]
    made.state.deliveries.replace(kept._replace(attempts=tuple(late)))

    entries = timeline(made, None).entries

    assert [entry.at for entry in entries] == [at(s) for s in (1, 2, 2.5, 3, 4)]


def test_what_a_trigger_makes_stands_in_the_order_of_its_times() -> None:
    """On a clock that runs: the trigger, its faults, the delivery, each attempt."""
    with MockThingSpace(clock="real") as running, Listener() as listener:
        running.register(ACCOUNT, listener.url)
        running.fault("duplicate")
        running.trigger("Fota.upgradeFinished", ACCOUNT)
        running.wait_for_delivery(ACCOUNT, count=2)

        entries = running.timeline()

    times = [entry.at for entry in entries]
    assert times == sorted(times)


def test_an_attempt_knows_what_there_was_when_it_began() -> None:
    """A request that came meanwhile stands behind it."""
    origin = "http://listener.example"

    def listener(_: Any, start_response: Any) -> list[bytes]:
        running.fault("drop", account=OTHER)
        start_response("200 OK", [])
        return []

    with MockThingSpace(deliver_to={origin: listener}) as running:
        running.register(ACCOUNT, origin)
        running.trigger("Fota.upgradeFinished", ACCOUNT)
        running.wait_for_delivery(ACCOUNT)

        sorts = [entry.sort for entry in running.timeline()]

    assert sorts == ["trigger", "delivery", "attempt", "fault"]


def test_a_diagram_is_one_for_mermaid(eventful: Any) -> None:
    """Each line is a participant, an arrow or a note, of participants there are."""
    head, *drawn = spelled(eventful, mermaid).splitlines()
    arrow = r"    (\w+)(?:->>|-->>|--x)(\w+): (.+)"
    note = r"    Note over (\w+)(?:,(\w+))?: (.+)"
    participants = [
        re.fullmatch(r"    participant (\w+) as .+", item) for item in drawn
    ]
    there = {participant[1] for participant in participants if participant}
    rest = drawn[len(there) :]
    found = [re.fullmatch(f"{arrow}|{note}", item) for item in rest]
    assert (head, there) == ("sequenceDiagram", {"you", "ts", "L1", "L2"})
    assert [item for item, fits in zip(rest, found, strict=True) if not fits] == []
    named = {item for fits in found for item in fits.group(1, 2, 4, 5) if item}  # type: ignore[union-attr]
    assert there == named
    said = "".join(re.sub(r"#\d+;", "", item) for item in rest)
    assert re.findall(r"[;#<&\"]|\bend\b", re.sub(r"->>|-->>", "", said)) == []


def test_no_secret_is_in_any_spelling(eventful: Any) -> None:
    """Passwords and tokens of URLs, queries and reasons are hidden."""
    found = timeline(eventful, None).entries
    shown = json.dumps([document(item) for item in found])
    every = shown + spelled(eventful, text) + spelled(eventful, mermaid)
    assert re.findall("hunter2|abc", every) == []


def test_an_entry_is_read_as_it_is_shown(eventful: Any) -> None:
    """The document of an entry has all there is of it."""
    found = timeline(eventful, None).entries
    shown = json.loads(json.dumps({"timeline": [*map(document, found)]}))
    assert entries(shown) == found


def test_every_sort_has_a_sign_and_happens(eventful: Any) -> None:
    """There is no sort without a sign of its own, and none that is not told."""
    assert {entry.sort for entry in timeline(eventful, None).entries} == set(SIGNS)
    assert len(SIGNS) == len(set(SIGNS.values()))


def test_a_request_stands_where_it_arrived(eventful: Any) -> None:
    """What happened while it was answered stands between it and its reply."""
    found = [(entry.seq, entry.sort) for entry in timeline(eventful, None).entries]
    assert found[3:7] == [
        (3, "fault"),
        (5, "request"),
        (4, "fault"),
        (5, "refusal"),
    ]


def test_an_account_has_its_own_and_what_concerns_everybody(eventful: Any) -> None:
    """Another account sees the clock and the resets, and nothing else."""
    assert seqs(timeline(eventful, OTHER).entries) == [1, 10, 15]
    own = seqs(timeline(eventful, ACCOUNT).entries)
    assert set(own) == set(range(1, 17)) - {6}


def test_since_is_a_cursor(eventful: Any) -> None:
    """A further attempt of an older delivery is new; what was seen is not."""
    whole = timeline(eventful, None)
    assert seqs(timeline(eventful, None, 11).entries) == [12, 13, 14, 15, 16]
    assert timeline(eventful, None, whole.last_seq) == ([], 0, 16, 0)


def test_what_is_numbered_meanwhile_is_left_for_the_next(eventful: Any) -> None:
    """A timeline ends at the number it says, or a cursor would pass over some."""
    every = eventful.state.event_log.every

    def late() -> Any:
        eventful.state.event_log.note("clock", START, None, "late")
        return every()

    eventful.state.event_log.every = late
    found = timeline(eventful, None, 15)
    assert (seqs(found.entries), found.last_seq) == ([16], 16)


def test_a_limit_leaves_the_last_entries(eventful: Any) -> None:
    """However many, from whichever number on: in the same order and as many in all."""
    for account, since in product((None, ACCOUNT, OTHER), range(16)):
        whole = timeline(eventful, account, since).entries
        for limit in range(len(whole) + 2):
            found = timeline(eventful, account, since, limit)
            expected = (whole[max(len(whole) - limit, 0) :], len(whole))
            assert (found.entries, found.total) == expected


def test_what_a_limit_leaves_out_is_not_put_into_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last ten entries of much take no more work than those of little."""
    made: list[int] = []

    class Counted(Entry):
        """An entry that is counted."""

        def __post_init__(self) -> None:
            made.append(self.seq)

    monkeypatch.setattr("mockthingspace.backend.timeline.Entry", Counted)
    work = []
    for number in (20, 400):
        busy = world(number)
        for _ in range(number):
            busy.state.journal.add(exchange())
            busy.state.event_log.note("clock", START, None, "on")
            attempted(busy, busy.state.deliveries.add(delivery()), 503, 200)
        made.clear()
        assert len(timeline(busy, None, limit=10).entries) == 10
        work.append(len(made))
    assert work[0] == work[1]
    made.clear()
    assert timeline(busy, None, limit=0).total == 400 * 6
    assert made == []


def test_what_is_gone_is_told(eventful: Any) -> None:
    """Evictions of all three are counted, and what a limit leaves out."""
    made = world(limit=1)
    for _ in range(2):
        made.state.journal.add(exchange())
        made.state.event_log.note("clock", START, None, "on")
        made.state.deliveries.add(delivery(status="cancelled"))
    found = timeline(made, None)
    assert (len(found.entries), found.evicted) == (4, 3)
    assert text(found.entries[-1:], 4, 3).splitlines() == [
        "(older ones are gone: 3 evicted)",
        "(the last 1 of 4)",
        "    6  2026-11-23 23:58:00.000  ... delivery 6 of Fota.firmwareList for "
        f"{ACCOUNT} to http://ann:***@listener:9000/cb?token=***: cancelled",
    ]


def test_little_is_kept_of_what_says_much() -> None:
    """What happened is bounded by number, and so is each of it."""
    noted = world().state.event_log.note("fault", START, None, "x" * 200_000)
    assert (len(noted.summary), noted.summary[-2:]) == (LONGEST_SAYS + 1, "x…")


def test_a_diagram_is_bounded() -> None:
    """It has the last entries, cut to a length, and says so."""
    entry = Entry(1, "request", START, None, "GET /" + "x" * 1000)
    drawn = mermaid([entry] * (DRAWN + 1), DRAWN + 1, 0)
    assert f"Note over you,ts: the last {DRAWN} of {DRAWN + 1}\n" in drawn
    assert len(drawn) < 50_000


def test_a_long_text_is_cut() -> None:
    """No line is longer than a person reads."""
    made = world()
    made.state.journal.add(exchange(path="/" + "x" * 10_000))
    summary = timeline(made, None).entries[0].summary
    assert (len(summary), summary[-1]) == (LONGEST + 1, "…")


@each(
    ("status", "came", "outcomes"),
    [
        (
            "pending",
            [503, 503],
            ["503", "503, pending, attempt 3 due at 2026-11-23 23:58:00.000"],
        ),
        ("abandoned", [503, "gone"], ["503", "gone, abandoned"]),
        ("delivered", [200, 503], ["200, delivered", "503"]),
        ("cancelled", [503], ["503, cancelled"]),
        ("stale", [200], ["200, stale"]),
    ],
)
def test_an_attempt_says_what_it_made_of_its_delivery(
    status: str, came: list[Any], outcomes: list[str]
) -> None:
    """The last attempt says how the delivery stands, the one taken that it was."""
    made = world()
    kept = made.state.deliveries.add(delivery(made_at=None))
    attempted(made, kept, *came, status=status)
    found = [entry for entry in timeline(made, None).entries if entry.sort == "attempt"]
    assert [item.outcome for item in found] == outcomes


def test_an_empty_timeline_says_so() -> None:
    """Nothing is no blank page."""
    assert (
        text([], 0, 0),
        mermaid([], 0, 0).splitlines()[0],
    ) == ("(empty)", "sequenceDiagram")


@each(
    ("item", "concerned"),
    [
        (exchange(seq=5), True),
        (exchange(seq=4), False),
        (exchange(seq=5, account=OTHER), False),
        (exchange(seq=5, account=None), False),
        (LogEntry(5, "clock", START, None, "on"), True),
        (LogEntry(4, "clock", START, None, "on"), False),
        (LogEntry(5, "reset", START, OTHER, "x"), False),
        (delivery(seq=5), True),
        (delivery(seq=4), False),
        (delivery(seq=5, account=OTHER), False),
        (None, False),
    ],
)
def test_what_is_new_in_an_accounts_timeline(item: Any, concerned: bool) -> None:
    """What is its own or everybody's, with a higher number."""
    assert concerns(item, ACCOUNT, 4) == concerned


def test_an_attempt_is_new_in_the_timeline_of_its_delivery() -> None:
    """An old delivery has something new with each attempt."""
    made = world()
    kept = made.state.deliveries.add(delivery())
    attempted(made, kept, "200", status="delivered")
    assert concerns(made.state.deliveries.get(kept.id), ACCOUNT, kept.seq)


def test_the_clock_is_in_the_timeline(client: FlaskClient, backend: Backend) -> None:
    """A stop, a jump and a start are told; setting what is set is nothing."""
    for mode in ("manual", "manual"):
        client.put("/__admin/clock", json={"mode": mode})
    backend.clock.move_to(backend.clock.now().replace(microsecond=999_999))
    now = backend.clock.now()
    client.post("/__admin/clock/advance", json={"seconds": 86_400})
    client.put("/__admin/clock", json={"mode": "real"})
    shown = client.get("/__admin/timeline").get_json()["timeline"]
    time = f"{now:%H:%M:%S}.999"
    assert [entry["summary"] for entry in shown] == [
        "clock: it stands still",
        f"clock: 86400 s on, from {time} to {now + timedelta(days=1):%Y-%m-%d} {time}; "
        "attempts that fell due: 0",
        "clock: it runs from now on",
    ]


@pytest.mark.parametrize("wanted", ["text", "mermaid"])
def test_the_admin_api_spells_it(client: FlaskClient, wanted: str) -> None:
    """A person reads it with curl."""
    client.get(CALLBACKS)
    reply = client.get(f"/__admin/timeline?format={wanted}&limit=1")
    assert reply.content_type == "text/plain; charset=utf-8"
    assert "the last 1 of 2" in reply.text
    assert "200 fota-v1 list" in reply.text


def test_the_admin_api_shows_it(client: FlaskClient) -> None:
    """Entries are documents, and the meta says where to go on from."""
    client.get(CALLBACKS)
    shown = client.get(f"/__admin/timeline?account={ACCOUNT}&wait_s=5").get_json()
    assert shown["meta"] == {"total": 2, "last_seq": 1, "evicted": 0}
    assert [entry["sort"] for entry in shown["timeline"]] == ["request", "reply"]
    assert list(shown["timeline"][0]) == [
        "seq",
        "sort",
        "at",
        "account",
        "summary",
        "outcome",
        "listener",
    ]


@each(
    ("query", "code", "message"),
    [
        ("format=xml", "unknown_format", "known: json, mermaid, text"),
        ("since=x", "invalid_filter", "since: must be a whole number, 0 or more"),
        ("limit=-1", "invalid_filter", "limit: must be a whole number, 0 or more"),
        ("acount=x", "unknown_filter", "allowed here: account, since, limit, wait_s,"),
    ],
)
def test_what_it_cannot_be_asked_is_refused(
    client: FlaskClient, query: str, code: str, message: str
) -> None:
    """A mistake is named, with what there is."""
    reply = client.get(f"/__admin/timeline?{query}")
    assert (reply.status_code, reply.get_json()["error"]) == (400, code)
    assert message in reply.get_json()["message"]


def test_the_handle_has_it_as_values_and_in_words() -> None:
    """Values are readable; a handle that keeps to an account shows that one's."""
    with MockThingSpace() as thing:
        thing.fault("drop", account=ACCOUNT)
        here = thing.timeline()
        scoped = MockThingSpace.at(thing.url, OTHER)
        assert "!!! fault planned: 1 drop on deliveries" in str(here[0])
        assert "\n".join(map(str, here)) in thing.timeline_text().replace(
            f"{here[0].at.date()} ", ""
        )
        assert "sequenceDiagram" in thing.timeline_text(format="mermaid")
        assert (scoped.timeline(), thing.timeline(since=here[-1].seq)) == ([], [])
        assert here[-1:] == scoped.timeline(ACCOUNT, limit=1)
        with pytest.raises(MockThingSpaceError, match="unknown format 'xml'; known"):
            thing.timeline_text(format="xml")


def test_what_is_said_more_of_does_not_lift_the_limit() -> None:
    """A full event log stays as long as it is, and its entry keeps its place."""
    event_log = EventLog(2, EventNumbers(), Notifier())
    first = event_log.note("clock", START, None, "on")
    event_log.note("clock", START, None, "on")
    event_log.add_to(first, " and on")
    before = [happening.summary for happening in event_log.every()]
    event_log.note("clock", START, None, "off")
    after = [happening.summary for happening in event_log.every()]
    assert (before, after) == (["on and on", "on"], ["on", "off"])
