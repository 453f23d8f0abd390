"""One server for many test runs at once: each keeps to accounts of its own."""

import pytest

from mockthingspace import MockThingSpace, MockThingSpaceError

from ..nested import FAST

ACCOUNT, OTHER = "0242078689-00001", "0242078689-00002"
NEIGHBOURS = """
    import pytest
    import requests

    from mockthingspace import MockThingSpaceError


    @pytest.mark.parametrize("number", range(5))
    def test_nobody_else_is_here(
        thingspace, thingspace_account, thingspace_listener, number
    ):
        url = f"{thingspace.url_for('fota-v1')}/callbacks/{thingspace_account}"
        ask = requests.Session()
        ask.trust_env = False

        thingspace.fault("status", status=503, times=2)
        answers = [ask.get(url, timeout=30).status_code for _ in "123"]
        assert answers == [503, 503, 200]

        thingspace.register(thingspace_account, thingspace_listener.url)
        thingspace.fault("duplicate", on="deliveries")
        thingspace_listener.reply(503, times=1)
        thingspace.trigger("Fota.upgradeFinished", thingspace_account)
        thingspace_listener.wait_for(3, timeout_s=30)
        thingspace.wait_for_delivery(count=2, timeout_s=30)
        thingspace.wait_until_idle(timeout_s=30)

        assert len(thingspace.requests()) == 3
        assert [len(sent.attempts) for sent in thingspace.deliveries()] == [2, 1]
        with pytest.raises(MockThingSpaceError, match="the clock is shared by all"):
            thingspace.advance(seconds=1)

        thingspace.reset()
        assert thingspace.requests() == []
        assert thingspace.deliveries() == []
        assert thingspace.registrations() == []
        assert thingspace.faults() == []
"""


@pytest.mark.soak
def test_eight_workers_share_one_server(pytester, monkeypatch):
    """Faults, waits and resets of one touch no other; forty tests at once pass."""
    pytester.makepyfile(NEIGHBOURS)
    with MockThingSpace(clock="real", retries="0.05") as shared:
        mine = shared.register(ACCOUNT, "http://localhost:9/mine")
        shared.fault("status", account=ACCOUNT)
        monkeypatch.setenv("MOCKTHINGSPACE_URL", shared.url)

        ran = pytester.runpytest_subprocess(*FAST, "-n", "8")

        ran.assert_outcomes(passed=5)
        assert shared.registrations(ACCOUNT) == [mine]
        assert [fault.acted for fault in shared.faults(ACCOUNT)] == [0]


@pytest.fixture
def shared():
    """A server, and the handle of somebody who keeps to an account."""
    with MockThingSpace() as server:
        yield MockThingSpace.at(server.url, account=ACCOUNT)


def test_the_clock_of_a_shared_server_is_not_moved(shared):
    """It is everybody's; the refusal says what to do instead."""
    with pytest.raises(MockThingSpaceError, match="use a server of your own"):
        shared.advance(minutes=5)


def test_a_wait_is_for_ones_own_account(shared):
    """Somebody else's message that is under way holds nobody up."""
    everybody = MockThingSpace.at(shared.url)
    everybody.fault("delay", on="deliveries", account=OTHER, seconds=0)
    everybody.register(OTHER, "http://localhost:9/gone")
    everybody.trigger("Fota.firmwareList", OTHER)

    shared.wait_until_idle(timeout_s=30)
