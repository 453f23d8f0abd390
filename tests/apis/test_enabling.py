"""Hyper-precise location of devices: whether it is enabled, and their usage."""

from collections.abc import Iterator
from typing import Any

import pytest

from ..customer import ACCOUNT, IMEI, OTHER, SECOND, Customer
from ..rows import each

BASE = "/api/hyper-precise/v1"
SERVICES = f"{BASE}/devices/services"


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer who listens for reports of usage."""
    made = Customer()
    made.listen(ACCOUNT, "BullseyeReporting", "hyper-precise")
    yield made
    made.backend.close()


def switch(ann: Customer, flag: Any, account: str = ACCOUNT) -> Any:
    """Enable it on a device, or disable it; return the reply."""
    devices = [{"imei": IMEI, "BullseyeEnable": flag}]
    body = {"accountNumber": account, "deviceList": devices}
    return ann.ask("PUT", SERVICES, body)


def enabled(ann: Customer, account: str = ACCOUNT) -> bool:
    """Say whether it is enabled on the device."""
    shown = ann.client.get(f"{SERVICES}?accountNumber={account}&imei={IMEI}")
    [device] = shown.get_json()["deviceList"]
    assert device["imei"] == IMEI
    flag: bool = device["BullseyeEnable"]["BullseyeEnable"]
    return flag


@each("flag", [True, {"BullseyeEnable": True}], ids=["alone", "in an object"])
def test_it_is_enabled_until_it_is_disabled(flag: Any) -> None:
    """However the flag is spelled, for the account that asks."""
    ann = Customer()
    seen = [enabled(ann)]

    switch(ann, flag)
    seen += [enabled(ann), enabled(ann, OTHER)]
    switch(ann, False)

    assert [*seen, enabled(ann)] == [False, True, False, False]
    ann.backend.close()


@each("account", ["", f"?account={ACCOUNT}"], ids=["everything", "the account"])
def test_a_reset_disables_it(account: str) -> None:
    """All is as just started."""
    ann = Customer()
    switch(ann, True)
    switch(ann, True, OTHER)

    ann.admin("POST", f"/reset{account}")

    assert (enabled(ann), enabled(ann, OTHER)) == (False, bool(account))
    ann.backend.close()


@each(
    "devices",
    [
        [],
        {},
        ["1"],
        [{"imei": IMEI}],
        [{"BullseyeEnable": True}],
        [{"imei": 1, "BullseyeEnable": True}],
        [{"imei": IMEI, "BullseyeEnable": "true"}],
        [{"imei": IMEI, "BullseyeEnable": {}}],
        [{"imei": IMEI, "BullseyeEnable": True}] * 10_001,
    ],
    ids=lambda value: f"{value!r:.60}",
)
def test_what_is_no_flag_is_refused(devices: Any) -> None:
    """The refusal is the documented one, and nothing changes."""
    ann = Customer()

    reply = ann.ask("PUT", SERVICES, {"accountNumber": ACCOUNT, "deviceList": devices})

    assert (reply.status_code, reply.json) == (
        400,
        {"responseCode": "INVALID_PARAMETER", "message": "Invalid request"},
    )
    assert reply.headers["X-Mock-Reason"].startswith("deviceList: must ")
    assert not enabled(ann)
    ann.backend.close()


def report(ann: Customer, *imeis: str) -> Any:
    """Ask for a report of usage; return the reply."""
    body = {"accountNumber": ACCOUNT, "imei": imeis}
    return ann.ask("POST", f"{BASE}/report/async/aggregate", body).get_json()


def test_a_report_has_a_message_for_each_device(ann: Customer) -> None:
    """Each with the id of the request, and the device that it is of."""
    ann.fault("failure", device=SECOND)

    reply = report(ann, IMEI, SECOND)

    good, bad = ann.messages()
    assert reply["status"] == "QUEUED"
    assert {good["txid"], bad["txid"]} == {reply["txid"]}
    assert [good["usage"][0]["imei"], bad["errors"][0]["imei"]] == [IMEI, SECOND]


def test_a_report_of_no_device_is_of_all(ann: Customer) -> None:
    """Which there are the server does not know: one message has its example's."""
    reply = report(ann)

    [message] = ann.messages()
    assert message["txid"] == reply["txid"]
    [action] = ann.actions()
    assert action["devices"] == []
