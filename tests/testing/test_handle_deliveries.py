"""The handle's deliveries and clock, of a server here and of one elsewhere."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Event as Signal
from types import SimpleNamespace
from typing import Any

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.client.models import clock
from mockthingspace.client.transport import TIMEOUT_S, AdminClient
from mockthingspace.core.exceptions import AdminError

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
ORIGIN = "https://listener.example"
URL = f"{ORIGIN}/cb"
FINISHED, LIST = "Fota.upgradeFinished", "Fota.firmwareList"


class Listening:
    """A listener in process that answers as it is told."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.answers = Signal()

    def __call__(self, _: Any, start: Any) -> list[bytes]:
        """Answer a message, as soon as it may."""
        assert self.answers.wait(TIMEOUT_S)
        status = self.statuses.pop(0) if self.statuses else 200
        start(f"{status} Said", [])
        return [b"said"]


LISTENER = Listening()


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, with a listener in process."""
    with MockThingSpace(deliver_to={ORIGIN: LISTENER}) as server:
        yield server


@pytest.fixture(params=["here", "elsewhere"])
def thing(running: MockThingSpace, request: pytest.FixtureRequest) -> MockThingSpace:
    """The server as just started, by either transport, with a registration."""
    LISTENER.answers.set()
    running.wait_until_idle()  # a call that is left over would take an answer
    running.reset()
    LISTENER.statuses = []
    running.register(ACCOUNT, URL)
    return running if request.param == "here" else MockThingSpace.at(running.url)


@pytest.fixture
def scoped(thing: MockThingSpace) -> MockThingSpace:
    """A handle that keeps to the account, while another one is in use too."""
    thing.register(OTHER, URL)
    thing.trigger(LIST, OTHER)
    thing.wait_for_delivery(OTHER)
    return MockThingSpace.at(thing.url, ACCOUNT)


def test_a_message_is_triggered_and_awaited(thing: MockThingSpace) -> None:
    """What is made is pending, and the wait returns it delivered."""
    [made] = thing.trigger(FINISHED, ACCOUNT)
    done = thing.wait_for_delivery(ACCOUNT, event=FINISHED, service="Fota")
    assert (made.status, done.status, done.id) == ("pending", "delivered", made.id)
    assert [
        (attempt.number, attempt.status_code, attempt.error, attempt.reply)
        for attempt in done.attempts
    ] == [(1, 200, None, "said")]


def test_an_override_spells_dots_as_underscores(thing: MockThingSpace) -> None:
    """Keywords reach below; a path in a mapping does too."""
    paths = {"upgradeFinished.deviceList.1.deviceId": "2"}
    [made] = thing.trigger(
        FINISHED, ACCOUNT, upgradeFinished__upgradeId="mine", **paths
    )
    finished = made.message["upgradeFinished"]
    assert (
        finished["upgradeId"],
        finished["deviceList"][1]["deviceId"],
    ) == ("mine", "2")


def test_a_message_of_the_users_own_is_triggered(thing: MockThingSpace) -> None:
    """It goes out instead of the event's."""
    [made] = thing.trigger(FINISHED, ACCOUNT, service="Fota", message=[1, "ü"])
    assert (made.message, made.trigger) == ([1, "ü"], "message")


def test_a_trigger_without_account_is_refused(thing: MockThingSpace) -> None:
    """A handle that keeps to no account must be told whose listeners are meant."""
    with pytest.raises(AdminError) as caught:
        thing.trigger(FINISHED)
    assert caught.value.message == (
        "account: is required: whose listeners the message is for; "
        "allowed: event, account, service, overrides, message"
    )


def test_a_mistyped_override_is_refused(thing: MockThingSpace) -> None:
    """The error names the nearest field."""
    with pytest.raises(AdminError, match=r"did you mean 'upgradeFinished\.upgradeId'"):
        thing.trigger(FINISHED, ACCOUNT, upgradeFinished__upgradeID="x")


def test_the_end_of_a_path_is_told_the_whole_path(thing: MockThingSpace) -> None:
    """All that it could be for are named, and nothing that it is not."""
    with pytest.raises(AdminError) as caught:
        thing.trigger(FINISHED, ACCOUNT, upgradeId="x")
    assert caught.value.message == (
        "no field 'upgradeId'; did you mean 'upgradeFinished.upgradeId'?"
    )


def test_a_service_finds_its_family(thing: MockThingSpace) -> None:
    """Without either it is FOTA's first."""
    made = [
        thing.register(ACCOUNT, URL, service="NiddService"),
        thing.register(ACCOUNT, URL),
        thing.register(ACCOUNT, URL, family="location", service="Location"),
    ]
    assert [each.family for each in made] == ["connectivity", "fota-v1", "location"]


def test_a_service_of_another_family_is_told_whose_it_is(thing: MockThingSpace) -> None:
    """An event's message goes to listeners of its own API."""
    with pytest.raises(AdminError) as caught:
        thing.trigger(FINISHED, ACCOUNT, service="NiddService")
    assert caught.value.message == (
        "service: NiddService is of connectivity, and the event is of fota-v1"
    )


def test_a_handle_keeps_to_its_account(scoped: MockThingSpace) -> None:
    """Triggers, lists, waits and assertions are the account's alone."""
    scoped.assert_not_delivered()
    [made] = scoped.trigger(FINISHED)
    assert made.id == scoped.wait_for_delivery().id
    assert [made.id] == [delivery.id for delivery in scoped.deliveries()]
    assert [made.id] == [delivery.id for delivery in scoped.assert_delivered(count=1)]
    assert len(scoped.deliveries(since=0)) + len(scoped.deliveries(OTHER)) == 2


def test_the_events_are_listed(thing: MockThingSpace) -> None:
    """Each event has its fields."""
    events = thing.events()
    assert [events[0]["event"], events[3]["event"]] == [LIST, FINISHED]
    assert all(event["fields"] for event in events)


def again(server: MockThingSpace, identity: str) -> str:
    """Return the command that sends a delivery again."""
    return f"curl -X POST {server.url}/__admin/deliveries/{identity}/resend"


def test_a_wait_in_vain_is_an_assertion(thing: MockThingSpace) -> None:
    """The message shows what came instead, and when the next attempt is due."""
    LISTENER.statuses = [503]
    thing.trigger(FINISHED, ACCOUNT)
    failed = thing.wait_for_delivery(ACCOUNT, attempts=1)
    with pytest.raises(AssertionError) as caught:
        thing.wait_for_delivery(ACCOUNT, since=failed.seq - 1, timeout_s=0)
    assert str(caught.value).splitlines() == [
        "waited 0 s for 1 delivery",
        f"  account  {ACCOUNT}",
        "  status   delivered",
        f"  since    {failed.seq - 1}",
        "but 0 matched",
        "",
        f"nearest: {failed.id} {FINISHED} for {ACCOUNT} -> {URL}: pending, "
        f"1 attempt, last: 503, next at {failed.due_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "  status  expected  delivered",
        "          actual    pending",
        "",
        f"pending: {failed.id} {FINISHED}, attempt 2 due in 300 s, at "
        f"{failed.due_at:%Y-%m-%dT%H:%M:%S.%fZ}; advance(seconds=300) brings it",
    ]


def test_who_shares_a_clock_is_not_told_to_move_it(scoped: MockThingSpace) -> None:
    """The failure says what to do instead."""
    LISTENER.statuses = [503]
    scoped.trigger(FINISHED)
    scoped.wait_for_delivery(attempts=1)

    with pytest.raises(AssertionError) as waited:
        scoped.wait_for_delivery(timeout_s=0)
    with pytest.raises(AssertionError) as asserted:
        scoped.assert_delivered()

    instead = (
        "Z; the clock is shared: start the server with clock=real and short "
        "pauses (retries=0.1,0.1), or use a server of your own"
    )
    for text in (str(waited.value), str(asserted.value)):
        assert "attempt 2 due in 300 s" in text
        assert text.endswith(instead)
        assert "advance(" not in text


def test_a_wait_for_what_there_is_not_is_no_assertion(thing: MockThingSpace) -> None:
    """A mistyped event is told as such."""
    with pytest.raises(AdminError, match=r"unknown event 'Fota\.finished'"):
        thing.wait_for_delivery(event="Fota.finished")


def test_what_was_delivered_is_returned(thing: MockThingSpace) -> None:
    """An assertion that holds gives the deliveries."""
    thing.trigger(FINISHED, ACCOUNT)
    thing.trigger(LIST, ACCOUNT)
    thing.wait_for_delivery(count=2)
    assert [delivery.event for delivery in thing.assert_delivered(event=LIST)] == [LIST]
    assert len(thing.assert_delivered(ACCOUNT, count=2)) == 2


def test_what_was_not_delivered_is_told(thing: MockThingSpace) -> None:
    """The message says what was expected and what there is."""
    with pytest.raises(AssertionError) as nothing:
        thing.assert_delivered(event=FINISHED, service=None)
    [made] = thing.trigger(LIST, ACCOUNT)
    thing.wait_for_delivery(ACCOUNT)
    with pytest.raises(AssertionError) as another:
        thing.assert_delivered(ACCOUNT, event=FINISHED, count=2)
    assert str(nothing.value).splitlines() == [
        "expected at least 1 delivery",
        f"  event   {FINISHED}",
        "  status  delivered",
        "but 0 matched",
        "",
        f'nothing was triggered; to send a message: trigger("{FINISHED}", account)',
    ]
    assert str(another.value).splitlines() == [
        "expected 2 deliveries",
        f"  account  {ACCOUNT}",
        f"  event    {FINISHED}",
        "  status   delivered",
        "but 0 matched",
        "",
        f"nearest: {made.id} {LIST} for {ACCOUNT} -> {URL}: delivered, 1 attempt, "
        "last: 200",
        f"  event  expected  {FINISHED}",
        f"         actual    {LIST}",
        f"  {again(thing, made.id)}",
    ]


def test_what_should_not_have_been_delivered_is_told(thing: MockThingSpace) -> None:
    """The message shows the delivery that should not be."""
    thing.assert_not_delivered(ACCOUNT)
    [made] = thing.trigger(LIST, ACCOUNT)
    thing.wait_for_delivery(ACCOUNT)
    with pytest.raises(AssertionError) as caught:
        thing.assert_not_delivered(event=LIST)
    assert str(caught.value).splitlines() == [
        "expected 0 deliveries",
        f"  event   {LIST}",
        "  status  delivered",
        "but 1 matched",
        "",
        f"matched: {made.id} {LIST} for {ACCOUNT} -> {URL}: delivered, 1 attempt, "
        "last: 200",
        f"  {again(thing, made.id)}",
    ]


def test_a_line_hides_the_user_of_a_url(thing: MockThingSpace) -> None:
    """A delivery in words has no password, and says when the next attempt is due."""
    thing.register(ACCOUNT, "https://ann:hunter2@listener.example/cb")
    [made] = thing.trigger(LIST, ACCOUNT)
    assert str(made) == (
        f"{LIST} for {ACCOUNT} -> https://ann:***@listener.example/cb: pending, "
        f"0 attempts, next at {made.due_at:%H:%M:%S}"
    )


def test_a_delivery_is_sent_again(thing: MockThingSpace) -> None:
    """A resend is a new delivery of the same message."""
    [first] = thing.trigger(LIST, ACCOUNT)
    again = thing.resend(first.id)
    thing.wait_until_idle()
    assert (again.message, again.trigger) == (first.message, "resend")
    assert len(thing.assert_delivered()) == 2


def test_the_whole_schedule_passes_at_once(thing: MockThingSpace) -> None:
    """An advance returns the attempts made, and the clock has moved by it."""
    LISTENER.statuses = [503] * 4
    before = thing.now
    thing.trigger(LIST, ACCOUNT)
    thing.wait_until_idle()
    assert [attempt["number"] for attempt in thing.advance(minutes=5)] == [2]
    assert [attempt["number"] for attempt in thing.advance(minutes=9, seconds=60)] == [
        3,
        4,
    ]
    assert thing.now - before == timedelta(minutes=15)
    [kept] = thing.deliveries(status="abandoned")
    assert [attempt.status_code for attempt in kept.attempts] == 4 * [503]


def test_an_advance_by_nothing_settles_what_is_under_way(thing: MockThingSpace) -> None:
    """Time need not pass for what is due already."""
    thing.trigger(LIST, ACCOUNT)
    thing.advance()
    assert len(thing.assert_delivered()) == 1


def test_an_advance_takes_a_plain_number_and_hours(thing: MockThingSpace) -> None:
    """A plain number is seconds."""
    before = thing.now

    thing.advance(300)
    thing.advance(hours=1)

    assert thing.now - before == timedelta(hours=1, minutes=5)


def test_a_limit_keeps_the_last(thing: MockThingSpace) -> None:
    """A list may be cut to its end."""
    thing.trigger(LIST, ACCOUNT)
    thing.trigger(FINISHED, ACCOUNT)
    found = thing.deliveries(family="fota-v1", service="Fota", limit=1)
    assert [item.event for item in found] == [FINISHED]


def test_what_stays_busy_is_an_assertion(thing: MockThingSpace) -> None:
    """A listener that does not answer in time is told."""
    LISTENER.answers.clear()
    thing.trigger(LIST, ACCOUNT)
    with pytest.raises(AssertionError, match=r"still under way after 0\.01 s$"):
        thing.wait_until_idle(0.01)
    LISTENER.answers.set()
    thing.wait_until_idle()


def test_a_wait_of_no_sane_length_is_refused(thing: MockThingSpace) -> None:
    """A wait has a beginning and an end."""
    with pytest.raises(AdminError, match="timeout_s: "):
        thing.wait_until_idle(-1)


class Recording:
    """A connection that notes how long it waits, and answers an empty document."""

    sock: "Recording | None" = None
    status = 200

    def __init__(self, *_: Any, timeout: float) -> None:
        self.timeouts: list[Any] = [timeout]

    def connect(self) -> None:
        """Become connected."""
        self.sock = self

    def settimeout(self, timeout: Any) -> None:
        """Note how long the reply may take."""
        self.timeouts.append(timeout)

    def request(self, *_: Any) -> None:
        """Send nothing."""

    def getresponse(self) -> "Recording":
        """Answer."""
        return self

    def read(self) -> bytes:
        """Return an empty document."""
        return b"{}"

    def close(self) -> None:
        """Have nothing to close."""


@each(
    ("path", "body", "patience_s"),
    [
        ("/clock", None, TIMEOUT_S),
        ("/deliveries/wait", {"timeout_s": 60}, 60 + TIMEOUT_S),
        ("/deliveries/wait", {"timeout_s": "60"}, TIMEOUT_S),
        ("/clock/advance", {"seconds": 900}, None),
    ],
    ids=["short", "wait", "no number", "advance"],
)
def test_a_reply_is_awaited_as_long_as_it_may_take(
    monkeypatch: pytest.MonkeyPatch, path: str, body: Any, patience_s: float | None
) -> None:
    """A server elsewhere is not given up while it waits on our behalf."""
    made: list[Recording] = []

    def connect(*args: Any, **kwargs: Any) -> Recording:
        made.append(Recording(*args, **kwargs))
        return made[-1]

    http = SimpleNamespace(HTTPConnection=connect, HTTPException=OSError)
    monkeypatch.setattr(
        "mockthingspace.client.transport._unpatched_http_client", lambda: http
    )
    client: AdminClient = MockThingSpace.at("http://127.0.0.1:1").admin

    client.ask("POST" if body else "GET", path, body)

    assert [connection.timeouts for connection in made] == [[TIMEOUT_S, patience_s]]


@each(
    ("ahead_s", "said"),
    [
        (300.2, "manual  2026-01-01T00:00:00.000000Z  (300 s ahead of this machine's"),
        (-2.0, "manual  2026-01-01T00:00:00.000000Z  (2 s behind this machine's"),
        (-0.9, "manual  2026-01-01T00:00:00.000000Z"),
    ],
    ids=["ahead", "behind", "with it"],
)
def test_a_clock_in_words_says_what_it_is_off_by(ahead_s: float, said: str) -> None:
    """Less than a second is no difference."""
    shown = {"mode": "manual", "now": "2026-01-01T00:00:00.000000Z", "ahead_s": ahead_s}
    assert str(clock(shown)) == (f"{said} clock)" if "(" in said else said)
