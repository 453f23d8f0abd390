"""Planning faults in tests: by the marker, and by the handle."""

from collections.abc import Iterator

import pytest

from mockthingspace import MockThingSpace
from mockthingspace.client.faults import recorded
from mockthingspace.core.exceptions import AdminError

from ..nested import FAST

ACCOUNT = "0242078689-00001"
OTHER = "0242078689-00002"

MARKED = """
import pytest
import requests

pytestmark = pytest.mark.thingspace_fault("status", status=500, operation="list")

def statuses(thingspace, account, number):
    url = thingspace.url_for("fota-v1") + f"/callbacks/{account}"
    return [requests.get(url, timeout=30).status_code for _ in range(number)]

@pytest.mark.thingspace_fault("status", status=503, times=2)
@pytest.mark.thingspace_fault("refuse", refusal="missing-bearer")
def test_in_order(thingspace, thingspace_account):
    assert statuses(thingspace, thingspace_account, 5) == [500, 503, 503, 401, 200]

def test_the_next_test_has_its_own(thingspace, thingspace_account):
    assert len(thingspace.faults()) == 1
    assert statuses(thingspace, thingspace_account, 2) == [500, 200]
"""

SHARED = """
import pytest

@pytest.mark.thingspace_fault("drop", times=None)
def test_scoped(thingspace, thingspace_account):
    [planned] = thingspace.faults()
    assert planned.account == thingspace_account
    assert thingspace.clear_faults() == 1
    thingspace.fault("reset")
"""

BAD = """
import pytest

@pytest.mark.thingspace_fault("rest", times=2)
def test_mistyped(thingspace):
    raise AssertionError("it does not run")

@pytest.mark.thingspace_fault()
def test_nothing(thingspace):
    raise AssertionError("it does not run")

@pytest.mark.thingspace_fault("reset")
def test_without():
    raise AssertionError("it does not run")
"""


@pytest.fixture
def running() -> Iterator[MockThingSpace]:
    """A server that runs already."""
    with MockThingSpace() as started:
        yield started


@pytest.fixture(autouse=True)
def _as_in_a_users_run(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOCKTHINGSPACE_URL", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)


def test_a_marker_plans_faults_for_its_test(pytester: pytest.Pytester) -> None:
    """From the outermost in, top to bottom; the next test starts without them."""
    pytester.makepyfile(MARKED)
    ran = pytester.runpytest_inprocess(*FAST, "--strict-markers")
    ran.assert_outcomes(passed=2)


def test_in_a_shared_server_they_are_the_tests_own(
    pytester: pytest.Pytester, running: MockThingSpace
) -> None:
    """They are scoped to its account, and gone after it; others' stay."""
    running.fault("drop", account=OTHER)
    pytester.makepyfile(SHARED)
    ran = pytester.runpytest_inprocess(*FAST, f"--thingspace-url={running.url}")
    ran.assert_outcomes(passed=1)
    assert [fault.account for fault in running.faults()] == [OTHER]


def test_a_marker_that_cannot_be_fails_its_test(pytester: pytest.Pytester) -> None:
    """With what is wrong, and without running it."""
    pytester.makepyfile(BAD)
    ran = pytester.runpytest_inprocess(*FAST)
    ran.assert_outcomes(errors=3)
    ran.stdout.fnmatch_lines_random(
        [
            "the marker thingspace_fault('rest', times=2): kind: 'rest' is none; did "
            "you mean 'reset'? there are *",
            "the marker thingspace_fault(): *missing 1 required positional argument*",
            "the marker thingspace_fault does nothing without the fixture thingspace",
        ]
    )
    ran.stdout.no_fnmatch_line("*it does not run*")


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
    with pytest.raises(AdminError, match="login is for no account, so it is shared"):
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
