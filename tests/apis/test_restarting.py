"""Restarting devices, whose messages say how far it is."""

from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from ..customer import ACCOUNT, IMEI, SECOND, Customer

RESTART = "/api/diagnostics/v1/devices/actions/restart"


@pytest.fixture
def ann() -> Iterator[Customer]:
    """A customer who listens for what devices tell of themselves."""
    made = Customer()
    made.listen(ACCOUNT, "Diagnostics", "diagnostics")
    yield made
    made.backend.close()


def restart(ann: Customer, *identities: str) -> TestResponse:
    """Ask for a restart of devices."""
    devices = [{"id": item, "kind": "IMEI"} for item in identities]
    body = {"accountName": ACCOUNT, "action": "reboot", "devices": devices}
    return ann.ask("POST", RESTART, body)


def told(ann: Customer) -> list[tuple[str, str]]:
    """Return of each message its device, and how far it is."""
    return [
        (item["device"]["id"], item.get("status") or item["errorCode"])
        for item in ann.messages()
    ]


def test_each_device_tells_how_far_it_is(ann: Customer) -> None:
    """Three messages each, with the id of the request and an instant."""
    reply = restart(ann, IMEI, SECOND)

    assert told(ann) == [
        (device, stage)
        for device in (IMEI, SECOND)
        for stage in ("QUEUED", "SENT", "COMPLETED")
    ]
    for message in ann.messages():
        assert message["transactionID"] == reply.json["transactionID"]
        assert message["createdOn"] == reply.json["createdOn"]


def test_a_device_that_fails_is_unreachable(ann: Customer) -> None:
    """The gateway has the command all the same."""
    ann.fault("failure", device=IMEI)

    restart(ann, IMEI)

    assert told(ann) == [(IMEI, "QUEUED"), (IMEI, "DEVICE_UNREACHABLE")]


def test_without_a_listener_no_device_restarts(ann: Customer) -> None:
    """The documented refusal, as where devices are observed."""
    ann.admin("DELETE", f"/registrations?account={ACCOUNT}")

    reply = restart(ann, IMEI)

    assert (reply.status_code, reply.json["errorCode"]) == (
        403,
        "CALLBACK_NOT_REGISTERED",
    )
    assert ann.actions() == []
