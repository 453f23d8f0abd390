"""Restarting devices: the gateway has it, the device gets it, and comes back.

Each is told in a message of its own; here they come together, when the action ends.
"""

from typing import Any

from marshmallow.fields import Constant

from mockthingspace.apis.actions import act, body, claim, ending
from mockthingspace.apis.diagnostics.observations import (
    ACCOUNT,
    BY_SDK,
    RESULT,
    UNREACHABLE,
    must_listen,
)
from mockthingspace.apis.handlers import Call
from mockthingspace.backend.store.actions import AcceptedAction
from mockthingspace.core.models import Device, documented
from mockthingspace.core.sources import DIAGNOSTICS_RESTART
from mockthingspace.spec.api import Operation
from mockthingspace.spec.devices import DeviceIds
from mockthingspace.spec.schemas import json_object, schema

QUEUED, SENT = "Diagnostics.restartQueued", "Diagnostics.restartSent"
RESTART = ending((QUEUED, SENT, "Diagnostics.restarted"), (QUEUED, UNREACHABLE))


def restart(
    call: Call, account: str, devices: tuple[Device, ...], **members: Any
) -> AcceptedAction:
    """Accept that devices are to restart.

    Raises:
        MissingDevices: It names none.
        NotRegistered: Nobody listens for what they would tell.
    """
    must_listen(call, account)
    return act(call, account, devices, **members)


OPERATION = Operation(
    "restart",
    "POST",
    "/devices/actions/restart",
    restart,
    claim(
        RESTART,
        documented(
            f"{DIAGNOSTICS_RESTART} (that they come together, and what comes where it "
            "fails, is assumed)"
        ),
    ),
    body=body(
        BY_SDK,
        json_object,
        {"action": "reboot"},
        account=ACCOUNT,
        devices=DeviceIds(required=True),
    ),
    reply=schema(BY_SDK, **RESULT, status=Constant("FACTORY_RESET_PENDING")),
    action=RESTART,
)
