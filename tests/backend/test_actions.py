"""Accepted actions: when they end and how, and what there is of them meanwhile."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timezone
from threading import Barrier
from typing import Any

import pytest

from mockthingspace.backend.actions import complete, end
from mockthingspace.backend.store.actions import AcceptedAction, Actions
from mockthingspace.core.exceptions import AdminError
from mockthingspace.core.notifier import Notifier
from mockthingspace.core.sequence import EventNumbers

from ..customer import (
    ACCOUNT,
    IMEI,
    OTHER,
    PATIENCE_S,
    SECOND,
    Customer,
    customer,
)
from ..rows import each

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
WORKERS = 8


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer who listens for the results of activations."""
    with customer() as made:
        yield made


@pytest.fixture
def manual() -> Iterator[Customer]:
    """A customer whose actions wait until they are completed."""
    with customer(actions="manual") as made:
        yield made


def action(number: int, status: Any = "pending") -> AcceptedAction:
    """Return an action that is not kept yet."""
    device = ((str(number), "imei"),)
    return AcceptedAction(
        str(number),
        "connectivity",
        "activate",
        ACCOUNT,
        (device,),
        START,
        None,
        status=status,
    )


# How it ends.


def test_the_reply_comes_before_the_message(ann: Customer) -> None:
    """A client knows the id before anything comes with it."""
    reply = ann.client.open(
        "/api/m2m/v1/devices/actions/activate",
        method="POST",
        json={
            "accountName": ACCOUNT,
            "devices": [{"deviceIds": [{"id": IMEI, "kind": "imei"}]}],
            "servicePlan": "m2m4G",
            "mdnZipCode": "98801",
        },
    )
    assert reply.status_code == 200
    [waiting] = ann.backend.state.deliveries.every()
    assert (waiting.attempts, ann.received) == ((), [])

    reply.close()

    assert ann.came() == [(reply.get_json()["requestId"], IMEI, "Success")]


def test_a_fault_fails_all_devices(ann: Customer) -> None:
    """As often as it says, and no more."""
    ann.fault("failure", times=2)

    ids = [ann.activated(IMEI, SECOND), ann.activated(), ann.activated()]

    assert ann.came() == [
        (ids[0], IMEI, "Failed"),
        (ids[0], SECOND, "Failed"),
        (ids[1], IMEI, "Failed"),
        (ids[2], IMEI, "Success"),
    ]


def test_a_fault_fails_one_device_of_several(ann: Customer) -> None:
    """By any of its identifiers; the request as a whole has failed then."""
    ann.fault("failure", device=SECOND)

    request_id = ann.activated(IMEI, SECOND)

    assert ann.came() == [(request_id, IMEI, "Success"), (request_id, SECOND, "Failed")]
    assert ann.stands(request_id) == "Failure"


def test_a_fault_of_a_device_leaves_the_requests_of_others_alone(ann: Customer) -> None:
    """It has not acted by then, and does when its device comes."""
    ann.fault("failure", device=SECOND, times=1)

    assert ann.stands(ann.activated(IMEI)) == "Success"
    assert ann.stands(ann.activated(SECOND)) == "Failure"
    assert ann.stands(ann.activated(SECOND)) == "Success"


@each(
    ("scope", "expected"),
    [
        ({"account": ACCOUNT}, "Failure"),
        ({"account": OTHER}, "Success"),
        ({"operation": "activate"}, "Failure"),
        ({"operation": "suspend"}, "Success"),
        ({"family": "connectivity"}, "Failure"),
        ({"family": "connectivity", "operation": "activate"}, "Failure"),
    ],
    ids=str,
)
def test_a_fault_has_its_scope(scope: dict[str, str], expected: str) -> None:
    """Another account's, operation's or API's actions are as always."""
    with customer() as ann:
        ann.fault("failure", **scope)

        assert ann.stands(ann.activated()) == expected


def test_a_fault_on_requests_comes_before_any_action(ann: Customer) -> None:
    """What was refused is not accepted, and no message comes."""
    ann.admin("POST", "/faults", {"kind": "status", "operation": "activate"})

    assert ann.activate().status_code == 503
    assert (ann.actions(), ann.messages()) == ([], [])


def test_a_reply_that_is_spoiled_is_followed_by_the_message(ann: Customer) -> None:
    """The client has no id, and the listener gets it all the same."""
    ann.admin("POST", "/faults", {"kind": "truncate", "operation": "activate"})

    ann.activate()

    assert [status for _, _, status in ann.came()] == ["Success"]


def test_a_fault_on_deliveries_acts_on_an_actions_message(ann: Customer) -> None:
    """It is a delivery as any other."""
    ann.admin("POST", "/faults", {"kind": "duplicate"})

    request_id = ann.activated()

    assert ann.came() == [(request_id, IMEI, "Success")] * 2


def test_a_timeout_leaves_an_action_pending(ann: Customer) -> None:
    """No time brings its message, only the test."""
    ann.fault("timeout", times=1)
    request_id = ann.activated()
    ann.backend.advance(24 * 3600)
    assert (ann.stands(request_id), ann.messages()) == ("Pending", [])

    ann.complete(request_id)

    assert ann.came() == [(request_id, IMEI, "Success")]


def test_a_timeout_of_a_device_leaves_the_whole_request_pending(ann: Customer) -> None:
    """A request has one outcome; another's request is as always."""
    ann.fault("timeout", device=SECOND)

    assert ann.stands(ann.activated(IMEI, SECOND)) == "Pending"
    assert ann.stands(ann.activated(IMEI)) == "Success"


def test_an_action_that_takes_time_ends_when_the_clock_gets_there() -> None:
    """Not a millisecond before."""
    with customer(actions=5) as ann:
        request_id = ann.activated()

        ann.backend.advance(4.999)
        assert (ann.stands(request_id), ann.messages()) == ("Pending", [])
        ann.backend.advance(0.001)

        assert ann.came() == [(request_id, IMEI, "Success")]
        assert ann.stands(request_id) == "Success"


def test_a_wait_moves_a_standing_clock_to_an_action() -> None:
    """Who waits for the message need not know when it is due."""
    with customer(actions=5) as ann:
        request_id = ann.activated()
        since = ann.backend.clock.now()

        ann.admin("POST", "/deliveries/wait", {"account": ACCOUNT})

        assert ann.came() == [(request_id, IMEI, "Success")]
        assert (ann.backend.clock.now() - since).total_seconds() == 5


def test_on_a_clock_that_runs_an_action_ends_by_itself() -> None:
    """Its thread ends it."""
    with customer(actions=0.01, clock="real") as ann:
        request_id = ann.activated()

        ann.admin("POST", "/deliveries/wait", {"status": "delivered"})

        assert ann.came() == [(request_id, IMEI, "Success")]


def test_an_action_completed_before_its_time_does_not_end_again() -> None:
    """The test was quicker than the clock, which has nothing to wait for then."""
    with customer(actions=5) as ann:
        request_id = ann.activated()
        ann.complete(request_id)
        ann.messages()
        assert ann.backend.exhausted(ann.backend.state)

        ann.backend.advance(10)

        assert ann.came() == [(request_id, IMEI, "Success")]


# Completing by hand.


@each(("outcome", "expected"), [("success", "Success"), ("failure", "Failed")])
def test_an_action_ends_as_it_is_completed(outcome: str, expected: str) -> None:
    """For all its devices, whatever faults were planned when it was accepted."""
    with customer(actions="manual") as ann:
        ann.fault("failure", device=IMEI)
        request_id = ann.activated(IMEI, SECOND)

        ann.complete(request_id, outcome=outcome)

        assert ann.came() == [
            (request_id, IMEI, expected),
            (request_id, SECOND, expected),
        ]


def test_an_action_completed_without_an_outcome_ends_as_planned(
    manual: Customer,
) -> None:
    """The fault acted when it was accepted."""
    manual.fault("failure", device=SECOND)
    request_id = manual.activated(IMEI, SECOND)

    manual.complete(request_id)

    assert [status for _, _, status in manual.came()] == ["Success", "Failed"]


def test_one_of_many_who_complete_an_action_does(manual: Customer) -> None:
    """However many threads ask at once, its message comes once."""
    request_id, state = manual.activated(), manual.backend.state
    together = Barrier(WORKERS)

    def completed(_: int) -> int:
        together.wait(PATIENCE_S)
        try:
            _, made = complete(state, request_id, START)
        except AdminError as error:
            return error.status
        state.dispatcher.dispatch(made)
        return 202

    with ThreadPoolExecutor(WORKERS) as pool:
        done = list(pool.map(completed, range(WORKERS)))

    assert sorted(done) == [202, *[409] * (WORKERS - 1)]
    assert manual.came() == [(request_id, IMEI, "Success")]


def test_what_ended_meanwhile_is_not_ended_again(manual: Customer) -> None:
    """A timer or a request that comes too late makes no message."""
    request_id = manual.activated()
    accepted = manual.backend.state.actions.get(request_id)
    manual.complete(request_id)

    assert end(manual.backend.state, accepted, START) == []


# Who gets the message.


def test_a_message_goes_to_who_listens_when_the_action_ends(manual: Customer) -> None:
    """A deregistration in between: nobody gets it, and the request has succeeded."""
    request_id = manual.activated()
    manual.backend.state.registry.remove(account=ACCOUNT)

    manual.complete(request_id)

    assert (manual.messages(), manual.stands(request_id)) == ([], "Success")


def test_another_listener_gets_what_it_was_registered_in_time_for(
    manual: Customer,
) -> None:
    """The registration counts that there is when the action ends."""
    request_id = manual.activated(account=OTHER)
    manual.listen(OTHER)

    manual.complete(request_id)

    assert manual.came() == [(request_id, IMEI, "Success")]


# Resets, and how many are kept.


def test_a_reset_forgets_what_is_pending() -> None:
    """Nothing comes later, and the clock has nothing to wait for."""
    with customer(actions=5) as ann:
        ann.activated()

        counts = ann.backend.reset()
        assert (counts["actions"], ann.actions()) == (1, [])
        assert ann.backend.exhausted(ann.backend.state)
        ann.listen()
        ann.backend.advance(10)

        assert ann.messages() == []


def test_a_reset_of_an_account_forgets_its_own() -> None:
    """The other account's comes."""
    with customer(actions=5) as ann:
        ann.listen(OTHER)
        ann.activated()
        kept = ann.activated(account=OTHER)

        counts = ann.backend.reset_account(ACCOUNT)
        ann.listen()
        ann.backend.advance(10)

        assert counts["actions"] == 1
        assert ann.came() == [(kept, IMEI, "Success")]


def test_an_id_that_is_given_again_is_another_action() -> None:
    """An account counts from the start after its reset; the old time is forgotten."""
    with customer(actions=5) as ann:
        first = ann.activated()
        ann.backend.advance(3)
        ann.backend.reset_account(ACCOUNT)
        ann.listen()
        assert ann.activated() == first

        ann.backend.advance(3)
        assert (ann.stands(first), ann.messages()) == ("Pending", [])
        ann.backend.advance(2)

        assert ann.came() == [(first, IMEI, "Success")]


def test_request_ids_are_the_same_in_every_run() -> None:
    """An account's first is the same on every server, so that a test can be pinned."""
    ids = []
    for _ in range(2):
        with customer() as ann:
            ids.append([ann.activated(), ann.activated()])

    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_only_what_has_ended_is_evicted_and_counted() -> None:
    """Beyond the limit, the oldest of those; a pending action still has messages."""
    kept = Actions(1, EventNumbers(), Notifier())
    for number in range(4):
        kept.add(action(number))
    for ended in (2, 1):
        kept.end(kept.every()[ended], START)

    assert [item.request_id for item in kept.every()] == ["0", "1", "3"]
    assert kept.evicted == 1


def test_what_has_ended_is_bounded_by_bytes() -> None:
    """Its devices count, and what its API keeps of it; forgetting makes room."""
    kept = Actions(9, EventNumbers(), Notifier(), most_bytes=10_000)
    made = [
        replace(action(0), devices=(((("1", "imei"),)),) * 30),
        replace(action(1), details="x" * 8000),
        action(2),
    ]
    left = []
    for number, accepted in enumerate(map(kept.add, made)):
        kept.end(accepted, START)
        left.append(len(kept.every()))
        if number == 1:
            kept.remove(lambda item: item.request_id == "1")

    assert (left, kept.evicted) == ([1, 1, 1], 1)


def test_an_action_that_has_ended_lets_go_of_its_request() -> None:
    """What its messages were made of may be a mebibyte."""
    made: list[AcceptedAction] = []
    kept = Actions(1, EventNumbers(), Notifier())
    accepted = kept.add(replace(action(1), send=lambda item, _: made.append(item)))

    ended = kept.end(accepted, START)

    assert ended is not None
    ended.send(ended, START)
    kept.every()[0].send(ended, START)
    assert made == [ended]


def test_actions_are_bounded_by_the_journals_limit() -> None:
    """A server that runs for long does not grow; what is still to come stays."""
    with customer(journal_limit=2, actions="manual") as ann:
        ids = [ann.activated() for _ in range(4)]
        for request_id in ids[:3]:
            ann.complete(request_id)

        assert [item["request_id"] for item in ann.actions()] == ids[1:]


# Where it is told.


def test_an_action_is_in_the_timeline(ann: Customer) -> None:
    """When it was accepted, and how it ended, before its messages."""
    ann.fault("failure", device=SECOND)
    request_id = ann.activated(IMEI, SECOND)
    ann.messages()

    told = [
        entry["summary"]
        for entry in ann.admin("GET", "/timeline")["timeline"]
        if entry["sort"] == "action"
    ]
    assert told == [
        f"action activate {request_id} accepted for 2 devices",
        f"action activate {request_id} ends: failure",
    ]


@each(
    ("actions", "words"),
    [
        ("immediate", "accepted for 1 device"),
        ("manual", "accepted for 1 device; complete() ends it"),
        (5, "accepted for 1 device; it ends at 2"),
    ],
)
def test_the_timeline_says_when_an_action_ends(actions: Any, words: str) -> None:
    """Who waits in vain sees what is missing."""
    with customer(actions=actions) as ann:
        request_id = ann.activated()

        [told, *_] = [
            entry["summary"]
            for entry in ann.admin("GET", "/timeline")["timeline"]
            if entry["sort"] == "action"
        ]
    assert told.startswith(f"action activate {request_id} {words}")


def test_an_action_is_in_the_journal_and_its_delivery_says_why(ann: Customer) -> None:
    """As an operation of its account, and as a delivery that an action set off."""
    ann.activated()
    ann.messages()

    [exchange] = ann.admin("GET", "/requests?operation=activate")["requests"]
    [delivery] = ann.admin("GET", "/deliveries")["deliveries"]

    assert exchange["account"] == ACCOUNT
    assert (delivery["trigger"], delivery["event"]) == (
        "action",
        "CarrierService.activate",
    )


def test_an_action_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Beside the request and the delivery."""
    with caplog.at_level(logging.INFO, "mockthingspace"), customer() as ann:
        request_id = ann.activated()
        ann.messages()

    assert f"action activate {request_id} accepted for 1 device" in caplog.text


def test_a_group_is_in_the_timeline_as_one(ann: Customer) -> None:
    """The server does not know how many devices are in it."""
    request_id = ann.activated(devices=[], groupName="West")

    shown = ann.admin("GET", "/timeline")["timeline"]
    assert f"action activate {request_id} accepted for a group" in [
        entry["summary"] for entry in shown
    ]


def test_a_wait_in_vain_names_the_actions_that_are_pending(manual: Customer) -> None:
    """The account's own, the first five, each with what ends it."""
    manual.activated(account=OTHER)
    ids = [manual.activated() for _ in range(6)]

    said = manual.admin("POST", "/deliveries/wait", {"account": ACCOUNT}, 408)

    told = [line for line in said["message"].splitlines() if "activate" in line]
    assert told == [f"pending: activate {item}; complete() ends it" for item in ids[:5]]
    assert "and 1 more actions" in said["message"]


# Snapshots.


def test_a_snapshot_has_the_setting_and_the_faults() -> None:
    """A server that starts from it acts alike."""
    with customer(actions=2.5) as ann:
        ann.fault("failure", device=IMEI, operation="activate")
        ann.fault("timeout", account=OTHER)
        snapshot = ann.admin("GET", "/snapshot")

        with customer() as bob:
            bob.admin("PUT", "/snapshot", snapshot)

            assert bob.admin("GET", "/snapshot") == snapshot
            assert bob.backend.state.settings.actions == 2.5
            request_id = bob.activated()
            bob.backend.advance(3)
            assert bob.stands(request_id) == "Failure"
