"""Each trigger sends ids of its own, the same ones after a reset."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.apis import APIS
from mockthingspace.core.models import Registration
from mockthingspace.spec.events import Event, Id, ids
from mockthingspace.testing.conformance.subject import identity_of

from ..rows import each

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
ORIGIN = "https://listener.example"
FINISHED = "Fota.upgradeFinished"
EVENTS = [
    (api.name, event)
    for api in APIS
    for event in api.events
    if event.name != "Fota.firmwareList"  # which has none
]


def acknowledge(_: Any, start: Any) -> list[bytes]:
    """Answer as a listener that takes everything."""
    start("200 OK", [])
    return [b""]


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, with a listener in process."""
    with MockThingSpace(deliver_to={ORIGIN: acknowledge}) as made:
        yield made


@pytest.fixture
def mock(running: MockThingSpace) -> MockThingSpace:
    """The server as just started, with two registered accounts."""
    running.reset()
    register(running)
    return running


def register(mock: MockThingSpace) -> None:
    """Register a listener for two accounts."""
    for account in (ACCOUNT, OTHER):
        mock.register(account, f"{ORIGIN}/cb")


def sent(mock: MockThingSpace, account: str = ACCOUNT, **overrides: Any) -> str:
    """Trigger a message, and return its id."""
    [made] = mock.trigger(FINISHED, account, **overrides)
    return str(made.message["upgradeFinished"]["upgradeId"])


def at(message: Any, path: str) -> Any:
    """Return what stands at a path of a message."""
    for step in path.split("."):
        message = message[int(step) if isinstance(message, list) else step]
    return message


@each(("family", "event"), EVENTS, ids=[event.name for _, event in EVENTS])
def test_two_triggers_send_two_ids(
    mock: MockThingSpace, family: str, event: Event
) -> None:
    """They are UUIDs, as in the documents."""
    mock.register(ACCOUNT, f"{ORIGIN}/cb", family=family, service=event.service)
    path = identity_of(event)

    messages = [mock.trigger(event.name, ACCOUNT)[0].message for _ in range(2)]

    first, second = (UUID(at(message, path)) for message in messages)
    assert first != second
    assert UUID(at(event.template(), path)) not in (first, second)


def test_an_account_reset_starts_its_ids_over(mock: MockThingSpace) -> None:
    """The other account's go on."""
    before, others = sent(mock), sent(mock, OTHER)

    mock.reset(ACCOUNT)
    register(mock)

    assert sent(mock) == before
    assert sent(mock, OTHER) != others


def test_a_reset_starts_the_ids_over(mock: MockThingSpace) -> None:
    """A test that is run again sees the same messages."""
    before = [sent(mock), sent(mock), sent(mock, OTHER)]

    mock.reset()
    register(mock)

    assert [sent(mock), sent(mock), sent(mock, OTHER)] == before
    assert len({*before}) == 3


def test_an_id_of_ones_own_wins(mock: MockThingSpace) -> None:
    """An override stands instead of the new id."""
    assert sent(mock, upgradeFinished__upgradeId="mine") == "mine"


def test_a_resend_has_the_same_id(mock: MockThingSpace) -> None:
    """It is the same message."""
    [made] = mock.trigger(FINISHED, ACCOUNT)
    assert mock.resend(made.id).message == made.message


def test_equal_ids_of_a_message_stay_equal(backend: Any) -> None:
    """What the documents have twice is the same in both places."""
    same = Id("9d46d4ce-2f8a-4ab5-8e9b-7e8d4c0c6c2e")
    event = Event("Own.twice", "Own", "", {"a": same, "b": [{"c": same}]}, {})
    now = backend.clock.now()
    listening = Registration("own", ACCOUNT, "Own", "", None, None, now)

    made = event.message(listening, {}, ids("a seed"))

    assert made["a"] == made["b"][0]["c"]
