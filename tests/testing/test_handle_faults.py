"""Planning faults in tests, by the handle."""

from collections.abc import Iterator

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.client.faults import recorded
from mockthingspace.core.exceptions import AdminError

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"


@pytest.fixture
def running() -> Iterator[MockThingSpace]:
    """A server that runs already."""
    with MockThingSpace() as started:
        yield started


def test_a_block_clears_its_fault(running: MockThingSpace) -> None:
    """At its end; clearing again, or what has acted often enough, does no harm."""
    with running.fault("status", times=None, account=ACCOUNT) as planned:
        assert running.faults() == [planned]
        assert planned.options == {"status": 503, "retry_after_s": None}
    assert running.faults() == []
    planned.clear()
    with pytest.raises(AdminError, match=f"there is no fault {planned.id}"):
        running.clear_faults(planned.id)


def test_the_blocks_own_exception_is_not_hidden() -> None:
    """Though the server is gone by then."""
    with MockThingSpace() as started:
        handle = MockThingSpace.at(started.url)
        planned = handle.fault("reset")

        def block() -> None:
            with planned:
                started.stop()
                raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            block()
    with pytest.raises(AdminError):
        planned.clear()


def test_healing_picks(running: MockThingSpace) -> None:
    """One, an account's, a kind's, or all."""
    first = running.fault("reset")
    for kind, account in (("reset", ACCOUNT), ("drop", OTHER), ("drop", None)):
        running.fault(kind, account=account)
    assert running.clear_faults(first.id) == 1
    assert running.clear_faults(account=ACCOUNT) == 1
    assert running.clear_faults(kind="drop") == 2
    running.fault("empty")
    assert (running.clear_faults(), running.clear_faults()) == (1, 0)


def test_a_handle_keeps_to_its_account(running: MockThingSpace) -> None:
    """It plans, sees and clears that account's; another one if that is said."""
    running.fault("reset")
    mine = MockThingSpace.at(running.url, account=ACCOUNT)
    planned = mine.fault("reset")
    assert (planned.account, mine.faults()) == (ACCOUNT, [planned])
    assert mine.fault("reset", account=OTHER).account == OTHER
    assert (mine.clear_faults(), len(running.faults())) == (1, 2)
    with pytest.raises(AdminError, match="login is not of an account"):
        mine.fault("status", operation="login")


def test_a_fault_is_said_in_one_line(running: MockThingSpace) -> None:
    """What it is on, whose, how often it acted, and when it expires."""
    made = running.fault("status", family="fota-v1", times=2, probability=0.25)
    assert (
        f"{made.id} status on requests family=fota-v1 status=503: acted 0, 2 times"
        in (str(made))
    )
    assert f", likely 0.25, expires at {made.expires_at:%H:%M:%S}" in str(made)
    shown = running.admin.ask("GET", "/faults")["faults"][0]
    assert made == recorded(shown)
