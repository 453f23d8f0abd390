"""``/__admin/actions``: what was accepted, how it stands, and completing it."""

from collections.abc import Iterator
from typing import Any

import pytest

from ..customer import ACCOUNT, IMEI, OTHER, SECOND, Customer, customer
from ..rows import each


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer whose actions wait until they are completed."""
    with customer(actions="manual") as made:
        yield made


def test_an_action_is_shown_as_it_stands(ann: Customer) -> None:
    """With its devices, as the request named them, and when it was accepted."""
    request_id = ann.activated(IMEI, SECOND)

    listed = ann.admin("GET", "/actions")

    [shown] = listed["actions"]
    assert listed["meta"] == {"total": 1, "evicted": 0}
    assert shown.pop("accepted_at")[:10] == f"{ann.backend.clock.now():%Y-%m-%d}"
    assert shown == {
        "request_id": request_id,
        "seq": shown["seq"],
        "family": "connectivity",
        "operation": "activate",
        "account": ACCOUNT,
        "status": "pending",
        "devices": [[{"id": IMEI, "kind": "imei"}], [{"id": SECOND, "kind": "imei"}]],
        "due_at": None,
        "completed_at": None,
    }


def test_an_action_says_when_it_is_due_and_when_it_ended() -> None:
    """Both on the server's clock."""
    with customer(actions=5) as ann:
        ann.activated()
        [due] = ann.actions()
        ann.backend.advance(5)
        [ended] = ann.actions()

    assert due["accepted_at"] < due["due_at"]
    assert (ended["due_at"], ended["completed_at"]) == (None, due["due_at"])
    assert ended["status"] == "success"


def test_completing_answers_with_the_action(ann: Customer) -> None:
    """As it stands then; the message follows the reply."""
    request_id = ann.activated()

    shown = ann.complete(request_id, outcome="failure")

    assert (shown["request_id"], shown["status"]) == (request_id, "failure")
    assert shown == ann.actions()[0]
    assert ann.came() == [(request_id, IMEI, "Failed")]


@each("body", [b"", b" ", b"{}", b'{"outcome": null}'])
def test_an_outcome_need_not_be_said(body: bytes) -> None:
    """``curl -X POST …/complete`` is enough."""
    with customer(actions="manual") as ann:
        request_id = ann.activated()

        reply = ann.client.post(
            f"/__admin/actions/{request_id}/complete",
            data=body,
            content_type="application/json",
            buffered=True,
        )

        assert (reply.status_code, reply.get_json()["status"]) == (202, "success")


@each(
    ("body", "words"),
    [
        ({"outcome": "Success"}, "outcome: "),
        ({"outcome": 1}, "outcome: "),
        ({"result": "success"}, "allowed: outcome"),
        ([], "a JSON object was expected"),
        (None, "a JSON object was expected"),
        ("success", "a JSON object was expected"),
    ],
)
def test_an_outcome_there_is_none_of_is_refused(body: Any, words: str) -> None:
    """The message says what is allowed, and the action is pending still."""
    with customer(actions="manual") as ann:
        request_id = ann.activated()

        reply = ann.client.post(
            f"/__admin/actions/{request_id}/complete",
            data=ann.app.json.dumps(body),
            content_type="application/json",
        )

        assert (reply.status_code, reply.get_json()["error"]) == (400, "invalid_body")
        assert words in reply.get_json()["message"]
        assert ann.stands(request_id) == "Pending"


def test_an_action_that_has_ended_is_not_completed(ann: Customer) -> None:
    """409, with how it ended; no second message comes."""
    request_id = ann.activated()
    ann.complete(request_id, outcome="failure")

    refused = ann.complete(request_id, 409)

    assert refused == {
        "error": "action_over",
        "message": f"action {request_id} has ended: failure",
    }
    assert len(ann.messages()) == 1


def test_an_action_there_is_none_of_is_not_completed(ann: Customer) -> None:
    """404, with those that are pending."""
    ids = [ann.activated(), ann.activated()]
    ann.complete(ann.activated())

    refused = ann.complete("none", 404)

    assert refused == {
        "error": "unknown_action",
        "message": f"there is no action none; pending: {', '.join(ids)}",
    }


def test_where_nothing_is_pending_completing_says_so() -> None:
    """An action that ended at once needs nobody to complete it."""
    with customer() as ann:
        ann.activated()

        assert ann.complete("none", 404)["message"].endswith("pending: none")


@each(
    ("query", "count"),
    [
        ("", 3),
        (f"?account={ACCOUNT}", 2),
        (f"?account={OTHER}", 1),
        ("?operation=activate", 3),
        ("?operation=suspend", 0),
        ("?family=connectivity", 3),
        ("?family=location", 0),
        ("?status=pending", 2),
        ("?status=failure", 1),
        (f"?account={ACCOUNT}&status=success", 0),
    ],
)
def test_filters_pick_actions(query: str, count: int) -> None:
    """All of them must hold."""
    with customer(actions="manual") as ann:
        ann.activated()
        ann.activated(account=OTHER)
        ann.complete(ann.activated(), outcome="failure")

        assert len(ann.actions(query)) == count


@each(
    ("query", "error"),
    [
        ("account=x", "invalid_account"),
        ("family=x", "unknown_family"),
        ("operation=x", "unknown_operation"),
        ("status=Pending", "unknown_status"),
        ("device=1", "unknown_filter"),
    ],
)
def test_a_filter_of_what_is_not_there_is_refused(query: str, error: str) -> None:
    """It must not look like nothing accepted."""
    with customer() as ann:
        refused = ann.admin("GET", f"/actions?{query}", status=400)

    assert refused["error"] == error


def test_a_fault_on_actions_is_shown_with_its_device(ann: Customer) -> None:
    """As any other fault; what cannot act is refused."""
    ann.fault("timeout", device=IMEI, operation="activate")

    [shown] = ann.admin("GET", "/faults?on=actions")["faults"]

    assert (shown["kind"], shown["device"]) == ("timeout", IMEI)


@each(
    ("given", "words"),
    [
        ({"operation": "list"}, "operation: unknown 'list'; nearest of "),
        ({"family": "session"}, "session"),
        (
            {"event": "CarrierService.activate"},
            "a fault on actions takes no event",
        ),
        (
            {"service": "CarrierService"},
            "a fault on actions takes no service",
        ),
        ({"device": ""}, "a device's identifier, such as an IMEI"),
        ({"device": 5}, "a device's identifier, such as an IMEI"),
        ({"device": ["1"]}, "a device's identifier, such as an IMEI"),
        ({"on": "devices"}, "known: requests, deliveries, actions"),
        ({"method": "POST"}, "method"),
    ],
)
def test_a_fault_that_could_not_act_is_refused(
    given: dict[str, Any], words: str
) -> None:
    """No action is of another API, and none is a list."""
    with customer() as ann:
        refused = ann.admin(
            "POST", "/faults", {"kind": "failure", "on": "actions", **given}, 400
        )

    assert words in refused["message"]
