"""Every action through the wire: accepted with an id, and its messages have that id."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from mockthingspace.apis import APIS
from mockthingspace.apis.documents import published_operations
from mockthingspace.core.exceptions import refusal_name
from mockthingspace.server.openapi.schemas import EXAMPLES

from ..customer import (
    ACCOUNT,
    IMEI,
    M2M,
    OTHER,
    SECOND,
    Customer,
    customer,
    devices,
)
from ..rows import each
from .cases.acting import ACTIONS, EVERY, Acting

NAMED = EXAMPLES["account"]
UWS = "UnifiedWebService"
ERRORS = {
    (api.name, refusal_name(refusal)): (answer.status, answer.body)
    for api in APIS
    for refusal, answer in api.answers.items()
}
every_action = each("acting", ACTIONS)


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer who listens for the results of activations."""
    with customer() as made:
        yield made


def events_of(acting: Acting, outcome: str) -> list[Any]:
    """Return the messages an action ends with for each device."""
    assert acting.operation.action is not None
    by_name = acting.api.events_by_name
    return [by_name[name] for name in acting.operation.action.events(outcome)]


def listening(acting: Acting, **settings: Any) -> Customer:
    """Return a customer who listens for all that an action may end with."""
    made = Customer(**settings)
    for service in {
        event.service
        for outcome in ("success", "failure")
        for event in events_of(acting, outcome)
    }:
        made.listen(NAMED, service, acting.api.name)
    return made


def with_devices(acting: Acting, *identities: str) -> dict[str, Any]:
    """Return a body for devices, each named by one identifier."""
    key = acting.key("devices")
    return {**acting.body, key: named(acting.body[key], *identities)}


def named(example: Any, *identities: str) -> Any:
    """Return what an example has one device in, with others in its place."""
    if isinstance(example, str):
        return identities[0]
    if isinstance(example, list):
        return [named(example[0], identity) for identity in identities]
    if "devices" in example:
        return {**example, "devices": named(example["devices"], *identities)}
    [identity] = identities
    ids = {"id": identity, "kind": "imei"}
    return {"deviceIds": [ids]} if "deviceIds" in example else ids


@every_action
@each("outcome", ["success", "failure"])
def test_an_action_ends_with_its_messages(acting: Acting, outcome: str) -> None:
    """The request's id and device are in them, whatever comes of it."""
    asking = listening(acting)
    if outcome == "failure":
        asking.fault("failure", operation=acting.operation.name)

    reply = asking.ask(acting.operation.method, acting.path, with_devices(acting, IMEI))

    [action] = asking.actions()
    assert reply.status_code == 200
    assert action["request_id"] in reply.get_json().values()
    expected = events_of(acting, outcome)
    messages = asking.messages()
    sent = asking.admin("GET", "/deliveries")["deliveries"]
    assert [item["event"] for item in sent] == [event.name for event in expected]
    for message in messages:
        assert json.dumps(action["request_id"]) in json.dumps(message)
        assert json.dumps(IMEI) in json.dumps(message)
    asking.backend.close()


@each(
    "acting",
    [
        acting
        for acting in ACTIONS
        if acting.operation.name not in ("change-identifier", "reachability-status")
    ],
)
def test_each_device_has_its_own_message(acting: Acting) -> None:
    """In the order in which the request names them, unless it is of one device."""
    asking = listening(acting)
    body = with_devices(acting, IMEI, SECOND)

    asking.ask(acting.operation.method, acting.path, body)

    seen = [
        next(item for item in (IMEI, SECOND) if f'"{item}"' in json.dumps(message))
        for message in asking.messages()
    ]
    assert seen == [IMEI, SECOND]
    asking.backend.close()


def test_a_message_repeats_the_requests_values(ann: Customer) -> None:
    """What a listener is told of is what was asked for."""
    ann.activate(servicePlan="mine")

    [message] = ann.messages()
    assert message["deviceResponse"]["activateResponse"]["servicePlan"] == "mine"


def test_a_request_stands_as_its_action_does(ann: Customer) -> None:
    """Pending until it has ended, then as it ended."""
    good = ann.activated()
    ann.fault("failure", times=1)
    bad = ann.activated()
    ann.fault("timeout")
    left = ann.activated()

    found = {item: ann.stands(item) for item in (good, bad, left)}
    assert found == {good: "Success", bad: "Failure", left: "Pending"}


def of_each(ann: Customer, request_id: str) -> list[tuple[str, str]]:
    """Return how version 2 says that each device of a request stands."""
    shown = ann.client.get(
        f"/api/m2m/v2/accounts/{ACCOUNT}/requests/{request_id}/status"
    )
    return [
        (item["ids"]["id"], item["status"]) for item in shown.get_json()["subrequests"]
    ]


def test_each_device_stands_by_itself(ann: Customer) -> None:
    """Pending as the request is, then as it ended; a group's are not known."""
    ann.fault("timeout")
    ann.fault("failure", device=SECOND)
    request_id = ann.activated(IMEI, SECOND)
    group = ann.activated(devices=[], groupName="4G West")
    before = of_each(ann, request_id)

    ann.complete(request_id)

    assert before == [(IMEI, "Pending"), (SECOND, "Pending")]
    assert of_each(ann, request_id) == [(IMEI, "Success"), (SECOND, "Failure")]
    assert of_each(ann, group) == []


@each("account", [ACCOUNT, OTHER])
def test_a_request_that_is_not_the_accounts_is_refused(account: str) -> None:
    """An id nobody was given, or another account was, is none."""
    with customer() as ann:
        given = ann.activated()
        request_id = given if account == OTHER else "none"

        reply = ann.status(request_id, account)

    assert (reply.status_code, reply.get_json()) == (
        400,
        {
            "errorCode": f"{UWS}.REQUEST_FAILED.RequestNotFound",
            "errorMessage": "The request was not found.",
        },
    )
    assert reply.headers["X-Mock-Reason"] == (
        f"account {account} has no request {request_id}"
    )


def test_an_account_that_is_not_named_is_the_only_one_that_listens(
    ann: Customer,
) -> None:
    """Where no one else could be meant; a listener of other services is nobody."""
    ann.listen(OTHER, "DeviceService")

    ann.activate(account=None)

    [action] = ann.actions()
    assert action["account"] == ACCOUNT
    [noted] = ann.admin("GET", f"/requests?account={ACCOUNT}")["requests"]
    assert noted["operation"] == "activate"


@each(
    ("others", "code", "message"),
    [
        ((), "NoAccounts", "There is no account."),
        (
            (ACCOUNT, OTHER),
            "MultipleAccounts",
            "There are several accounts; one must be named.",
        ),
    ],
)
def test_an_account_that_cannot_be_guessed_must_be_named(
    others: tuple[str, ...], code: str, message: str
) -> None:
    """The refusal is the documented one, and the reason names those there are."""
    ann = Customer()
    for account in others:
        ann.listen(account)

    reply = ann.activate(account=None)

    assert (reply.status_code, reply.get_json()) == (
        400,
        {"errorCode": f"{UWS}.REQUEST_FAILED.{code}", "errorMessage": message},
    )
    reason = reply.headers["X-Mock-Reason"]
    assert "CarrierService" in reason
    assert [account in reason for account in others] == [True] * len(others)
    assert ann.actions() == []
    ann.backend.close()


def test_an_inactive_account_is_refused() -> None:
    """The setting ``accounts`` is kept to, and nothing is accepted."""
    with customer(accounts=[ACCOUNT]) as ann:
        reply = ann.activate(account=OTHER)

        assert reply.status_code == 400
        assert "AccountNotFound" in reply.text
        assert ann.actions() == []


def test_without_a_listener_an_action_is_accepted_and_its_messages_lost() -> None:
    """As the real service does; the reason tells the developer."""
    ann = Customer()

    reply = ann.activate()

    assert reply.status_code == 200
    assert reply.headers["X-Mock-Reason"] == (
        f"account {ACCOUNT} has no listener for CarrierService: messages there are lost"
    )
    assert ann.stands(reply.get_json()["requestId"]) == "Success"
    assert ann.admin("GET", "/deliveries")["deliveries"] == []
    ann.backend.close()


def test_a_group_has_one_message(ann: Customer) -> None:
    """Who is in a group the server does not know: the message's own device stands."""
    reply = ann.activate(devices=[], groupName="4G West")

    [message] = ann.messages()
    assert message["requestId"] == reply.get_json()["requestId"]
    assert message["deviceIds"] == [{"id": "89148000000800784259", "kind": "iccid"}]
    [action] = ann.actions()
    assert action["devices"] == []


def test_an_action_for_a_group_can_fail(ann: Customer) -> None:
    """A fault that names no device is for the group, too."""
    ann.admin("POST", "/faults", {"kind": "failure", "on": "actions"})
    ann.activate(devices=[], groupName="4G West")

    [message] = ann.messages()
    assert message["status"] == "Failed"


@each("groups", [{}, {"groupName": ""}, {"groupName": None}, {"servicePlan": "m2m4G"}])
def test_an_action_for_nobody_is_refused(groups: dict[str, Any]) -> None:
    """Neither a device nor a group: the reason shows how one is named."""
    with customer() as ann:
        reply = ann.activate(devices=[], **groups)

        assert reply.get_json()["errorCode"] == f"{UWS}.INPUT_INVALID.DeviceNotProvided"
        assert '{"deviceIds": [{"id":' in reply.headers["X-Mock-Reason"]
        assert ann.actions() == []


def test_a_service_plan_chooses_devices_where_it_assigns_none(ann: Customer) -> None:
    """A text goes to all devices of a plan, as the SDK's example has it."""
    body = {"accountName": ACCOUNT, "smsMessage": "hello", "servicePlan": "T Plan 2"}

    reply = ann.ask("POST", f"{M2M}/sms", body)

    assert reply.status_code == 200


def test_ten_thousand_devices_are_taken(ann: Customer) -> None:
    """That is the documented limit; one more is refused."""
    many = devices(IMEI) * 10_000

    accepted = ann.activate(devices=many, account=OTHER)
    refused = ann.activate(devices=[*many, many[0]], account=OTHER)

    assert (accepted.status_code, refused.status_code) == (200, 400)
    assert "MaxRequestsExceeded" in refused.text
    assert len(ann.actions()) == 1


ODD: list[Any] = [None, True, 0, -1.5, "", "x", [], [1], {}, {"a": 1}, "\ud800", "\0"]


@every_action
def test_a_member_of_another_type_is_refused_or_ignored(acting: Acting) -> None:
    """Whatever it is: a documented refusal and nothing accepted, or it is accepted."""
    assert acting.operation.body is not None
    asking = listening(acting)
    for key in acting.operation.body.keys:
        for value in ODD:
            asking.backend.reset_account(NAMED)
            reply = asking.ask(
                acting.operation.method, acting.path, {**acting.body, key: value}
            )
            accepted = len(asking.actions())
            assert (reply.status_code, accepted) in ((200, 1), (400, 0)), (key, value)
            if not accepted:
                assert (400, reply.get_json()) in ERRORS.values()
                assert reply.headers["X-Mock-Reason"].startswith(f"{key}: ")
    asking.backend.close()


@every_action
def test_a_member_that_is_missing_is_refused(acting: Acting) -> None:
    """Each that is required is named, and nothing is accepted."""
    assert acting.operation.body is not None
    asking = listening(acting)
    fields = acting.operation.body.load_fields
    for key, name in acting.operation.body.keys.items():
        if fields[name].required:
            body = {other: item for other, item in acting.body.items() if other != key}
            reply = asking.ask(acting.operation.method, acting.path, body)
            assert reply.status_code == 400
            assert reply.headers["X-Mock-Reason"] == f"{key}: is required"
    assert asking.actions() == []
    asking.backend.close()


def test_odd_text_is_repeated_as_it_came(ann: Customer) -> None:
    """Whatever alphabet a device's identifier is in."""
    name = "🎉\u202e\u0665ä\u2028" * 20

    ann.activate(name)

    [message] = ann.messages()
    assert message["deviceIds"][0]["id"] == name
    assert ann.actions()[0]["devices"] == [[{"id": name, "kind": "imei"}]]


def test_a_key_nobody_knows_is_told_and_ignored(ann: Customer) -> None:
    """A mistyped member must not go unnoticed."""
    reply = ann.activate(mdnZip="98801")

    assert reply.status_code == 200
    assert "ignored unknown 'mdnZip'" in reply.headers["X-Mock-Reason"]


def test_an_action_is_one_of_the_sdk_s_operations() -> None:
    """A row cannot cite the SDK for what the SDK does not send; NIDD has a page."""

    def without_names(sent: str) -> str:
        return re.sub("<[^>]*>|{[^}]*}", "{}", sent.partition("?")[0])

    published = {without_names(sent) for sent in published_operations().values()}
    unpublished = [
        operation.name
        for acting in EVERY
        if (operation := acting.operation).action
        and without_names(f"{operation.method} {acting.api.prefix}{operation.rule}")
        not in published
    ]
    assert unpublished == ["send-nidd"]
