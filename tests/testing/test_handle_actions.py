"""The handle's actions, of a server here and of one elsewhere."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from mockthingspace import MockThingSpace
from mockthingspace.core.exceptions import AdminError

from ..customer import ACCOUNT, IMEI, OTHER, SECOND, devices

TIMEOUT_S = 10


@pytest.fixture(scope="module")
def running() -> Iterator[MockThingSpace]:
    """One server for this module, whose actions take five seconds."""
    with MockThingSpace(actions=5) as server:
        yield server


@pytest.fixture(params=["here", "elsewhere"])
def thing(running: MockThingSpace, request: pytest.FixtureRequest) -> MockThingSpace:
    """The server as just started, by either transport."""
    running.reset()
    return running if request.param == "here" else MockThingSpace.at(running.url)


def suspend(
    thing: MockThingSpace, *identities: str, account: str = ACCOUNT, group: str = ""
) -> str:
    """Ask for a suspension; return its request id."""
    body = {
        "accountName": account,
        "devices": devices(*identities),
        "groupName": group,
    }
    url = f"{thing.url_for('connectivity')}/devices/actions/suspend"
    request_id: str = requests.post(url, json=body, timeout=TIMEOUT_S).json()[
        "requestId"
    ]
    return request_id


def test_actions_are_values(thing: MockThingSpace) -> None:
    """With instants, and devices as the request named them."""
    request_id = suspend(thing, IMEI)

    [action] = thing.actions()

    assert (action.request_id, action.operation) == (request_id, "suspend")
    assert (action.status, action.account) == ("pending", ACCOUNT)
    assert action.devices == [[{"id": IMEI, "kind": "imei"}]]
    assert action.due_at is not None
    assert action.due_at - action.accepted_at == timedelta(seconds=5)
    assert action.completed_at is None


def test_actions_are_picked(thing: MockThingSpace) -> None:
    """By account, operation, status and API; a mistyped one is refused."""
    suspend(thing, IMEI)
    suspend(thing, IMEI, account=OTHER)

    assert len(thing.actions()) == 2
    assert len(thing.actions(OTHER, operation="suspend", status="pending")) == 1
    assert thing.actions(family="location") == []
    with pytest.raises(AdminError, match="unknown operation 'suspended'"):
        thing.actions(operation="suspended")


def test_an_account_s_handle_sees_its_own(thing: MockThingSpace) -> None:
    """What others asked for is none of its business."""
    suspend(thing, IMEI)
    mine = MockThingSpace.at(thing.url, OTHER)

    assert mine.actions() == []
    assert len(mine.actions(ACCOUNT)) == 1


def test_completing_returns_the_action(thing: MockThingSpace) -> None:
    """As it was told to end, or as it was to."""
    first, second = suspend(thing, IMEI), suspend(thing, IMEI)

    assert thing.complete(first).status == "success"
    assert thing.complete(second, "failure").status == "failure"
    with pytest.raises(AdminError, match=f"action {first} has ended: success"):
        thing.complete(first)


def test_what_was_asked_for_is_asserted(thing: MockThingSpace) -> None:
    """By its operation, account, device, status and how often."""
    suspend(thing, IMEI, SECOND)
    suspend(thing, SECOND)

    assert len(thing.assert_acted("suspend")) == 2
    assert len(thing.assert_acted("suspend", ACCOUNT, device=SECOND, count=2)) == 2
    assert len(thing.assert_acted("suspend", device=IMEI, status="pending")) == 1
    assert thing.assert_acted("activate", count=0) == []


def test_what_was_not_asked_for_fails_with_what_was(thing: MockThingSpace) -> None:
    """The message has what was wanted, and a line of each that was accepted."""
    request_id = suspend(thing, IMEI)
    thing.complete(request_id)

    with pytest.raises(AssertionError) as caught:
        thing.assert_acted("suspend", ACCOUNT, device=SECOND, count=2)

    assert str(caught.value).splitlines() == [
        f"wanted 2 suspend account={ACCOUNT} device={SECOND}, found 0; accepted",
        f"  {request_id} suspend of {IMEI} for {ACCOUNT}: success",
    ]


def test_where_nothing_was_asked_for_it_says_so(thing: MockThingSpace) -> None:
    """Nothing at all is the commonest reason."""
    with pytest.raises(AssertionError) as caught:
        thing.assert_acted("activate")

    assert str(caught.value) == "wanted at least 1 activate, found 0; accepted: nothing"


def test_an_action_is_a_line(thing: MockThingSpace) -> None:
    """With its first devices, how it stands, and when it is due."""
    suspend(thing, *"12345")
    suspend(thing, group="West")

    many, group = map(str, thing.actions())

    assert f" suspend of 1, 2, 3 and 2 more for {ACCOUNT}: pending, due at " in many
    assert f" suspend for {ACCOUNT}: pending, due at " in group


def test_an_odd_id_is_completed_as_it_is(thing: MockThingSpace) -> None:
    """What means something in a URL leads nowhere else."""
    with pytest.raises(AdminError, match=r"there is no action a\?b#c%2F"):
        thing.complete("a?b#c%2F")
